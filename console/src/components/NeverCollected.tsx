import { Card } from "../ui/Card.tsx";

const always: readonly string[] = [
  "Values of Secrets and ConfigMaps (data, stringData, binaryData)",
  "Values of environment variables, commands and arguments",
  "Headers of probes and lifecycle handlers",
  "Annotations outside the allow-list",
  "Free-text messages of conditions, states and events",
];

/** What no record can hold, whatever the object says. */
export function NeverCollected({ resource }: { readonly resource: string }) {
  const keysOnly = resource === "secrets" || resource === "configmaps";
  return (
    <Card title="What is never collected">
      {keysOnly && (
        <p>
          Of this object only metadata and the names of its keys were asked for. The API server did
          not send its values; names come from the record of who manages which field.
        </p>
      )}
      <p>The operator keeps an allow-list of fields and skips everything else, among it always:</p>
      <ul>
        {always.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
    </Card>
  );
}
