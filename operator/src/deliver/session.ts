/**
 * One granted session: its streams, its sender, its heartbeat. Everything in it is dropped when it ends (R4).
 *
 * @module
 */
import {
  formatStream,
  limits,
  type BatchAnswer,
  type SendAgain,
  type Stream,
} from "@obsyk/contract";
import { backoffMs, type BackoffLimits, type Clock } from "@obsyk/runtime";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { RelistRequest, StreamSink } from "../reflect/sink.ts";
import type { AgentCalls, Granted } from "./agent-calls.ts";
import type { DeliverEvents } from "./deliver-events.ts";
import { LineStore } from "./line-store.ts";
import { Ledger, type FrozenLine } from "./ledger.ts";
import { sessionEndOf } from "./outcome.ts";
import { Room } from "./room.ts";
import { Sender, type SessionEnd } from "./sender.ts";
import { StreamChannel } from "./stream-channel.ts";

export type SessionOptions = {
  readonly calls: AgentCalls;
  readonly grant: Granted;
  readonly streams: readonly Stream[];
  readonly clusterUid: string;
  /** Tells the platform of further streams in this session; asked again, it grants the same one (R14). */
  readonly declare: (streams: readonly DeclaredStream[], signal: AbortSignal) => Promise<Granted>;
  /** What the API server says of itself now. */
  readonly kubernetesVersion?: () => string | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly events: DeliverEvents;
  readonly backoff: BackoffLimits;
  readonly queueBytes?: number;
  /** Pauses before a degraded stream is listed again. */
  readonly healBackoff?: BackoffLimits;
};

export type DeclaredStream = { readonly stream: Stream; readonly recordVersion: string };

/** Something a stream's send-again requests are handed to. */
export type Relistable = { relist(request: RelistRequest): void };

/** A reader in place of which nothing lists: requests wait until one is attached. */
type Slot = {
  readonly ledger: Ledger;
  readonly channel: StreamChannel;
  reader: Relistable | undefined;
};

export class Session {
  readonly #options: SessionOptions;
  readonly #sender: Sender;
  readonly #room: Room;
  readonly #store = new LineStore();
  readonly #slots = new Map<string, Slot>();
  /** The sender walks over these; streams may be added. */
  readonly #ledgers: Ledger[] = [];
  readonly #added: DeclaredStream[] = [];
  readonly #ended = Promise.withResolvers<SessionEnd>();
  readonly #lives = new AbortController();
  #held: readonly string[];

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#held = options.grant.held ?? [];
    this.#room = new Room(options.queueBytes ?? limits.queueBytes);
    for (const stream of options.streams) this.#addSlot(stream);
    this.#sender = new Sender({
      ...options,
      ledgers: this.#ledgers,
      room: this.#room,
      onAnswer: (answer) => this.#answered(answer),
      onDiscarded: (line, reason) => this.#discarded(line, reason),
    });
  }

  /** Streams in scope that nobody had declared when the session was granted; told once. */
  takeHeld(): readonly string[] {
    const held = this.#held;
    this.#held = [];
    return held;
  }

  get queuedBytes(): number {
    return this.#room.usedBytes;
  }

  get indexBytes(): number {
    return [...this.#slots.values()].reduce((sum, { ledger }) => sum + ledger.indexBytes, 0);
  }

  get streams(): readonly StreamChannel["health"][] {
    return [...this.#slots.values()].map(({ channel }) => channel.health);
  }

  /**
   * Reads the platform's index of a stream and returns the sink for its reader.
   *
   * @throws the signal's reason, or that of the session's end.
   */
  async openStream(stream: Stream, signal: AbortSignal): Promise<StreamSink> {
    const { ledger, channel } = this.#slot(formatStream(stream));
    const lives = AbortSignal.any([signal, this.#lives.signal]);
    // A stream may be opened again after its reader was retired.
    await ledger.settle(lives);
    await this.#loadIndex(ledger, lives);
    return channel;
  }

  /**
   * Adds streams that were not known when the session was granted; known ones are left alone.
   *
   * @throws the signal's reason, or that of the session's end.
   */
  async addStreams(streams: readonly DeclaredStream[], signal: AbortSignal): Promise<void> {
    const added = streams.filter(({ stream }) => !this.#slots.has(formatStream(stream)));
    if (added.length === 0) return;
    this.#added.push(...added);
    const lives = AbortSignal.any([signal, this.#lives.signal]);
    const { grant, declare } = this.#options;
    const again = await this.#untilAnswered(lives, () => declare(this.#added, lives));
    if (again.sessionId !== grant.sessionId || again.epoch !== grant.epoch) {
      this.#ended.resolve({ kind: "session-lost", reason: "another session was granted" });
    }
    for (const { stream } of added) this.#addSlot(stream);
  }

  /** From here on the stream's send-again requests go to this reader. */
  attach(stream: Stream, reader: Relistable): void {
    this.#slot(formatStream(stream)).reader = reader;
    this.#sendAgain(
      this.#options.grant.sendAgain.filter((at) => at.stream === formatStream(stream)),
    );
  }

  /** Sends until the session ends or the signal aborts; `drained` may be awaited meanwhile. */
  async run(signal: AbortSignal): Promise<SessionEnd> {
    const lives = AbortSignal.any([signal, this.#lives.signal]);
    // Heard from the start: they end with the signal, which the sender may hear of much later.
    const loops = Promise.allSettled([this.#beat(lives), this.#checkRegularly(lives)]);
    try {
      return await Promise.race([this.#sender.run(lives), this.#ended.promise]);
    } finally {
      this.#lives.abort(new Error("the session ended"));
      await loops;
    }
  }

  /** Ends the session from this side, without a goodbye; a new one is asked for. */
  end(reason: string): void {
    this.#ended.resolve({ kind: "session-lost", reason });
  }

  /** Resolves when everything queued was acknowledged. */
  async drained(signal: AbortSignal): Promise<void> {
    for (const { ledger } of this.#slots.values()) await ledger.settle(signal);
  }

  #addSlot(stream: Stream): void {
    const { grant, clusterUid, clock, random, events, healBackoff } = this.#options;
    const { resource } = stream;
    const name = formatStream(stream);
    const ledger = new Ledger({
      stream: name,
      resource,
      room: this.#room,
      store: this.#store,
      wake: () => this.#sender.wake(),
      onEnd: (request) => channel.ended(request),
    });
    const channel = new StreamChannel({
      ledger,
      resource,
      clusterUid,
      hashKey: grant.hashKey,
      room: this.#room,
      clock,
      events,
      reloadIndex: () => this.#loadIndex(ledger, this.#lives.signal),
      listAgain: () => this.#slot(name).reader?.relist({ id: undefined, full: false }),
      random,
      reshaping: grant.sendAgain.find((at) => at.stream === name && at.reason === "schema")?.id,
      ...(healBackoff === undefined ? {} : { healBackoff }),
      signal: this.#lives.signal,
    });
    this.#ledgers.push(ledger);
    this.#slots.set(name, { ledger, channel, reader: undefined });
  }

  #slot(stream: string): Slot {
    const slot = this.#slots.get(stream);
    if (slot === undefined) throw new Error(`stream ${stream} is not part of this session`);
    return slot;
  }

  async #loadIndex(ledger: Ledger, signal: AbortSignal): Promise<void> {
    const { calls, grant, events } = this.#options;
    const { stream } = ledger;
    let acknowledged = 0;
    const index = await this.#untilAnswered(signal, () => {
      // Other streams' batches may be acknowledged while the answer is on its way.
      acknowledged = this.#sender.lastAcknowledged;
      return calls.readIndex(grant, stream, { signal });
    });
    if (index.appliedSequence < acknowledged) {
      // A restored backup: what was acknowledged is gone there.
      this.#ended.resolve({ kind: "session-lost", reason: "index-behind" });
    }
    await ledger.replaceIndex(index.entries, nextTurn);
    events.indexLoaded({ stream, objects: ledger.count });
  }

  /** Repeats a call until it is answered or the session ends. */
  async #untilAnswered<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    const { clock, random, backoff, events } = this.#options;
    for (let failures = 1; ; failures += 1) {
      try {
        return await call();
      } catch (error) {
        signal.throwIfAborted();
        this.#endAfter(error);
        const waitMs = backoffMs(failures, random, backoff);
        events.batchDelayed({ reason: "call-unanswered", waitMs });
        await clock.sleep(waitMs, { signal });
      }
    }
  }

  #endAfter(error: unknown): void {
    const end = sessionEndOf(error);
    if (end !== undefined) this.#ended.resolve(end);
  }

  #answered(answer: BatchAnswer): void {
    this.#sendAgain(answer.sendAgain);
  }

  /** R16: several requests of one stream are worked off one after the other, as answers repeat them. */
  #sendAgain(requests: readonly SendAgain[]): void {
    for (const request of requests) {
      const slot = this.#slots.get(request.stream);
      if (slot?.reader === undefined) continue;
      if (slot.channel.requested(request)) {
        slot.reader.relist({ id: request.id, full: request.full });
      }
    }
  }

  #discarded(line: FrozenLine, reason: string): void {
    const slot = this.#slots.get(line.ledger.stream);
    slot?.channel.trouble("degraded", `the platform refuses a line: ${reason}`);
  }

  async #beat(signal: AbortSignal): Promise<void> {
    const { calls, grant, clock, events } = this.#options;
    for (;;) {
      const batches = this.#sender.batches;
      try {
        const answer = await calls.heartbeat(grant, this.#heartbeat(), { signal });
        // An answer that crossed a batch may name a request that this batch just answered.
        if (batches === this.#sender.batches) this.#sendAgain(answer.sendAgain);
      } catch (error) {
        signal.throwIfAborted();
        this.#endAfter(error);
        events.heartbeatFailed({ error });
      }
      await clock.sleep(grant.heartbeatSeconds * 1000, { signal });
    }
  }

  #heartbeat() {
    const { clock } = this.#options;
    const kubernetesVersion = this.#options.kubernetesVersion?.();
    return {
      ...(kubernetesVersion === undefined ? {} : { kubernetesVersion }),
      clock: Math.round(clock.now()),
      lastAck: this.#sender.lastAcknowledged,
      queuedBytes: Math.max(0, this.#room.usedBytes),
      residentBytes: process.memoryUsage.rss(),
      streams: this.streams.map(({ stream, state, objects, lastProgress }) => ({
        stream,
        state,
        objects,
        ...(lastProgress === undefined ? {} : { lastProgress }),
      })),
    };
  }

  async #checkRegularly(signal: AbortSignal): Promise<void> {
    const { grant, clock, random } = this.#options;
    for (;;) {
      await clock.sleep(grant.checkSeconds * 1000 * (0.9 + 0.2 * random()), { signal });
      for (const { channel } of this.#slots.values()) channel.check();
    }
  }
}
