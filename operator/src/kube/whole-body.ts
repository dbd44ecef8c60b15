import type { Response } from "./connection.ts";

/** A small body as a whole; `undefined`, with the connection closed, when it is larger than that. */
export async function readWhole(
  answer: Pick<Response, "read">,
  maxBytes: number,
): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  await answer.read((chunk) => {
    size += chunk.length;
    if (size > maxBytes) return false;
    chunks.push(Uint8Array.from(chunk));
    return true;
  });
  return size > maxBytes ? undefined : Buffer.concat(chunks);
}
