/**
 * The hashes that operator and platform compare (PROTOCOL: Terms).
 *
 * @module
 */
import { createHash, hash } from "node:crypto";

/** Bytes of a record hash and of a set-hash. */
export const hashBytes = 8;

/**
 * First 8 bytes, in hexadecimal, of SHA-256 over key bytes, resource, a zero byte and the canonical record. Keyed per
 * cluster, so that nobody can construct two objects that look equal.
 *
 * @param key the cluster's hash key, 16 bytes in hexadecimal, as latin1-safe text
 */
export function recordHash(key: string, resource: string, canonical: string): string {
  return hash("sha256", `${key}${resource}\0${canonical}`, "hex").slice(0, hashBytes * 2);
}

/** {@link recordHash} of one record after the other, over bytes that are canonical JSON in UTF-8. */
export class RecordHasher {
  readonly #prefixBytes: number;
  #input: Buffer;

  constructor(key: string, resource: string) {
    const prefix = `${key}${resource}\0`;
    this.#prefixBytes = Buffer.byteLength(prefix);
    this.#input = Buffer.alloc(4096);
    this.#input.write(prefix);
  }

  hash(canonical: Uint8Array): string {
    const length = this.#prefixBytes + canonical.length;
    if (length > this.#input.length) {
      const grown = Buffer.alloc(length * 2);
      this.#input.copy(grown, 0, 0, this.#prefixBytes);
      this.#input = grown;
    }
    this.#input.set(canonical, this.#prefixBytes);
    return hash("sha256", this.#input.subarray(0, length), "hex").slice(0, hashBytes * 2);
  }
}

/**
 * The record version of a stream: first 8 bytes, in hexadecimal, of SHA-256 over all that decides what its records
 * contain (PROTOCOL: Terms).
 *
 * @param description canonical JSON of the contract's `describeTable`
 */
export function recordVersion(description: string): string {
  return hash("sha256", description, "hex").slice(0, hashBytes * 2);
}

/**
 * Digest of everything that can leave: SHA-256 in hexadecimal.
 *
 * @param description canonical JSON of the contract's `describeManifest`
 */
export function manifestDigest(description: string): string {
  return hash("sha256", description, "hex");
}

/** What one object contributes to its stream's set-hash: 64 bits of SHA-256 over resource, uid and record hash. */
export function memberHash(resource: string, uid: string, recordHashHex: string): bigint {
  return BigInt(
    `0x${hash("sha256", `${resource}\0${uid}\0${recordHashHex}`, "hex").slice(0, hashBytes * 2)}`,
  );
}

/** Set-hash as it travels: 16 hexadecimal digits. */
export function formatSetHash(setHash: bigint): string {
  return setHash.toString(16).padStart(hashBytes * 2, "0");
}

/** Namespace of the uids we derive; a random UUID, fixed for ever. */
const derivedUidNamespace = Buffer.from("6f1d2a5c8b3e4f7099c1d2e3f4a5b6c7", "hex");

/** UUIDv5 (RFC 9562 §5.5) for an object that has no usable uid of its own. */
export function derivedUid(...parts: readonly string[]): string {
  const digest = createHash("sha1").update(derivedUidNamespace).update(parts.join("\0")).digest();
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x50, 6);
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = digest.toString("hex", 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The key of an object: its own uid when that is a UUID, else a derived one. */
export function objectKey(
  object: {
    readonly uid: string;
    readonly resource: string;
    readonly namespace: string;
    readonly name: string;
  },
  clusterUid: string,
): { readonly uid: string; readonly derived: boolean } {
  const own = object.uid.toLowerCase();
  if (uuid.test(own)) return { uid: own, derived: false };
  return {
    uid: derivedUid(clusterUid, object.resource, object.namespace, object.name),
    derived: true,
  };
}
