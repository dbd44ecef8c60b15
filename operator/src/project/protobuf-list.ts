import { limits } from "@obsyk/contract";
import type { ResourceDefinition } from "@obsyk/contract/allow-list";
import type { Mode } from "@obsyk/contract";
import {
  expectedType,
  magic,
  readTypeMeta,
  refuseEncoding,
  requireType,
  unknown,
  type TypeMeta,
} from "./envelope.ts";
import { Framer } from "./framer.ts";
import { ObjectReader } from "./protobuf-object.ts";
import { ProjectError, type Decoder, type ListEvent } from "./types.ts";
import {
  Cursor,
  lengthDelimited,
  Malformed,
  readFields,
  readInteger,
  readRange,
  readText,
  type Range,
} from "./wire.ts";

/** Longest tag plus length. */
const headBytes = 10;

/**
 * A list answer, item by item as bytes arrive: `k8s\0`, Unknown{typeMeta, raw}, raw = ListMeta and items. However
 * long the list, only an item that straddles two chunks is held.
 */
export class ProtobufList implements Decoder<ListEvent> {
  readonly #objects: ObjectReader;
  readonly #wanted: TypeMeta;
  readonly #framer = new Framer(
    {
      size: (bytes, start, end) => this.#size(bytes, start, end),
      take: (bytes, start, end) => this.#take(bytes, start, end),
    },
    limits.eventBytes,
  );
  #events: ListEvent[] = [];
  #part: "magic" | "envelope" | "list" = "magic";
  #typeSeen = false;
  #metaSeen = false;
  /** Bytes of the list that are still to come. */
  #listBytes = 0;

  constructor(definition: ResourceDefinition, mode: Mode) {
    const { apiVersion, kind } = expectedType(definition, mode);
    this.#objects = new ObjectReader(definition, mode);
    this.#wanted = { apiVersion, kind: `${kind}List` };
  }

  push(chunk: Uint8Array): readonly ListEvent[] {
    return this.#run(() => this.#framer.push(chunk));
  }

  end(): readonly ListEvent[] {
    if (this.#framer.pendingBytes > 0 || this.#part === "list" || !this.#metaSeen) {
      throw new ProjectError("decode", "list answer ends too early");
    }
    return [];
  }

  #run(work: () => void): readonly ListEvent[] {
    this.#objects.reset();
    try {
      work();
    } catch (error) {
      if (error instanceof Malformed) throw new ProjectError("decode", `list: ${error.message}`);
      throw error;
    }
    const events = this.#events;
    this.#events = [];
    return events;
  }

  #size(bytes: Buffer, start: number, end: number): number {
    if (this.#part === "magic") return magic.length;
    const head = readHead(bytes, start, end);
    if (head === undefined) return 0;
    // The list itself is taken in parts: its unit is the head alone.
    const isList = this.#part === "envelope" && head.number === unknown.raw;
    const size = isList ? head.bytes : head.bytes + head.valueBytes;
    if (size > limits.eventBytes) {
      throw new ProjectError("decode", `list item above ${limits.eventBytes} bytes`);
    }
    if (this.#part === "list" && size > this.#listBytes) {
      throw new ProjectError("decode", "list item beyond its list");
    }
    return size;
  }

  #take(bytes: Buffer, start: number, end: number): void {
    if (this.#part === "magic") {
      if (magic.compare(bytes, start, end) !== 0) {
        throw new ProjectError("decode", "list without the Kubernetes protobuf prefix");
      }
      this.#part = "envelope";
      return;
    }
    const cursor = new Cursor(bytes);
    cursor.position = start;
    cursor.end = end;
    const tag = cursor.uint32();
    if (this.#part === "envelope") this.#takeEnvelope(tag, cursor);
    else {
      this.#takeElement(tag, cursor);
      this.#listBytes -= end - start;
      if (this.#listBytes === 0) this.#part = "envelope";
    }
  }

  #takeEnvelope(tag: number, cursor: Cursor): void {
    const wireType = tag & 7;
    switch (tag >>> 3) {
      case unknown.typeMeta:
        requireType(readTypeMeta(readRange(wireType, cursor)), this.#wanted);
        this.#typeSeen = true;
        return;
      case unknown.raw:
        if (!this.#typeSeen) throw new ProjectError("decode", "list without its type");
        if (wireType !== lengthDelimited) throw new Malformed("unexpected wire type");
        this.#listBytes = cursor.uint32();
        if (this.#listBytes > 0) this.#part = "list";
        return;
      case unknown.contentEncoding:
        refuseEncoding(readRange(wireType, cursor));
        return;
      default:
    }
  }

  #takeElement(tag: number, cursor: Cursor): void {
    const wireType = tag & 7;
    if (tag >>> 3 === 1) {
      this.#metaSeen = true;
      this.#events.push(readListMeta(readRange(wireType, cursor)));
    } else if (tag >>> 3 === 2) this.#events.push(this.#objects.read(readRange(wireType, cursor)));
  }
}

type Head = { readonly number: number; readonly bytes: number; readonly valueBytes: number };

/** Tag and size of the field at `start`; undefined when they are not complete before `end`. */
function readHead(bytes: Buffer, start: number, end: number): Head | undefined {
  const cursor = new Cursor(bytes);
  cursor.position = start;
  cursor.end = end;
  try {
    const tag = cursor.uint32();
    const number = tag >>> 3;
    const wireType = tag & 7;
    if (wireType === lengthDelimited) {
      const valueBytes = cursor.uint32();
      return { number, bytes: cursor.position - start, valueBytes };
    }
    const tagBytes = cursor.position - start;
    cursor.skip(wireType);
    return { number, bytes: tagBytes, valueBytes: cursor.position - start - tagBytes };
  } catch (error) {
    if (error instanceof Malformed && end - start < headBytes * 2) return undefined;
    throw error;
  }
}

function readListMeta(range: Range): ListEvent {
  let resourceVersion = "";
  let continueToken = "";
  let remainingItems: number | undefined;
  readFields(range, (number, wireType, cursor) => {
    if (number === 2) resourceVersion = readText(wireType, cursor);
    else if (number === 3) continueToken = readText(wireType, cursor);
    else if (number === 4) remainingItems = readInteger(wireType, cursor);
    else return false;
    return true;
  });
  return { kind: "meta", resourceVersion, continueToken, remainingItems };
}
