/**
 * The manifest: every field that can leave, by path. A view of the tables, so it cannot say anything else.
 *
 * @module
 */
import type { Mode } from "../stream.ts";
import { envPlaceOf, looksForCopies } from "./evidence.ts";
import { messageFor } from "./resources.ts";
import type { Field, FieldType, Message, ResourceDefinition } from "./table.ts";

export type ManifestField = {
  /** `spec.containers[].name`; `[]` is any item of a list, `{}` any entry of a map. */
  readonly path: string;
  /** Full name of the Kubernetes message that the field belongs to. */
  readonly message: string;
  /** Read and sent next to the record, not in it. */
  readonly beside: boolean;
};

/** Leaves only, in the order of the tables; what Kubernetes has no field for comes last. */
export function manifestOf(definition: ResourceDefinition, mode: Mode): readonly ManifestField[] {
  if (mode === "references") return [];
  const own = ownPaths(definition, mode).map((path) => ({ path, message: "obsyk", beside: false }));
  const all = pathsOf(messageFor(definition, mode), "", false);
  // Only an object's own metadata has parts that travel beside its record.
  const sent = all.filter(({ beside, path }) => !beside || path.startsWith("metadata."));
  return [...(mode === "counts" ? sent.filter(({ path }) => inCounts.has(path)) : sent), ...own];
}

function ownPaths(definition: ResourceDefinition, mode: Mode): readonly string[] {
  const isTable = mode === "keys" || mode === "counts";
  return [
    ...(isTable ? ["obsyk.dataCount"] : []),
    ...(mode === "keys" ? ["obsyk.dataKeys[]", "obsyk.dataKeysQuality"] : []),
    ...(looksForCopies(definition, mode) ? ["obsyk.embeddedCopies[]"] : []),
    ...(envPlaceOf(definition, mode) === undefined
      ? []
      : ["obsyk.literalSecretEnv[].container", "obsyk.literalSecretEnv[].name"]),
    ...(mode === "counts" ? [] : ["obsyk.truncated[]"]),
  ];
}

/** Rows of a Table without objects have no metadata; these are its cells and the request's namespace. */
const inCounts: ReadonlySet<string> = new Set(["metadata.name", "metadata.namespace", "type"]);

function pathsOf(message: Message, prefix: string, beside: boolean): readonly ManifestField[] {
  return Object.entries(message.fields).flatMap(([name, field]) => {
    const path = field.presence === "inline" ? prefix : prefix === "" ? name : `${prefix}.${name}`;
    return leavesOf(field.type, { path, message: message.name, beside: isBeside(field, beside) });
  });
}

function isBeside(field: Field, around: boolean): boolean {
  return around || field.volatile === true;
}

function leavesOf(type: FieldType, place: ManifestField): readonly ManifestField[] {
  switch (type.kind) {
    case "scalar":
      return [place];
    case "message": {
      const inner = pathsOf(type.message, place.path, place.beside);
      return inner.length === 0 ? [place] : inner;
    }
    case "list":
      return leavesOf(type.of, { ...place, path: `${place.path}[]` });
    case "map":
      return leavesOf(type.of, { ...place, path: `${place.path}{}` });
  }
}
