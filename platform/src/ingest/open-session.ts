/**
 * Sessions: one per cluster (R1, R4, R11, R14, R21).
 *
 * @module
 */
import { limits, parseStream, type SessionAnswer, type SessionRequest } from "@obsyk/contract";
import type pg from "pg";
import { ProblemError } from "../http/problem.ts";
import type { Database } from "../store/database.ts";
import { withScopedClient, type OrgScope } from "../tenancy/scope.ts";
import { syncScope, type SyncedScope } from "./stream-scope.ts";
import { openBlind, type StreamState } from "./stream-state.ts";
import { loadStreams, openRequests, saveStreams, type ClusterKey } from "./stream-store.ts";

export type SessionContext = {
  readonly pool: Database["pool"];
  readonly scope: OrgScope;
  readonly clusterId: string;
  readonly receivedAt: number;
  readonly newId: () => string;
  /** 128 random bits in hexadecimal. */
  readonly newKey: () => string;
};

/** Seconds between heartbeats; a cluster that is silent for three of them is shown as disconnected. */
export const heartbeatSeconds = 10;
const checkSeconds = 60;
/** R21: a silent holder loses the cluster after this long. */
const silentMs = 30_000;
const standbySeconds = 10;

type ClusterRow = {
  cluster_uid: string | null;
  hash_key: string;
  session_id: string | null;
  instance_id: string | null;
  pod_uid: string | null;
  epoch: number;
  applied_sequence: number;
  seen_at: Date | null;
};

/**
 * Grants the cluster to this instance or tells it to stand by. Asking twice gives the same session.
 *
 * @throws {ProblemError} `cluster-held-by-other-client`, `conflict` (this client is bound to another cluster) or
 * `bad-request` (a stream that is none).
 */
export async function openSession(
  request: SessionRequest,
  context: SessionContext,
): Promise<SessionAnswer> {
  checkStreams(request);
  const key = { orgId: context.scope.orgId, clusterId: context.clusterId };
  return withScopedClient(context.pool, context.scope, async (client) => {
    const row = await lockCluster(client, key, context);
    const isSame = row.session_id !== null && row.instance_id === request.instanceId;
    if (!isSame && !isFree(row, request, context.receivedAt)) {
      return {
        status: "standby",
        retryAfterSeconds: standbySeconds,
        clock: context.receivedAt,
      } as const;
    }
    await checkClusterUid(client, key, row, request.clusterUid);
    const session = isSame
      ? { id: row.session_id ?? "", epoch: row.epoch }
      : { id: context.newKey(), epoch: row.epoch + 1 };
    await storeSession(client, { key, session, request, receivedAt: context.receivedAt });
    const synced = await syncScope(client, key, request, new Date(context.receivedAt));
    await restart(client, key, synced, { ...context, isNew: !isSame });
    return {
      status: "granted",
      sessionId: session.id,
      epoch: session.epoch,
      hashKey: row.hash_key,
      nextSequence: row.applied_sequence + 1,
      maxBatchBytes: limits.maxBatchBytes,
      heartbeatSeconds,
      checkSeconds,
      sendAgain: await openRequests(client, key),
      held: [...synced.held],
      clock: context.receivedAt,
    } as const;
  });
}

function checkStreams(request: SessionRequest): void {
  const bad = request.streams.findIndex(({ stream }) => parseStream(stream) === undefined);
  if (bad < 0) return;
  throw new ProblemError("bad-request", "A stream is resource/namespace/mode", {
    pointer: `/streams/${bad}/stream`,
  });
}

async function lockCluster(
  client: pg.ClientBase,
  key: ClusterKey,
  context: SessionContext,
): Promise<ClusterRow> {
  await client.query(
    `insert into agent_cluster (org_id, cluster_id, hash_key) values ($1, $2, $3) on conflict do nothing`,
    [key.orgId, key.clusterId, context.newKey()],
  );
  const { rows } = await client.query<ClusterRow>(
    `select cluster_uid, hash_key, session_id, instance_id, pod_uid, epoch, applied_sequence, seen_at
     from agent_cluster where org_id = $1 and cluster_id = $2 for update`,
    [key.orgId, key.clusterId],
  );
  const [row] = rows;
  if (row === undefined) throw new Error("the cluster's row vanished");
  return row;
}

function isFree(row: ClusterRow, request: SessionRequest, receivedAt: number): boolean {
  if (row.session_id === null) return true;
  if (request.podUid !== undefined && request.podUid === row.pod_uid) return true;
  return receivedAt - (row.seen_at?.getTime() ?? 0) >= silentMs;
}

/** R23: two clients on one cluster would undo each other's work. */
async function checkClusterUid(
  client: pg.ClientBase,
  key: ClusterKey,
  row: ClusterRow,
  clusterUid: string,
): Promise<void> {
  if (row.cluster_uid !== null && row.cluster_uid !== clusterUid) {
    throw new ProblemError(
      "conflict",
      "This client belongs to another cluster (the uid of namespace kube-system differs): register a client of its own",
      { pointer: "/clusterUid" },
    );
  }
  // Two first sessions at once: one waits here until the other has bound its uid.
  await client.query("select pg_advisory_xact_lock(hashtext($1))", [`${key.orgId}:${clusterUid}`]);
  const { rowCount } = await client.query(
    `select from agent_cluster where org_id = $1 and cluster_uid = $2 and cluster_id <> $3`,
    [key.orgId, clusterUid, key.clusterId],
  );
  if (rowCount !== 0) {
    throw new ProblemError(
      "cluster-held-by-other-client",
      "Another client already speaks for this cluster. A cloned cluster needs a kube-system namespace of its own",
      { pointer: "/clusterUid" },
    );
  }
}

async function storeSession(
  client: pg.ClientBase,
  {
    key,
    session,
    request,
    receivedAt,
  }: {
    readonly key: ClusterKey;
    readonly session: { readonly id: string; readonly epoch: number };
    readonly request: SessionRequest;
    readonly receivedAt: number;
  },
): Promise<void> {
  const { offsetMs, errorMs } = measureClock(request, receivedAt);
  await client.query(
    `update agent_cluster set session_id = $3, epoch = $4, instance_id = $5, pod_uid = $6, cluster_uid = $7,
       operator_version = $8, kubernetes_version = $9, manifest_digest = $10, seen_at = $11,
       clock_offset_ms = $12, clock_error_ms = $13
     where org_id = $1 and cluster_id = $2`,
    [
      key.orgId,
      key.clusterId,
      session.id,
      session.epoch,
      request.instanceId,
      request.podUid ?? null,
      request.clusterUid,
      request.operatorVersion,
      request.kubernetesVersion ?? null,
      request.manifestDigest ?? null,
      new Date(receivedAt),
      offsetMs,
      errorMs ?? null,
    ],
  );
}

/** R19: the operator's reading is half a round trip old, give or take that half. */
export function measureClock(
  told: { readonly clock: number; readonly roundTripMs?: number | undefined },
  receivedAt: number,
): { readonly offsetMs: number; readonly errorMs: number | undefined } {
  const errorMs = told.roundTripMs === undefined ? undefined : Math.ceil(told.roundTripMs / 2);
  return { offsetMs: Math.round(receivedAt - told.clock - (errorMs ?? 0)), errorMs };
}

/** R11: begins are aborted and every stream is blind from its last mark on, until a list of this session ends. */
async function restart(
  client: pg.ClientBase,
  key: ClusterKey,
  { returning, reshaped }: SyncedScope,
  context: SessionContext & { readonly isNew: boolean },
): Promise<void> {
  const before = await loadStreams(client, key);
  const after = new Map<string, StreamState>();
  const returned = new Set(returning);
  for (const [name, stream] of before) {
    const reason = returned.has(name) ? "not-collected" : "start";
    const isRestarted = context.isNew || returned.has(name);
    const opened = isRestarted
      ? openBlind({ ...stream, listing: undefined, state: "starting", detail: undefined }, reason)
      : stream;
    const isFullNeeded = reshaped.has(name) && stream.request?.full !== true;
    const request = { id: context.newId(), full: true, reason: "schema" };
    after.set(name, isFullNeeded ? { ...opened, request } : opened);
  }
  await saveStreams(client, key, { before, after, closed: [], at: context.receivedAt });
}
