/**
 * What reader tests share: a reader on real TLS sockets, a server that answers by script, a sink that records every
 * call and keeps the objects as a sink would, and a clock that shortens long pauses and remembers them.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Mode } from "@obsyk/contract";
import { findResource, type ResourceDefinition } from "@obsyk/contract/allow-list";
import { systemClock, type Clock } from "@obsyk/runtime";
import {
  createCertificates,
  encodeList,
  encodeWatchError,
  encodeWatchEvent,
  openScriptedServer,
  type KubeObject,
  type ListMeta,
  type ScriptedRequest,
  type ScriptedServer,
  type WatchType,
} from "@obsyk/testkit";
import { openClusterAccess, type ClusterAccess } from "../kube/client.ts";
import type { ClusterGuard } from "../kube/cluster-guard.ts";
import type { ProjectedObject, Unreadable } from "../project/types.ts";
import { startReader, type PollingReader } from "./reader.ts";
import type { ReaderEvents } from "./reader-events.ts";
import { createSemaphore } from "./semaphore.ts";
import type { StreamSink } from "./sink.ts";
import { defaultTimings, type Timings } from "./timings.ts";

export function definitionOf(resource: string): ResourceDefinition {
  const definition = findResource(resource);
  assert.ok(definition !== undefined, resource);
  return definition;
}

export const namespaces = definitionOf("namespaces");

/** A namespace; `label` is what changes when it is modified. */
export function ns(name: string, resourceVersion: string, label = ""): KubeObject {
  return {
    metadata: { name, uid: uidOf(name), resourceVersion, labels: { version: label } },
  };
}

/** The same name always has the same uid here; `name#2` is its second life. */
export function uidOf(name: string): string {
  return `uid-${name}`;
}

export type Step = (request: ScriptedRequest) => void | Promise<void>;

const listType = { "content-type": "application/vnd.kubernetes.protobuf" };
const watchType = { "content-type": "application/vnd.kubernetes.protobuf;stream=watch" };

/** Answers a list request with one page. */
export function page(items: readonly KubeObject[], meta: ListMeta): Step {
  return ({ query, reply }) => {
    assert.equal(query.get("watch"), null, "a list was scripted here");
    reply.send(200, encodeList(namespaces, items, meta), listType);
  };
}

export function event(type: WatchType, object: KubeObject): Buffer {
  return encodeWatchEvent(namespaces, type, object);
}

export function bookmark(resourceVersion: string): Buffer {
  return event("BOOKMARK", { metadata: { resourceVersion } });
}

export function errorEvent(code: number, reason: string, retryAfterSeconds?: number): Buffer {
  return encodeWatchError({
    code,
    reason,
    message: "scripted",
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
}

/** Answers a watch with these bytes, then does what `then` says; by default it stays open. */
export function stream(
  frames: readonly Uint8Array[],
  then: "open" | "end" | "reset" = "open",
): Step {
  return async ({ query, reply }) => {
    assert.equal(query.get("watch"), "1", "a watch was scripted here");
    reply.head(200, watchType);
    for (const frame of frames) reply.chunk(frame);
    if (then === "end") reply.end();
    // What was written must arrive before a reset takes it back.
    if (then === "reset") {
      await new Promise((resolve) => setTimeout(resolve, 30));
      reply.reset();
    }
  };
}

export function status(code: number, headers: { readonly [name: string]: string } = {}): Step {
  return ({ reply }) =>
    reply.send(code, JSON.stringify({ kind: "Status", code }, null, 2), headers);
}

export type Call =
  | { readonly op: "state"; readonly state: string; readonly detail: string }
  | {
      readonly op: "begin";
      readonly attempt: number;
      readonly reason: string;
      readonly request: string | undefined;
    }
  | { readonly op: "listed"; readonly name: string }
  | { readonly op: "unreadable"; readonly uid: string | undefined }
  | { readonly op: "finish"; readonly resourceVersion: string }
  | { readonly op: "watched"; readonly type: string; readonly name: string; readonly uid: string }
  | { readonly op: "mark"; readonly resourceVersion: string };

export class RecordingSink implements StreamSink {
  readonly calls: Call[] = [];
  /** uid to record, as a sink's own sweep leaves it. */
  readonly store = new Map<string, string>();
  /** uids whose end was seen, by event or by sweep. */
  readonly deleted: string[] = [];
  /** Times that came with `watched` and with `mark`. */
  readonly times: { readonly watched: number[]; readonly mark: number[] } = {
    watched: [],
    mark: [],
  };
  overflowNext = false;
  failNext = false;
  #seen: Set<string> | undefined;

  state(state: string, detail = ""): void {
    this.calls.push({ op: "state", state, detail });
  }

  begin(list: { attempt: number; reason: string; request: string | undefined }): void {
    this.#seen = new Set();
    this.calls.push({ op: "begin", ...list });
  }

  listed(object: ProjectedObject): void {
    assert.ok(this.#seen !== undefined, "listed before begin");
    const uid = keyOf(object);
    this.#seen.add(uid);
    this.store.set(uid, object.canonical.toString());
    this.calls.push({ op: "listed", name: object.name });
  }

  unreadable(item: Unreadable): void {
    if (item.uid !== undefined) this.#seen?.add(item.uid);
    this.calls.push({ op: "unreadable", uid: item.uid });
  }

  async room(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await Promise.resolve();
  }

  async finish(resourceVersion: string, _seen: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    assert.ok(this.#seen !== undefined, "finish before begin");
    for (const uid of this.store.keys()) {
      if (this.#seen.has(uid)) continue;
      this.store.delete(uid);
      this.deleted.push(uid);
    }
    this.#seen = undefined;
    this.calls.push({ op: "finish", resourceVersion });
    await Promise.resolve();
  }

  watched(
    type: "added" | "modified" | "deleted",
    object: ProjectedObject,
    seen: number,
  ): "accepted" | "overflow" {
    if (this.failNext) {
      this.failNext = false;
      throw new Error("the sink failed");
    }
    if (this.overflowNext) {
      this.overflowNext = false;
      return "overflow";
    }
    const uid = keyOf(object);
    if (type === "deleted") {
      if (this.store.delete(uid)) this.deleted.push(uid);
    } else {
      this.store.set(uid, object.canonical.toString());
    }
    this.times.watched.push(seen);
    this.calls.push({ op: "watched", type, name: object.name, uid });
    return "accepted";
  }

  mark(resourceVersion: string, seen: number): void {
    this.times.mark.push(seen);
    this.calls.push({ op: "mark", resourceVersion });
  }

  of<Op extends Call["op"]>(op: Op): readonly Extract<Call, { op: Op }>[] {
    return this.calls.filter((call): call is Extract<Call, { op: Op }> => call.op === op);
  }

  states(): readonly string[] {
    return this.of("state").map(({ state }) => state);
  }
}

function keyOf(object: ProjectedObject): string {
  return object.uid === "" ? `${object.namespace}/${object.name}` : object.uid;
}

/** For readers whose cluster is not in question. */
export const sameCluster: ClusterGuard = {
  moment: () => 0,
  doubt: () => undefined,
  confirm: () => Promise.resolve(),
};

export type Harness = AsyncDisposable & {
  readonly server: ScriptedServer;
  readonly sink: RecordingSink;
  readonly reader: PollingReader;
  /** Names of the events a reader told. */
  readonly told: readonly string[];
  /** Pauses the reader asked for, in milliseconds. */
  readonly pauses: readonly number[];
  /** List and watch requests, without discovery. */
  requests(): readonly ScriptedRequest[];
};

export type HarnessOptions = {
  /** One per list, probe or watch request, in order; the last one also answers all later requests. */
  readonly steps: readonly Step[];
  readonly discovery?: Step;
  readonly definition?: ResourceDefinition;
  readonly mode?: Mode;
  readonly namespace?: string;
  readonly timings?: Partial<Timings>;
  readonly cluster?: (access: ClusterAccess, clock: Clock) => ClusterGuard;
};

export async function openHarness(options: HarnessOptions): Promise<Harness> {
  const definition = options.definition ?? namespaces;
  const { ca, cert, key } = await createCertificates();
  const requests: ScriptedRequest[] = [];
  const server = await openScriptedServer({
    tls: { cert, key },
    respond: (request) => {
      if (request.path === "/api/v1") return (options.discovery ?? served)(request);
      requests.push(request);
      const step = options.steps[Math.min(requests.length, options.steps.length) - 1];
      return step?.(request);
    },
  });
  const access = openClusterAccess({ target: targetOf(server.url, ca), version: "0.0.0" });
  const sink = new RecordingSink();
  const told: string[] = [];
  const { clock, pauses } = hurriedClock();
  const stopping = new AbortController();
  const reader = startReader({
    definition,
    stream: {
      resource: definition.resource,
      namespace: options.namespace ?? "*",
      mode: options.mode ?? "full",
    },
    access,
    cluster: options.cluster?.(access, clock) ?? sameCluster,
    sink,
    clock,
    random: () => 0,
    signal: stopping.signal,
    events: recordingEvents(told),
    lists: createSemaphore(3),
    timings: { ...defaultTimings, markMs: 0, ...options.timings },
  });
  return {
    server,
    sink,
    reader,
    told,
    pauses,
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await reader.done;
      await access[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const served: Step = ({ reply }) =>
  reply.send(
    200,
    JSON.stringify({
      resources: ["namespaces", "secrets", "configmaps", "pods"].map((name) => ({
        name,
        verbs: ["list", "watch"],
      })),
    }),
    { "content-type": "application/json" },
  );

export function targetOf(
  url: string,
  ca: string,
): Parameters<typeof openClusterAccess>[0]["target"] {
  const tls = { ca };
  let token = 1;
  return {
    server: new URL(url),
    credentials: {
      authorization: () => Promise.resolve(`Bearer token-${token}`),
      tls: () => Promise.resolve(tls),
      renew: () => {
        token += 1;
      },
    },
  };
}

export function recordingEvents(told: string[]): ReaderEvents {
  return {
    stateChanged: () => undefined,
    listed: () => told.push("listed"),
    applied: () => told.push("applied"),
    bookmarked: () => told.push("bookmarked"),
    outdated: () => told.push("outdated"),
    undecodable: () => told.push("undecodable"),
    watchdog: ({ kind }) => told.push(`watchdog ${kind}`),
    rolledBack: () => told.push("rolledBack"),
    guarded: () => told.push("guarded"),
    unexpected: () => told.push("unexpected"),
  };
}

/** Real time, but no sleep takes longer than 2 ms. Pauses are whole milliseconds, deadlines are not. */
function hurriedClock(): { readonly clock: Clock; readonly pauses: number[] } {
  const pauses: number[] = [];
  return {
    pauses,
    clock: {
      ...systemClock,
      sleep(ms, options) {
        if (Number.isInteger(ms)) pauses.push(ms);
        return systemClock.sleep(Math.min(ms, 2), options);
      },
    },
  };
}

/** Waits for a condition; fails after ten seconds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, `waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

test("openHarness: a reader lists, watches and stops", async () => {
  const harness = await openHarness({
    steps: [
      page([ns("a", "5")], { resourceVersion: "10" }),
      stream([event("ADDED", ns("b", "11"))]),
    ],
  });
  await until(() => harness.sink.of("mark").length > 0, "the event was marked");
  await harness[Symbol.asyncDispose]();
  assert.deepEqual(harness.sink.calls, [
    { op: "state", state: "starting", detail: "" },
    { op: "state", state: "listing", detail: "" },
    { op: "begin", attempt: 1, reason: "start", request: undefined },
    { op: "listed", name: "a" },
    { op: "finish", resourceVersion: "10" },
    { op: "state", state: "watching", detail: "" },
    { op: "watched", type: "added", name: "b", uid: uidOf("b") },
    { op: "mark", resourceVersion: "11" },
    { op: "state", state: "stopped", detail: "" },
  ]);
  await until(() => harness.server.connections.open === 0, "every connection was closed");
});
