import type { LineStore, StoredText } from "./line-store.ts";

const firstBytes = 512 * 1024;

/** The lines of the batch that is being put together. Its bytes are used again for the next one. */
export class BatchText {
  #bytes: Buffer = Buffer.alloc(0);
  length = 0;

  /** Valid until more is added. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }

  clear(): void {
    this.length = 0;
  }

  add(text: string): void {
    this.#reserve(Buffer.byteLength(text));
    this.length += this.#bytes.write(text, this.length, "utf8");
  }

  addStored(store: LineStore, text: StoredText): void {
    this.#reserve(text.length);
    store.copy(text, this.#bytes, this.length);
    this.length += text.length;
  }

  #reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(firstBytes, needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.length);
    this.#bytes = grown;
  }
}
