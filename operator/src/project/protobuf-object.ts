import type { ResourceDefinition } from "@obsyk/contract/allow-list";
import type { Mode } from "@obsyk/contract";
import { compileResource } from "./compile.ts";
import { stubRecord } from "./oversize.ts";
import { readIdentity, readUid } from "./identity.ts";
import { RecordReader } from "./record-reader.ts";
import type { ProjectedObject, Unreadable } from "./types.ts";
import { Malformed, TooLarge, type Range } from "./wire.ts";

export type ReadObject =
  | { readonly kind: "object"; readonly object: ProjectedObject }
  | { readonly kind: "unreadable"; readonly item: Unreadable };

/** Records of a chunk take about as many bytes as the chunk. */
const arenaBytes = 32 * 1024;

/** Reads the protobuf bytes of one object after the other. */
export class ObjectReader {
  readonly #definition: ResourceDefinition;
  readonly #reader: RecordReader;
  /** Holds the records of one chunk; thousands of small buffers would wait for the garbage collector. */
  #arena = Buffer.alloc(arenaBytes);
  #usedBytes = 0;

  constructor(definition: ResourceDefinition, mode: Mode) {
    this.#definition = definition;
    this.#reader = new RecordReader(compileResource(definition, mode));
  }

  /** The records read so far are no longer needed. */
  reset(): void {
    this.#usedBytes = 0;
  }

  /** The record is valid until the next reset. */
  read(range: Range): ReadObject {
    try {
      const identity = readIdentity(range);
      const canonical = this.#keep(this.#reader.read(range.bytes, range.start, range.end));
      return { kind: "object", object: { ...identity, canonical } };
    } catch (error) {
      if (error instanceof TooLarge) return stubOf(this.#definition, range);
      if (!(error instanceof Malformed)) throw error;
      return { kind: "unreadable", item: { uid: readUid(range), reason: error.message } };
    }
  }

  #keep(record: Buffer): Buffer {
    if (record.length > arenaBytes) return Buffer.from(record);
    if (this.#usedBytes + record.length > arenaBytes) {
      // Those before stay where they are.
      this.#arena = Buffer.alloc(arenaBytes);
      this.#usedBytes = 0;
    }
    const start = this.#usedBytes;
    record.copy(this.#arena, start);
    this.#usedBytes += record.length;
    return this.#arena.subarray(start, this.#usedBytes);
  }
}

function stubOf(definition: ResourceDefinition, range: Range): ReadObject {
  const identity = readIdentity(range);
  const canonical = Buffer.from(stubRecord(definition, identity));
  return { kind: "object", object: { ...identity, canonical } };
}
