/**
 * Whether a record can be stored, and what of it is worth a column. What cannot be stored becomes a stub (R5): the
 * object stays known by uid and hash, so one bad record never stops a cluster.
 *
 * @module
 */
import { canonicalize, limits, type Json } from "@obsyk/contract";
import { recordHash } from "@obsyk/runtime";

export type CheckedRecord = {
  /** Canonical JSON; `{}` for a stub. */
  readonly canonical: string;
  readonly namespace: string;
  /** Empty when the record does not say. */
  readonly name: string;
  /** Why this is a stub. */
  readonly stub?: string;
};

/** Nesting of a pruned Kubernetes object stays far below; the database's JSON parser has a stack of its own. */
const deepestNesting = 64;
/** Longest name Kubernetes has is 253; index rows of the database end at about 2,700 bytes. */
const longestName = 512;

/**
 * Checks in this order: shape (no nulls, no floats, bounded nesting), text the database can hold, size, names, and
 * that the hash is the one of this record.
 */
export function checkRecord(
  put: { readonly resource: string; readonly hash: string; readonly record: object },
  hashKey: string,
): CheckedRecord {
  const metadata = memberOf(put.record, "metadata");
  const namespace = shortText(memberOf(metadata, "namespace"));
  const name = shortText(memberOf(metadata, "name"));
  const asStub = (stub: string): CheckedRecord => ({
    canonical: "{}",
    namespace: namespace ?? "",
    name: name ?? "",
    stub,
  });
  let canonical: string;
  try {
    canonical = canonicalText(put.record);
  } catch (error) {
    return asStub(error instanceof TypeError ? error.message : "record cannot be read");
  }
  if (mayHoldBadText(canonical) && holdsBadText(put.record as Json)) {
    return asStub("record holds a NUL or a lone surrogate");
  }
  if (Buffer.byteLength(canonical) > limits.recordBytes) {
    return asStub(`record is larger than ${limits.recordBytes} bytes`);
  }
  if (name === undefined || name === "") return asStub("record has no usable metadata.name");
  if (namespace === undefined) return asStub("record has no usable metadata.namespace");
  if (recordHash(hashKey, put.resource, canonical) !== put.hash) {
    return asStub("hash is not the one of this record");
  }
  return { canonical, namespace, name };
}

function canonicalText(record: object): string {
  if (nesting(record, 0) > deepestNesting) {
    throw new TypeError(`record is nested deeper than ${deepestNesting}`);
  }
  return canonicalize(record as Json);
}

function nesting(value: unknown, depth: number): number {
  if (typeof value !== "object" || value === null || depth > deepestNesting) return depth;
  let deepest = depth;
  for (const member of Object.values(value))
    deepest = Math.max(deepest, nesting(member, depth + 1));
  return deepest;
}

/** Quick and never wrongly false: JSON writes both only as an escape. */
function mayHoldBadText(canonical: string): boolean {
  return canonical.includes(String.raw`\u0000`) || canonical.includes(String.raw`\ud`);
}

function holdsBadText(value: Json): boolean {
  if (typeof value === "string") return !isStorableText(value);
  if (typeof value !== "object") return false;
  return Object.entries(value).some(
    ([key, member]) => !isStorableText(key) || holdsBadText(member),
  );
}

/** Text that PostgreSQL can hold. */
export function isStorableText(text: string): boolean {
  return !text.includes("\0") && text.isWellFormed();
}

/** `""` when absent, `undefined` when it is there but unusable. */
function shortText(value: unknown): string | undefined {
  if (value === undefined) return "";
  return typeof value === "string" && value.length <= longestName && isStorableText(value)
    ? value
    : undefined;
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as { readonly [name: string]: unknown })[key]
    : undefined;
}
