/**
 * Durations as kubectl prints them (k8s.io/apimachinery `pkg/util/duration`, HumanDuration), and as-of wording.
 *
 * @module
 */

function pair(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big}${bigUnit}` : `${big}${bigUnit}${small}${smallUnit}`;
}

/** At most two units, fewer digits the longer it is: `119s`, `2m5s`, `9h`, `3d4h`, `2y30d`. */
export function formatDuration(durationMs: number): string {
  const seconds = Math.trunc(durationMs / 1000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes < 10) return pair(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(minutes / 60);
  if (hours < 8) return pair(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (hours < 192) return pair(days, "d", hours % 24, "h");
  if (days < 730) return `${days}d`;
  const years = Math.trunc(days / 365);
  return days < 2920 ? pair(years, "y", days % 365, "d") : `${years}y`;
}

/** Time since an RFC 3339 time; `<unknown>`, as kubectl says, when there is none. */
export function formatAge(since: string | undefined, nowMs: number): string {
  const sinceMs = since === undefined ? Number.NaN : Date.parse(since);
  return Number.isNaN(sinceMs) ? "<unknown>" : formatDuration(nowMs - sinceMs);
}

/** `fresh` is what a healthy stream shows; marks come about once a minute, so later than two minutes is late. */
export type Freshness = "fresh" | "late" | "stale";

const lateMs = 120_000;
const staleMs = 600_000;

export type AsOf = { readonly atMs: number; readonly ago: string; readonly freshness: Freshness };

/** `undefined` when nothing is known yet. Times from a clock slightly ahead read as `now`. */
export function readAsOf(asOf: string | undefined, nowMs: number): AsOf | undefined {
  const atMs = asOf === undefined ? Number.NaN : Date.parse(asOf);
  if (Number.isNaN(atMs)) return undefined;
  const elapsedMs = Math.max(0, nowMs - atMs);
  const freshness = elapsedMs > staleMs ? "stale" : elapsedMs > lateMs ? "late" : "fresh";
  return { atMs, ago: elapsedMs < 1000 ? "now" : `${spaced(elapsedMs)} ago`, freshness };
}

function spaced(elapsedMs: number): string {
  const seconds = Math.trunc(elapsedMs / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.trunc(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.trunc(hours / 24)} d`;
}
