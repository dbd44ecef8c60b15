/**
 * The page of everything that is collected. A message that several resources share is listed once.
 *
 * @module
 */
import {
  annotationKeys,
  apiVersionOf,
  manifestOf,
  resources,
  type FieldType,
  type Message,
  type ResourceDefinition,
} from "@obsyk/contract/allow-list";

export function collectedLines(): readonly string[] {
  const messages = new Map<string, { readonly message: Message; uses: number }>();
  for (const { message } of resources) count(message, messages);
  const shared = [...messages.values()]
    .filter(({ uses }) => uses > 1)
    .map(({ message }) => message)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const own = new Set(shared.map(({ name }) => name));
  return [
    "# What is collected",
    "",
    "Every field that can leave a cluster. What is not listed is stepped over at byte level: it never becomes a value in",
    "the operator. `[]` is a list, `{}` a map. Fields marked *beside* travel next to the record, not in it. An arrow leads",
    "to a message that is listed once, further down.",
    "",
    "Annotations are kept by exact key, at most 256 characters of each value:",
    "",
    ...annotationKeys.map((key) => `- \`${key}\``),
    ...resources.flatMap((definition) => resourceLines(definition, own)),
    "",
    "## Messages that are shared",
    ...shared.flatMap((message) =>
      ["", `### ${shortName(message.name)}`, ""].concat(fieldLines(message, own)),
    ),
  ];
}

function resourceLines(
  definition: ResourceDefinition,
  shared: ReadonlySet<string>,
): readonly string[] {
  const { resource, kind, message, modes, defaultOn } = definition;
  const total = manifestOf(definition, modes[0] ?? "full").length;
  const read = defaultOn ? "read by default" : "read only when switched on";
  return [
    "",
    `## ${resource}`,
    "",
    `${kind}, ${apiVersionOf(definition)}; ${read}; modes ${modes.join(", ")}; ${total} fields.`,
    "",
    ...fieldLines(message, shared),
  ];
}

/** Each message counts once per place that it is used in. */
function count(
  message: Message,
  messages: Map<string, { readonly message: Message; uses: number }>,
): void {
  const known = messages.get(message.name);
  if (known !== undefined) {
    known.uses += 1;
    return;
  }
  messages.set(message.name, { message, uses: 1 });
  for (const { type } of Object.values(message.fields)) countType(type, messages);
}

function countType(
  type: FieldType,
  messages: Map<string, { readonly message: Message; uses: number }>,
): void {
  if (type.kind === "message") count(type.message, messages);
  else if (type.kind !== "scalar") countType(type.of, messages);
}

function fieldLines(message: Message, shared: ReadonlySet<string>): readonly string[] {
  const lines = linesOf(message, "", shared);
  return lines.length === 0 ? ["That it is there; no field of it."] : lines;
}

function linesOf(message: Message, prefix: string, shared: ReadonlySet<string>): readonly string[] {
  return Object.entries(message.fields).flatMap(([name, field]) => {
    if (field.presence === "inline" && field.type.kind === "message") {
      return linesOf(field.type.message, prefix, shared);
    }
    const path = prefix === "" ? name : `${prefix}.${name}`;
    const note = field.volatile === true ? " (beside)" : "";
    return typeLines(field.type, { path, note, shared });
  });
}

type Place = {
  readonly path: string;
  readonly note: string;
  readonly shared: ReadonlySet<string>;
};

function typeLines(type: FieldType, place: Place): readonly string[] {
  const { path, note, shared } = place;
  switch (type.kind) {
    case "scalar":
      return [`- \`${path}\`${note}`];
    case "message": {
      const { name } = type.message;
      if (shared.has(name)) {
        const short = shortName(name);
        return [`- \`${path}\`${note} → [${short}](#${short.toLowerCase()})`];
      }
      const inner = linesOf(type.message, path, shared);
      return inner.length === 0 ? [`- \`${path}\`${note}`] : inner;
    }
    case "list":
      return typeLines(type.of, { ...place, path: `${path}[]` });
    case "map":
      return typeLines(type.of, { ...place, path: `${path}{}` });
  }
}

function shortName(message: string): string {
  return message.split(".").at(-1) ?? message;
}
