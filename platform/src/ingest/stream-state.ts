/**
 * What the platform knows of one stream, and what each control line does to it (R10, R11, R15, R16, R20). Pure.
 *
 * @module
 */
import type { Line, ListReason, StreamState as StreamStateName } from "@obsyk/contract";

/** Times are milliseconds, corrected to the platform's clock. */
export type StreamState = {
  readonly id: number;
  readonly name: string;
  readonly resource: string;
  readonly state: StreamStateName;
  readonly detail: string | undefined;
  readonly stateAt: number | undefined;
  readonly count: number;
  /** 16 hexadecimal digits. */
  readonly setHash: string;
  readonly markVersion: string | undefined;
  /** Everything up to here is known; stands still while a list runs. */
  readonly markAt: number | undefined;
  /** A `begin` that has no `end` yet. */
  readonly listing: Listing | undefined;
  readonly blind: BlindGap | undefined;
  readonly request: SendAgainRequest | undefined;
  /** R14: objects that came back into scope are confirmed by the next complete list. */
  readonly returning: boolean;
  /** Failed checks in a row. */
  readonly mismatches: number;
  /** State `mismatch` is shown and nothing is asked for until then. */
  readonly pausedUntil: number | undefined;
};

export type Listing = {
  readonly attempt: number;
  readonly reason: ListReason;
  readonly request?: string | undefined;
  readonly seenAt: number;
};
export type BlindGap = { readonly from: number; readonly to?: number; readonly reason: string };
type SendAgainRequest = {
  readonly id: string;
  readonly full: boolean;
  readonly reason: string;
};

export type ControlLine = Extract<Line, { op: "begin" | "end" | "check" | "mark" | "state" }>;

export type ControlContext = {
  /** The line's `seen` on the platform's clock; a check has none. */
  readonly seenAt: number;
  /** When the platform received the batch. */
  readonly receivedAt: number;
  readonly newId: () => string;
};

export type ControlResult = {
  readonly next: StreamState;
  /** An interval that ended with this line. */
  readonly closed?: BlindGap & { readonly to: number };
  /** Why the line had no effect. */
  readonly ignored?: string;
};

const mismatchPauseMs = 600_000;
/** States in which nothing is seen any more. */
const blindStates: readonly StreamStateName[] = [
  "absent",
  "forbidden",
  "misconfigured",
  "unsafe",
  "stopped",
];

export function applyControl(
  stream: StreamState,
  line: ControlLine,
  context: ControlContext,
): ControlResult {
  switch (line.op) {
    case "begin":
      return { next: begin(stream, line, context) };
    case "end":
      return end(stream, line, context);
    case "check":
      return check(stream, line, context);
    case "mark":
      // Marks of a stream that is listing again belong to the watch that was given up.
      if (stream.listing !== undefined) return { next: stream, ignored: "mark during a list" };
      return {
        next: {
          ...stream,
          markVersion: line.resourceVersion,
          markAt: Math.max(stream.markAt ?? 0, context.seenAt),
        },
      };
    case "state": {
      const next: StreamState = {
        ...stream,
        state: line.state,
        detail: line.detail,
        stateAt: context.seenAt,
      };
      return { next: blindStates.includes(line.state) ? openBlind(next, line.state) : next };
    }
  }
}

/**
 * R20: from the last mark; a gap that is already open keeps its start and its reason. Before the first mark nothing was
 * known of the stream, so nothing can have been missed.
 */
export function openBlind(stream: StreamState, reason: string): StreamState {
  if (stream.blind !== undefined || stream.markAt === undefined) return stream;
  return { ...stream, blind: { from: stream.markAt, reason } };
}

function begin(
  stream: StreamState,
  line: Extract<Line, { op: "begin" }>,
  context: ControlContext,
): StreamState {
  const { attempt, reason, request } = line;
  return {
    ...openBlind(stream, reason),
    listing: { attempt, reason, request, seenAt: context.seenAt },
  };
}

function end(
  stream: StreamState,
  line: Extract<Line, { op: "end" }>,
  context: ControlContext,
): ControlResult {
  const { listing, blind, request } = stream;
  if (listing === undefined) return { next: stream, ignored: "end without begin" };
  const next: StreamState = {
    ...stream,
    listing: undefined,
    blind: undefined,
    returning: false,
    // R16: only a list that was begun under this id heals it.
    request: request?.id === listing.request ? undefined : request,
    markVersion: line.resourceVersion,
    // A list shows the state at its first page, never a later one.
    markAt: Math.max(stream.markAt ?? 0, listing.seenAt),
  };
  if (blind === undefined) return { next };
  return { next, closed: { ...blind, to: Math.max(blind.from, context.seenAt) } };
}

function check(
  stream: StreamState,
  line: Extract<Line, { op: "check" }>,
  context: ControlContext,
): ControlResult {
  if (stream.listing !== undefined) return { next: stream, ignored: "check during a list" };
  if (line.count === stream.count && line.setHash === stream.setHash) {
    return { next: { ...stream, mismatches: 0, pausedUntil: undefined } };
  }
  // Already asked for, or asked for twice in vain: wait.
  if (stream.request !== undefined) return { next: stream };
  if (stream.pausedUntil !== undefined && stream.pausedUntil > context.receivedAt) {
    return { next: stream };
  }
  const mismatches = stream.mismatches + 1;
  if (mismatches > 2) {
    const pausedUntil = context.receivedAt + mismatchPauseMs;
    return { next: { ...stream, mismatches: 0, pausedUntil } };
  }
  const request = { id: context.newId(), full: mismatches === 2, reason: "mismatch" };
  return { next: { ...stream, mismatches, pausedUntil: undefined, request } };
}
