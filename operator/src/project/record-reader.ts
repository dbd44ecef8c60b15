/**
 * Protobuf bytes of one Kubernetes object to its record as canonical JSON text, without JavaScript values in between.
 * Each message is read twice: once to note where its kept fields are, once to write them in order.
 *
 * @module
 */
import { limits } from "@obsyk/contract";
import { cleanText, listTruncated, pointerToken } from "@obsyk/contract/allow-list";
import type { Compiled, CompiledResource, Scanner, Slot, Value } from "./compile.ts";
import { Output } from "./output.ts";
import { formatTime } from "./time-text.ts";
import { Cursor, lengthDelimited, Malformed, readFields, readInteger, varint } from "./wire.ts";

const brace = { open: 0x7b, close: 0x7d } as const;
const bracket = { open: 0x5b, close: 0x5d } as const;
const comma = 0x2c;
const colon = 0x3a;
const texts = {
  true: Buffer.from("true"),
  false: Buffer.from("false"),
  empty: Buffer.from('""'),
} as const;

/** Reads objects of one resource, one after the other. Not re-entrant. */
export class RecordReader {
  readonly #resource: CompiledResource;
  readonly #out = new Output();
  readonly #cursor = new Cursor(Buffer.alloc(0));
  /** Two numbers a slot, start and end of its bytes, for the chain of messages being written. */
  readonly #places: Int32Array;
  #placesUsed = 0;
  /** Paths of what was cut, relative to the message being written. */
  #truncated: string[] = [];

  constructor(resource: CompiledResource) {
    this.#resource = resource;
    this.#places = new Int32Array(resource.message.chainSlots * 2);
  }

  /**
   * @returns canonical JSON with `apiVersion` and `kind`
   * @throws {Malformed}
   */
  read(bytes: Buffer, start: number, end: number): string {
    const out = this.#out;
    out.length = 0;
    this.#placesUsed = 0;
    this.#truncated = [];
    this.#cursor.bytes = bytes;
    const own = this.#ownMembers();
    this.#writeMembers(this.#resource.message, start, end, own);
    out.byte(brace.close);
    // The last members by name; the first byte is the first member's comma.
    if (out.length > limits.recordBytes) throw new Malformed("record too large");
    if (this.#truncated.length === 0) return `{${out.between(1, out.length)}`;
    const split = own.obsykAt;
    const obsyk = JSON.stringify({ truncated: listTruncated(this.#truncated) });
    return `{${out.between(1, split)},"obsyk":${obsyk}${out.between(split, out.length)}`;
  }

  /** Members that no table has, written before the first slot whose name is greater. */
  #ownMembers(): OwnMembers {
    const { apiVersion, kind } = this.#resource;
    return {
      pending: [
        { name: "apiVersion", text: `,"apiVersion":${JSON.stringify(apiVersion)}` },
        { name: "kind", text: `,"kind":${JSON.stringify(kind)}` },
        { name: "obsyk", text: "" },
      ],
      obsykAt: 0,
    };
  }

  #writeOwn(own: OwnMembers, before: string | undefined): void {
    for (;;) {
      const next = own.pending[0];
      if (next === undefined || (before !== undefined && next.name > before)) return;
      own.pending.shift();
      if (next.name === "obsyk") own.obsykAt = this.#out.length;
      else this.#out.ascii(next.text);
    }
  }

  /** Every member with a leading comma. */
  #writeMembers(message: Compiled, start: number, end: number, own?: OwnMembers): void {
    const { slots } = message;
    const base = this.#placesUsed;
    this.#placesUsed += slots.length * 2;
    this.#places.fill(-1, base, this.#placesUsed);
    this.#scan(message.scanner, start, end, base);
    for (let index = 0; index < slots.length; index += 1) {
      const slot = slots[index];
      if (slot === undefined) continue;
      if (own !== undefined) this.#writeOwn(own, slot.name);
      const from = this.#places[base + index * 2] ?? -1;
      if (from >= 0) this.#writeSlot(slot, from, this.#places[base + index * 2 + 1] ?? from);
    }
    if (own !== undefined) this.#writeOwn(own, undefined);
    this.#placesUsed = base;
  }

  #writeSlot(slot: Slot, start: number, end: number): void {
    const out = this.#out;
    const mark = out.length;
    const cutBefore = this.#truncated.length;
    out.byte(comma);
    out.raw(slot.prefix);
    if (!this.#writeValue(slot.value, start, end, slot)) out.length = mark;
    this.#nest(cutBefore, slot.name);
  }

  /** Paths noted since `from` get the name of what encloses them. */
  #nest(from: number, name: string | number): void {
    if (this.#truncated.length === from) return;
    const token = pointerToken(name);
    for (let index = from; index < this.#truncated.length; index += 1) {
      this.#truncated[index] = token + (this.#truncated[index] ?? "");
    }
  }

  /** Notes where each slot's value is; of a repeated one, from its first tag to the end of its last item. */
  #scan(scanner: Scanner, start: number, end: number, base: number): void {
    const cursor = this.#cursor;
    const outerEnd = cursor.end;
    let inlineSeen = false;
    cursor.position = start;
    cursor.end = end;
    while (cursor.position < end) {
      const tagAt = cursor.position;
      const tag = cursor.uint32();
      const wireType = tag & 7;
      const entry = scanner[tag >>> 3];
      if (entry === undefined) {
        cursor.skip(wireType);
        continue;
      }
      if (entry.kind === "inline") {
        // A second one would make ranges of repeated fields span bytes of other fields.
        if (inlineSeen) throw new Malformed("embedded message twice");
        inlineSeen = true;
        if (wireType !== lengthDelimited) throw new Malformed("unexpected wire type");
        const innerEnd = cursor.length();
        this.#scan(entry.scanner, cursor.position, innerEnd, base);
        cursor.position = innerEnd;
        continue;
      }
      if (wireType !== entry.slot.wireType) throw new Malformed("unexpected wire type");
      this.#note(entry.slot, base + entry.index * 2, tagAt);
    }
    cursor.end = outerEnd;
  }

  #note(slot: Slot, place: number, tagAt: number): void {
    const cursor = this.#cursor;
    const places = this.#places;
    let start = cursor.position;
    if (slot.wireType === varint) cursor.int64();
    else {
      const end = cursor.length();
      start = cursor.position;
      cursor.position = end;
    }
    if (!slot.repeated) places[place] = start;
    else if (places[place] === -1) places[place] = tagAt;
    places[place + 1] = cursor.position;
  }

  /** @returns false when there is nothing to keep, and the member must go */
  #writeValue(value: Value, start: number, end: number, slot: Slot): boolean {
    switch (value.kind) {
      case "string":
        if (start === end && slot.dropZero) return false;
        this.#writeString(start, end, value.cap);
        return true;
      case "bool":
        return this.#writeBool(this.#integer(start, end) !== 0, slot.dropZero);
      case "int32":
      case "int64":
        return this.#writeInteger(this.#integer(start, end), value.kind, slot.dropZero);
      case "message":
        return this.#writeMessage(value.message, start, end) || !slot.dropZero;
      case "list":
        return this.#writeList(value.of, start, end, slot);
      case "map":
        return this.#writeMap(value, start, end, slot);
      case "quantity":
        return this.#writeQuantity(start, end, value.cap);
      case "intOrString":
        return this.#writeIntOrString(start, end, value.cap);
      case "time":
      case "microTime":
        return this.#writeTime(start, end, value.kind);
    }
  }

  /** @returns whether it has members */
  #writeMessage(message: Compiled, start: number, end: number): boolean {
    const out = this.#out;
    const at = out.length;
    this.#writeMembers(message, start, end);
    const hasMembers = out.length > at;
    if (hasMembers) out.set(at, brace.open);
    else out.byte(brace.open);
    out.byte(brace.close);
    return hasMembers;
  }

  #writeString(start: number, end: number, cap: number): void {
    if (!this.#out.string(this.#cursor.bytes, start, end, cap)) this.#truncated.push("");
  }

  #writeBool(value: boolean, dropZero: boolean): boolean {
    this.#out.raw(value ? texts.true : texts.false);
    return value || !dropZero;
  }

  #writeInteger(value: number, kind: "int32" | "int64", dropZero: boolean): boolean {
    const exact = kind === "int32" ? value | 0 : value;
    if (Number.isSafeInteger(exact)) this.#out.ascii(String(exact));
    else {
      this.#truncated.push("");
      this.#out.ascii(String(exact < 0 ? Number.MIN_SAFE_INTEGER : Number.MAX_SAFE_INTEGER));
    }
    return exact !== 0 || !dropZero;
  }

  #integer(start: number, end: number): number {
    const cursor = this.#cursor;
    cursor.position = start;
    cursor.end = end;
    return cursor.int64();
  }

  #writeList(of: Value, start: number, end: number, slot: Slot): boolean {
    const out = this.#out;
    const at = out.length;
    let count = 0;
    this.#eachItem(slot, start, end, (itemStart, itemEnd) => {
      if (count >= limits.collectionItems) return false;
      const mark = out.length;
      const cutBefore = this.#truncated.length;
      out.byte(comma);
      if (!this.#writeValue(of, itemStart, itemEnd, item)) out.length = mark;
      else {
        this.#nest(cutBefore, count);
        count += 1;
      }
      return true;
    });
    if (count === 0) return false;
    out.set(at, bracket.open);
    out.byte(bracket.close);
    return true;
  }

  /** Calls `take` for each item of a repeated field until it returns false, which is noted as a cut. */
  #eachItem(
    slot: Slot,
    start: number,
    end: number,
    take: (start: number, end: number) => boolean,
  ): void {
    const cursor = this.#cursor;
    let position = start;
    while (position < end) {
      cursor.position = position;
      cursor.end = end;
      const tag = cursor.uint32();
      const wireType = tag & 7;
      let itemStart = cursor.position;
      if (wireType === lengthDelimited) {
        position = cursor.length();
        itemStart = cursor.position;
      } else {
        cursor.skip(wireType);
        position = cursor.position;
      }
      if (tag >>> 3 !== slot.number) continue;
      if (!take(itemStart, position)) {
        this.#truncated.push("");
        return;
      }
    }
  }

  #writeMap(
    value: Extract<Value, { kind: "map" }>,
    start: number,
    end: number,
    slot: Slot,
  ): boolean {
    const entries: MapEntry[] = [];
    this.#eachItem(slot, start, end, (entryStart, entryEnd) => {
      const entry = this.#readEntry(entryStart, entryEnd, value.keys);
      if (entry === undefined) return true;
      if (entry.name.length > limits.stringChars) this.#truncated.push("");
      else entries.push(entry);
      return true;
    });
    const unique = sortEntries(entries);
    if (unique.length === 0) return false;
    if (unique.length > limits.collectionItems) this.#truncated.push("");
    const out = this.#out;
    const at = out.length;
    for (const entry of unique.slice(0, limits.collectionItems)) {
      const mark = out.length;
      const cutBefore = this.#truncated.length;
      out.byte(comma);
      out.text(entry.name);
      out.byte(colon);
      if (entry.start < 0) out.raw(texts.empty);
      else if (!this.#writeValue(value.of, entry.start, entry.end, item)) out.length = mark;
      this.#nest(cutBefore, entry.name);
    }
    if (out.length === at) return false;
    out.set(at, brace.open);
    out.byte(brace.close);
    return true;
  }

  /** A key that is not allowed is compared as bytes and never becomes a string. */
  #readEntry(
    start: number,
    end: number,
    allowed: readonly Buffer[] | undefined,
  ): MapEntry | undefined {
    const { bytes } = this.#cursor;
    let key = { start, end: start };
    let value = { start: -1, end: -1 };
    readFields({ bytes, start, end }, (number, wireType, cursor) => {
      if (wireType !== lengthDelimited) throw new Malformed("unexpected wire type");
      const valueEnd = cursor.length();
      const range = { start: cursor.position, end: valueEnd };
      cursor.position = valueEnd;
      if (number === 1) key = range;
      else if (number === 2) value = range;
      return true;
    });
    if (allowed !== undefined && !allowed.some((one) => sameBytes(one, bytes, key))) {
      return undefined;
    }
    return { name: cleanText(bytes.toString("utf8", key.start, key.end)), ...value };
  }

  #writeQuantity(start: number, end: number, cap: number): boolean {
    let range = { start, end: start };
    readFields({ bytes: this.#cursor.bytes, start, end }, (number, wireType, cursor) => {
      if (number !== 1 || wireType !== lengthDelimited) return false;
      const textEnd = cursor.length();
      range = { start: cursor.position, end: textEnd };
      cursor.position = textEnd;
      return true;
    });
    this.#writeString(range.start, range.end, cap);
    return true;
  }

  #writeIntOrString(start: number, end: number, cap: number): boolean {
    let isText = false;
    let integer = 0;
    let text = { start, end: start };
    readFields({ bytes: this.#cursor.bytes, start, end }, (number, wireType, cursor) => {
      if (number === 1) isText = readInteger(wireType, cursor) === 1;
      else if (number === 2) integer = readInteger(wireType, cursor);
      else if (number === 3 && wireType === lengthDelimited) {
        const textEnd = cursor.length();
        text = { start: cursor.position, end: textEnd };
        cursor.position = textEnd;
      } else return false;
      return true;
    });
    if (isText) this.#writeString(text.start, text.end, cap);
    else this.#writeInteger(integer, "int32", false);
    return true;
  }

  #writeTime(start: number, end: number, kind: "time" | "microTime"): boolean {
    // Go writes the zero time as an empty message.
    if (start === end) return false;
    let seconds = 0;
    let nanos = 0;
    readFields({ bytes: this.#cursor.bytes, start, end }, (number, wireType, cursor) => {
      if (number === 1) seconds = readInteger(wireType, cursor);
      else if (number === 2) nanos = readInteger(wireType, cursor);
      else return false;
      return true;
    });
    const text = formatTime(seconds, nanos, kind);
    if (text === "unrepresentable") this.#truncated.push("");
    if (text === "unrepresentable" || text === "zero") return false;
    this.#out.ascii(text);
    return true;
  }
}

type OwnMembers = {
  readonly pending: { readonly name: string; readonly text: string }[];
  /** Where `obsyk` belongs, comma included. */
  obsykAt: number;
};

type MapEntry = { readonly name: string; readonly start: number; readonly end: number };

/** Values within lists and maps are kept as sent. */
const item: Slot = {
  name: "",
  prefix: Buffer.alloc(0),
  number: 0,
  wireType: lengthDelimited,
  repeated: false,
  dropZero: false,
  value: { kind: "string", cap: limits.stringChars },
};

/** By UTF-16 code units; of equal names the last one stays. */
function sortEntries(entries: MapEntry[]): readonly MapEntry[] {
  entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return entries.filter((entry, index) => entry.name !== entries[index + 1]?.name);
}

function sameBytes(
  wanted: Buffer,
  bytes: Buffer,
  range: { readonly start: number; readonly end: number },
): boolean {
  return (
    wanted.length === range.end - range.start && wanted.compare(bytes, range.start, range.end) === 0
  );
}
