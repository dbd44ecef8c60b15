/**
 * Cuts chunks into units whose size their first bytes tell, whatever the chunk boundaries. A unit within one chunk is
 * read in place; only one that straddles is copied, once, into a buffer of its final size.
 *
 * @module
 */

export type Units = {
  /**
   * Size in bytes of the unit at `start`; 0 when its head is not complete before `end`.
   *
   * @throws {ProjectError} when it cannot be one, or is larger than allowed
   */
  size(bytes: Buffer, start: number, end: number): number;
  take(bytes: Buffer, start: number, end: number): void;
};

/** Longest head of a unit: a tag and a length, or a frame length. */
const headBytes = 32;

export class Framer {
  readonly #units: Units;
  #held: Buffer = Buffer.alloc(0);
  #heldBytes = 0;
  /** Size of the held unit; 0 while its head is incomplete. */
  #wanted = 0;

  constructor(units: Units) {
    this.#units = units;
  }

  get pendingBytes(): number {
    return this.#heldBytes;
  }

  push(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let position = this.#fill(bytes);
    while (position < bytes.length) {
      const size = this.#units.size(bytes, position, bytes.length);
      if (size === 0 || position + size > bytes.length) {
        this.#hold(bytes.subarray(position), size);
        return;
      }
      this.#units.take(bytes, position, position + size);
      position += size;
    }
  }

  #hold(rest: Buffer, size: number): void {
    this.#wanted = size;
    this.#held = Buffer.allocUnsafe(Math.max(size, headBytes));
    this.#heldBytes = rest.copy(this.#held);
  }

  /** Completes the held unit; returns how many of `bytes` it took. */
  #fill(bytes: Buffer): number {
    let position = 0;
    while (this.#heldBytes > 0 && position < bytes.length) {
      const target = this.#wanted === 0 ? this.#heldBytes + 1 : this.#wanted;
      const end = Math.min(bytes.length, position + target - this.#heldBytes);
      bytes.copy(this.#held, this.#heldBytes, position, end);
      this.#heldBytes += end - position;
      position = end;
      this.#settle();
    }
    return position;
  }

  #settle(): void {
    if (this.#wanted === 0) {
      this.#wanted = this.#units.size(this.#held, 0, this.#heldBytes);
      if (this.#wanted > this.#held.length) {
        const head = this.#held.subarray(0, this.#heldBytes);
        this.#hold(head, this.#wanted);
      }
    }
    if (this.#wanted === 0 || this.#heldBytes < this.#wanted) return;
    const unit = this.#held;
    const size = this.#wanted;
    this.#held = Buffer.alloc(0);
    this.#heldBytes = 0;
    this.#wanted = 0;
    this.#units.take(unit, 0, size);
  }
}
