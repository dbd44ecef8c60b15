/**
 * Blind intervals as a person reads them: streams that lost sight together are one group, reasons are words.
 *
 * @module
 */
import type { BlindInterval } from "../api.ts";

/** Streams that were blind at the same time for the same reason. The bounds enclose all of them. */
export type BlindGroup = {
  /** In words. */
  readonly reason: string;
  readonly fromMs: number;
  /** Absent while still blind. */
  readonly toMs?: number;
  /** Without repetition, in order. */
  readonly streams: readonly string[];
  readonly intervals: readonly BlindInterval[];
};

export type BlindGroups = {
  readonly open: readonly BlindGroup[];
  /** Latest first. */
  readonly closed: readonly BlindGroup[];
};

/** A closed interval is news for this long. */
const recentMs = 3_600_000;

/** Why a stream saw nothing: the reasons of lists, and the states in which nothing is seen. */
const reasonWords: ReadonlyMap<string, string> = new Map([
  ["disconnected", "operator not connected"],
  ["stopped", "operator stopped"],
  ["start", "operator started again"],
  ["expired", "the API server no longer had the changes"],
  ["rollback", "the API server went back in time"],
  ["decode", "an answer could not be read"],
  ["regained", "permission came back"],
  ["overflow", "more changes than could be queued"],
  ["send-again", "everything was asked for again"],
  ["audit", "an audit asked for everything again"],
  ["absent", "the API server does not serve it"],
  ["forbidden", "permission to list or watch is missing"],
  ["misconfigured", "the operator's settings do not fit"],
  ["unsafe", "reading it was not safe"],
]);

/** A reason that is not known here stays as it came. */
export function blindReason(reason: string): string {
  return reasonWords.get(reason) ?? reason;
}

/** Those that are still open, and those that closed within the last hour. */
export function groupBlind(blind: readonly BlindInterval[], nowMs: number): BlindGroups {
  const open = blind.filter(({ to }) => to === undefined);
  const closed = blind.filter(({ to }) => to !== undefined && nowMs - Date.parse(to) < recentMs);
  const latestFirst = mergeOverlaps(closed).toSorted((a, b) => (b.toMs ?? 0) - (a.toMs ?? 0));
  return { open: mergeOverlaps(open), closed: latestFirst };
}

function mergeOverlaps(intervals: readonly BlindInterval[]): readonly BlindGroup[] {
  const groups: BlindGroup[] = [];
  for (const intervalsOfOne of Map.groupBy(intervals, ({ reason }) => reason).values()) {
    const sorted = intervalsOfOne.toSorted((a, b) => Date.parse(a.from) - Date.parse(b.from));
    let current: BlindInterval[] = [];
    let endMs = Number.NEGATIVE_INFINITY;
    for (const interval of sorted) {
      if (current.length > 0 && Date.parse(interval.from) > endMs) {
        groups.push(toGroup(current));
        current = [];
        endMs = Number.NEGATIVE_INFINITY;
      }
      current.push(interval);
      endMs = Math.max(endMs, endOf(interval));
    }
    if (current.length > 0) groups.push(toGroup(current));
  }
  return groups;
}

function endOf({ to }: BlindInterval): number {
  return to === undefined ? Number.POSITIVE_INFINITY : Date.parse(to);
}

/** @param intervals at least one, all with the same reason, all open or all closed */
function toGroup(intervals: readonly BlindInterval[]): BlindGroup {
  const toMs = Math.max(...intervals.map(endOf));
  return {
    reason: blindReason(intervals[0]?.reason ?? ""),
    fromMs: Math.min(...intervals.map(({ from }) => Date.parse(from))),
    ...(Number.isFinite(toMs) ? { toMs } : {}),
    streams: [...new Set(intervals.map(({ stream }) => stream))].toSorted(),
    intervals,
  };
}
