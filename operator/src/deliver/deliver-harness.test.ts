/**
 * What delivery tests share: a cluster that changes, a reader that lists and watches it, and a delivery to the stand-in
 * platform over real sockets. No tests of its own.
 */
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canonicalize, formatStream, type JsonObject, type Stream } from "@obsyk/contract";
import { systemClock, type Clock } from "@obsyk/runtime";
import {
  createCertificates,
  openMemoryPlatform,
  type Certificates,
  type MemoryPlatform,
  type MemoryPlatformOptions,
} from "@obsyk/testkit";
import type { ProjectedObject } from "../project/types.ts";
import type { RelistRequest, StreamSink } from "../reflect/sink.ts";
import { AgentCalls } from "./agent-calls.ts";
import type { DeliverEvents } from "./deliver-events.ts";
import { runDelivery } from "./delivery.ts";
import { createPlatformClient, type PlatformClient } from "./platform-client.ts";
import type { Session } from "./session.ts";
import { createTokenSource, type TokenSource } from "./token-source.ts";

export const podStream: Stream = { resource: "pods", namespace: "*", mode: "full" };
export const podStreamName = formatStream(podStream);
export const clientId = "client-1";

/** Waits are real but a tenth as long. */
export const quickClock: Clock = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic(),
  sleep: (ms, options) => systemClock.sleep(ms / 10, options),
};

export type Change = {
  readonly type: "added" | "modified" | "deleted";
  readonly object: ProjectedObject;
};

/** The truth: objects with a history of changes, as an API server has them. */
export class FakeCluster {
  readonly objects = new Map<string, ProjectedObject>();
  readonly changes: Change[] = [];
  #changed = Promise.withResolvers<void>();

  get resourceVersion(): string {
    return String(this.changes.length + 1);
  }

  set(uid: string, content: string): ProjectedObject {
    const type = this.objects.has(uid) ? "modified" : "added";
    const record: JsonObject = { metadata: { name: `pod-${uid.slice(-4)}`, uid }, content };
    const object: ProjectedObject = {
      uid,
      namespace: "shop",
      name: `pod-${uid.slice(-4)}`,
      resourceVersion: String(this.changes.length + 2),
      managers: [{ manager: "kubectl", operation: "Update" }],
      canonical: Buffer.from(canonicalize(record)),
    };
    this.objects.set(uid, object);
    this.#push({ type, object });
    return object;
  }

  delete(uid: string, lastContent?: string): void {
    if (!this.objects.has(uid)) return;
    const object =
      lastContent === undefined ? this.objects.get(uid)! : this.#withContent(uid, lastContent);
    this.objects.delete(uid);
    this.#push({ type: "deleted", object });
  }

  async changesAfter(count: number, signal: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<void>();
    const abort = (): void => aborted.resolve();
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    if (this.changes.length <= count) await Promise.race([this.#changed.promise, aborted.promise]);
    signal.removeEventListener("abort", abort);
  }

  #withContent(uid: string, content: string): ProjectedObject {
    const record: JsonObject = { metadata: { name: `pod-${uid.slice(-4)}`, uid }, content };
    return { ...this.objects.get(uid)!, canonical: Buffer.from(canonicalize(record)) };
  }

  #push(change: Change): void {
    this.changes.push(change);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

/** Lists, watches, and lists again when asked or when the sink overflows. Pages have three objects. */
export async function readCluster(
  cluster: FakeCluster,
  session: Session,
  stream: Stream,
  signal: AbortSignal,
): Promise<void> {
  const sink = await session.openStream(stream, signal);
  let wanted: RelistRequest | undefined;
  let stopWatch = new AbortController();
  session.attach(stream, {
    relist(request) {
      wanted = request;
      stopWatch.abort();
    },
  });
  let reason: "start" | "send-again" | "overflow" = "start";
  while (!signal.aborted) {
    const request = wanted;
    wanted = undefined;
    stopWatch = new AbortController();
    if (request !== undefined) reason = "send-again";
    const from = await list(cluster, sink, { reason, request: request?.id, signal });
    const result = await watch(cluster, sink, from, AbortSignal.any([signal, stopWatch.signal]));
    reason = result === "overflow" ? "overflow" : "start";
  }
}

async function list(
  cluster: FakeCluster,
  sink: StreamSink,
  how: {
    readonly reason: "start" | "send-again" | "overflow";
    readonly request: string | undefined;
    readonly signal: AbortSignal;
  },
): Promise<number> {
  sink.state("listing");
  const from = cluster.changes.length;
  const snapshot = [...cluster.objects.values()];
  const { resourceVersion } = cluster;
  sink.begin({ attempt: 1, reason: how.reason, request: how.request });
  for (let at = 0; at < snapshot.length; at += 3) {
    for (const object of snapshot.slice(at, at + 3)) sink.listed(object, Date.now());
    await sink.room(how.signal);
  }
  await sink.finish(resourceVersion, Date.now(), how.signal);
  sink.state("watching");
  return from;
}

async function watch(
  cluster: FakeCluster,
  sink: StreamSink,
  from: number,
  signal: AbortSignal,
): Promise<"stopped" | "overflow"> {
  let at = from;
  while (!signal.aborted) {
    for (; at < cluster.changes.length; at += 1) {
      const { type, object } = cluster.changes[at]!;
      if (sink.watched(type, object, Date.now()) === "overflow") return "overflow";
      sink.mark(object.resourceVersion, Date.now());
    }
    await cluster.changesAfter(at, signal);
  }
  return "stopped";
}

export type Setting = AsyncDisposable & {
  readonly platform: MemoryPlatform;
  readonly client: PlatformClient;
  readonly tokens: TokenSource;
  readonly calls: AgentCalls;
  readonly keyFile: string;
  readonly events: DeliverEvents;
  /** Names of the events so far, with their payload. */
  readonly log: readonly { readonly event: string; readonly fields: object }[];
};

let shared: Promise<Certificates> | undefined;

export async function openSetting(
  overrides: Partial<MemoryPlatformOptions> & { readonly clock?: Clock } = {},
): Promise<Setting> {
  const certificates = await (shared ??= createCertificates());
  const folder = await mkdtemp(join(tmpdir(), "obsyk-deliver-"));
  const keyFile = join(folder, "key.pem");
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  await writeFile(keyFile, pair.privateKey.export({ type: "pkcs8", format: "pem" }));
  const publicKey = pair.publicKey.export({ type: "spki", format: "pem" }).toString();
  const platform = await openMemoryPlatform({ certificates, clientId, publicKey, ...overrides });
  const log: { event: string; fields: object }[] = [];
  const events = new Proxy({} as DeliverEvents, {
    get: (_, event) => (fields: object) => log.push({ event: String(event), fields }),
  });
  const clock = overrides.clock ?? quickClock;
  const client = createPlatformClient({
    url: platform.url,
    tls: { ca: certificates.ca },
    clock,
    idleTimeoutMs: 5_000,
  });
  const random = () => Math.random();
  const tokens = createTokenSource({ client, clientId, keyFile, clock, random, events });
  return {
    platform,
    client,
    tokens,
    calls: new AgentCalls(client, tokens),
    keyFile,
    events,
    log,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await platform[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

export type Delivering = AsyncDisposable & {
  readonly session: () => Session | undefined;
  /** Ends it as SIGTERM would. */
  stop(): Promise<void>;
};

/** Delivers with the given readers until stopped. */
export function deliver(
  setting: Setting,
  readers: (session: Session, signal: AbortSignal) => Promise<void>,
  options: { readonly queueBytes?: number; readonly streams?: readonly Stream[] } = {},
): Delivering {
  const controller = new AbortController();
  let session: Session | undefined;
  const { streams = [podStream], ...rest } = options;
  const request = {
    instanceId: randomUUID(),
    clusterUid: "cluster-uid",
    clusterName: "demo",
    operatorVersion: "0.0.0",
    streams: streams.map((stream) => ({
      stream: formatStream(stream),
      recordVersion: "0123456789abcdef",
    })),
  };
  const done = runDelivery(
    {
      calls: setting.calls,
      streams,
      request: () => Promise.resolve(request),
      readers: (current, signal) => readers(current, signal).catch(() => {}),
      onSession: (current) => {
        session = current;
      },
      clock: quickClock,
      random: () => Math.random(),
      events: setting.events,
      backoff: { firstMs: 50, maxMs: 400 },
      healBackoff: { firstMs: 1000, maxMs: 4000 },
      ...rest,
    },
    controller.signal,
  );
  const stop = async (): Promise<void> => {
    controller.abort(new Error("stopped"));
    await done;
  };
  return { session: () => session, stop, [Symbol.asyncDispose]: stop };
}

/** @throws when the condition stays false. */
export async function waitFor(
  condition: () => boolean,
  what: string,
  timeoutMs = 10_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`timed out waiting for ${what}`);
    await systemClock.sleep(5, { signal: AbortSignal.timeout(timeoutMs) });
  }
}

/** Whether the platform holds exactly the truth. */
export function isCurrent(setting: Setting, cluster: FakeCluster, stream = podStreamName): boolean {
  const { objects } = setting.platform.inventory.stream(stream);
  if (objects.size !== cluster.objects.size) return false;
  return [...cluster.objects].every(([uid, { canonical }]) => {
    const stored = objects.get(uid);
    return stored !== undefined && canonicalize(stored.record) === canonical.toString();
  });
}

export function uidOf(number: number): string {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, "0")}`;
}
