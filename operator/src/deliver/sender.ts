/**
 * Sends what is queued: one frozen batch in flight, contiguous sequences, adaptive size (R2, R3, R5).
 *
 * @module
 */
import { limits, type BatchAnswer } from "@obsyk/contract";
import { backoffMs, clampRetryAfter, type BackoffLimits, type Clock } from "@obsyk/runtime";
import { parseBatchAnswer, type AgentCalls, type Granted } from "./agent-calls.ts";
import { BatchText } from "./batch-text.ts";
import { freezeBatch, reencode, splitBatch, type Batch, type Encoding } from "./batch.ts";
import { Compressor } from "./compressor.ts";
import type { DeliverEvents } from "./deliver-events.ts";
import type { FrozenLine, Ledger } from "./ledger.ts";
import { outcomeOf } from "./outcome.ts";
import type { PlatformResponse } from "./platform-client.ts";
import { settleOrAbort, type Room } from "./room.ts";
import { freshState, step, type Action, type Outcome, type SenderState } from "./state.ts";

export type SessionEnd =
  | { readonly kind: "session-lost"; readonly reason: string }
  | { readonly kind: "superseded" };

export type SenderOptions = {
  readonly calls: AgentCalls;
  readonly grant: Granted;
  readonly ledgers: readonly Ledger[];
  readonly room: Room;
  readonly clock: Clock;
  readonly random: () => number;
  readonly events: DeliverEvents;
  readonly backoff: BackoffLimits;
  /** After the lines' effects are applied. */
  readonly onAnswer: (answer: BatchAnswer) => void;
  readonly onDiscarded: (line: FrozenLine, reason: string) => void;
};

/** A batch is sent after this much quiet, or when it is full, or after the longest wait. */
const quietMs = 50;
const longestWaitMs = 250;
const firstBatchBytes = 256 * 1024;
/** Larger batches save little but need their size several times in memory: as text, compressed, encrypted. */
const fullBatchBytes = 512 * 1024;
/** Nearly every full batch fits in when compressed. */
const bodyBytes = 192 * 1024;
/** An acknowledgement faster than this lets batches grow, one slower than the other lets them shrink. */
const quickMs = 500;
const slowMs = 3_000;

export class Sender {
  readonly #options: SenderOptions;
  readonly #maxBytes: number;
  readonly #parts: Batch[] = [];
  readonly #text = new BatchText();
  #targetBytes = firstBatchBytes;
  #encoding: Encoding = "zstd";
  #sequence: number;
  #acknowledged: number;
  #batches = 0;
  #changes = 0;
  #turn = 0;
  #acceptedSinceSplit = false;
  #woken = Promise.withResolvers<void>();

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#sequence = options.grant.nextSequence;
    this.#acknowledged = Math.max(0, options.grant.nextSequence - 1);
    this.#maxBytes = Math.min(fullBatchBytes, options.grant.maxBatchBytes);
    this.#targetBytes = Math.min(firstBatchBytes, this.#maxBytes);
  }

  get lastAcknowledged(): number {
    return this.#acknowledged;
  }

  /** Batches acknowledged: lets a caller see that something moved meanwhile. */
  get batches(): number {
    return this.#batches;
  }

  /** Something was queued. */
  wake(): void {
    this.#changes += 1;
    this.#woken.resolve();
  }

  /** Runs until the session ends; rejects with the signal's reason. */
  async run(signal: AbortSignal): Promise<SessionEnd> {
    // Its frame is the body of the batch in flight, of which there is never a second one.
    using compressor = new Compressor(bodyBytes);
    for (;;) {
      const batch = this.#parts.shift() ?? (await this.#freeze(compressor, signal));
      this.#options.room.take(batch.body.length);
      const end = await this.#deliver(batch, signal).finally(() =>
        this.#options.room.release(batch.body.length),
      );
      if (end !== undefined) return end;
    }
  }

  async #freeze(compressor: Compressor, signal: AbortSignal): Promise<Batch> {
    await this.#waitForWork(signal);
    const lines: FrozenLine[] = [];
    const text = this.#text;
    text.clear();
    const { ledgers } = this.#options;
    this.#turn += 1;
    // Each stream first gets its share, so that a long list does not hold up the others; then whoever has more.
    for (const share of [this.#targetBytes / ledgers.length, this.#targetBytes]) {
      for (let index = 0; index < ledgers.length; index += 1) {
        const ledger = ledgers[(index + this.#turn) % ledgers.length];
        const budget = Math.min(share, this.#targetBytes - text.length);
        if (ledger === undefined || !ledger.hasQueued || budget <= 0) continue;
        lines.push(...ledger.take(budget, text));
      }
    }
    return freezeBatch(text.bytes, lines, this.#encoding, compressor);
  }

  async #waitForWork(signal: AbortSignal): Promise<void> {
    const { clock, ledgers } = this.#options;
    while (!ledgers.some((ledger) => ledger.hasQueued)) {
      this.#woken = Promise.withResolvers<void>();
      await settleOrAbort(this.#woken.promise, signal);
    }
    const deadline = clock.monotonic() + longestWaitMs;
    let seen: number;
    do {
      if (this.#queuedBytes() >= this.#targetBytes) return;
      seen = this.#changes;
      await clock.sleep(quietMs, { signal });
    } while (seen !== this.#changes && clock.monotonic() < deadline);
  }

  #queuedBytes(): number {
    return this.#options.ledgers.reduce((sum, ledger) => sum + ledger.queuedBytes, 0);
  }

  async #deliver(first: Batch, signal: AbortSignal): Promise<SessionEnd | undefined> {
    let batch = first;
    let state: SenderState = freshState;
    for (;;) {
      const startedAt = this.#options.clock.monotonic();
      const { outcome, response } = await this.#attempt(batch, signal);
      const next = step(state, outcome);
      state = next.state;
      switch (next.action.kind) {
        case "next":
          this.#accept(batch, response, this.#options.clock.monotonic() - startedAt);
          return undefined;
        case "renew-token":
          break;
        case "wait":
          await this.#wait(next.action, reasonOf(outcome), signal);
          break;
        case "split":
          if (await this.#split(batch, next.action)) return undefined;
          await this.#wait({ failures: 5, retryAfter: undefined }, next.action.reason, signal);
          break;
        case "reencode":
          batch = await this.#changeEncoding(batch, signal);
          break;
        case "end-session":
          return { kind: "session-lost", reason: next.action.reason };
        case "stand-by":
        case "none":
          return { kind: "superseded" };
      }
    }
  }

  async #attempt(
    batch: Batch,
    signal: AbortSignal,
  ): Promise<{ readonly outcome: Outcome; readonly response?: BatchAnswer }> {
    const { calls, grant } = this.#options;
    try {
      const response = await calls.sendBatch(grant, batch, { signal, sequence: this.#sequence });
      return this.#judge(response);
    } catch (error) {
      signal.throwIfAborted();
      const retryAfter =
        error instanceof Error && "retryAfter" in error ? error.retryAfter : undefined;
      return {
        outcome: {
          kind: "unavailable",
          retryAfter: typeof retryAfter === "string" ? retryAfter : undefined,
        },
      };
    }
  }

  #judge(response: PlatformResponse): {
    readonly outcome: Outcome;
    readonly response?: BatchAnswer;
  } {
    const outcome = outcomeOf(response);
    if (outcome.kind !== "acknowledged") return { outcome };
    const answer = parseBatchAnswer(response);
    if (answer.appliedSequence < this.#sequence) {
      return { outcome: { kind: "session-lost", reason: "applied-sequence-behind" } };
    }
    return { outcome, response: answer };
  }

  #accept(batch: Batch, answer: BatchAnswer | undefined, elapsedMs: number): void {
    for (const { ledger, effect } of batch.lines) ledger.acknowledged(effect);
    const sequence = this.#sequence;
    this.#acknowledged = sequence;
    this.#sequence += 1;
    this.#batches += 1;
    this.#acceptedSinceSplit = true;
    this.#adapt(elapsedMs);
    this.#options.events.batchAcknowledged({
      sequence,
      lines: batch.lines.length,
      bytes: batch.body.length,
      elapsedMs,
      stubs: answer?.results.filter(({ status }) => status === "stub").length ?? 0,
    });
    if (answer !== undefined) this.#options.onAnswer(answer);
  }

  #adapt(elapsedMs: number): void {
    if (elapsedMs > slowMs) this.#resize(0.5);
    // Growing helps only while there is more waiting than fits.
    else if (elapsedMs < quickMs && this.#queuedBytes() > this.#targetBytes) this.#resize(2);
  }

  #resize(factor: number): void {
    const wanted = this.#targetBytes * factor;
    this.#targetBytes = Math.min(Math.max(wanted, limits.minBatchBytes), this.#maxBytes);
  }

  async #wait(
    wait: Pick<Extract<Action, { kind: "wait" }>, "failures" | "retryAfter">,
    reason: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, random, events, backoff } = this.#options;
    const ownMs = backoffMs(wait.failures, random, backoff);
    const waitMs = clampRetryAfter(wait.retryAfter, ownMs);
    events.batchDelayed({ reason, waitMs });
    await clock.sleep(waitMs, { signal });
  }

  /** `false`: a single line that may yet be accepted, because it was never shown that the platform works. */
  async #split(batch: Batch, action: Extract<Action, { kind: "split" }>): Promise<boolean> {
    const { events, onDiscarded } = this.#options;
    const halves = await splitBatch(batch);
    if (action.why === "too-large") this.#resize(0.5);
    if (halves !== undefined) {
      if (this.#parts.length === 0) this.#acceptedSinceSplit = false;
      events.batchSplit({ reason: action.reason, lines: batch.lines.length });
      this.#parts.unshift(...halves);
      return true;
    }
    if (action.reason.startsWith("500") && !this.#acceptedSinceSplit) return false;
    for (const line of batch.lines) {
      line.ledger.discarded(line.effect);
      events.lineDiscarded({ stream: line.ledger.stream, reason: action.reason });
      onDiscarded(line, action.reason);
    }
    return true;
  }

  /** The refused bytes were never applied, so the same sequence may carry other bytes (R3). */
  async #changeEncoding(batch: Batch, signal: AbortSignal): Promise<Batch> {
    if (this.#encoding === "gzip" && batch.encoding === "gzip") {
      await this.#wait({ failures: 5, retryAfter: undefined }, "encoding-refused", signal);
      return batch;
    }
    this.#encoding = "gzip";
    return reencode(batch, "gzip");
  }
}

function reasonOf(outcome: Outcome): string {
  return outcome.kind === "refused" ? outcome.reason : outcome.kind;
}
