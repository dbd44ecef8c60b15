import { limits } from "@obsyk/contract";
import { guard, JsonCursor } from "./json-bytes.ts";
import { EventOpening } from "./event-opening.ts";
import { readTableMeta } from "./table-list.ts";
import { readRow, type Row, type RowOptions } from "./table-row.ts";
import type { Decoder, WatchEvent } from "./types.ts";
import { WipedBuffer } from "./wiped.ts";

const newline = 0x0a;

/**
 * A WATCH answer of Tables: one JSON object a line. A line is only kept while it begins as a Table or a Status does;
 * chunks are overwritten with zeros once read.
 */
export class TableWatch implements Decoder<WatchEvent> {
  readonly #options: RowOptions;
  readonly #held = new WipedBuffer();
  #events: WatchEvent[] = [];
  #opening = new EventOpening();

  constructor(options: RowOptions) {
    this.#options = options;
  }

  push(chunk: Uint8Array): readonly WatchEvent[] {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    try {
      this.#scan(bytes);
    } catch (error) {
      this.#held.wipe();
      throw error;
    } finally {
      bytes.fill(0);
    }
    const events = this.#events;
    this.#events = [];
    return events;
  }

  end(): readonly WatchEvent[] {
    this.#held.wipe();
    return [];
  }

  #scan(bytes: Buffer): void {
    let start = 0;
    while (start < bytes.length) {
      const found = bytes.indexOf(newline, start);
      const end = found === -1 ? bytes.length : found;
      this.#check(bytes.subarray(start, end));
      if (found === -1) {
        this.#held.append(bytes.subarray(start));
        if (this.#held.length > limits.eventBytes) throw guard("an event is too large");
        return;
      }
      this.#line(bytes.subarray(start, end));
      start = end + 1;
    }
  }

  /** Looks at the first bytes of a line before anything of it is kept or read. */
  #check(part: Buffer): void {
    for (const byte of part) {
      if (this.#opening.isComplete) return;
      this.#opening.accept(byte);
    }
  }

  #line(rest: Buffer): void {
    if (!this.#opening.isComplete) throw guard("an event is cut off");
    this.#opening = new EventOpening();
    if (this.#held.length === 0) {
      this.#read(rest);
      return;
    }
    this.#held.append(rest);
    this.#read(this.#held.view());
    this.#held.wipe();
  }

  #read(line: Buffer): void {
    if (line.length > limits.eventBytes) throw guard("an event is too large");
    const cursor = new JsonCursor(line, 0, line.length);
    let type = "";
    let object: EventObject | undefined;
    cursor.object((name) => {
      if (name === "type" && object === undefined) type = cursor.string();
      else if (name === "object" && object === undefined) {
        object = readEventObject(cursor, type, this.#options);
      } else throw guard("an event has an unknown member");
    });
    cursor.done();
    if (object === undefined) throw guard("an event has no object");
    this.#events.push(eventOf(type, object));
  }
}

type EventObject =
  | { readonly kind: "status"; readonly event: WatchEvent }
  | { readonly kind: "table"; readonly resourceVersion: string; readonly rows: readonly Row[] };

function readEventObject(cursor: JsonCursor, type: string, options: RowOptions): EventObject {
  return type === "ERROR" ? readStatus(cursor) : readTable(cursor, options);
}

function readTable(cursor: JsonCursor, options: RowOptions): EventObject {
  const rows: Row[] = [];
  let resourceVersion = "";
  cursor.object((name) => {
    switch (name) {
      case "kind":
        if (cursor.string() !== "Table") throw guard("an event is no Table");
        return;
      case "apiVersion":
        if (cursor.string() !== "meta.k8s.io/v1") throw guard("its version differs");
        return;
      case "metadata":
        ({ resourceVersion } = readTableMeta(cursor));
        return;
      case "columnDefinitions":
        cursor.skip();
        return;
      case "rows":
        cursor.list(() => rows.push(readRow(cursor, options)));
        return;
      default:
        throw guard("it has an unknown member");
    }
  });
  return { kind: "table", resourceVersion, rows };
}

/** The message of a Status is free text and stays unread. */
function readStatus(cursor: JsonCursor): EventObject {
  let reason = "";
  let code = 0;
  let retryAfterSeconds: number | undefined;
  cursor.object((name) => {
    if (name === "kind") {
      if (cursor.string() !== "Status") throw guard("an error is no Status");
    } else if (name === "reason") reason = cursor.string();
    else if (name === "code") code = cursor.integer();
    else if (name === "details") {
      cursor.object((detail) => {
        if (detail === "retryAfterSeconds") retryAfterSeconds = cursor.integer();
        else cursor.skip();
      });
    } else cursor.skip();
  });
  return { kind: "status", event: { kind: "error", code, reason, retryAfterSeconds } };
}

function eventOf(type: string, object: EventObject): WatchEvent {
  if (object.kind === "status") return object.event;
  const [row, ...more] = object.rows;
  if (row === undefined || more.length > 0) throw guard("an event has not one row");
  const resourceVersion =
    object.resourceVersion === "" ? row.resourceVersion : object.resourceVersion;
  switch (type) {
    case "BOOKMARK":
      return { kind: "bookmark", resourceVersion };
    case "ADDED":
    case "MODIFIED":
    case "DELETED": {
      const read = row.read(resourceVersion);
      if (read.kind === "unreadable") return read;
      return { kind: changes[type], object: read.object };
    }
    default:
      throw guard("an event is of unknown type");
  }
}

const changes = { ADDED: "added", MODIFIED: "modified", DELETED: "deleted" } as const;
