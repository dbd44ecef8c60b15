/**
 * Frozen batches (R3): bytes, sequence and digest stay until acknowledged or the session ends.
 *
 * @module
 */
import { hash } from "node:crypto";
import { promisify } from "node:util";
import { constants, gunzip, gzipSync, zstdCompressSync, zstdDecompress } from "node:zlib";
import type { FrozenLine } from "./ledger.ts";

export type Encoding = "zstd" | "gzip";

export type Batch = {
  readonly encoding: Encoding;
  readonly body: Uint8Array;
  /** RFC 9530 §2, over the body as sent. */
  readonly digest: string;
  readonly lines: readonly FrozenLine[];
};

const decompressZstd = promisify(zstdDecompress);
const decompressGzip = promisify(gunzip);

/** Compressed at once: half a megabyte takes a few milliseconds, and its pieces do not outlive the turn. */
export function freezeBatch(
  text: Uint8Array,
  lines: readonly FrozenLine[],
  encoding: Encoding,
  /** Where the body goes; a new place when absent or too small. It must not change before the batch is settled. */
  place?: Buffer,
): Batch {
  // Records shrink to a quarter at most: one piece takes it all.
  const chunkSize = Math.max(1024, Math.ceil(text.length / 3));
  const compressed =
    encoding === "zstd"
      ? zstdCompressSync(text, { chunkSize, params: { [constants.ZSTD_c_compressionLevel]: 1 } })
      : gzipSync(text, { chunkSize, level: 1 });
  const body = placed(compressed, place);
  return { encoding, body, digest: `sha-256=:${hash("sha256", body, "base64")}:`, lines };
}

function placed(bytes: Buffer, place: Buffer | undefined): Buffer {
  if (place === undefined || bytes.length > place.length) return Buffer.from(bytes);
  bytes.copy(place);
  return place.subarray(0, bytes.length);
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
  return [
    freezeBatch(text.subarray(0, at), batch.lines.slice(0, half), batch.encoding),
    freezeBatch(text.subarray(at), batch.lines.slice(half), batch.encoding),
  ];
}

/** The text is not kept beside the body: it is needed again only when a batch is cut or encoded anew. */
async function inflate(batch: Batch): Promise<Buffer> {
  return batch.encoding === "zstd" ? decompressZstd(batch.body) : decompressGzip(batch.body);
}
