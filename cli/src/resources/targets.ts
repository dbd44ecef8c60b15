import { CliError } from "../errors.ts";
import { parseResources, type Resource } from "./names.ts";

export type Target = Resource & {
  /** Empty: all objects of the resource. */
  readonly names: readonly string[];
};

/**
 * What stands behind `get` or `describe`: `pods`, `pods NAME...`, `po,svc`, `pod/NAME deployment/NAME`.
 *
 * @throws {CliError} for a mixture of both forms, and for resources that do not exist
 */
export function parseTargets(args: readonly string[]): readonly Target[] {
  const [first = "", ...names] = args;
  const slashed = args.filter((arg) => arg.includes("/"));
  if (slashed.length === 0) return withNames(parseResources(first), names);
  if (slashed.length < args.length) {
    throw new CliError("USAGE", "give either RESOURCE NAME... or RESOURCE/NAME..., not both");
  }
  return args.flatMap((arg) => {
    const [type = "", name = "", ...rest] = arg.split("/");
    if (type === "" || name === "" || rest.length > 0) {
      throw new CliError("USAGE", `${JSON.stringify(arg)} is not RESOURCE/NAME`);
    }
    return withNames(parseResources(type), [name]);
  });
}

function withNames(found: readonly Resource[], names: readonly string[]): readonly Target[] {
  return found.map(({ resource, definition }) =>
    definition === undefined ? { resource, names } : { resource, definition, names },
  );
}
