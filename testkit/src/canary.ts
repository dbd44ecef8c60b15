/**
 * Values that occur nowhere else, and a search that finds them however they are encoded. All canaries of a run share a
 * random mark, so that one search finds any number of them.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { constants, inflateRawSync, zstdDecompressSync } from "node:zlib";

export type Encoding = "raw" | "utf-16" | "base64" | "hex";

export type CanaryHit = {
  /** The whole canary, decoded; shorter when the bytes end inside it. */
  readonly canary: string;
  readonly encoding: Encoding;
  /** Whether it lay inside compressed bytes. */
  readonly compressed: boolean;
  /** Offset of the mark in the searched bytes; of the compressed bytes' start when compressed. */
  readonly offset: number;
};

export type CanaryFlock = {
  /** A new canary: mark, tag and number, letters and digits only, {@link canaryChars} characters. */
  next(tag: CanaryTag): string;
  /** Whether this whole canary was made here: memory also holds torn ones, half overwritten by something else. */
  isIssued(canary: string): boolean;
  /** All hits in these bytes, also inside gzip and zstd found in them. */
  search(bytes: Buffer): CanaryHit[];
  /** Like `search`, without looking for compressed bytes: for large memory. */
  searchPlain(bytes: Buffer): CanaryHit[];
};

/** One letter that says where the canary was planted. */
type CanaryTag = string;

const markChars = 12;
const numberChars = 7;
/** Length of a canary. */
export const canaryChars = markChars + 1 + numberChars;

type Pattern = { readonly encoding: Encoding; readonly bytes: Buffer; readonly shift: number };

export function createCanaryFlock(
  random: (bytes: number) => Buffer = (bytes) => randomBytes(bytes),
): CanaryFlock {
  const mark = [...random(markChars)].map((byte) => letter(byte)).join("");
  const patterns = patternsOf(mark);
  const tags = new Map<number, CanaryTag>();
  const searchPlain = (bytes: Buffer): CanaryHit[] =>
    patterns.flatMap((pattern) => findAll(bytes, pattern));
  return {
    next(tag) {
      const number = tags.size + 1;
      tags.set(number, tag);
      return `${mark}${tag}${String(number).padStart(numberChars, "0")}`;
    },
    isIssued(canary) {
      const number = canary.slice(-numberChars);
      return (
        canary.length === canaryChars &&
        canary.startsWith(mark) &&
        /^\d+$/.test(number) &&
        tags.get(Number(number)) === canary[markChars]
      );
    },
    searchPlain,
    search(bytes) {
      const hits = searchPlain(bytes);
      for (const { offset, content } of findCompressed(bytes)) {
        for (const hit of searchPlain(content)) hits.push({ ...hit, compressed: true, offset });
      }
      return hits;
    },
  };
}

function letter(byte: number): string {
  return String.fromCodePoint((byte & 1 ? 0x41 : 0x61) + ((byte >> 1) % 26));
}

function patternsOf(mark: string): Pattern[] {
  const raw = Buffer.from(mark);
  const hex = raw.toString("hex");
  const patterns: Pattern[] = [
    { encoding: "raw", bytes: raw, shift: 0 },
    { encoding: "utf-16", bytes: Buffer.from(mark, "utf16le"), shift: 0 },
    { encoding: "hex", bytes: Buffer.from(hex), shift: 0 },
    { encoding: "hex", bytes: Buffer.from(hex.toUpperCase()), shift: 0 },
  ];
  for (const shift of [0, 1, 2]) {
    // Characters that also depend on neighbouring bytes are left out on both sides.
    const text = Buffer.concat([Buffer.alloc(shift), raw])
      .toString("base64")
      .replace(/=+$/, "");
    const first = shift === 0 ? 0 : shift + 1;
    const whole = Math.floor(((shift + markChars) * 8) / 6);
    patterns.push({ encoding: "base64", bytes: Buffer.from(text.slice(first, whole)), shift });
  }
  return patterns;
}

function findAll(bytes: Buffer, pattern: Pattern): CanaryHit[] {
  const hits: CanaryHit[] = [];
  for (
    let at = bytes.indexOf(pattern.bytes);
    at !== -1;
    at = bytes.indexOf(pattern.bytes, at + 1)
  ) {
    hits.push({
      canary: decode(bytes, at, pattern),
      encoding: pattern.encoding,
      compressed: false,
      offset: at,
    });
  }
  return hits;
}

function decode(bytes: Buffer, at: number, { encoding, shift }: Pattern): string {
  switch (encoding) {
    case "raw":
      return bytes.toString("latin1", at, at + canaryChars);
    case "utf-16":
      return bytes.toString("utf16le", at, at + 2 * canaryChars);
    case "hex":
      return Buffer.from(bytes.toString("latin1", at, at + 2 * canaryChars), "hex").toString(
        "latin1",
      );
    case "base64": {
      const start = at - (shift === 0 ? 0 : shift + 1);
      const length = Math.ceil(((shift + canaryChars) * 4) / 3);
      const text = bytes.toString("latin1", Math.max(start, 0), start + length);
      // A mark at the very start of the bytes lacks the characters that hold its first letters.
      if (start < 0)
        return Buffer.from(`${"A".repeat(-start)}${text}`, "base64").toString("latin1", shift);
      return Buffer.from(text, "base64").toString("latin1", shift, shift + canaryChars);
    }
  }
}

const magics: readonly (readonly [Buffer, (bytes: Buffer) => Buffer])[] = [
  [Buffer.from([0x1f, 0x8b, 0x08]), inflateGzipMember],
  [Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), (bytes) => zstdDecompressSync(bytes, partialZstd)],
];
const maxInflatedBytes = 256 * 1024 * 1024;
/** What comes after the compressed bytes, or is missing at their end, must not hide what was inflated. */
const partial = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: maxInflatedBytes };
const partialZstd = { finishFlush: constants.ZSTD_e_flush, maxOutputLength: maxInflatedBytes };

function findCompressed(bytes: Buffer): { readonly offset: number; readonly content: Buffer }[] {
  const found: { offset: number; content: Buffer }[] = [];
  for (const [magic, inflate] of magics) {
    for (let at = bytes.indexOf(magic); at !== -1; at = bytes.indexOf(magic, at + 1)) {
      const content = attempt(() => inflate(bytes.subarray(at)));
      if (content !== undefined) found.push({ offset: at, content });
    }
  }
  return found;
}

/** RFC 1952 §2.3, without checksum: gunzipSync refuses what follows the member. */
function inflateGzipMember(bytes: Buffer): Buffer {
  const flags = bytes[3] ?? 0;
  let at = 10;
  if ((flags & 4) !== 0) at += 2 + bytes.readUInt16LE(at);
  for (const flag of [8, 16]) {
    if ((flags & flag) !== 0) at = bytes.indexOf(0, at) + 1;
  }
  if ((flags & 2) !== 0) at += 2;
  return inflateRawSync(bytes.subarray(at), partial);
}

function attempt(inflate: () => Buffer): Buffer | undefined {
  try {
    return inflate();
  } catch {
    // A magic number by chance.
    return undefined;
  }
}
