import { limits } from "@obsyk/contract";
import { guard, JsonCursor } from "./json-bytes.ts";
import { readRow, type RowOptions } from "./table-row.ts";
import { ProjectError, type Decoder, type ListEvent } from "./types.ts";
import { WipedBuffer } from "./wiped.ts";

/** What an answer must begin with before anything else of it is looked at. */
const opening = Buffer.from('{"kind":"Table",');
const rowsOpening = Buffer.from('"rows":[');
const newline = 0x0a;

/**
 * A Table as a LIST answer, row by row as bytes arrive. Chunks are overwritten with zeros once read: what was stepped
 * over does not stay.
 */
export class TableList implements Decoder<ListEvent> {
  readonly #options: RowOptions;
  readonly #held = new WipedBuffer(limits.eventBytes);
  #events: ListEvent[] = [];
  #part: "opening" | "members" | "rows" | "closed" = "opening";
  #opened = 0;
  /** Of the part being framed: nesting, and whether a string or an escape is open. */
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** Bytes of the unit so far that are in `#held` or before the current position. */
  #unitStart = 0;
  #metaSeen = false;
  #rowsSeen = false;

  constructor(options: RowOptions) {
    this.#options = options;
  }

  push(chunk: Uint8Array): readonly ListEvent[] {
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

  end(): readonly ListEvent[] {
    this.#held.wipe();
    if (this.#part !== "closed" || !this.#metaSeen || !this.#rowsSeen) {
      throw new ProjectError("decode", "Table ends too early");
    }
    return [];
  }

  #scan(bytes: Buffer): void {
    this.#unitStart = 0;
    for (let position = 0; position < bytes.length; position += 1) {
      const byte = bytes[position] ?? 0;
      if (this.#part === "opening") {
        if (byte !== opening[this.#opened]) throw guard("its first bytes differ");
        this.#opened += 1;
        if (this.#opened === opening.length) this.#part = "members";
        this.#unitStart = position + 1;
      } else if (this.#inString) this.#scanString(byte);
      else this.#scanStructure(bytes, position, byte);
    }
    if (this.#unitStart < bytes.length) this.#held.append(bytes.subarray(this.#unitStart));
    if (this.#held.length > limits.eventBytes) throw guard("a row is too large");
  }

  #scanString(byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === 0x5c) this.#escaped = true;
    else if (byte === 0x22) this.#inString = false;
  }

  #scanStructure(bytes: Buffer, position: number, byte: number): void {
    if (this.#part === "closed") {
      if (byte !== newline) throw guard("something follows the end");
      this.#unitStart = position + 1;
      return;
    }
    switch (byte) {
      case 0x22:
        this.#inString = true;
        return;
      case 0x7b:
      case 0x5b:
        this.#depth += 1;
        if (byte === 0x5b && this.#depth === 1) this.#openRows(bytes, position);
        return;
      case 0x7d:
      case 0x5d:
        if (this.#depth > 0) this.#depth -= 1;
        else this.#close(bytes, position, byte);
        return;
      case 0x2c:
        if (this.#depth === 0) this.#take(bytes, position);
        return;
      default:
    }
  }

  /** At `[` directly within the Table: the rows follow when the member's name says so. */
  #openRows(bytes: Buffer, position: number): void {
    if (this.#part !== "members") return;
    const length = this.#held.length + position + 1 - this.#unitStart;
    if (length !== rowsOpening.length) return;
    const unit = Buffer.concat([this.#held.view(), bytes.subarray(this.#unitStart, position + 1)]);
    if (!unit.equals(rowsOpening)) return;
    if (this.#rowsSeen) throw guard("rows twice");
    this.#held.wipe();
    this.#unitStart = position + 1;
    this.#depth = 0;
    this.#rowsSeen = true;
    this.#part = "rows";
  }

  #close(bytes: Buffer, position: number, byte: number): void {
    const isEmpty = this.#held.length + position - this.#unitStart === 0;
    if (this.#part === "rows" && byte === 0x5d) {
      if (!isEmpty) this.#take(bytes, position);
      this.#part = "members";
    } else if (this.#part === "members" && byte === 0x7d) {
      if (!isEmpty) this.#take(bytes, position);
      this.#part = "closed";
    } else throw guard("brackets do not match");
    this.#unitStart = position + 1;
  }

  /** A whole row or member ends before `position`. */
  #take(bytes: Buffer, position: number): void {
    const start = this.#unitStart;
    this.#unitStart = position + 1;
    if (this.#held.length === 0) {
      this.#read(new JsonCursor(bytes, start, position), position - start);
      return;
    }
    this.#held.append(bytes.subarray(start, position));
    const unit = this.#held.view();
    this.#read(new JsonCursor(unit, 0, unit.length), unit.length);
    this.#held.wipe();
  }

  #read(cursor: JsonCursor, length: number): void {
    if (length > limits.eventBytes) throw guard("a row is too large");
    if (this.#part === "rows") this.#events.push(readRow(cursor, this.#options).read(""));
    // After the rows comes a comma or the end.
    else if (length > 0) this.#readMember(cursor);
    cursor.done();
  }

  #readMember(cursor: JsonCursor): void {
    const name = cursor.name();
    switch (name) {
      case "apiVersion":
        if (cursor.string() !== "meta.k8s.io/v1") throw guard("its version differs");
        return;
      case "metadata":
        this.#metaSeen = true;
        this.#events.push({ kind: "meta", ...readTableMeta(cursor) });
        return;
      case "columnDefinitions":
        cursor.skip();
        return;
      case "rows":
        // A list without items may be null.
        if (!cursor.null()) throw guard("its rows are no list");
        this.#rowsSeen = true;
        return;
      default:
        throw guard("it has an unknown member");
    }
  }
}

export type TableMeta = {
  readonly resourceVersion: string;
  readonly continueToken: string;
  readonly remainingItems: number | undefined;
};

export function readTableMeta(cursor: JsonCursor): TableMeta {
  const found: { resourceVersion: string; continueToken: string; remainingItems?: number } = {
    resourceVersion: "",
    continueToken: "",
  };
  cursor.object((name) => {
    if (name === "resourceVersion") found.resourceVersion = cursor.string();
    else if (name === "continue") found.continueToken = cursor.string();
    else if (name === "remainingItemCount") found.remainingItems = cursor.integer();
    else cursor.skip();
  });
  return { ...found, remainingItems: found.remainingItems };
}
