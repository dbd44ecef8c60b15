/**
 * How long everything takes, in one table; tests bring their own.
 *
 * @module
 */
import { backoffMs, clampRetryAfter, reflectorBackoff, type BackoffLimits } from "@obsyk/runtime";
import type { Absent, Forbidden, Misconfigured, Polling, Unsafe, Waiting } from "./state.ts";

export type Timings = {
  /** Until a watch's headers arrive: some proxies hold them until the first event or bookmark. */
  readonly headersMs: number;
  /** Without a byte on a watch that is known to send bookmarks; the API server owes one about every 60 s. */
  readonly idleMs: number;
  /** Without a byte on any other watch: its timeout plus this. */
  readonly idleGraceMs: number;
  /** A watch that outlives its timeout by this is cut off. */
  readonly lifetimeGraceMs: number;
  /** Without a byte on any other answer. */
  readonly pageIdleMs: number;
  /** A watch open for this long has healed. */
  readonly settledMs: number;
  /** A watch that ends earlier and empty counts as a failure. */
  readonly shortMs: number;
  /** Between two marks after events. */
  readonly markMs: number;
  /** timeoutSeconds of a watch: random between these two. */
  readonly watchSeconds: { readonly min: number; readonly max: number };
  readonly backoff: BackoffLimits;
  /** Longest random pause before the next watch, and before a list that many readers may need at once. */
  readonly reconnectMs: number;
  readonly relistMs: number;
  /** Between two looks at discovery: this to twice this. */
  readonly absentMs: number;
  /**
   * Pauses after 403 answers: the first, each four times longer, up to the longest. They begin short because an API
   * server that has just started says 403 until it has read its roles.
   */
  readonly forbiddenMs: { readonly first: number; readonly max: number };
  /** After an answer that retrying soon cannot heal. */
  readonly restMs: number;
  /** Between two polls of one namespace. */
  readonly pollMs: number;
};

export const defaultTimings: Timings = {
  headersMs: 75_000,
  idleMs: 90_000,
  idleGraceMs: 15_000,
  lifetimeGraceMs: 30_000,
  pageIdleMs: 30_000,
  settledMs: 120_000,
  shortMs: 1000,
  markMs: 1000,
  watchSeconds: { min: 240, max: 290 },
  backoff: reflectorBackoff,
  reconnectMs: 1000,
  relistMs: 5000,
  absentMs: 60_000,
  forbiddenMs: { first: 2000, max: 300_000 },
  restMs: 600_000,
  pollMs: 60_000,
};

/** Milliseconds that a state rests. `random` is uniform in [0, 1). */
export function pauseMs(
  state: Waiting | Absent | Forbidden | Misconfigured | Unsafe | Polling,
  timings: Timings,
  random: () => number,
): number {
  switch (state.kind) {
    case "waiting":
      return waitMs(state, timings, random);
    case "absent":
      return timings.absentMs * (1 + random());
    case "forbidden": {
      const { first, max } = timings.forbiddenMs;
      return Math.min(first * 4 ** Math.min(state.denied - 1, 10), max);
    }
    case "misconfigured":
    case "unsafe":
      return timings.restMs;
    case "polling":
      // Polls of many namespaces drift apart instead of coming together.
      return timings.pollMs * (0.9 + 0.2 * random());
  }
}

function waitMs({ pause }: Waiting, timings: Timings, random: () => number): number {
  switch (pause.kind) {
    case "backoff": {
      const own = backoffMs(pause.failures, random, timings.backoff);
      return clampRetryAfter(pause.retryAfter, own);
    }
    case "renewal":
      return 0;
    case "spread":
      return random() * (pause.over === "relist" ? timings.relistMs : timings.reconnectMs);
  }
}
