/**
 * Protobuf bytes of one Kubernetes object to its record as canonical JSON, without JavaScript values in between.
 * Each message is read twice: once to note where its kept fields are, once to write them in order.
 *
 * @module
 */
import { limits } from "@obsyk/contract";
import { cleanText, pointerToken } from "@obsyk/contract/allow-list";
import {
  itemSlot,
  type Compiled,
  type CompiledResource,
  type Scanner,
  type Slot,
  type Value,
} from "./compile.ts";
import { obsykText } from "./literal-env.ts";
import { Output } from "./output.ts";
import { isWritableTime, isZeroTime } from "./time-text.ts";
import { Cursor, isSame, lengthDelimited, Malformed, TooLarge } from "./wire.ts";

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
  #valueStart = 0;
  #fieldEnd = 0;
  /** Paths of what was cut, relative to the message being written. */
  #truncated: string[] = [];

  constructor(resource: CompiledResource) {
    this.#resource = resource;
    this.#places = new Int32Array(resource.message.chainSlots * 2);
  }

  /**
   * @returns canonical JSON in UTF-8, with `apiVersion` and `kind`; valid until the next object is read
   * @throws {Malformed}
   */
  read(bytes: Buffer, start: number, end: number): Buffer {
    const { message, apiVersion, kind, obsykAt, envPlace } = this.#resource;
    const out = this.#out;
    out.length = 0;
    this.#placesUsed = 0;
    this.#truncated = [];
    this.#cursor.bytes = bytes;
    const base = this.#open(message, start, end);
    this.#writeSlots(message, base, 0, apiVersion.at);
    out.raw(apiVersion.text);
    this.#writeSlots(message, base, apiVersion.at, kind.at);
    out.raw(kind.text);
    this.#writeSlots(message, base, kind.at, obsykAt);
    const split = out.length;
    this.#writeSlots(message, base, obsykAt, message.slots.length);
    out.byte(brace.close);
    if (out.length > limits.recordBytes) throw new TooLarge("record too large");
    // Every member begins with a comma; the first one's becomes the brace.
    out.set(0, brace.open);
    const obsyk = obsykText(envPlace, { bytes, start, end }, this.#truncated);
    if (obsyk !== undefined) out.insert(split, `,"obsyk":${obsyk}`);
    return out.view();
  }

  /** Notes where the message's slots are; returns where that is noted. */
  #open(message: Compiled, start: number, end: number): number {
    const places = this.#places;
    const base = this.#placesUsed;
    const used = base + message.slots.length * 2;
    for (let place = base; place < used; place += 2) places[place] = -1;
    this.#placesUsed = used;
    this.#scan(message.scanner, start, end, base);
    return base;
  }

  /** Every member with a leading comma. */
  #writeSlots(message: Compiled, base: number, from: number, to: number): void {
    const { slots } = message;
    const places = this.#places;
    for (let index = from; index < to; index += 1) {
      const start = places[base + index * 2] ?? -1;
      const slot = slots[index];
      if (start < 0 || slot === undefined) continue;
      this.#writeSlot(slot, start, places[base + index * 2 + 1] ?? start);
    }
  }

  #writeSlot(slot: Slot, start: number, end: number): void {
    const out = this.#out;
    const mark = out.length;
    const cutBefore = this.#truncated.length;
    out.raw(slot.prefix);
    if (!this.#writeValue(slot.value, start, end, slot)) out.length = mark;
    if (this.#truncated.length !== cutBefore) this.#nest(cutBefore, slot.name);
  }

  /** Paths noted since `from` get the name of what encloses them. */
  #nest(from: number, name: string | number): void {
    const token = pointerToken(name);
    for (let index = from; index < this.#truncated.length; index += 1) {
      this.#truncated[index] = token + (this.#truncated[index] ?? "");
    }
  }

  /** Notes where each slot's value is; of a repeated one, from its first tag to the end of its last item. */
  #scan(scanner: Scanner, start: number, end: number, base: number): void {
    let inlineSeen = false;
    for (let position = start; position < end;) {
      const tagAt = position;
      const tag = this.#field(position, end);
      position = this.#fieldEnd;
      const number = tag >>> 3;
      const entry = number < scanner.length ? scanner[number] : undefined;
      if (entry === undefined) continue;
      if (entry.slot !== undefined) {
        if ((tag & 7) !== entry.slot.wireType) throw new Malformed("unexpected wire type");
        const place = base + entry.index * 2;
        if (!entry.slot.repeated) this.#places[place] = this.#valueStart;
        else if (this.#places[place] === -1) this.#places[place] = tagAt;
        this.#places[place + 1] = position;
        continue;
      }
      // A second one would make ranges of repeated fields span bytes of other fields.
      if (inlineSeen) throw new Malformed("embedded message twice");
      inlineSeen = true;
      if ((tag & 7) !== lengthDelimited) throw new Malformed("unexpected wire type");
      this.#scan(entry.inline, this.#valueStart, position, base);
    }
  }

  /**
   * Reads the tag at `position` and steps over its value, which is then from `#valueStart` to `#fieldEnd`. Nearly all
   * tags and lengths are one byte: those are read here, the others by the cursor.
   *
   * @returns the tag
   */
  #field(position: number, end: number): number {
    const cursor = this.#cursor;
    const { bytes } = cursor;
    let tag = bytes[position] ?? 0;
    let at = position + 1;
    cursor.end = end;
    if (tag >= 0x80) {
      cursor.position = position;
      tag = cursor.uint32();
      at = cursor.position;
    }
    if ((tag & 7) === lengthDelimited) {
      let length = at < end ? (bytes[at] ?? 0x80) : 0x80;
      if (length < 0x80) at += 1;
      else {
        cursor.position = at;
        length = cursor.uint32();
        at = cursor.position;
      }
      this.#valueStart = at;
      this.#fieldEnd = at + length;
      if (this.#fieldEnd > end) throw new Malformed("length beyond its message");
      return tag;
    }
    cursor.position = at;
    cursor.skip(tag & 7);
    this.#valueStart = at;
    this.#fieldEnd = cursor.position;
    return tag;
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
  #writeMessage(message: Compiled | undefined, start: number, end: number): boolean {
    if (message === undefined) return false;
    const out = this.#out;
    const at = out.length;
    const base = this.#open(message, start, end);
    this.#writeSlots(message, base, 0, message.slots.length);
    this.#placesUsed = base;
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
    if (Number.isSafeInteger(exact)) this.#out.integer(exact);
    else {
      this.#truncated.push("");
      this.#out.integer(exact < 0 ? Number.MIN_SAFE_INTEGER : Number.MAX_SAFE_INTEGER);
    }
    return exact !== 0 || !dropZero;
  }

  #integer(start: number, end: number): number {
    const cursor = this.#cursor;
    cursor.position = start;
    cursor.end = end;
    return cursor.int64();
  }

  #writeList(of: Value | undefined, start: number, end: number, slot: Slot): boolean {
    const out = this.#out;
    const at = out.length;
    let count = 0;
    let position = this.#nextItem(slot.number, start, end);
    for (; position >= 0; position = this.#nextItem(slot.number, position, end)) {
      if (count >= limits.collectionItems || of === undefined) {
        this.#truncated.push("");
        break;
      }
      const mark = out.length;
      const cutBefore = this.#truncated.length;
      out.byte(comma);
      if (this.#writeValue(of, this.#valueStart, position, itemSlot)) {
        if (this.#truncated.length !== cutBefore) this.#nest(cutBefore, count);
        count += 1;
      } else out.length = mark;
    }
    if (count === 0) return false;
    out.set(at, bracket.open);
    out.byte(bracket.close);
    return true;
  }

  /**
   * Finds the next item of a repeated field between `position` and `end`; `#valueStart` is where its value begins.
   *
   * @returns where it ends, or -1
   */
  #nextItem(number: number, position: number, end: number): number {
    for (let at = position; at < end; at = this.#fieldEnd) {
      if (this.#field(at, end) >>> 3 === number) return this.#fieldEnd;
    }
    return -1;
  }

  #writeMap(value: Value, start: number, end: number, slot: Slot): boolean {
    const entries: MapEntry[] = [];
    let inOrder = true;
    let position = this.#nextItem(slot.number, start, end);
    for (; position >= 0; position = this.#nextItem(slot.number, position, end)) {
      const entry = this.#readEntry(this.#valueStart, position);
      if (value.keys !== undefined && !this.#isAllowed(entry, value.keys)) continue;
      inOrder &&= this.#follows(entries.at(-1), entry);
      entries.push(entry);
    }
    const sorted = inOrder ? entries : this.#sortEntries(entries);
    if (sorted.length > limits.collectionItems) this.#truncated.push("");
    const out = this.#out;
    const at = out.length;
    for (let index = 0; index < sorted.length && index < limits.collectionItems; index += 1) {
      const entry = sorted[index];
      if (entry !== undefined && value.of !== undefined) this.#writeEntry(entry, value.of);
    }
    if (out.length === at) return false;
    out.set(at, brace.open);
    out.byte(brace.close);
    return true;
  }

  #writeEntry(entry: MapEntry, of: Value): void {
    const out = this.#out;
    const mark = out.length;
    const cutBefore = this.#truncated.length;
    out.byte(comma);
    out.string(this.#cursor.bytes, entry.keyStart, entry.keyEnd, limits.stringChars);
    out.byte(colon);
    if (entry.start < 0) out.raw(texts.empty);
    else if (!this.#writeValue(of, entry.start, entry.end, itemSlot)) out.length = mark;
    if (this.#truncated.length !== cutBefore) this.#nest(cutBefore, this.#keyOf(entry));
  }

  #readEntry(start: number, end: number): MapEntry {
    const cursor = this.#cursor;
    const entry = { keyStart: start, keyEnd: start, start: -1, end: -1 };
    cursor.position = start;
    cursor.end = end;
    while (cursor.position < end) {
      const tag = cursor.uint32();
      if ((tag & 7) !== lengthDelimited) throw new Malformed("unexpected wire type");
      const valueEnd = cursor.length();
      if (tag >>> 3 === 1) {
        entry.keyStart = cursor.position;
        entry.keyEnd = valueEnd;
      } else if (tag >>> 3 === 2) {
        entry.start = cursor.position;
        entry.end = valueEnd;
      }
      cursor.position = valueEnd;
    }
    return entry;
  }

  /** Compared as bytes: a key that is not allowed never becomes a string. */
  #isAllowed(entry: MapEntry, allowed: readonly Buffer[]): boolean {
    const { bytes } = this.#cursor;
    return allowed.some((one) => isSame(one, bytes, entry.keyStart, entry.keyEnd));
  }

  /** True when both are plain short keys and already in order, which is how an API server writes them. */
  #follows(previous: MapEntry | undefined, entry: MapEntry): boolean {
    const { bytes } = this.#cursor;
    const length = entry.keyEnd - entry.keyStart;
    if (length > limits.stringChars) return false;
    let order = previous === undefined ? 1 : 0;
    const before = previous ?? entry;
    const beforeLength = before.keyEnd - before.keyStart;
    for (let index = 0; index < length; index += 1) {
      const byte = bytes[entry.keyStart + index] ?? 0;
      if (byte === 0 || byte > 0x7e) return false;
      if (order !== 0) continue;
      if (index >= beforeLength) order = 1;
      else order = byte - (bytes[before.keyStart + index] ?? 0);
    }
    return order > 0;
  }

  /** By UTF-16 code units; of equal names the last one stays, too long ones go. */
  #sortEntries(entries: readonly MapEntry[]): readonly MapEntry[] {
    const named = new Map<string, MapEntry>();
    for (const entry of entries) {
      const name = this.#keyOf(entry);
      if (name.length > limits.stringChars) this.#truncated.push("");
      else named.set(name, entry);
    }
    return [...named.keys()].sort().flatMap((name) => named.get(name) ?? []);
  }

  #keyOf(entry: MapEntry): string {
    return cleanText(this.#cursor.bytes.toString("utf8", entry.keyStart, entry.keyEnd));
  }

  #writeQuantity(start: number, end: number, cap: number): boolean {
    const cursor = this.#cursor;
    let textStart = start;
    let textEnd = start;
    cursor.position = start;
    cursor.end = end;
    while (cursor.position < end) {
      const tag = cursor.uint32();
      if (tag === quantityTag) {
        textEnd = cursor.length();
        textStart = cursor.position;
        cursor.position = textEnd;
      } else cursor.skip(tag & 7);
    }
    this.#writeString(textStart, textEnd, cap);
    return true;
  }

  #writeIntOrString(start: number, end: number, cap: number): boolean {
    const cursor = this.#cursor;
    let isText = false;
    let integer = 0;
    let textStart = start;
    let textEnd = start;
    cursor.position = start;
    cursor.end = end;
    while (cursor.position < end) {
      const tag = cursor.uint32();
      if (tag === intOrStringTags.type) isText = cursor.int64() === 1;
      else if (tag === intOrStringTags.integer) integer = cursor.int64();
      else if (tag === intOrStringTags.text) {
        textEnd = cursor.length();
        textStart = cursor.position;
        cursor.position = textEnd;
      } else cursor.skip(tag & 7);
    }
    if (isText) this.#writeString(textStart, textEnd, cap);
    else this.#writeInteger(integer, "int32", false);
    return true;
  }

  #writeTime(start: number, end: number, kind: "time" | "microTime"): boolean {
    // Go writes the zero time as an empty message.
    if (start === end) return false;
    const cursor = this.#cursor;
    let seconds = 0;
    let nanos = 0;
    cursor.position = start;
    cursor.end = end;
    while (cursor.position < end) {
      const tag = cursor.uint32();
      if (tag === timeTags.seconds) seconds = cursor.int64();
      else if (tag === timeTags.nanos) nanos = cursor.int64();
      else cursor.skip(tag & 7);
    }
    if (isZeroTime(seconds, nanos)) return false;
    if (isWritableTime(seconds, nanos)) {
      this.#out.time(seconds, kind === "time" ? -1 : Math.floor(nanos / 1000));
      return true;
    }
    this.#truncated.push("");
    return false;
  }
}

/** Field number and wire type of the well-known small messages. */
const quantityTag = 0x0a;
const intOrStringTags = { type: 0x08, integer: 0x10, text: 0x1a } as const;
const timeTags = { seconds: 0x08, nanos: 0x10 } as const;

/** Where key and value of a map's entry are; `start` is -1 without a value. */
type MapEntry = {
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly start: number;
  readonly end: number;
};
