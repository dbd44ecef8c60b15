/** Bytes that must not stay: a growing buffer that leaves nothing behind when it grows or is emptied. */
export class WipedBuffer {
  readonly #keptBytes: number;
  #bytes = Buffer.alloc(1024);
  #length = 0;

  /**
   * @param keptBytes size up to which the buffer is used again: large for what lives as long as one answer, where a new
   * buffer for each large object costs more than it spares
   */
  constructor(keptBytes = 64 * 1024) {
    this.#keptBytes = keptBytes;
  }

  get length(): number {
    return this.#length;
  }

  append(source: Buffer, start = 0, end = source.length): void {
    const needed = this.#length + end - start;
    if (needed > this.#bytes.length) {
      const grown = Buffer.alloc(Math.max(needed, this.#bytes.length * 2));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes.fill(0);
      this.#bytes = grown;
    }
    source.copy(this.#bytes, this.#length, start, end);
    this.#length = needed;
  }

  /** Valid until the next call. */
  view(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  wipe(): void {
    this.#bytes.fill(0, 0, this.#length);
    this.#length = 0;
    if (this.#bytes.length > this.#keptBytes) this.#bytes = Buffer.alloc(1024);
  }
}
