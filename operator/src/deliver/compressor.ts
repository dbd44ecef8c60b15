import { constants, createZstdCompress } from "node:zlib";

/** Small, so that all pieces of a frame but the last are gone before a garbage collection can take them for old. */
const pieceBytes = 16 * 1024;

/**
 * Zstandard frames, one after the other, from one encoder. An encoder for each batch would leave its buffers behind until
 * the next full garbage collection, since what Node wraps survives the small ones.
 */
export class Compressor implements Disposable {
  readonly #encoder = createZstdCompress({
    chunkSize: pieceBytes,
    params: { [constants.ZSTD_c_compressionLevel]: 1 },
  });
  #frame: Buffer;
  #length = 0;
  #busy: PromiseWithResolvers<void> | undefined;

  /** @param frameBytes room for a usual frame */
  constructor(frameBytes: number) {
    this.#frame = Buffer.allocUnsafeSlow(frameBytes);
    this.#encoder.on("data", (piece: Buffer) => this.#take(piece));
    this.#encoder.on("error", (error) => this.#busy?.reject(error));
  }

  /** @returns a whole frame, valid until the next call, which must wait for this one */
  async compress(text: Uint8Array): Promise<Buffer> {
    if (this.#busy !== undefined) throw new TypeError("one frame at a time");
    this.#length = 0;
    this.#busy = Promise.withResolvers();
    this.#encoder.write(text);
    // Ends the frame, not the encoder.
    this.#encoder.flush(constants.ZSTD_e_end, () => this.#busy?.resolve());
    try {
      await this.#busy.promise;
    } finally {
      this.#busy = undefined;
    }
    return this.#frame.subarray(0, this.#length);
  }

  [Symbol.dispose](): void {
    this.#busy?.reject(new Error("the compressor was closed"));
    this.#encoder.destroy();
  }

  #take(piece: Buffer): void {
    const needed = this.#length + piece.length;
    if (needed > this.#frame.length) {
      const grown = Buffer.allocUnsafeSlow(needed * 2);
      this.#frame.copy(grown, 0, 0, this.#length);
      this.#frame = grown;
    }
    piece.copy(this.#frame, this.#length);
    this.#length = needed;
  }
}
