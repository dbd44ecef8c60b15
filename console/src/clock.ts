/**
 * Time for the console, in one place. Ages are shown against the platform's clock, so that a browser whose clock is
 * wrong does not show stale data as fresh.
 *
 * @module
 */

/** Below this, what looks like a difference is the resolution of the Date header (one second) and the way. */
const toleratedMs = 5000;

export class PlatformClock {
  #offsetMs = 0;

  /** Milliseconds since the epoch, as the platform would say. */
  now(): number {
    return Date.now() + this.#offsetMs;
  }

  /** Learns from the Date header of an answer (RFC 9110 section 6.6.1). */
  observe(dateHeader: string | null): void {
    const dateMs = dateHeader === null ? Number.NaN : Date.parse(dateHeader);
    if (Number.isNaN(dateMs)) return;
    const offsetMs = dateMs + 500 - Date.now();
    this.#offsetMs = Math.abs(offsetMs) > toleratedMs ? offsetMs : 0;
  }

  /** Calls `run` every `periodMs` until the returned function is called. */
  every(periodMs: number, run: () => void): () => void {
    const timer = setInterval(run, periodMs);
    return () => {
      clearInterval(timer);
    };
  }

  /** Calls `run` once after `delayMs`, unless the returned function is called before. */
  after(delayMs: number, run: () => void): () => void {
    const timer = setTimeout(run, delayMs);
    return () => {
      clearTimeout(timer);
    };
  }
}
