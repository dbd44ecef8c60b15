import type { Json } from "./json.ts";

/**
 * The canonical text of a record: RFC 8785 with members sorted by UTF-16 code units, for values without floats and
 * nulls. The same record always gives the same bytes, so anyone can recompute its hash.
 *
 * @throws {TypeError} for a number that is not a safe integer, and for anything JSON cannot hold.
 */
export function canonicalize(value: Json): string {
  // Records arrive in order nearly always; the engine's own writer is several times as quick.
  return isInOrder(value) ? JSON.stringify(value) : write(value);
}

function write(value: Json): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "boolean":
      return value ? "true" : "false";
    case "number":
      if (!Number.isSafeInteger(value)) throw new TypeError("canonical JSON: not a safe integer");
      // -0 and 0 are the same integer.
      return String(value + 0);
    case "object":
      return isList(value) ? `[${value.map(write).join(",")}]` : writeObject(value);
    default:
      throw new TypeError(`canonical JSON: cannot hold a ${typeof value}`);
  }
}

function writeObject(value: { readonly [key: string]: Json }): string {
  if (value === null) throw new TypeError("canonical JSON: cannot hold null");
  const members: string[] = [];
  for (const key of Object.keys(value).sort()) {
    members.push(`${JSON.stringify(key)}:${write(value[key] as Json)}`);
  }
  return `{${members.join(",")}}`;
}

/** Whether all members are sorted and hold what a record may hold: then JSON.stringify's text is canonical. */
function isInOrder(value: Json): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isSafeInteger(value);
    case "object":
      if (value === null) return false;
      return isList(value) ? value.every(isInOrder) : isObjectInOrder(value);
    default:
      return false;
  }
}

function isObjectInOrder(value: { readonly [key: string]: Json }): boolean {
  let previous: string | undefined;
  for (const key of Object.keys(value)) {
    if (previous !== undefined && key < previous) return false;
    if (!isInOrder(value[key] as Json)) return false;
    previous = key;
  }
  return true;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
