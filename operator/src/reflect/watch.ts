/**
 * Carries out the state that watches: one connection, applied event by event, in order.
 *
 * @module
 */
import type { WatchEvent } from "../project/types.ts";
import type { Activity } from "./activity.ts";
import { openAlarms, type Alarms } from "./alarms.ts";
import { outcome, type Context, type Outcome } from "./context.ts";
import { refusedType } from "./list.ts";
import { ofStatus } from "./outcome.ts";
import { collectionPath, cutAfter, readChunks, type Body } from "./requests.ts";
import { isWatchable } from "./resource-version.ts";
import { isNews, type Input, type Watching } from "./state.ts";

/** The reader's position, which this watch moves. */
export type Position = {
  /** The state as it is now. */
  current(): Watching;
  /** `progressed` and `settled` only. */
  feed(input: Input): void;
  /** The API server has answered. */
  answered(): void;
};

type At = { readonly context: Context; readonly activity: Activity; readonly alarms: Alarms };

export async function watch(
  position: Position,
  context: Context,
  activity: Activity,
): Promise<Outcome> {
  const { clock, timings, memory } = context;
  using alarms = openAlarms(clock);
  const at = { context, activity, alarms };
  const { min, max } = timings.watchSeconds;
  const timeoutSeconds = min + Math.floor(context.random() * (max - min + 1));
  const lifetimeMs = timeoutSeconds * 1000;
  cutAfter({ kind: "headers", ms: timings.headersMs }, at);
  cutAfter({ kind: "lifetime", ms: lifetimeMs + timings.lifetimeGraceMs }, at);
  const startedAt = clock.monotonic();
  const { contentType, ...request } = watchRequest(position.current(), context, timeoutSeconds);
  const answer = await context.access.get({
    ...request,
    connection: "watch",
    signal: activity.signal,
  });
  alarms.clear("headers");
  if (answer.kind === "status") return ofStatus(answer.status);
  try {
    if (answer.contentType !== contentType) return refusedType(answer.contentType);
    position.answered();
    alarms.set("settled", timings.settledMs, () => position.feed({ kind: "settled" }));
    const idle = (): number =>
      memory.sawBookmark ? timings.idleMs : lifetimeMs + timings.idleGraceMs;
    const stream = await readStream(answer, position, { ...at, idle });
    if (stream.end !== undefined) return stream.end;
    const livedMs = clock.monotonic() - startedAt;
    return outcome({ kind: "ended", how: howEnded(stream.bytes, livedMs, context) });
  } finally {
    answer.close();
  }
}

function howEnded(bytes: number, livedMs: number, context: Context): "normal" | "short" | "silent" {
  if (bytes > 0) return "normal";
  if (livedMs < context.timings.shortMs) return "short";
  return context.memory.sawBookmark ? "silent" : "normal";
}

function watchRequest(
  state: Watching,
  context: Context,
  timeoutSeconds: number,
): { path: string; query: { [name: string]: string }; accept: string; contentType: string } {
  const { accept, contentType, query } = context.representation.request("watch");
  return {
    path: collectionPath(context.definition, context.stream.namespace),
    accept,
    contentType,
    query: {
      ...query,
      watch: "1",
      allowWatchBookmarks: "true",
      resourceVersion: state.resourceVersion,
      timeoutSeconds: String(timeoutSeconds),
    },
  };
}

async function readStream(
  answer: Body,
  position: Position,
  at: At & { readonly idle: () => number },
): Promise<{ readonly bytes: number; readonly end: Outcome | undefined }> {
  const decoder = at.context.representation.watchDecoder();
  const marks = openMarks(position, at);
  let bytes = 0;
  let end: Outcome | undefined;
  const useAll = (events: readonly WatchEvent[]): boolean => {
    for (const event of events) {
      end = apply(event, position, { ...at, marks });
      if (end !== undefined) return false;
    }
    return true;
  };
  const wait = {
    begin: () => cutAfter({ kind: "idle", ms: at.idle() }, at),
    end: () => at.alarms.clear("idle"),
  };
  try {
    await readChunks(answer, wait, (chunk) => {
      bytes += chunk.length;
      return useAll(decoder.push(chunk));
    });
    if (end === undefined) useAll(decoder.end());
    return { bytes, end };
  } finally {
    marks.close();
  }
}

/** Applies one event; what it returns ends the stream. */
function apply(
  event: WatchEvent,
  position: Position,
  at: At & { readonly marks: Marks },
): Outcome | undefined {
  const { context } = at;
  const { events, stream } = context;
  switch (event.kind) {
    case "added":
    case "modified":
    case "deleted": {
      const { resourceVersion, uid } = event.object;
      if (!isWatchable(resourceVersion)) return undecodable(context);
      if (!isNews(position.current(), { resourceVersion, uid })) return outdated(context);
      const seen = context.clock.now();
      const taken = context.sink.watched(event.kind, event.object, seen);
      if (taken === "overflow") return outcome({ kind: "overflowed" });
      position.feed({ kind: "progressed", resourceVersion, uid });
      events.applied({ stream, type: event.kind });
      at.marks.due(seen);
      return undefined;
    }
    case "bookmark": {
      const { resourceVersion } = event;
      if (!isWatchable(resourceVersion)) return undecodable(context);
      if (!isNews(position.current(), { resourceVersion, uid: undefined }))
        return outdated(context);
      context.memory.sawBookmark = true;
      const before = position.current();
      const uid = before.resourceVersion === resourceVersion ? before.uid : "";
      position.feed({ kind: "progressed", resourceVersion, uid });
      events.bookmarked({ stream });
      at.marks.now(context.clock.now());
      return undefined;
    }
    case "error":
      return ofErrorEvent(event);
    case "unreadable":
      return undecodable(context);
  }
}

function undecodable({ events, stream }: Context): Outcome {
  events.undecodable({ stream, call: "watch" });
  return outcome({ kind: "undecodable" }, "an event could not be decoded");
}

function outdated({ events, stream }: Context): Outcome {
  events.outdated({ stream });
  return outcome({ kind: "outdated" }, "an event was older than what was seen before");
}

function ofErrorEvent(event: Extract<WatchEvent, { kind: "error" }>): Outcome {
  const { code, reason, retryAfterSeconds } = event;
  const retryAfter = retryAfterSeconds === undefined ? undefined : String(retryAfterSeconds);
  return ofStatus({ code, reason, retryAfter });
}

/**
 * Marks after events: at most one per `markMs`, the last one never left out. A mark carries the time at which what it
 * marks arrived: what happened since may still be on its way.
 */
type Marks = { due(seen: number): void; now(seen: number): void; close(): void };

function openMarks(position: Position, { context, alarms }: At): Marks {
  const { sink, clock, timings } = context;
  let pending = false;
  let last = Number.NEGATIVE_INFINITY;
  let seenAt = 0;
  const mark = (): void => {
    pending = false;
    last = clock.monotonic();
    alarms.clear("mark");
    sink.mark(position.current().resourceVersion, seenAt);
  };
  return {
    now(seen) {
      seenAt = seen;
      mark();
    },
    due(seen) {
      seenAt = seen;
      if (pending) return;
      const waitMs = last + timings.markMs - clock.monotonic();
      if (waitMs <= 0) return mark();
      pending = true;
      alarms.set("mark", waitMs, mark);
    },
    close() {
      if (pending) mark();
    },
  };
}
