/**
 * Everything this process logs and counts: one function per event, record and metric together. Names stay stable; no
 * event carries a token, a key or a value of an object.
 *
 * @module
 */
import { formatStream, type Stream } from "@obsyk/contract";
import { Counter, Gauge, Histogram, type Log, type Registry } from "@obsyk/runtime";
import type { DeliverEvents } from "./deliver/deliver-events.ts";
import type { SecuredConnection } from "./deliver/platform-client.ts";
import type { Session } from "./deliver/session.ts";
import type { TokenSource } from "./deliver/token-source.ts";
import type { ReaderEvents } from "./reflect/reader-events.ts";

export type OperatorEvents = DeliverEvents &
  ReaderEvents & {
    started(process: {
      readonly version: string;
      readonly platform: string;
      readonly server: string;
      readonly observePort: number;
    }): void;
    clusterUnreachable(failure: { readonly error: unknown; readonly waitMs: number }): void;
    /** R23: the API server speaks for another cluster than the session; both are uids of kube-system. */
    clusterChanged(change: { readonly expected: string; readonly found: string }): void;
    /** R14: what is read now; a new session begins. */
    scopeChanged(scope: {
      /** `resource/mode`, separated by spaces. */
      readonly resources: string;
      readonly include: readonly string[];
      readonly exclude: readonly string[];
    }): void;
    /** The scope file is wrong or gone; what was read before is read on. */
    scopeRefused(failure: { readonly error: unknown }): void;
    readerFailed(failure: { readonly error: unknown }): void;
    /** A connection to the platform was secured. */
    secured(connection: SecuredConnection): void;
    stopped(): void;
  };

/** What metrics read when they are scraped. */
export type Observable = {
  readonly session: () => Session | undefined;
  readonly tokens: Pick<TokenSource, "ageSeconds">;
  readonly nowMs: () => number;
};

const seconds = (ms: number): number => Math.round(ms) / 1000;

export function createEvents(log: Log, registry: Registry): OperatorEvents {
  const count = counters(registry);
  return {
    ...processEvents(log, count),
    ...deliverEvents(log, count),
    ...readerEvents(log, count),
  };
}

type Counters = ReturnType<typeof counters>;

function counters(registry: Registry) {
  const registers = [registry];
  const counter = <const L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter({ name: `obsyk_operator_${name}`, help, labelNames, registers });
  return {
    tokens: counter("token_requests_total", "Token requests by result.", ["result"]),
    sessions: counter("sessions_total", "Sessions granted by the platform.", []),
    sessionEnds: counter("session_ends_total", "Sessions that ended, by reason.", ["reason"]),
    batches: counter("batches_total", "Batches the platform acknowledged.", []),
    tls: counter("tls_connections_total", "TLS connections made to the platform, as negotiated.", [
      "protocol",
      "group",
    ]),
    batchBytes: counter("batch_bytes_total", "Bytes of acknowledged batches as sent.", []),
    batchDelays: counter("batch_delays_total", "Waits before the same bytes, by reason.", [
      "reason",
    ]),
    stubs: counter("stub_lines_total", "Lines the platform could not store as sent.", []),
    discarded: counter("discarded_lines_total", "Lines given up after refusals.", ["resource"]),
    overflows: counter("queue_overflows_total", "Watch queues dropped for want of room.", [
      "resource",
    ]),
    sendAgain: counter("send_again_total", "Streams listed again for the platform.", ["resource"]),
    relists: counter("relists_total", "Lists begun, by reason.", ["resource", "reason"]),
    applied: counter("events_total", "Watch events handed over.", ["resource", "type"]),
    bookmarks: counter("bookmarks_total", "Bookmarks received.", ["resource"]),
    outdated: counter("dropped_old_events_total", "Events older than the position.", ["resource"]),
    undecodable: counter("decode_errors_total", "Answers that could not be decoded.", ["resource"]),
    watchdogs: counter("watchdog_total", "Connections given up for silence.", ["kind"]),
    rollbacks: counter("rollbacks_total", "API server stores that went back in time.", [
      "resource",
    ]),
    clusterChanges: counter(
      "cluster_changes_total",
      "Sessions ended because another cluster answered.",
      [],
    ),
    scopeChanges: counter("scope_changes_total", "Changes of what is read.", []),
    scopeRefusals: counter("scope_refusals_total", "Scope files that were wrong or gone.", []),
    guards: counter("secret_guard_total", "Answers that were no Table. Must be 0.", ["resource"]),
    listSeconds: new Histogram({
      name: "obsyk_operator_list_seconds",
      help: "Time from the begin to the end of a list.",
      labelNames: ["resource"],
      buckets: [0.1, 0.5, 1, 5, 15, 60, 300],
      registers,
    }),
  };
}

function processEvents(log: Log, count: Counters) {
  return {
    started: (process) => log.write("info", "operator.started", process),
    clusterUnreachable: ({ error, waitMs }) =>
      log.write("warn", "cluster.unreachable", { error, waitSeconds: seconds(waitMs) }),
    clusterChanged(change) {
      count.clusterChanges.inc();
      log.write("error", "cluster.changed", change);
    },
    scopeChanged({ resources, include, exclude }) {
      count.scopeChanges.inc();
      const namespaces = { include: include.join(" "), exclude: exclude.join(" ") };
      log.write("info", "scope.changed", { resources, ...namespaces });
    },
    scopeRefused({ error }) {
      count.scopeRefusals.inc();
      log.write("error", "scope.refused", { error });
    },
    readerFailed: ({ error }) => log.write("error", "reader.failed", { error }),
    secured(connection) {
      count.tls.inc(connection);
      log.write("debug", "platform.secured", connection);
    },
    stopped: () => log.write("info", "operator.stopped"),
  } satisfies Partial<OperatorEvents>;
}

function deliverEvents(log: Log, count: Counters): DeliverEvents {
  return {
    tokenGranted(grant) {
      count.tokens.inc({ result: "granted" });
      log.write("info", "auth.token.granted", grant);
    },
    tokenFailed(failure) {
      count.tokens.inc({ result: "failed" });
      log.write("warn", "auth.token.failed", failure);
    },
    ...sessionEvents(log, count),
    ...batchEvents(log, count),
    indexLoaded: (index) => log.write("debug", "index.loaded", index),
    streamState: (change) => log.write("info", "stream.state", change),
    listBegun({ stream, attempt, reason }) {
      count.relists.inc({ resource: resourceOf(stream), reason });
      log.write("info", "list.begun", { stream, attempt, reason });
    },
    listFinished({ stream, objects, deleted, elapsedMs }) {
      count.listSeconds.observe({ resource: resourceOf(stream) }, elapsedMs / 1000);
      log.write("info", "list.finished", { stream, objects, deleted, seconds: seconds(elapsedMs) });
    },
    queueOverflowed({ stream }) {
      count.overflows.inc({ resource: resourceOf(stream) });
      log.write("warn", "queue.overflowed", { stream });
    },
    sendAgainRequested({ stream, full }) {
      count.sendAgain.inc({ resource: resourceOf(stream) });
      log.write("warn", "stream.send-again", { stream, full });
    },
  };
}

function sessionEvents(log: Log, count: Counters) {
  return {
    sessionGranted(session) {
      count.sessions.inc();
      log.write("info", "session.granted", session);
    },
    sessionRefused: ({ error, waitMs }) =>
      log.write("warn", "session.refused", { error, waitSeconds: seconds(waitMs) }),
    sessionEnded({ reason }) {
      count.sessionEnds.inc({ reason });
      log.write("info", "session.ended", { reason });
    },
    standingBy: (wait) => log.write("info", "session.standby", wait),
    heartbeatFailed: ({ error }) => log.write("warn", "heartbeat.failed", { error }),
  } satisfies Partial<DeliverEvents>;
}

function batchEvents(log: Log, count: Counters) {
  return {
    batchAcknowledged({ sequence, lines, bytes, elapsedMs, stubs }) {
      count.batches.inc();
      count.batchBytes.inc(bytes);
      count.stubs.inc(stubs);
      const fields = { sequence, lines, bytes, seconds: seconds(elapsedMs), stubs };
      log.write(stubs === 0 ? "debug" : "warn", "batch.acked", fields);
    },
    batchDelayed({ reason, waitMs }) {
      count.batchDelays.inc({ reason });
      log.write("warn", "batch.delayed", { reason, waitSeconds: seconds(waitMs) });
    },
    batchSplit: (split) => log.write("warn", "batch.split", split),
    lineDiscarded({ stream, reason }) {
      count.discarded.inc({ resource: resourceOf(stream) });
      log.write("error", "line.discarded", { stream, reason });
    },
  } satisfies Partial<DeliverEvents>;
}

function readerEvents(log: Log, count: Counters): ReaderEvents {
  return {
    stateChanged: ({ stream, ...change }) =>
      log.write("debug", "reader.state", { stream: formatStream(stream), ...change }),
    listed: ({ stream, ...list }) =>
      log.write("debug", "reader.listed", { stream: formatStream(stream), ...list }),
    applied: ({ stream, type }) => count.applied.inc({ resource: stream.resource, type }),
    bookmarked: ({ stream }) => count.bookmarks.inc({ resource: stream.resource }),
    outdated: ({ stream }) => count.outdated.inc({ resource: stream.resource }),
    undecodable({ stream, call }) {
      count.undecodable.inc({ resource: stream.resource });
      log.write("warn", "reader.undecodable", { stream: formatStream(stream), call });
    },
    watchdog({ stream, kind }) {
      count.watchdogs.inc({ kind });
      log.write("warn", "watch.silent", { stream: formatStream(stream), kind });
    },
    rolledBack({ stream }) {
      count.rollbacks.inc({ resource: stream.resource });
      log.write("warn", "cluster.rolled-back", { stream: formatStream(stream) });
    },
    guarded({ stream }) {
      count.guards.inc({ resource: stream.resource });
      log.write("error", "secret.guarded", { stream: formatStream(stream) });
    },
    unexpected: ({ stream, error }) =>
      log.write("error", "reader.unexpected", { stream: formatStream(stream), error }),
  };
}

/** Gauges that are read when someone looks. */
export function observe(registry: Registry, watched: Observable): void {
  const gauge = (name: string, help: string, read: () => number): void => {
    const collect = function collect(this: Gauge): void {
      this.set(read());
    };
    registry.registerMetric(
      new Gauge({ name: `obsyk_operator_${name}`, help, registers: [], collect }),
    );
  };
  const { session, tokens } = watched;
  gauge(
    "queue_bytes",
    "Bytes in queues and in the frozen batch.",
    () => session()?.queuedBytes ?? 0,
  );
  gauge("index_bytes", "Bytes of the indexes.", () => session()?.indexBytes ?? 0);
  gauge(
    "token_age_seconds",
    "Age of the access token; -1 without one.",
    () => tokens.ageSeconds() ?? -1,
  );
  gauge("session_active", "1 while a session is granted.", () => (session() === undefined ? 0 : 1));
  streamGauges(registry, watched);
}

function streamGauges(registry: Registry, { session, nowMs }: Observable): void {
  const streams = () => session()?.streams ?? [];
  const gauge = (
    name: string,
    help: string,
    collect: (set: (labels: { readonly [name: string]: string }, value: number) => void) => void,
  ): void => {
    const labelNames = ["stream", "state"];
    const metric = new Gauge({
      name: `obsyk_operator_${name}`,
      help,
      labelNames,
      registers: [],
      collect() {
        this.reset();
        collect((labels, value) => this.set(labels, value));
      },
    });
    registry.registerMetric(metric);
  };
  gauge("objects", "Objects of a stream, as sent.", (set) => {
    for (const { stream, objects } of streams()) set({ stream }, objects);
  });
  const progress =
    "Seconds since the last event, bookmark or list of a stream; -1 before the first.";
  gauge("last_progress_seconds", progress, (set) => {
    for (const { stream, lastProgress } of streams()) {
      set({ stream }, lastProgress === undefined ? -1 : (nowMs() - lastProgress) / 1000);
    }
  });
  gauge("collapsed_changes", "Values replaced before they were sent, in this session.", (set) => {
    for (const { stream, collapsed } of streams()) set({ stream }, collapsed);
  });
  const blind = "Seconds of this session in which a stream was neither watched nor polled.";
  gauge("blind_seconds", blind, (set) => {
    for (const { stream, blindMs } of streams()) set({ stream }, blindMs / 1000);
  });
  gauge("reader_state", "1 for the state a stream is in.", (set) => {
    for (const { stream, state } of streams()) set({ stream, state }, 1);
  });
}

function resourceOf(stream: string | Stream): string {
  return typeof stream === "string" ? (stream.split("/", 1)[0] ?? stream) : stream.resource;
}
