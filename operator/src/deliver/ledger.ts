/**
 * What is known of one stream's objects in three stages: acknowledged, in flight, queued (R6 to R9). The queue keeps
 * the order of the stream; a newer value of a queued object takes its place.
 *
 * @module
 */
import type { Line } from "@obsyk/contract";
import { formatSetHash, memberHash } from "@obsyk/runtime";
import type { BatchText } from "./batch-text.ts";
import type { LineStore, StoredText } from "./line-store.ts";
import { deleteText, lineText, putText, type Version } from "./line-text.ts";
import { ObjectTable } from "./object-table.ts";
import { settleOrAbort, type Room } from "./room.ts";

export type Put = Version & {
  readonly derived: boolean;
  readonly seen: number;
  readonly isReshaped?: boolean;
};
export type Gone = {
  readonly seen: number;
  readonly cause: "watched" | "absent";
  /** The DELETED event's own record; absent in a sweep. */
  readonly version: Version | undefined;
};
type Control = Exclude<Line, { op: "put" | "delete" | "check" }>;

/** What one frozen line does to the index when it is acknowledged. */
export type Effect =
  | {
      readonly kind: "object";
      readonly uid: string;
      /** `undefined`: deleted. */
      readonly hash: string | undefined;
      readonly previous: string | undefined;
      readonly resourceVersion: string;
      generation: number;
    }
  | { readonly kind: "end"; readonly request: string | undefined }
  | { readonly kind: "none" };
export type FrozenLine = { readonly ledger: Ledger; readonly effect: Effect };

/** What is left of a value once its line is written. */
type QueuedPut = Pick<Put, "hash" | "resourceVersion"> & {
  readonly text: StoredText;
  readonly collapsed: number;
};
type ObjectEntry = {
  readonly kind: "object";
  readonly uid: string;
  readonly put: QueuedPut | undefined;
  readonly gone: StoredText | undefined;
  generation: number;
  readonly bytes: number;
};
type ControlEntry = {
  readonly kind: "control";
  readonly line: Control | "check";
  readonly request: string | undefined;
  readonly bytes: number;
};
type Entry = ObjectEntry | ControlEntry;

/** What an entry costs beside its record: Map slot, fields, line framing. */
const entryBytes = 320;

export class Ledger {
  readonly stream: string;
  readonly #resource: string;
  readonly #room: Room;
  readonly #store: LineStore;
  readonly #wake: () => void;
  readonly #onEnd: (request: string | undefined) => void;
  #table = new ObjectTable();
  readonly #inFlight = new Map<string, Extract<Effect, { kind: "object" }>>();
  readonly #queue = new Map<string, Entry>();
  #linesInFlight = 0;
  #queuedBytes = 0;
  #generation = 1;
  #controls = 0;
  #sentCount = 0;
  #sentSetHash = 0n;
  #collapsed = 0;
  #settling: (() => void)[] = [];

  constructor(options: {
    readonly stream: string;
    readonly resource: string;
    readonly room: Room;
    /** Holds the text of what is queued. */
    readonly store: LineStore;
    /** Something was queued. */
    readonly wake: () => void;
    /** An `end` was acknowledged whose `begin` named this request. */
    readonly onEnd: (request: string | undefined) => void;
  }) {
    this.stream = options.stream;
    this.#resource = options.resource;
    this.#room = options.room;
    this.#store = options.store;
    this.#wake = options.wake;
    this.#onEnd = options.onEnd;
  }

  /** Objects of this stream after every line sent so far. */
  get count(): number {
    return this.#sentCount;
  }

  get indexBytes(): number {
    return this.#table.bytes;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  get hasQueued(): boolean {
    return this.#queue.size > 0;
  }

  /** Values dropped before they were sent, since the start. */
  get collapsed(): number {
    return this.#collapsed;
  }

  get isSettled(): boolean {
    return this.#queue.size === 0 && this.#linesInFlight === 0;
  }

  /** A new list: what it does not see is deleted by the sweep. */
  nextGeneration(): void {
    this.#generation += 1;
  }

  /**
   * R6. `force` queues a value that is known already (send-again of everything).
   *
   * @param uid lower-case UUID
   */
  put(uid: string, put: Put, force = false): void {
    this.seen(uid);
    const queued = this.#queuedObject(uid);
    const base = this.#sent(uid);
    const newest = queued === undefined ? base : hashOf(queued);
    if (newest === put.hash && !force) return;
    if (queued !== undefined && base === put.hash && !force) {
      this.#drop(uid, queued);
      this.#collapsed += droppedWith(queued);
      this.#settled();
      return;
    }
    const collapsed = queued === undefined ? 0 : versionsOf(queued);
    if (queued !== undefined) {
      this.#collapsed += droppedWith(queued);
      this.#release(queued);
    }
    const text = this.#store.put(putText(this.stream, { ...put, uid, collapsed }));
    const { hash, resourceVersion } = put;
    this.#enqueueObject(uid, { hash, resourceVersion, text, collapsed }, undefined);
  }

  /** R7. Unknown uids are dropped: whoever never heard of an object needs no deletion. */
  remove(uid: string, gone: Gone): void {
    const queued = this.#queuedObject(uid);
    const base = this.#sent(uid);
    if ((queued === undefined ? base : hashOf(queued)) === undefined) return;
    const before = queued?.put?.hash ?? base;
    const last = gone.version?.hash === before ? undefined : gone.version;
    const { seen, cause } = gone;
    const text = this.#store.put(deleteText(this.stream, { uid, seen, cause, last }));
    this.#enqueueObject(uid, queued?.put, text);
  }

  /** A list saw this object; `false` when its uid is known nowhere. */
  seen(uid: string): boolean {
    const known = this.#table.touch(uid, this.#generation);
    const effect = this.#inFlight.get(uid);
    if (effect !== undefined) effect.generation = this.#generation;
    const queued = this.#queuedObject(uid);
    if (queued !== undefined) queued.generation = this.#generation;
    return known || effect !== undefined || queued !== undefined;
  }

  /** At most `limit` acknowledged uids that the current list did not see. Call it when settled. */
  unseen(limit: number): string[] {
    return this.#table.unseen(this.#generation, limit);
  }

  /** Lines that coalesce: a queued one of the same key is replaced and goes to the end. */
  control(line: Control | "check", key: string = keyOf(line), request?: string): void {
    this.withdraw(key);
    const bytes = entryBytes;
    this.#add(key, { kind: "control", line, request, bytes });
  }

  /** An `end` never coalesces. */
  end(line: Extract<Control, { op: "end" }>, request: string | undefined): void {
    this.#controls += 1;
    this.control(line, `end ${this.#controls}`, request);
  }

  withdraw(key: string): void {
    const entry = this.#queue.get(key);
    if (entry !== undefined) this.#drop(key, entry);
  }

  /** R9, R4: forgets what is queued, except the last state. */
  dropQueue(): void {
    const state = this.#queue.get("state");
    for (const [key, entry] of this.#queue) if (entry !== state) this.#drop(key, entry);
    this.#settled();
  }

  /** Freezes lines from the head of the queue: at least one, then up to `budgetBytes` of text. */
  take(budgetBytes: number, into: BatchText): readonly FrozenLine[] {
    const lines: FrozenLine[] = [];
    const began = into.length;
    for (const [key, entry] of this.#queue) {
      if (lines.length > 0 && into.length - began + entry.bytes > budgetBytes) break;
      if (entry.kind === "control") this.#freezeControl(entry, lines, into);
      else this.#freezeObject(entry, lines, into);
      this.#drop(key, entry);
    }
    this.#linesInFlight += lines.length;
    return lines;
  }

  /** R8: the platform acknowledged this line. */
  acknowledged(effect: Effect): void {
    if (effect.kind === "object") {
      const { uid, hash, resourceVersion, generation } = effect;
      if (hash === undefined) this.#table.delete(uid);
      else this.#table.set({ uid, hash, resourceVersion, generation });
      if (this.#inFlight.get(uid) === effect) this.#inFlight.delete(uid);
    }
    this.#linesInFlight -= 1;
    if (effect.kind === "end") this.#onEnd(effect.request);
    this.#settled();
  }

  /** R5: the platform refused this line for good; the index stays, so the next list tries again. */
  discarded(effect: Effect): void {
    if (effect.kind === "object") {
      this.#count(effect.uid, effect.hash, effect.previous);
      if (this.#inFlight.get(effect.uid) === effect) this.#inFlight.delete(effect.uid);
    }
    this.#linesInFlight -= 1;
    this.#settled();
  }

  /** Resolves when nothing is queued and nothing is in flight. */
  async settle(signal: AbortSignal): Promise<void> {
    while (!this.isSettled) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#settling.push(resolve);
      await settleOrAbort(promise, signal);
    }
  }

  /**
   * Takes the platform's index for ours (R16). Call it when settled.
   *
   * @param breathe awaited after every few thousand entries, so that the event loop turns
   */
  async replaceIndex(
    entries: Iterable<{ readonly uid: string; readonly hash: string }>,
    breathe: () => Promise<void>,
  ): Promise<void> {
    const table = new ObjectTable();
    let setHash = 0n;
    let since = 0;
    for (const { uid, hash } of entries) {
      table.set({ uid, hash, resourceVersion: "", generation: this.#generation });
      setHash ^= memberHash(this.#resource, uid, hash);
      since += 1;
      if (since % 2000 === 0) await breathe();
    }
    this.#table = table;
    this.#sentCount = table.size;
    this.#sentSetHash = setHash;
    // Everything in it is old news until a list sees it.
    this.#generation += 1;
  }

  #freezeControl(entry: ControlEntry, lines: FrozenLine[], into: BatchText): void {
    const { line, request } = entry;
    const effect: Effect =
      line !== "check" && line.op === "end" ? { kind: "end", request } : { kind: "none" };
    lines.push({ ledger: this, effect });
    if (line !== "check") return into.add(lineText(line));
    const setHash = formatSetHash(this.#sentSetHash);
    into.add(lineText({ op: "check", stream: this.stream, count: this.#sentCount, setHash }));
  }

  #freezeObject(entry: ObjectEntry, lines: FrozenLine[], into: BatchText): void {
    const { uid, put, gone, generation } = entry;
    if (put !== undefined) {
      const { hash, resourceVersion } = put;
      into.addStored(this.#store, put.text);
      lines.push(this.#freeze(uid, { hash, resourceVersion, generation }));
    }
    if (gone !== undefined) {
      into.addStored(this.#store, gone);
      lines.push(this.#freeze(uid, { hash: undefined, resourceVersion: "", generation }));
    }
  }

  #freeze(
    uid: string,
    next: {
      readonly hash: string | undefined;
      readonly resourceVersion: string;
      readonly generation: number;
    },
  ): FrozenLine {
    const { hash, resourceVersion, generation } = next;
    const previous = this.#sent(uid);
    this.#count(uid, previous, hash);
    const effect = { kind: "object", uid, hash, previous, resourceVersion, generation } as const;
    this.#inFlight.set(uid, effect);
    return { ledger: this, effect };
  }

  /** Moves count and set-hash as sent from one value of an object to another. */
  #count(uid: string, from: string | undefined, to: string | undefined): void {
    for (const hash of [from, to]) {
      if (hash !== undefined) this.#sentSetHash ^= memberHash(this.#resource, uid, hash);
    }
    this.#sentCount += Number(to !== undefined) - Number(from !== undefined);
  }

  /** The value that the platform has, or will have once what is in flight is acknowledged. */
  #sent(uid: string): string | undefined {
    const effect = this.#inFlight.get(uid);
    return effect === undefined ? this.#table.get(uid) : effect.hash;
  }

  #queuedObject(uid: string): ObjectEntry | undefined {
    const entry = this.#queue.get(uid);
    return entry?.kind === "object" ? entry : undefined;
  }

  #enqueueObject(uid: string, put: ObjectEntry["put"], gone: ObjectEntry["gone"]): void {
    const bytes = entryBytes + (put?.text.length ?? 0) + (gone?.length ?? 0);
    const entry = { kind: "object", uid, put, gone, generation: this.#generation, bytes } as const;
    this.#add(uid, entry);
  }

  /** A Map keeps the place of a key that is set again. */
  #add(key: string, entry: Entry): void {
    const grownBytes = entry.bytes - (this.#queue.get(key)?.bytes ?? 0);
    this.#queue.set(key, entry);
    this.#queuedBytes += grownBytes;
    this.#room.take(grownBytes);
    this.#wake();
  }

  #drop(key: string, entry: Entry): void {
    this.#queue.delete(key);
    this.#queuedBytes -= entry.bytes;
    if (entry.kind === "object") this.#release(entry);
    this.#room.release(entry.bytes);
  }

  #release({ put, gone }: ObjectEntry): void {
    if (put !== undefined) this.#store.release(put.text);
    if (gone !== undefined) this.#store.release(gone);
  }

  #settled(): void {
    if (!this.isSettled) return;
    const settling = this.#settling;
    this.#settling = [];
    for (const wake of settling) wake();
  }
}

function hashOf(entry: ObjectEntry): string | undefined {
  return entry.gone === undefined ? entry.put?.hash : undefined;
}

/** Queued values that an entry stands for, those it replaced included. */
function versionsOf({ put, gone }: ObjectEntry): number {
  return (put === undefined ? 0 : 1 + put.collapsed) + (gone === undefined ? 0 : 1);
}

/** Those of them that are dropped only when the entry is: the others were counted before. */
function droppedWith(entry: ObjectEntry): number {
  return versionsOf(entry) - (entry.put?.collapsed ?? 0);
}

function keyOf(line: Control | "check"): string {
  return line === "check" ? "check" : line.op;
}
