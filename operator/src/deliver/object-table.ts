/**
 * What the platform has acknowledged of one stream (R8): per object a uid, a hash, a resourceVersion and the generation
 * of the last list that saw it. 36 bytes a slot in open-addressing tables of 32-bit words; no records are kept.
 *
 * @module
 */

/** Words of a slot: uid 0–3, hash 4–5, resourceVersion 6–7 (0 when it is no 64-bit number), generation 8 (0: free). */
const words = 9;
const generationAt = 8;
/** Growth copies one segment, so that no event loop turn copies everything. */
const segmentBits = 6;
const firstSlots = 8;
const maxLoad = 0.85;

type Segment = { slots: Uint32Array; mask: number; used: number };

export class ObjectTable {
  readonly #segments: (Segment | undefined)[] = Array.from({ length: 2 ** segmentBits });
  readonly #key = new Uint32Array(4);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Bytes of all tables. */
  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + (segment?.slots.byteLength ?? 0), 0);
  }

  /** The acknowledged hash, 16 hexadecimal digits. */
  get(uid: string): string | undefined {
    if (this.#size === 0) return undefined;
    const found = this.#find(uid);
    if (found === undefined) return undefined;
    return hex(found.slots[found.at + 4]) + hex(found.slots[found.at + 5]);
  }

  /** @param object.uid lower-case UUID */
  set(object: {
    readonly uid: string;
    readonly hash: string;
    readonly resourceVersion: string;
    readonly generation: number;
  }): void {
    const { slots, at } = this.#find(object.uid) ?? this.#insert();
    slots.set(this.#key, at);
    slots[at + 4] = parseHex(object.hash, 0, 8);
    slots[at + 5] = parseHex(object.hash, 8, 16);
    const version = versionOf(object.resourceVersion);
    slots[at + 6] = Number(version >> 32n);
    slots[at + 7] = Number(version & 0xffff_ffffn);
    slots[at + generationAt] = object.generation;
  }

  /** Remembers that a list of this generation saw the object; `false` when it is unknown. */
  touch(uid: string, generation: number): boolean {
    if (this.#size === 0) return false;
    const found = this.#find(uid);
    if (found !== undefined) found.slots[found.at + generationAt] = generation;
    return found !== undefined;
  }

  delete(uid: string): boolean {
    const found = this.#find(uid);
    if (found === undefined) return false;
    found.segment.used -= 1;
    this.#size -= 1;
    closeGap(found.segment, found.at / words);
    return true;
  }

  /** At most `limit` uids that no list of this generation saw. */
  unseen(generation: number, limit: number): string[] {
    const uids: string[] = [];
    for (const { slots } of this.#live()) {
      for (let at = 0; at < slots.length; at += words) {
        const seen = slots[at + generationAt] ?? 0;
        if (seen === 0 || seen === generation) continue;
        uids.push(formatUid(slots, at));
        if (uids.length === limit) return uids;
      }
    }
    return uids;
  }

  *entries(): Generator<{ readonly uid: string; readonly hash: string }> {
    for (const { slots } of this.#live()) {
      for (let at = 0; at < slots.length; at += words) {
        if (slots[at + generationAt] === 0) continue;
        yield { uid: formatUid(slots, at), hash: hex(slots[at + 4]) + hex(slots[at + 5]) };
      }
    }
  }

  #live(): Segment[] {
    return this.#segments.filter((segment) => segment !== undefined);
  }

  #find(
    uid: string,
  ): { readonly segment: Segment; readonly slots: Uint32Array; readonly at: number } | undefined {
    parseUid(uid, this.#key);
    const segment = this.#segments[this.#segmentOf()];
    if (segment === undefined) return undefined;
    const { slots, mask } = segment;
    for (let slot = homeOf(this.#key, 0) & mask; ; slot = (slot + 1) & mask) {
      const at = slot * words;
      if (slots[at + generationAt] === 0) return undefined;
      if (sameUid(slots, at, this.#key)) return { segment, slots, at };
    }
  }

  /** A free slot for the uid that `#find` just parsed and did not find. */
  #insert(): { readonly slots: Uint32Array; readonly at: number } {
    const index = this.#segmentOf();
    let segment = this.#segments[index];
    if (segment === undefined) {
      segment = { slots: new Uint32Array(firstSlots * words), mask: firstSlots - 1, used: 0 };
      this.#segments[index] = segment;
    } else if (segment.used + 1 > (segment.mask + 1) * maxLoad) {
      grow(segment);
    }
    segment.used += 1;
    this.#size += 1;
    return { slots: segment.slots, at: freeSlot(segment, this.#key, 0) * words };
  }

  #segmentOf(): number {
    // The top bits choose the segment, the bottom ones the slot.
    return homeOf(this.#key, 0) >>> (32 - segmentBits);
  }
}

/** Mixes two words: uids of version 4 and 5 are random there, but nothing forces an API server to make such. */
function homeOf(slots: Uint32Array, at: number): number {
  const mixed = Math.imul((slots[at] ?? 0) ^ (slots[at + 3] ?? 0), 0x9e37_79b1);
  return (mixed ^ (mixed >>> 15) ^ (slots[at + 1] ?? 0) ^ (slots[at + 2] ?? 0)) >>> 0;
}

function freeSlot(segment: Segment, key: Uint32Array, at: number): number {
  let slot = homeOf(key, at) & segment.mask;
  while (segment.slots[slot * words + generationAt] !== 0) slot = (slot + 1) & segment.mask;
  return slot;
}

function grow(segment: Segment): void {
  const old = segment.slots;
  segment.slots = new Uint32Array(old.length * 2);
  segment.mask = segment.mask * 2 + 1;
  for (let at = 0; at < old.length; at += words) {
    if (old[at + generationAt] === 0) continue;
    segment.slots.set(old.subarray(at, at + words), freeSlot(segment, old, at) * words);
  }
}

/** Moves later entries of the probe sequence back, so that no tombstones are needed. */
function closeGap({ slots, mask }: Segment, removed: number): void {
  let gap = removed;
  for (
    let slot = (gap + 1) & mask;
    slots[slot * words + generationAt] !== 0;
    slot = (slot + 1) & mask
  ) {
    const home = homeOf(slots, slot * words) & mask;
    // An entry may move to the gap when the gap lies between its home and where it is.
    if (((slot - home) & mask) < ((slot - gap) & mask)) continue;
    slots.copyWithin(gap * words, slot * words, slot * words + words);
    gap = slot;
  }
  slots[gap * words + generationAt] = 0;
}

function sameUid(slots: Uint32Array, at: number, key: Uint32Array): boolean {
  return (
    slots[at] === key[0] &&
    slots[at + 1] === key[1] &&
    slots[at + 2] === key[2] &&
    slots[at + 3] === key[3]
  );
}

function parseUid(uid: string, into: Uint32Array): void {
  into[0] = parseHex(uid, 0, 8);
  into[1] = parseHex(uid, 9, 13) * 0x1_0000 + parseHex(uid, 14, 18);
  into[2] = parseHex(uid, 19, 23) * 0x1_0000 + parseHex(uid, 24, 28);
  into[3] = parseHex(uid, 28, 36);
}

/** At most eight lower-case hexadecimal digits; this is called for every object several times. */
function parseHex(text: string, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at);
    value = value * 16 + (code <= 0x39 ? code - 0x30 : code - 0x57);
  }
  return value;
}

function formatUid(slots: Uint32Array, at: number): string {
  const text = hex(slots[at]) + hex(slots[at + 1]) + hex(slots[at + 2]) + hex(slots[at + 3]);
  return uidOfHex(text);
}

/** The text of a UUID from its 32 hexadecimal digits. */
export function uidOfHex(text: string): string {
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`;
}

function hex(word = 0): string {
  return word.toString(16).padStart(8, "0");
}

/** resourceVersions are opaque to us except for being told apart; ones beyond 64 bits are kept as "unknown". */
function versionOf(resourceVersion: string): bigint {
  if (!/^\d{1,20}$/.test(resourceVersion)) return 0n;
  const version = BigInt(resourceVersion);
  return version >> 64n === 0n ? version : 0n;
}
