/** Exponential backoff with full upward jitter: client-go's reflector numbers (0.8 s doubling to 30 s, times 1 to 2). */
export type BackoffLimits = { readonly firstMs: number; readonly maxMs: number };

export const reflectorBackoff: BackoffLimits = { firstMs: 800, maxMs: 30_000 };

/**
 * Delay before attempt `failures + 1`.
 *
 * @param random uniform in [0, 1)
 */
export function backoffMs(
  failures: number,
  random: () => number,
  limits = reflectorBackoff,
): number {
  const exponent = Math.min(Math.max(failures - 1, 0), 30);
  return Math.min(limits.firstMs * 2 ** exponent, limits.maxMs) * (1 + random());
}

/** Longest Retry-After that is obeyed. */
export const maxRetryAfterMs = 60_000;

/**
 * The delay a server asked for, never below our own backoff and never above 60 s. Dates, negative numbers and garbage
 * count as no wish.
 */
export function clampRetryAfter(header: string | undefined, ownMs: number): number {
  if (header === undefined || !/^\d{1,9}$/.test(header)) return ownMs;
  return Math.max(ownMs, Math.min(Number(header) * 1000, maxRetryAfterMs));
}
