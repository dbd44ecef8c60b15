/**
 * Frozen batches (R3): bytes, sequence and digest stay until acknowledged or the session ends.
 *
 * @module
 */
import { hash } from "node:crypto";
import { promisify } from "node:util";
import { constants, gunzip, gzip, zstdCompress, zstdDecompress } from "node:zlib";
import type { Compressor } from "./compressor.ts";
import type { FrozenLine } from "./ledger.ts";

export type Encoding = "zstd" | "gzip";

export type Batch = {
  readonly encoding: Encoding;
  readonly body: Uint8Array;
  /** RFC 9530 §2, over the body as sent. */
  readonly digest: string;
  readonly lines: readonly FrozenLine[];
};

const compressZstd = promisify(zstdCompress);
const decompressZstd = promisify(zstdDecompress);
const compressGzip = promisify(gzip);
const decompressGzip = promisify(gunzip);

/** @param compressor whose frame the body then is: valid until it makes the next one */
export async function freezeBatch(
  text: Uint8Array,
  lines: readonly FrozenLine[],
  encoding: Encoding,
  compressor?: Compressor,
): Promise<Batch> {
  const body =
    encoding === "gzip"
      ? await compressGzip(text, { level: 1 })
      : await (compressor?.compress(text) ??
          compressZstd(text, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }));
  return { encoding, body, digest: `sha-256=:${hash("sha256", body, "base64")}:`, lines };
}

/** The same lines for a platform that does not take this encoding. */
export async function reencode(batch: Batch, encoding: Encoding): Promise<Batch> {
  return freezeBatch(await inflate(batch), batch.lines, encoding);
}

/** Two batches of half the lines each; one line cannot be split. */
export async function splitBatch(batch: Batch): Promise<readonly [Batch, Batch] | undefined> {
  const half = Math.floor(batch.lines.length / 2);
  if (half === 0) return undefined;
  const text = await inflate(batch);
  let at = 0;
  for (let line = 0; line < half; line += 1) at = text.indexOf(0x0a, at) + 1;
  return Promise.all([
    freezeBatch(text.subarray(0, at), batch.lines.slice(0, half), batch.encoding),
    freezeBatch(text.subarray(at), batch.lines.slice(half), batch.encoding),
  ]);
}

/** The text is not kept beside the body: it is needed again only when a batch is cut or encoded anew. */
async function inflate(batch: Batch): Promise<Buffer> {
  return batch.encoding === "zstd" ? decompressZstd(batch.body) : decompressGzip(batch.body);
}
