/**
 * From a parsed Kubernetes object to its record. The byte readers do not use this: it is the second, independent way
 * to the same text.
 *
 * @module
 */
import type { Json, JsonObject } from "../json.ts";
import { limits } from "../limits.ts";
import type { Mode } from "../stream.ts";
import { evidenceOf } from "./evidence.ts";
import { apiVersionOf, messageFor } from "./resources.ts";
import type { Field, FieldType, Message, ResourceDefinition, Scalar } from "./table.ts";
import { cleanText, cutText, pointerToken } from "./text.ts";

export type Pruned = {
  /** Prototype-free; without `apiVersion`, `kind` and `obsyk`. */
  readonly record: JsonObject;
  /** JSON Pointers (RFC 6901) of what was cut, dropped or clamped, sorted. */
  readonly truncated: readonly string[];
};

/** Where pruning is; the path is put together only when something has to be said about it. */
type Place = {
  readonly parent: Place | undefined;
  readonly name: string | number;
  readonly cap: number;
  readonly truncated: Set<string>;
};
type Members = { [name: string]: Json };

/**
 * @throws {TypeError} naming the path, never the value, where a member has not the type that its table says.
 */
export function prune(message: Message, source: unknown): Pruned {
  const truncated = new Set<string>();
  const record = members();
  pruneMembers(
    message,
    source,
    { parent: undefined, name: "", cap: limits.stringChars, truncated },
    record,
  );
  return { record, truncated: listTruncated(truncated) };
}

/**
 * The whole record of an object: pruned, with `apiVersion`, `kind` and, where needed, `obsyk`.
 *
 * @throws {TypeError} as `prune`
 */
export function recordOf(
  definition: ResourceDefinition,
  source: unknown,
  options: { readonly mode: Mode; readonly obsyk?: JsonObject },
): JsonObject {
  const { record, truncated } = prune(messageFor(definition, options.mode), source);
  const obsyk = Object.assign(
    members(),
    evidenceOf(definition, options.mode, source),
    options.obsyk,
  );
  if (truncated.length > 0) obsyk["truncated"] = truncated;
  const whole = Object.assign(members(), record);
  whole["apiVersion"] = apiVersionOf(definition);
  whole["kind"] = definition.kind;
  if (Object.keys(obsyk).length > 0) whole["obsyk"] = obsyk;
  return whole;
}

/** Sorted and bounded, the same for every way to a record. */
export function listTruncated(paths: Iterable<string>): readonly string[] {
  return [...new Set(paths)].sort().slice(0, limits.truncatedPaths);
}

function pruneMembers(message: Message, source: unknown, place: Place, into: Members): void {
  if (!isObject(source)) throw mistyped(place, "an object");
  for (const [name, field] of Object.entries(message.fields)) {
    if (field.volatile === true) continue;
    if (field.presence === "inline" && field.type.kind === "message") {
      pruneMembers(field.type.message, source, place, into);
      continue;
    }
    const value = Object.hasOwn(source, name) ? source[name] : undefined;
    if (value === undefined || value === null) continue;
    const cap = field.cap ?? limits.stringChars;
    const pruned = pruneValue(field.type, value, inner(place, name, cap));
    if (pruned === undefined || (field.presence === "omitzero" && isZero(field, pruned))) continue;
    into[name] = pruned;
  }
}

function isZero(field: Field, value: Json): boolean {
  if (field.type.kind === "message") return Object.keys(value).length === 0;
  return value === "" || value === 0 || value === false;
}

function pruneValue(type: FieldType, value: unknown, place: Place): Json | undefined {
  switch (type.kind) {
    case "scalar":
      return pruneScalar(type.scalar, value, place);
    case "message": {
      const into = members();
      pruneMembers(type.message, value, place, into);
      return into;
    }
    case "list":
      return pruneList(type.of, value, place);
    case "map":
      return pruneMap(type, value, place);
  }
}

function pruneList(of: FieldType, value: unknown, place: Place): Json | undefined {
  if (!Array.isArray(value)) throw mistyped(place, "a list");
  if (value.length > limits.collectionItems) place.truncated.add(pathOf(place));
  const items: Json[] = [];
  for (const [index, item] of value.slice(0, limits.collectionItems).entries()) {
    const pruned = pruneValue(of, item, inner(place, index));
    if (pruned !== undefined) items.push(pruned);
  }
  return items.length > 0 ? items : undefined;
}

function pruneMap(
  type: Extract<FieldType, { kind: "map" }>,
  value: unknown,
  place: Place,
): Json | undefined {
  if (!isObject(value)) throw mistyped(place, "an object");
  const entries = new Map<string, unknown>();
  for (const [name, item] of Object.entries(value)) {
    if (type.keys !== undefined && !type.keys.includes(name)) continue;
    if (name.length > limits.stringChars) place.truncated.add(pathOf(place));
    else entries.set(cleanText(name), item);
  }
  const names = [...entries.keys()].sort();
  if (names.length > limits.collectionItems) place.truncated.add(pathOf(place));
  const into = members();
  for (const name of names.slice(0, limits.collectionItems)) {
    const pruned = pruneValue(type.of, entries.get(name), inner(place, name));
    if (pruned !== undefined) into[name] = pruned;
  }
  return names.length > 0 ? into : undefined;
}

function pruneScalar(scalar: Scalar, value: unknown, place: Place): Json | undefined {
  switch (scalar) {
    case "string":
      return pruneText(value, place);
    case "bool":
      if (typeof value !== "boolean") throw mistyped(place, "a boolean");
      return value;
    case "int32":
    case "int64":
      return pruneInteger(value, place);
    case "quantity":
      return typeof value === "number" ? String(value) : pruneText(value, place);
    case "intOrString":
      return typeof value === "number" ? pruneInteger(value, place) : pruneText(value, place);
    case "time":
    case "microTime": {
      const text = pruneText(value, place);
      return text.startsWith("0001-01-01T00:00:00") ? undefined : text;
    }
  }
}

function pruneText(value: unknown, place: Place): string {
  if (typeof value !== "string") throw mistyped(place, "a string");
  const clean = cleanText(value);
  if (clean.length <= place.cap) return clean;
  place.truncated.add(pathOf(place));
  return cutText(clean, place.cap);
}

/** Integers that JSON readers cannot hold exactly are set to the nearest bound that they can. */
function pruneInteger(value: unknown, place: Place): number {
  if (typeof value !== "number" || !Number.isInteger(value)) throw mistyped(place, "an integer");
  if (Number.isSafeInteger(value)) return value + 0;
  place.truncated.add(pathOf(place));
  return value < 0 ? Number.MIN_SAFE_INTEGER : Number.MAX_SAFE_INTEGER;
}

function inner(place: Place, name: string | number, cap = place.cap): Place {
  return { parent: place, name, cap, truncated: place.truncated };
}

function pathOf(place: Place): string {
  return place.parent === undefined ? "" : pathOf(place.parent) + pointerToken(place.name);
}

function mistyped(place: Place, wanted: string): TypeError {
  return new TypeError(`${pathOf(place) || "/"} is not ${wanted}`);
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Without a prototype, so that `__proto__` and `constructor` are ordinary names. */
function members(): Members {
  return Object.create(null) as Members;
}
