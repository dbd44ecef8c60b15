/** Reads another process' memory, for proofs that something is not in it. Linux only. */
import { open, readFile } from "node:fs/promises";

export type MemoryScan = {
  /** Bytes read. */
  readonly bytes: number;
  /** Mappings that were read. */
  readonly mappings: number;
};

const stepBytes = 4 * 1024 * 1024;
/** Regions of the kernel that are not the process' data. */
const kernelRegions = new Set(["[vvar]", "[vvar_vclock]", "[vsyscall]"]);

/**
 * Hands all readable memory of a process to `look`, piece by piece. Pieces overlap by `overlapBytes`; `look` gets where
 * the new part ends, so that a hit in the overlap can be counted once.
 *
 * @throws when the process is gone or may not be read.
 */
export async function scanMemory(
  pid: number,
  overlapBytes: number,
  look: (piece: Buffer, newFrom: number) => void,
): Promise<MemoryScan> {
  const maps = await readFile(`/proc/${pid}/maps`, "latin1");
  await using memory = await open(`/proc/${pid}/mem`, "r");
  const buffer = Buffer.alloc(overlapBytes + stepBytes);
  let bytes = 0;
  let mappings = 0;
  for (const line of maps.split("\n")) {
    const match = /^([0-9a-f]+)-([0-9a-f]+) r\S+ \S+ \S+ \d+\s*(.*)$/.exec(line);
    if (match === null || kernelRegions.has(match[3] ?? "")) continue;
    const end = Number.parseInt(match[2] ?? "", 16);
    let carried = 0;
    let at = Number.parseInt(match[1] ?? "", 16);
    mappings += 1;
    while (at < end) {
      const length = Math.min(stepBytes, end - at);
      const read = await readSome(() => memory.read(buffer, carried, length, at));
      if (read === 0) break;
      const piece = buffer.subarray(0, carried + read);
      look(piece, carried);
      bytes += read;
      at += read;
      carried = Math.min(overlapBytes, piece.length);
      buffer.copyWithin(0, piece.length - carried, piece.length);
    }
  }
  return { bytes, mappings };
}

async function readSome(read: () => Promise<{ readonly bytesRead: number }>): Promise<number> {
  try {
    return (await read()).bytesRead;
  } catch (error) {
    // A mapping that went away between the list and the read, or a guard page.
    if (error instanceof Error && "code" in error && error.code === "EIO") return 0;
    throw error;
  }
}
