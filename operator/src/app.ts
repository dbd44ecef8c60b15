/**
 * Puts the parts of the operator together: cluster access, identity, sessions, and in each session one reader a stream.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { formatStream, product, type ScopeFile } from "@obsyk/contract";
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
import { runReaders } from "./readers.ts";
import { readScopeFile, watchScopeFile } from "./scope-file.ts";
import { declarationOf, digestOf, selectionOf, streamsOf, type Selection } from "./scope.ts";
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
const refreshMs = 600_000;

/** What delivers a cluster: the operator to its platform, a preview to nobody. */
export type Parts = OperatorOptions & {
  readonly events: OperatorEvents;
  readonly registry: Registry;
  readonly access: ClusterAccess;
  readonly client: PlatformClient;
  readonly tokens: TokenSource;
  readonly selection: Selection;
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
  const selection = selectionOf(settings, await readFileOfScope(settings));
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
  const parts = { ...options, events, registry, access, client, tokens, selection };
  await deliverCluster(parts, signal);
  events.stopped();
}

/** Reads the cluster and hands over what is read, session after session, until the signal aborts. */
export async function deliverCluster(parts: Parts, signal: AbortSignal): Promise<void> {
  const { registry, clock, client, tokens } = parts;
  const first = await readIdentity(parts, signal);
  if (first === undefined) return;
  const shared: Shared = { identity: first, session: undefined };
  observe(registry, { session: () => shared.session, tokens, nowMs: () => clock.now() });
  const calls = new AgentCalls(client, tokens);
  const { access } = parts;
  const refreshing = refreshIdentity({ access, clock, shared }, signal);
  await followSelection(parts, signal, (selection, current) =>
    deliverSelection({ ...parts, calls, shared, selection }, current),
  );
  await refreshing;
}

/** A control plane is upgraded while we watch: heartbeats then carry its new version. */
async function refreshIdentity(
  { access, clock, shared }: Pick<Parts, "access" | "clock"> & { readonly shared: Shared },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    // Only the signal ends the sleep early, and with it the loop.
    await clock.sleep(refreshMs, { signal }).catch(() => {});
    const bound = AbortSignal.any([signal, AbortSignal.timeout(identityMs)]);
    const found = await readClusterIdentity(access, bound).catch(() => undefined);
    // Another cluster is for its guard to notice.
    if (found?.uid === shared.identity.uid) shared.identity = found;
  }
}

/** Delivers under the selection that holds; another one ends the session cleanly and begins the next (R14). */
async function followSelection(
  { settings, selection: initial, clock, events }: Parts,
  signal: AbortSignal,
  deliver: (selection: Selection, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  let selection = initial;
  let turn = new AbortController();
  const changed = (file: ScopeFile): void => {
    const next = selectionOf(settings, file);
    if (isSameSelection(selection, next)) return;
    selection = next;
    events.scopeChanged({ ...describeSelection(next) });
    turn.abort(new Error("the scope changed"));
  };
  const { scopeFile } = settings;
  const watching =
    scopeFile === undefined
      ? undefined
      : watchScopeFile(
          scopeFile,
          { clock, changed, refused: (error) => events.scopeRefused({ error }) },
          signal,
        );
  while (!signal.aborted) {
    turn = new AbortController();
    await deliver(selection, AbortSignal.any([signal, turn.signal]));
  }
  await watching;
}

function isSameSelection(one: Selection, other: Selection): boolean {
  const all = (selection: Selection): string =>
    JSON.stringify([declarationOf(selection), streamsOf(selection)]);
  return all(one) === all(other);
}

function describeSelection({ resources, namespaces }: Selection) {
  const chosen = resources.map(({ definition, mode }) => `${definition.resource}/${mode}`);
  return { resources: chosen.join(" "), ...namespaces };
}

/** What outlives a session and a selection. */
type Shared = { identity: ClusterIdentity; session: Session | undefined };

type Turn = Parts & {
  readonly calls: AgentCalls;
  readonly shared: Shared;
};

async function deliverSelection(turn: Turn, signal: AbortSignal): Promise<void> {
  const { access, clock, random, events, calls, shared, selection } = turn;
  await runDelivery(
    {
      calls,
      streams: streamsOf(selection).map(({ stream }) => stream),
      request: async (asking) => {
        shared.identity = await readIdentityNow(turn, shared.identity, asking);
        return requestOf(turn, shared.identity);
      },
      readers: (current, ended) => {
        const expected = shared.identity.uid;
        const changed = (found: string): void => {
          events.clusterChanged({ expected, found });
          current.end("cluster-changed");
        };
        const guarded = { access, clock, clusterUid: expected, changed, signal: ended };
        const cluster = openClusterGuard(guarded);
        return runReaders({ ...turn, session: current, cluster }, ended);
      },
      kubernetesVersion: () => shared.identity.kubernetesVersion,
      onSession: (current) => {
        shared.session = current;
        turn.onSession?.(current);
      },
      clock,
      random,
      events,
    },
    signal,
  );
}

function requestOf(
  { settings, instanceId, selection }: Parts,
  { uid, kubernetesVersion }: ClusterIdentity,
): AskedSession {
  return {
    instanceId,
    clusterUid: uid,
    clusterName: settings.clusterName,
    operatorVersion: product.version,
    ...(settings.podUid === undefined ? {} : { podUid: settings.podUid }),
    ...(kubernetesVersion === undefined ? {} : { kubernetesVersion }),
    manifestDigest: digestOf(selection),
    scope: declarationOf(selection),
    streams: streamsOf(selection).map(({ stream, recordVersion }) => ({
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

/** @throws {OperatorSettingError} for a file that cannot be used */
export async function readFileOfScope({
  scopeFile,
}: Pick<OperatorSettings, "scopeFile">): Promise<ScopeFile> {
  return scopeFile === undefined ? {} : readScopeFile(scopeFile);
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
