/**
 * The text of queued lines, as bytes outside the JavaScript heap. Thousands of strings that wait for a moment would be
 * copied from one part of the heap to the next, and stay there as garbage for long.
 *
 * @module
 */

import type { TextPart } from "./line-text.ts";

/** Lines take a few KiB; one larger than this gets a slab of its own. */
const slabBytes = 64 * 1024;
/** Emptied slabs that are kept for the next lines: as many as a list fills before it waits for room. */
const maxSpare = 32;
/** What may be held beyond twice the texts' own bytes before those of sparse slabs move together. */
const slackBytes = 512 * 1024;

type Slab = {
  readonly bytes: Buffer;
  usedBytes: number;
  liveBytes: number;
  /** As they were written; released ones stay in it until the slab is emptied. */
  readonly texts: StoredText[];
};

/** Where a text is; it moves when its slab is emptied. Only its store looks inside. */
export type StoredText = {
  slab: Slab | undefined;
  start: number;
  /** Bytes of UTF-8. */
  readonly length: number;
};

/** Texts of any length, released in any order; in the order of a queue, slabs empty by themselves. */
export class LineStore {
  #current: Slab = openSlab(slabBytes);
  readonly #slabs = new Set<Slab>([this.#current]);
  readonly #spare: Slab[] = [];
  #heldBytes = slabBytes;
  #liveBytes = 0;

  /** Bytes of all slabs but the spare ones: at most twice those of the texts, and {@link slackBytes}. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** @param parts put one behind the other */
  put(parts: readonly TextPart[]): StoredText {
    let length = 0;
    for (const part of parts) length += Buffer.byteLength(part);
    const slab = this.#slabFor(length);
    const text = hold(slab, { slab, start: slab.usedBytes, length });
    this.#liveBytes += length;
    let at = text.start;
    for (const part of parts) {
      if (typeof part === "string") at += slab.bytes.write(part, at, "utf8");
      else {
        slab.bytes.set(part, at);
        at += part.length;
      }
    }
    return text;
  }

  /** Copies a text to a place with room for it. @throws {Error} after it was released */
  copy({ slab, start, length }: StoredText, into: Uint8Array, at: number): void {
    if (slab === undefined) throw new Error("a queued line was used after it was released");
    slab.bytes.copy(into, at, start, start + length);
  }

  release(text: StoredText): void {
    const { slab } = text;
    if (slab === undefined) return;
    text.slab = undefined;
    slab.liveBytes -= text.length;
    this.#liveBytes -= text.length;
    if (slab.liveBytes === 0) this.#empty(slab);
    if (this.#heldBytes > this.#liveBytes * 2 + slackBytes) this.#gather();
  }

  /** What is left in slabs that are mostly dead moves on, so that a few old lines hold no more than their own bytes. */
  #gather(): void {
    for (const slab of this.#slabs) {
      if (slab === this.#current || slab.liveBytes * 2 > slab.bytes.length) continue;
      for (const live of slab.texts) if (live.slab === slab) this.#move(live);
      this.#empty(slab);
    }
  }

  #move(text: StoredText): void {
    const slab = this.#slabFor(text.length);
    this.copy(text, slab.bytes, slab.usedBytes);
    text.start = slab.usedBytes;
    text.slab = slab;
    hold(slab, text);
  }

  #slabFor(length: number): Slab {
    if (length > slabBytes) return this.#add(openSlab(length));
    if (this.#current.usedBytes + length > slabBytes) {
      this.#current = this.#add(this.#spare.pop() ?? openSlab(slabBytes));
    }
    return this.#current;
  }

  #add(slab: Slab): Slab {
    this.#slabs.add(slab);
    this.#heldBytes += slab.bytes.length;
    return slab;
  }

  #empty(slab: Slab): void {
    slab.usedBytes = 0;
    slab.liveBytes = 0;
    slab.texts.length = 0;
    if (slab === this.#current) return;
    this.#slabs.delete(slab);
    this.#heldBytes -= slab.bytes.length;
    if (slab.bytes.length === slabBytes && this.#spare.length < maxSpare) this.#spare.push(slab);
  }
}

function openSlab(bytes: number): Slab {
  return { bytes: Buffer.allocUnsafeSlow(bytes), usedBytes: 0, liveBytes: 0, texts: [] };
}

function hold(slab: Slab, text: StoredText): StoredText {
  slab.usedBytes += text.length;
  slab.liveBytes += text.length;
  slab.texts.push(text);
  return text;
}
