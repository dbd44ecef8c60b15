import type { Json } from "./json.ts";

/**
 * The canonical text of a record: RFC 8785 with members sorted by UTF-16 code units, for values without floats and
 * nulls. The same record always gives the same bytes, so anyone can recompute its hash.
 *
 * @throws {TypeError} for a number that is not a safe integer, and for anything JSON cannot hold.
 */
export function canonicalize(value: Json): string {
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
      return isList(value) ? `[${value.map(canonicalize).join(",")}]` : canonicalizeObject(value);
    default:
      throw new TypeError(`canonical JSON: cannot hold a ${typeof value}`);
  }
}

function canonicalizeObject(value: { readonly [key: string]: Json }): string {
  if (value === null) throw new TypeError("canonical JSON: cannot hold null");
  const members: string[] = [];
  for (const key of Object.keys(value).sort()) {
    members.push(`${JSON.stringify(key)}:${canonicalize(value[key] as Json)}`);
  }
  return `{${members.join(",")}}`;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
