/**
 * Canonical JSON text under construction, as bytes: written once, read once, reused for the next record.
 *
 * @module
 */
import { limits } from "@obsyk/contract";
import { cleanText, cutText } from "@obsyk/contract/allow-list";
import { writeTime } from "./time-text.ts";
import { TooLarge } from "./wire.ts";

const quote = 0x22;
const backslash = 0x5c;

export class Output {
  #bytes = Buffer.allocUnsafe(16 * 1024);
  length = 0;

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.length] = value;
    this.length += 1;
  }

  /** Replaces a byte written before. */
  set(position: number, value: number): void {
    this.#bytes[position] = value;
  }

  /** Short ASCII bytes, as they are. */
  raw(source: Buffer): void {
    this.#reserve(source.length);
    const bytes = this.#bytes;
    let position = this.length;
    for (let index = 0; index < source.length; index += 1) {
      bytes[position] = source[index] ?? 0;
      position += 1;
    }
    this.length = position;
  }

  /** A time as a JSON string. @param micros six decimals, or -1 for none */
  time(seconds: number, micros: number): void {
    this.#reserve(40);
    this.length = writeTime(this.#bytes, this.length, seconds, micros);
  }

  /** An integer that JSON readers hold exactly. */
  integer(value: number): void {
    if (value >= 0 && value < 10) this.byte(0x30 + value);
    else this.ascii(String(value));
  }

  /** ASCII text, as it is. */
  ascii(text: string): void {
    this.#reserve(text.length);
    this.length += this.#bytes.write(text, this.length, "latin1");
  }

  /** Text that is already clean and cut, as a JSON string. */
  text(text: string): void {
    const json = JSON.stringify(text);
    this.#reserve(json.length * 3);
    this.length += this.#bytes.write(json, this.length, "utf8");
  }

  /**
   * UTF-8 bytes as a JSON string: invalid ones, NUL and surrogates as U+FFFD, cut at `cap` UTF-16 code units.
   *
   * @returns false when the text was cut
   */
  string(source: Buffer, start: number, end: number, cap: number): boolean {
    const length = end - start;
    if (length <= cap && this.#plain(source, start, end)) return true;
    // No code unit takes more than three bytes of UTF-8: what follows cannot reach into the kept part.
    const text = cleanText(source.toString("utf8", start, Math.min(end, start + cap * 3 + 3)));
    const cut = cutText(text, cap);
    this.text(cut);
    return cut.length === text.length;
  }

  /** Printable ASCII without escapes is copied; anything else leaves the output as it was. */
  #plain(source: Buffer, start: number, end: number): boolean {
    this.#reserve(end - start + 2);
    const bytes = this.#bytes;
    let position = this.length;
    bytes[position] = quote;
    position += 1;
    for (let index = start; index < end; index += 1) {
      const byte = source[index] ?? 0;
      if (byte < 0x20 || byte > 0x7e || byte === quote || byte === backslash) return false;
      bytes[position] = byte;
      position += 1;
    }
    bytes[position] = quote;
    this.length = position + 1;
    return true;
  }

  /** What was written so far; valid until more is. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }

  /** Moves what follows `position` and puts text before it. */
  insert(position: number, text: string): void {
    const length = Buffer.byteLength(text);
    this.#reserve(length);
    this.#bytes.copyWithin(position + length, position, this.length);
    this.#bytes.write(text, position, "utf8");
    this.length += length;
  }

  #reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.#bytes.length) return;
    if (this.length > limits.recordBytes) {
      throw new TooLarge(`record above ${limits.recordBytes} bytes`);
    }
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.length);
    this.#bytes = grown;
  }
}
