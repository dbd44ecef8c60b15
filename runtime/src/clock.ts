/**
 * Time as a parameter, so that tests own it. Nothing else in the product reads the system clock.
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";

export type Clock = {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds that only ever grow; for durations. */
  monotonic(): number;
  /** @throws the signal's reason when it aborts first. */
  sleep(ms: number, options: { readonly signal: AbortSignal }): Promise<void>;
};

/** Node holds at most this many milliseconds in one timer; longer ones would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(ms, { signal }) {
    signal.throwIfAborted();
    try {
      await delay(Math.min(Math.max(ms, 0), longestTimerMs), undefined, { signal });
    } catch (error) {
      // The timer wraps the reason in its own AbortError; callers compare reasons.
      signal.throwIfAborted();
      throw error;
    }
  },
};
