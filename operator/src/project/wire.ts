/**
 * The protobuf wire format, read in place: varints, tags and lengths over a byte range. Nothing reads past `end`.
 *
 * @module
 */

export const varint = 0;
export const lengthDelimited = 2;

/** Bytes that are no valid message; caught where the object's identity is known. */
export class Malformed extends Error {
  override readonly name: string = "Malformed";
}

/** A valid message whose record would be above its bound. */
export class TooLarge extends Malformed {
  override readonly name = "TooLarge";
}

/** A position in bytes that moves as values are read. One is reused for many messages. */
export class Cursor {
  bytes: Buffer;
  position = 0;
  end = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.end = bytes.length;
  }

  /**
   * An unsigned varint below 2^32, which tags and lengths are.
   *
   * @throws {Malformed} when it is larger or does not end
   */
  uint32(): number {
    const first = this.#next();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    let scale = 0x80;
    for (let index = 1; index < 5; index += 1) {
      const byte = this.#next();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > 0xffff_ffff) break;
        return value;
      }
      scale *= 0x80;
    }
    throw new Malformed("varint too large");
  }

  /** A signed 64-bit varint; beyond the safe integers only the sign and the size class are right. */
  int64(): number {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#next();
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) return (high | 0) * 0x1_0000_0000 + (low >>> 0);
    }
    throw new Malformed("varint too long");
  }

  /** The end of a length-delimited value that starts at the returned length's position. */
  length(): number {
    const length = this.uint32();
    const end = this.position + length;
    if (end > this.end) throw new Malformed("length beyond its message");
    return end;
  }

  /** Steps over one value without looking at it. */
  skip(wireType: number): void {
    switch (wireType) {
      case varint:
        this.int64();
        return;
      case 1:
        this.#advance(8);
        return;
      case lengthDelimited:
        this.position = this.length();
        return;
      case 5:
        this.#advance(4);
        return;
      default:
        throw new Malformed("unknown wire type");
    }
  }

  #advance(count: number): void {
    this.position += count;
    if (this.position > this.end) throw new Malformed("value beyond its message");
  }

  #next(): number {
    if (this.position >= this.end) throw new Malformed("message ends within a value");
    const byte = this.bytes[this.position] ?? 0;
    this.position += 1;
    return byte;
  }
}

/** Whether `bytes` from `start` to `end` are these. `Buffer.compare` costs more than it compares. */
export function isSame(one: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (one.length !== end - start) return false;
  for (let at = 0; at < one.length; at += 1) if (one[at] !== bytes[start + at]) return false;
  return true;
}

export type Visit = (number: number, wireType: number, cursor: Cursor) => boolean;

/**
 * Calls `visit` for each field of the message in `start..end`. It returns true when it has read the value; else the
 * value is stepped over.
 *
 * @throws {Malformed}
 */
export function readFields(range: Range, visit: Visit): void {
  const cursor = new Cursor(range.bytes);
  cursor.position = range.start;
  cursor.end = range.end;
  while (cursor.position < range.end) {
    const tag = cursor.uint32();
    const wireType = tag & 7;
    if (!visit(tag >>> 3, wireType, cursor)) cursor.skip(wireType);
  }
}

export type Range = { readonly bytes: Buffer; readonly start: number; readonly end: number };

/** The range of a length-delimited value; moves behind it. @throws {Malformed} for another wire type */
export function readRange(wireType: number, cursor: Cursor): Range {
  if (wireType !== lengthDelimited) throw new Malformed("unexpected wire type");
  const end = cursor.length();
  const start = cursor.position;
  cursor.position = end;
  return { bytes: cursor.bytes, start, end };
}

export function readText(wireType: number, cursor: Cursor): string {
  const { bytes, start, end } = readRange(wireType, cursor);
  return bytes.toString("utf8", start, end);
}

export function readInteger(wireType: number, cursor: Cursor): number {
  if (wireType !== varint) throw new Malformed("unexpected wire type");
  return cursor.int64();
}
