/** What no record can hold, whatever an object says. */
const always: readonly string[] = [
  "values of environment variables, commands, arguments, and headers of probes",
  "annotations outside the allow-list, and free-text messages",
];

const values =
  "values: the API server is asked for a Table, which has none; names of keys come from who manages which field";

/** Lines for a person; obsyk operator manifest lists what is collected. */
export function neverCollected(resource: string): readonly string[] {
  const isData = resource === "secrets" || resource === "configmaps";
  return [...(isData ? [values] : []), ...always];
}
