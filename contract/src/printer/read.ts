/**
 * Reading a pruned Kubernetes object whose shape nobody promises: a field that is absent, or not what was expected,
 * reads as absent.
 *
 * @module
 */

export type Dict = Readonly<Record<string, unknown>>;

function isDict(value: unknown): value is Dict {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a path of member names; own members only, so `constructor` and `__proto__` are ordinary. */
function at(value: unknown, path: readonly string[]): unknown {
  let current = value;
  for (const member of path) {
    if (!isDict(current) || !Object.hasOwn(current, member)) return undefined;
    current = current[member];
  }
  return current;
}

export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = at(value, path);
  return typeof found === "string" && found !== "" ? found : undefined;
}

export function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = at(value, path);
  return typeof found === "number" ? found : undefined;
}

export function flagAt(value: unknown, ...path: readonly string[]): boolean | undefined {
  const found = at(value, path);
  return typeof found === "boolean" ? found : undefined;
}

/** Present objects only, `{}` included: a container state `waiting: {}` is a state. */
export function dictAt(value: unknown, ...path: readonly string[]): Dict | undefined {
  const found = at(value, path);
  return isDict(found) ? found : undefined;
}

export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = at(value, path);
  return Array.isArray(found) ? found : [];
}

/** String, number or boolean as text: IntOrString ports and the like. */
export function scalarAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = at(value, path);
  return typeof found === "string" || typeof found === "number" || typeof found === "boolean"
    ? String(found)
    : undefined;
}

/** The texts of a map or list, in order; other members are left out. */
export function textsAt(value: unknown, ...path: readonly string[]): readonly string[] {
  return listAt(value, ...path).filter((item) => typeof item === "string");
}

export function labelsAt(value: unknown, ...path: readonly string[]): readonly [string, string][] {
  return Object.entries(dictAt(value, ...path) ?? {}).flatMap(([key, text]) =>
    typeof text === "string" ? [[key, text] satisfies [string, string]] : [],
  );
}

/** The condition of this type in `status.conditions`. */
export function conditionOf(record: unknown, type: string): Dict | undefined {
  return listAt(record, "status", "conditions")
    .filter(isDict)
    .find((condition) => textAt(condition, "type") === type);
}
