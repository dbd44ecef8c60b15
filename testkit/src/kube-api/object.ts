/**
 * Kubernetes objects as plain JSON, and the few things the store and the generator do with them.
 *
 * @module
 */
import type { Json, JsonObject } from "@obsyk/contract";

/** A JSON merge patch (RFC 7396): `null` removes a member. */
export type MergePatch = { readonly [key: string]: Json | MergePatch | null };

export type ObjectRef = {
  /** `""` for cluster-scoped objects. */
  readonly namespace: string;
  readonly name: string;
};

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object in `text`, which this testkit wrote itself. */
export function parseObject(text: string): JsonObject {
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw new TypeError("the text is no JSON object");
  return value;
}

/** A nested object, empty when the path leads nowhere. */
export function objectAt(object: JsonObject, ...path: readonly string[]): JsonObject {
  let value: Json | undefined = object;
  for (const key of path) value = isObject(value) ? value[key] : undefined;
  return isObject(value) ? value : {};
}

/** A nested list, empty when the path leads nowhere. */
export function listAt(object: JsonObject, ...path: readonly string[]): readonly Json[] {
  const parent = objectAt(object, ...path.slice(0, -1));
  const value = parent[path.at(-1) ?? ""];
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

/** A nested string, `""` when the path leads nowhere. */
export function stringAt(object: JsonObject, ...path: readonly string[]): string {
  const value = objectAt(object, ...path.slice(0, -1))[path.at(-1) ?? ""];
  return typeof value === "string" ? value : "";
}

export function refOf(object: JsonObject): ObjectRef {
  return {
    namespace: stringAt(object, "metadata", "namespace"),
    name: stringAt(object, "metadata", "name"),
  };
}

/** RFC 7396 §2. */
export function mergePatch(target: Json | undefined, patch: MergePatch): JsonObject {
  const result: { [key: string]: Json } = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else if (isObject(value)) result[key] = mergePatch(result[key], value);
    else result[key] = value as Json;
  }
  return result;
}

/** Equality of JSON values whose members may stand in any order. */
export function equalJson(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true;
  if (Array.isArray(left)) {
    const a = left as readonly Json[];
    if (!Array.isArray(right)) return false;
    const b = right as readonly Json[];
    return a.length === b.length && a.every((item, index) => equalJson(item, b[index]));
  }
  if (!isObject(left) || !isObject(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && equalJson(left[key], right[key]))
  );
}
