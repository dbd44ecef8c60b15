import { limits } from "@obsyk/contract";
import type { ResourceDefinition } from "@obsyk/contract/allow-list";
import type { Mode } from "@obsyk/contract";
import { expectedType, openEnvelope, requireType, type TypeMeta } from "./envelope.ts";
import { Framer } from "./framer.ts";
import { readIdentity } from "./identity.ts";
import { ObjectReader } from "./protobuf-object.ts";
import { ProjectError, type Decoder, type WatchEvent } from "./types.ts";
import { Malformed, readFields, readInteger, readRange, readText, type Range } from "./wire.ts";

const lengthBytes = 4;

/** A watch answer: frames of a 4-byte big-endian length and a WatchEvent{type, RawExtension{raw}}. */
export class ProtobufWatch implements Decoder<WatchEvent> {
  readonly #objects: ObjectReader;
  readonly #wanted: TypeMeta;
  readonly #framer = new Framer({
    size: frameSize,
    take: (bytes, start, end) => {
      this.#events.push(this.#event({ bytes, start: start + lengthBytes, end }));
    },
  });
  #events: WatchEvent[] = [];

  constructor(definition: ResourceDefinition, mode: Mode) {
    this.#objects = new ObjectReader(definition, mode);
    this.#wanted = expectedType(definition, mode);
  }

  push(chunk: Uint8Array): readonly WatchEvent[] {
    this.#objects.reset();
    try {
      this.#framer.push(chunk);
    } catch (error) {
      if (error instanceof Malformed) throw new ProjectError("decode", `watch: ${error.message}`);
      throw error;
    }
    const events = this.#events;
    this.#events = [];
    return events;
  }

  end(): readonly WatchEvent[] {
    return [];
  }

  #event(range: Range): WatchEvent {
    let type = "";
    let object: Range = { ...range, end: range.start };
    readFields(range, (number, wireType, cursor) => {
      if (number === 1) type = readText(wireType, cursor);
      else if (number === 2) object = readRawExtension(readRange(wireType, cursor));
      else return false;
      return true;
    });
    const { typeMeta, raw } = openEnvelope(object);
    if (type === "ERROR") {
      requireType(typeMeta, { apiVersion: "v1", kind: "Status" });
      return readStatus(raw);
    }
    requireType(typeMeta, this.#wanted);
    if (type === "BOOKMARK") {
      return { kind: "bookmark", resourceVersion: readIdentity(raw).resourceVersion };
    }
    return this.#changed(type, raw);
  }

  #changed(type: string, raw: Range): WatchEvent {
    const kind = changes.get(type);
    if (kind === undefined) throw new ProjectError("decode", "watch event of unknown type");
    const read = this.#objects.read(raw);
    return read.kind === "unreadable" ? read : { kind, object: read.object };
  }
}

const changes: ReadonlyMap<string, "added" | "modified" | "deleted"> = new Map([
  ["ADDED", "added"],
  ["MODIFIED", "modified"],
  ["DELETED", "deleted"],
]);

function frameSize(bytes: Buffer, start: number, end: number): number {
  if (end - start < lengthBytes) return 0;
  const size = bytes.readUInt32BE(start) + lengthBytes;
  if (size > limits.eventBytes) {
    throw new ProjectError("decode", `watch event above ${limits.eventBytes} bytes`);
  }
  return size;
}

function readRawExtension(range: Range): Range {
  let raw: Range = { ...range, end: range.start };
  readFields(range, (number, wireType, cursor) => {
    if (number !== 1) return false;
    raw = readRange(wireType, cursor);
    return true;
  });
  return raw;
}

/** Field numbers of Status and StatusDetails; the message is free text and stays unread. */
function readStatus(range: Range): WatchEvent {
  let reason = "";
  let code = 0;
  let retryAfterSeconds: number | undefined;
  readFields(range, (number, wireType, cursor) => {
    if (number === 4) reason = readText(wireType, cursor);
    else if (number === 5) retryAfterSeconds = readRetryAfter(readRange(wireType, cursor));
    else if (number === 6) code = readInteger(wireType, cursor);
    else return false;
    return true;
  });
  return { kind: "error", code, reason, retryAfterSeconds };
}

function readRetryAfter(range: Range): number | undefined {
  let seconds = 0;
  readFields(range, (number, wireType, cursor) => {
    if (number !== 5) return false;
    seconds = readInteger(wireType, cursor);
    return true;
  });
  return seconds > 0 ? seconds : undefined;
}
