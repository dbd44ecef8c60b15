/**
 * Puts the parts of the operator together: cluster access, identity, sessions, and in each session one reader a stream.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { formatStream, product } from "@obsyk/contract";
import {
  backoffMs,
  openObserveServer,
  Registry,
  type Clock,
  type Log,
  type OutboundTls,
} from "@obsyk/runtime";
import { AgentCalls } from "./deliver/agent-calls.ts";
import { runDelivery, type AskedSession } from "./deliver/delivery.ts";
import { createPlatformClient, type PlatformClient } from "./deliver/platform-client.ts";
import type { Session } from "./deliver/session.ts";
import { createTokenSource, type TokenSource } from "./deliver/token-source.ts";
import { OperatorSettingError } from "./errors.ts";
import { createEvents, observe, type OperatorEvents } from "./events.ts";
import { Readiness } from "./health/readiness.ts";
import { openClusterAccess, type ClusterAccess } from "./kube/client.ts";
import { openClusterGuard } from "./kube/cluster-guard.ts";
import { readClusterIdentity, type ClusterIdentity } from "./kube/cluster-identity.ts";
import { openInClusterTarget } from "./kube/in-cluster.ts";
import { openKubeconfigTarget } from "./kube/kubeconfig.ts";
import { digestOf } from "./manifest.ts";
import { runReaders } from "./readers.ts";
import { scopeOf, streamOf, type ScopedStream } from "./scope.ts";
import type { OperatorSettings } from "./settings.ts";

export type OperatorOptions = {
  readonly settings: OperatorSettings;
  /** For the in-cluster address and for exec plugins of a kubeconfig. */
  readonly env: { readonly [name: string]: string | undefined };
  readonly log: Log;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Lower-case UUID, new for every process. */
  readonly instanceId: string;
  readonly onListening?: (port: number) => void;
};

/** For reading the cluster's identity once. */
const identityMs = 10_000;

/** What delivers a cluster: the operator to its platform, a preview to nobody. */
export type Parts = OperatorOptions & {
  readonly events: OperatorEvents;
  readonly registry: Registry;
  readonly access: ClusterAccess;
  readonly client: PlatformClient;
  readonly tokens: TokenSource;
  readonly onSession?: (session: Session | undefined) => void;
};

/**
 * Runs until the signal aborts, then drains and returns.
 *
 * @throws {OperatorSettingError | KubeError} for settings that cannot work; nothing later ends the process.
 */
export async function runOperator(options: OperatorOptions, signal: AbortSignal): Promise<void> {
  const { settings, log, clock } = options;
  const registry = new Registry();
  const events = createEvents(log, registry);
  const url = new URL(settings.platformUrl);
  const readiness = new Readiness();
  const listen = { host: settings.observeHost, port: settings.observePort };
  const clientId = await readClientId(settings);
  const tls = await readPlatformTls(settings);
  await using access = await openAccess(options);
  await using client = createPlatformClient({
    url,
    tls,
    clock,
    onSecured: (connection) => events.secured(connection),
  });
  await using server = await openObserveServer(
    { registry, isReady: () => readiness.read() },
    listen,
  );
  options.onListening?.(server.port);
  events.started({
    version: product.version,
    platform: client.origin,
    server: access.server,
    observePort: server.port,
  });
  readiness.started();
  signal.addEventListener("abort", () => readiness.stopping(), { once: true });
  const { random } = options;
  const keyFile = settings.privateKeyFile;
  const tokens = createTokenSource({ client, clientId, keyFile, clock, random, events });
  await deliverCluster({ ...options, events, registry, access, client, tokens }, signal);
  events.stopped();
}

/** Reads the cluster and hands over what is read, session after session, until the signal aborts. */
export async function deliverCluster(parts: Parts, signal: AbortSignal): Promise<void> {
  const { settings, registry, access, clock, random, events, client, tokens } = parts;
  const first = await readIdentity(parts, signal);
  if (first === undefined) return;
  let identity = first;
  let session: Session | undefined;
  observe(registry, { session: () => session, tokens, nowMs: () => clock.now() });
  const scope = scopeOf(settings);
  // Streams of mode counts are declared once the namespaces are known.
  const declared = scope
    .filter(({ mode }) => mode !== "counts")
    .map(({ definition, mode }) => streamOf(definition, mode));
  await runDelivery(
    {
      calls: new AgentCalls(client, tokens),
      streams: declared.map(({ stream }) => stream),
      request: async (asking) => {
        identity = await readIdentityNow(parts, identity, asking);
        return requestOf(parts, identity, declared);
      },
      readers: (current, ended) => {
        const expected = identity.uid;
        const changed = (found: string): void => {
          events.clusterChanged({ expected, found });
          current.end("cluster-changed");
        };
        const guarded = { access, clock, clusterUid: expected, changed, signal: ended };
        const cluster = openClusterGuard(guarded);
        return runReaders({ ...parts, session: current, scope, cluster }, ended);
      },
      onSession: (current) => {
        session = current;
        parts.onSession?.(current);
      },
      clock,
      random,
      events,
    },
    signal,
  );
}

function requestOf(
  { settings, instanceId }: Parts,
  { uid, kubernetesVersion }: ClusterIdentity,
  declared: readonly ScopedStream[],
): AskedSession {
  return {
    instanceId,
    clusterUid: uid,
    clusterName: settings.clusterName,
    operatorVersion: product.version,
    ...(settings.podUid === undefined ? {} : { podUid: settings.podUid }),
    ...(kubernetesVersion === undefined ? {} : { kubernetesVersion }),
    manifestDigest: digestOf(scopeOf(settings)),
    streams: declared.map(({ stream, recordVersion }) => ({
      stream: formatStream(stream),
      recordVersion,
    })),
  };
}

/**
 * R23: who answers now. A session does not wait for an API server that is away: then it is the cluster we knew, and
 * its readers confirm it before they read anything.
 */
async function readIdentityNow(
  { access }: Parts,
  known: ClusterIdentity,
  signal: AbortSignal,
): Promise<ClusterIdentity> {
  try {
    return await readClusterIdentity(
      access,
      AbortSignal.any([signal, AbortSignal.timeout(identityMs)]),
    );
  } catch {
    signal.throwIfAborted();
    return known;
  }
}

/** Waits for the API server as long as it takes; `undefined` when the process stops first. */
async function readIdentity(
  { access, clock, random, events }: Parts,
  signal: AbortSignal,
): Promise<ClusterIdentity | undefined> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await readClusterIdentity(
        access,
        AbortSignal.any([signal, AbortSignal.timeout(identityMs)]),
      );
    } catch (error) {
      if (signal.aborted) return undefined;
      const waitMs = backoffMs(failures, random);
      events.clusterUnreachable({ error, waitMs });
      await clock.sleep(waitMs, { signal }).catch(() => {});
    }
  }
}

/** @throws {KubeError} for a kubeconfig that cannot be used */
export async function openAccess({
  settings,
  env,
  clock,
}: Pick<OperatorOptions, "env" | "clock"> & {
  readonly settings: Pick<OperatorSettings, "kubeconfig" | "context" | "kubeMinTls">;
}): Promise<ClusterAccess> {
  const { kubeconfig, context, kubeMinTls } = settings;
  const target =
    kubeconfig === undefined
      ? openInClusterTarget({ env, clock })
      : await openKubeconfigTarget({
          path: kubeconfig,
          ...(context === undefined ? {} : { context }),
          env,
          clock,
        });
  const minTls = kubeMinTls === "1.2" ? "1.2" : "1.3";
  return openClusterAccess({ target, version: product.version, minTls });
}

async function readClientId({ clientId, clientIdFile }: OperatorSettings): Promise<string> {
  const text =
    clientIdFile === undefined
      ? (clientId ?? "")
      : (await readSettingFile("OBSYK_CLIENT_ID_FILE", clientIdFile)).toString("utf8").trim();
  if (/^[\x21-\x7e]{1,256}$/.test(text)) return text;
  throw new OperatorSettingError(
    "the client id is empty or holds characters that no client id has",
  );
}

async function readPlatformTls({ caFile }: OperatorSettings): Promise<OutboundTls> {
  return caFile === undefined ? {} : { ca: await readSettingFile("OBSYK_CA_FILE", caFile) };
}

async function readSettingFile(name: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw new OperatorSettingError(`${name}: the file ${path} cannot be read (${code})`);
  }
}
