/**
 * Cuts chunks into units whose size their first bytes tell, whatever the chunk boundaries. A unit within one chunk is
 * read in place; only one that straddles is copied, into a buffer that is used again and wiped after each use.
 *
 * @module
 */
import { WipedBuffer } from "./wiped.ts";

export type Units = {
  /**
   * Size in bytes of the unit at `start`; 0 when its head is not complete before `end`.
   *
   * @throws {ProjectError} when it cannot be one, or is larger than allowed
   */
  size(bytes: Buffer, start: number, end: number): number;
  take(bytes: Buffer, start: number, end: number): void;
};

export class Framer {
  readonly #units: Units;
  readonly #held: WipedBuffer;
  /** Size of the held unit; 0 while its head is incomplete. */
  #wanted = 0;

  /** @param keptBytes as {@link WipedBuffer} has it */
  constructor(units: Units, keptBytes?: number) {
    this.#units = units;
    this.#held = new WipedBuffer(keptBytes);
  }

  get pendingBytes(): number {
    return this.#held.length;
  }

  push(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let position = this.#fill(bytes);
    while (position < bytes.length) {
      const size = this.#units.size(bytes, position, bytes.length);
      if (size === 0 || position + size > bytes.length) {
        this.#wanted = size;
        this.#held.append(bytes, position);
        return;
      }
      this.#units.take(bytes, position, position + size);
      position += size;
    }
  }

  /** Completes the held unit; returns how many of `bytes` it took. */
  #fill(bytes: Buffer): number {
    let position = 0;
    while (this.#held.length > 0 && position < bytes.length) {
      const target = this.#wanted === 0 ? this.#held.length + 1 : this.#wanted;
      const end = Math.min(bytes.length, position + target - this.#held.length);
      this.#held.append(bytes, position, end);
      position = end;
      this.#settle();
    }
    return position;
  }

  #settle(): void {
    const held = this.#held.length;
    if (this.#wanted === 0) this.#wanted = this.#units.size(this.#held.view(), 0, held);
    if (this.#wanted === 0 || held < this.#wanted) return;
    const unit = this.#held.view();
    this.#wanted = 0;
    try {
      this.#units.take(unit, 0, unit.length);
    } finally {
      this.#held.wipe();
    }
  }
}
