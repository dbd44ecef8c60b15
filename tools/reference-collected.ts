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
  whyKept,
  type FieldType,
  type Message,
  type ResourceDefinition,
} from "@obsyk/contract/allow-list";

/** A message, in how many places it is, and the path of the first. */
type Use = { readonly message: Message; readonly at: string; places: number };
type Uses = Map<string, Use>;

export function collectedLines(): readonly string[] {
  const uses: Uses = new Map();
  for (const { message } of resources) count({ kind: "message", message }, "", uses);
  const shared = new Map([...uses].filter(([, { places }]) => places > 1));
  const listed = [...shared.values()].sort((a, b) => (a.message.name < b.message.name ? -1 : 1));
  return [
    "# What is collected",
    "",
    "Every field that can leave a cluster, and why. What is not listed is stepped over at byte level: it never becomes a",
    "value in the operator. `[]` is a list, `{}` a map. Fields marked *beside* travel next to the record of their object, not",
    "in it, and of nested metadata not at all. An arrow leads to a message that is listed once, further down. Under `obsyk` is",
    "what Kubernetes has no field for. The lists are for the first of the modes; `npm run proof -- allow-list` compares them",
    "with what leaves a cluster.",
    "",
    "Annotations are kept by exact key, at most 256 characters of each value:",
    "",
    ...annotationKeys.map((key) => `- \`${key}\``),
    ...resources.flatMap((definition) => resourceLines(definition, shared)),
    "",
    "## Messages that are shared",
    ...listed.flatMap(({ message, at }) =>
      ["", `### ${shortName(message.name)}`, ""].concat(fieldLines(message, at, shared)),
    ),
  ];
}

function resourceLines(definition: ResourceDefinition, shared: Uses): readonly string[] {
  const { resource, kind, message, modes, defaultOn } = definition;
  const all = manifestOf(definition, modes[0] ?? "full");
  const own = all.filter((field) => field.message === "obsyk");
  const read = defaultOn ? "read by default" : "read only when switched on";
  return [
    "",
    `## ${resource}`,
    "",
    `${kind}, ${apiVersionOf(definition)}; ${read}; modes ${modes.join(", ")}; ${all.length} fields.`,
    "",
    ...fieldLines(message, "", shared),
    ...own.map(({ path }) => leafLine(path, "", path)),
  ];
}

function count(type: FieldType, at: string, uses: Uses): void {
  if (type.kind === "list") count(type.of, `${at}[]`, uses);
  else if (type.kind === "map") count(type.of, `${at}{}`, uses);
  if (type.kind !== "message") return;
  const { message } = type;
  const known = uses.get(message.name);
  if (known !== undefined) {
    known.places += 1;
    return;
  }
  uses.set(message.name, { message, at, places: 1 });
  for (const [name, field] of Object.entries(message.fields)) {
    count(field.type, field.presence === "inline" ? at : join(at, name), uses);
  }
}

function fieldLines(message: Message, at: string, shared: Uses): readonly string[] {
  const lines = linesOf(message, { path: "", at, note: "", shared });
  return lines.length === 0 ? ["That it is there; no field of it."] : lines;
}

function linesOf(message: Message, within: Place): readonly string[] {
  return Object.entries(message.fields).flatMap(([name, field]) => {
    if (field.presence === "inline" && field.type.kind === "message") {
      return linesOf(field.type.message, within);
    }
    return typeLines(field.type, {
      ...within,
      path: join(within.path, name),
      at: join(within.at, name),
      note: field.volatile === true ? " (beside)" : within.note,
    });
  });
}

type Place = {
  /** Within the message that is listed. */
  readonly path: string;
  /** Within an object that has it. */
  readonly at: string;
  readonly note: string;
  readonly shared: Uses;
};

function typeLines(type: FieldType, place: Place): readonly string[] {
  const { path, at, note, shared } = place;
  switch (type.kind) {
    case "scalar":
      return [leafLine(path, note, at)];
    case "message": {
      const { name } = type.message;
      if (shared.has(name)) {
        const short = shortName(name);
        return [`- \`${path}\`${note} → [${short}](#${short.toLowerCase()})`];
      }
      const inner = linesOf(type.message, place);
      return inner.length === 0 ? [leafLine(path, note, at)] : inner;
    }
    case "list":
      return typeLines(type.of, { ...place, path: `${path}[]`, at: `${at}[]` });
    case "map":
      return typeLines(type.of, { ...place, path: `${path}{}`, at: `${at}{}` });
  }
}

function leafLine(path: string, note: string, at: string): string {
  return `- \`${path}\`${note}: ${whyKept(at)}`;
}

function join(prefix: string, name: string): string {
  return prefix === "" ? name : `${prefix}.${name}`;
}

function shortName(message: string): string {
  return message.split(".").at(-1) ?? message;
}
