/**
 * The sink a reader drives: turns what it sees into queued lines of its stream, and sweeps at the end of a list (R10,
 * R12, R15, R16).
 *
 * @module
 */
import type { ListReason, SendAgain, StreamState } from "@obsyk/contract";
import { backoffMs, objectKey, RecordHasher, type BackoffLimits, type Clock } from "@obsyk/runtime";
import { keepRecord, type ProjectedObject, type Unreadable } from "../project/types.ts";
import type { StreamSink } from "../reflect/sink.ts";
import type { DeliverEvents } from "./deliver-events.ts";
import type { Ledger, Put } from "./ledger.ts";
import { settleOrAbort, type Room } from "./room.ts";
import { SendAgainTracker } from "./send-again.ts";

export type ChannelOptions = {
  readonly ledger: Ledger;
  readonly resource: string;
  readonly clusterUid: string;
  readonly hashKey: string;
  readonly room: Room;
  readonly clock: Clock;
  readonly events: DeliverEvents;
  /** Replaces the ledger's index by the platform's; retries until the session ends. */
  readonly reloadIndex: () => Promise<void>;
  /** Has the stream's reader list again for our own sake. */
  readonly listAgain: () => void;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Pauses before a degraded stream is listed again. */
  readonly healBackoff?: BackoffLimits;
  /** Id of the request for records of a new shape, when there is one. */
  readonly reshaping?: string | undefined;
  /** Ends with the session. */
  readonly signal: AbortSignal;
};

type List = {
  readonly attempt: number;
  readonly reason: ListReason;
  readonly request: string | undefined;
};

type Shown = { readonly state: StreamState; readonly detail: string | undefined };
type Trouble = { readonly state: "degraded" | "mismatch"; readonly detail: string };

const defaultHealBackoff: BackoffLimits = { firstMs: 30_000, maxMs: 1_800_000 };

/** Deletions a sweep queues before it waits for them to be acknowledged. */
const sweepStep = 2_000;

export class StreamChannel implements StreamSink {
  readonly #options: ChannelOptions;
  readonly #ledger: Ledger;
  readonly #hasher: RecordHasher;
  readonly #sendAgain = new SendAgainTracker();
  #list: List | undefined;
  #startedAt = 0;
  #suspended = false;
  /** Between a list's begin and its end, or after an overflow: nothing is complete, so nothing is compared or marked. */
  #open = true;
  /** R16: the index is being replaced; what is listed meanwhile (at most one page) is handed on afterwards. */
  #reloading: Promise<void> | undefined;
  #held: (() => void)[] = [];
  #state: StreamState = "starting";
  #reader: Shown = { state: "starting", detail: undefined };
  /** Shown instead of "all is well" until a list that began after it is complete. */
  #trouble: Trouble | undefined;
  /** The trouble that the end of the list under way heals. */
  #healing: Trouble | undefined;
  /** The request for records of a new shape: until it is answered, what lists bring may differ for that alone. */
  #reshaping: string | undefined;
  /** Lists in a row that left the stream degraded, and whether the next is due. */
  #inVain = 0;
  #isListDue = false;
  #lastProgress: number | undefined;
  #blindMs = 0;
  /** Monotonic; `undefined` while the stream is followed. */
  #blindSince: number | undefined;

  constructor(options: ChannelOptions) {
    this.#options = options;
    this.#blindSince = this.#now();
    this.#ledger = options.ledger;
    this.#reshaping = options.reshaping;
    this.#hasher = new RecordHasher(options.hashKey, options.resource);
  }

  /** For heartbeats and metrics. */
  get health(): {
    readonly stream: string;
    readonly state: StreamState;
    readonly objects: number;
    readonly lastProgress: number | undefined;
    /** Values of this session that were replaced before they were sent (R6). */
    readonly collapsed: number;
    /** Milliseconds of this session in which nothing was followed: changes were learnt from a later list, or late. */
    readonly blindMs: number;
  } {
    const sinceMs = this.#blindSince === undefined ? 0 : this.#now() - this.#blindSince;
    return {
      stream: this.#ledger.stream,
      state: this.#state,
      objects: this.#ledger.count,
      lastProgress: this.#lastProgress,
      collapsed: this.#ledger.collapsed,
      blindMs: this.#blindMs + sinceMs,
    };
  }

  state(state: StreamState, detail?: string): void {
    this.#reader = { state, detail };
    this.#show(this.#trouble !== undefined && isWell(state) ? this.#trouble : this.#reader);
  }

  /** Something is wrong that the reader does not know of. */
  trouble(state: Trouble["state"], detail: string): void {
    this.#trouble = { state, detail };
    this.#show(this.#trouble);
    // A mismatch is listed again when the platform asks; nobody asks for this one.
    if (state === "degraded") this.#listAgainLater();
  }

  begin(list: List): void {
    const earlier = this.#list;
    const isNewRequest = list.request !== undefined && earlier?.request !== list.request;
    this.#list = list;
    this.#open = true;
    this.#suspended = false;
    this.#healing = this.#trouble;
    this.#held = [];
    this.#startedAt = this.#options.clock.monotonic();
    const { stream } = this.#ledger;
    this.#options.events.listBegun({ stream, attempt: list.attempt, reason: list.reason });
    this.#ledger.withdraw("check");
    this.#ledger.withdraw("mark");
    if (list.attempt > 1) this.#ledger.withdraw("begin");
    if (isNewRequest) {
      this.#reloading ??= this.#reload().finally(() => {
        this.#reloading = undefined;
      });
      // Whoever waits for room or the end sees the failure: only the session's end rejects this.
      this.#reloading.catch(() => {});
    } else if (this.#reloading === undefined) {
      this.#queueBegin(list);
    }
  }

  listed(object: ProjectedObject, seen: number): void {
    if (this.#reloading !== undefined) {
      const kept = keepRecord(object);
      this.#held.push(() => this.#takeListed(kept, seen));
      return;
    }
    this.#takeListed(object, seen);
  }

  unreadable(item: Unreadable): void {
    if (this.#reloading !== undefined) {
      this.#held.push(() => this.#takeUnreadable(item));
      return;
    }
    this.#takeUnreadable(item);
  }

  async room(signal: AbortSignal): Promise<void> {
    if (this.#reloading !== undefined) await settleOrAbort(this.#reloading, signal);
    await this.#options.room.wait(signal);
  }

  async finish(resourceVersion: string, seen: number, signal: AbortSignal): Promise<void> {
    if (this.#reloading !== undefined) await settleOrAbort(this.#reloading, signal);
    await this.#ledger.settle(signal);
    const { stream } = this.#ledger;
    if (this.#suspended) {
      // Without an end the platform keeps saying that this stream is not complete.
      this.trouble(
        "degraded",
        "a listed item has no readable identity, so nothing is taken as deleted",
      );
      return;
    }
    const deleted = await this.#sweep(seen, signal);
    const request = this.#list?.request;
    this.#ledger.end({ op: "end", stream, resourceVersion, seen }, request);
    this.#open = false;
    this.#lastProgress = seen;
    this.check();
    this.#heal();
    this.#list = undefined;
    const elapsedMs = this.#options.clock.monotonic() - this.#startedAt;
    const objects = this.#ledger.count;
    this.#options.events.listFinished({ stream, objects, deleted, elapsedMs });
  }

  watched(
    type: "added" | "modified" | "deleted",
    object: ProjectedObject,
    seen: number,
  ): "accepted" | "overflow" {
    this.#lastProgress = seen;
    const { uid, put } = this.#identify(object, seen);
    if (type === "deleted") this.#ledger.remove(uid, { seen, cause: "watched", version: put });
    else this.#ledger.put(uid, put);
    if (!this.#options.room.overflows) return "accepted";
    this.#open = true;
    this.#ledger.dropQueue();
    this.#options.events.queueOverflowed({ stream: this.#ledger.stream });
    return "overflow";
  }

  mark(resourceVersion: string, seen: number): void {
    this.#lastProgress = seen;
    const { stream } = this.#ledger;
    if (!this.#open) this.#ledger.control({ op: "mark", stream, resourceVersion, seen });
  }

  /** R15: a line that describes the state after all earlier lines; nothing between begin and end. */
  check(): void {
    if (!this.#open) this.#ledger.control("check");
  }

  /** R16. `true`: the stream's reader has to list again under this request. */
  requested(request: SendAgain): boolean {
    const { clock, events } = this.#options;
    const { stream } = this.#ledger;
    const verdict = this.#sendAgain.requested(request, clock.monotonic());
    if (verdict === "mismatch" && this.#state !== "mismatch") {
      this.trouble("mismatch", "count or content still differs after every object was sent again");
    }
    if (verdict === "list") events.sendAgainRequested({ stream, full: request.full });
    return verdict === "list";
  }

  /** The platform acknowledged an `end` of this stream. */
  ended(request: string | undefined): void {
    if (request !== undefined && request === this.#reshaping) this.#reshaping = undefined;
    this.#sendAgain.ended(request, this.#options.clock.monotonic());
  }

  /** Trouble that came during the list stays: its cause may be in what was just listed. */
  #heal(): void {
    if (this.#trouble === undefined || this.#trouble !== this.#healing) return;
    this.#trouble = undefined;
    this.#inVain = 0;
    this.#show(this.#reader);
  }

  /** R12: a stream must not stay degraded only because nothing else makes it list. */
  #listAgainLater(): void {
    if (this.#isListDue) return;
    this.#isListDue = true;
    this.#inVain += 1;
    const { clock, random, signal, listAgain, healBackoff = defaultHealBackoff } = this.#options;
    clock.sleep(backoffMs(this.#inVain, random, healBackoff), { signal }).then(
      () => {
        this.#isListDue = false;
        return this.#trouble?.state === "degraded" ? listAgain() : undefined;
      },
      // The session ended.
      () => undefined,
    );
  }

  #show({ state, detail }: Shown): void {
    const { stream } = this.#ledger;
    if (state !== this.#state) this.#options.events.streamState({ stream, state, detail });
    this.#state = state;
    this.#countBlind(isFollowed(state));
    const seen = this.#options.clock.now();
    const text = detail === undefined ? {} : { detail: detail.slice(0, 1024) };
    this.#ledger.control({ op: "state", stream, state, ...text, seen });
  }

  #countBlind(isFollowed: boolean): void {
    if (!isFollowed) this.#blindSince ??= this.#now();
    else if (this.#blindSince !== undefined) {
      this.#blindMs += this.#now() - this.#blindSince;
      this.#blindSince = undefined;
    }
  }

  #now(): number {
    return this.#options.clock.monotonic();
  }

  /** R16: settle, replace the index, then begin. */
  async #reload(): Promise<void> {
    await this.#ledger.settle(this.#options.signal);
    await this.#options.reloadIndex();
    if (this.#list !== undefined) this.#queueBegin(this.#list);
    const held = this.#held;
    this.#held = [];
    for (const take of held) take();
  }

  #queueBegin(list: List): void {
    const { stream } = this.#ledger;
    const { attempt, reason, request } = list;
    this.#ledger.nextGeneration();
    const named = request === undefined ? {} : { request };
    const seen = this.#options.clock.now();
    this.#ledger.control({ op: "begin", stream, attempt, reason, ...named, seen });
  }

  #takeListed(object: ProjectedObject, seen: number): void {
    const { uid, put } = this.#identify(object, seen);
    const isFull = this.#sendAgain.isFull(this.#list?.request);
    this.#ledger.put(uid, { ...put, isReshaped: this.#reshaping !== undefined }, isFull);
  }

  #takeUnreadable(item: Unreadable): void {
    const uid = item.uid?.toLowerCase();
    if (uid === undefined || !/^[0-9a-f-]{36}$/.test(uid)) this.#suspended = true;
    else this.#ledger.seen(uid);
  }

  async #sweep(seen: number, signal: AbortSignal): Promise<number> {
    let deleted = 0;
    for (;;) {
      const uids = this.#ledger.unseen(sweepStep);
      if (uids.length === 0) return deleted;
      deleted += uids.length;
      for (const uid of uids) {
        this.#ledger.remove(uid, { seen, cause: "absent", version: undefined });
      }
      await this.#ledger.settle(signal);
    }
  }

  #identify(object: ProjectedObject, seen: number): { readonly uid: string; readonly put: Put } {
    const { resource, clusterUid } = this.#options;
    const { resourceVersion, managers, canonical } = object;
    const { uid, namespace, name } = object;
    const key = objectKey({ uid, resource, namespace, name }, clusterUid);
    const hash = this.#hasher.hash(canonical);
    const put = { hash, resourceVersion, managers, canonical, derived: key.derived, seen };
    return { uid: key.uid, put };
  }
}

function isFollowed(state: StreamState): boolean {
  return state === "watching" || state === "polling";
}

/** States that say that the reader does its work, not that its stream is complete. */
function isWell(state: StreamState): boolean {
  return state === "watching" || state === "polling" || state === "listing" || state === "starting";
}
