/** Waiting for a condition with a bound, instead of sleeping and hoping. */
import { setTimeout as delay } from "node:timers/promises";

export class TimeoutError extends Error {
  override readonly name = "TimeoutError";
}

/**
 * Asks `probe` until it gives something other than `undefined` or `false`, and returns that.
 *
 * @throws {TimeoutError} after `timeoutMs`, with the last error of the probe as its cause. An error of the probe counts
 *   as "not yet".
 */
export async function waitFor<T>(
  what: string,
  probe: () => T | Promise<T>,
  options: {
    readonly timeoutMs: number;
    readonly intervalMs?: number;
    readonly signal?: AbortSignal;
  },
): Promise<Exclude<T, undefined | false>> {
  const { timeoutMs, intervalMs = 25, signal } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    let cause: unknown;
    try {
      const answer = await probe();
      // Only `undefined` and `false` are excluded by the comparison.
      if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= deadline) {
      throw new TimeoutError(`${what}: not within ${timeoutMs} ms`, { cause });
    }
    await delay(intervalMs, undefined, { signal });
  }
}
