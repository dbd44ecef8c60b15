/**
 * Clusters: list, detail and counts.
 *
 * @module
 */
import type { Cluster, ClusterDetail, ClusterStream, Counts, Scope } from "@obsyk/contract";
import { sql } from "kysely";
import { factsOf } from "../analyze/cluster-facts.ts";
import { ProblemError } from "../http/problem.ts";
import type { OrgScope } from "../tenancy/scope.ts";
import { isPartial } from "./limits.ts";
import {
  clusterState,
  oldestMark,
  optional,
  optionalText,
  readFreshness,
  shownStream,
  type Tx,
} from "./freshness.ts";
import { readNodes } from "./nodes.ts";

type ClusterRow = {
  cluster_id: string;
  name: string;
  client_id: string;
  cluster_uid: string | null;
  session_id: string | null;
  seen_at: Date | null;
  kubernetes_version: string | null;
  operator_version: string | null;
  manifest_digest: string | null;
  scope: Scope | null;
  as_of: Date | null;
  objects: number;
  nodes: number;
  namespaces: number;
};

/** More clusters than this are not listed at once; `total` bounds of an organisation come with quotas. */
const listedClusters = 5000;

async function readRows(tx: Tx, scope: OrgScope, clusterId?: string): Promise<ClusterRow[]> {
  const only = clusterId === undefined ? sql`` : sql`and c.cluster_id = ${clusterId}`;
  const { rows } = await sql<ClusterRow>`
    select c.cluster_id, c.name, c.client_id, a.cluster_uid, a.session_id, a.seen_at,
      a.kubernetes_version, a.operator_version, a.manifest_digest, a.scope, m.as_of, k.objects, k.nodes, k.namespaces
    from cluster c
    left join agent_cluster a using (org_id, cluster_id)
    left join lateral (select ${oldestMark} as as_of from stream s
      where s.org_id = c.org_id and s.cluster_id = c.cluster_id and ${shownStream}) m on true
    left join lateral (select coalesce(sum(objects), 0)::bigint as objects,
        coalesce(sum(objects) filter (where resource = 'nodes'), 0)::bigint as nodes,
        coalesce(sum(objects) filter (where resource = 'namespaces'), 0)::bigint as namespaces
      from inventory_count k where k.org_id = c.org_id and k.cluster_id = c.cluster_id) k on true
    where c.org_id = ${scope.orgId} ${only}
    order by c.name limit ${listedClusters}`.execute(tx);
  return rows;
}

function toCluster(row: ClusterRow, now: number): Cluster {
  return {
    id: row.cluster_id,
    name: row.name,
    ...optionalText("uid", row.cluster_uid),
    state: clusterState({ seenAt: row.seen_at, hasSession: row.session_id !== null }, now),
    ...optionalText("kubernetesVersion", row.kubernetes_version),
    ...optionalText("operatorVersion", row.operator_version),
    ...optional("lastSeen", row.seen_at),
    ...optional("asOf", row.as_of),
    objects: row.objects,
    nodes: row.nodes,
    namespaces: row.namespaces,
  };
}

export async function listClusters(tx: Tx, scope: OrgScope, now: number): Promise<Cluster[]> {
  return (await readRows(tx, scope)).map((row) => toCluster(row, now));
}

/** @throws {ProblemError} `not-found`, also for a cluster of another organisation. */
export async function readCluster(
  tx: Tx,
  scope: OrgScope,
  clusterId: string,
  now: number,
): Promise<ClusterDetail> {
  const [row] = await readRows(tx, scope, clusterId);
  if (row === undefined) throw noCluster("clusterId");
  const keys = await sql<{ thumbprint: string }>`
    select thumbprint from client_key where org_id = ${scope.orgId} and client_id = ${row.client_id}
    order by created_at desc limit 1`.execute(tx);
  const freshness = await readFreshness(tx, scope, { clusterId }, now);
  const streams = await readStreams(tx, scope, clusterId, now);
  const nodes = await readNodes(tx, scope, clusterId);
  // Whoever is limited to namespaces sees no nodes, and not which other namespaces a scope names.
  const isWhole = !isPartial(scope, clusterId);
  const areNodesRead =
    isWhole && streams.some(({ resource, asOf }) => resource === "nodes" && asOf !== undefined);
  return {
    ...toCluster(row, now),
    clientId: row.client_id,
    thumbprint: keys.rows[0]?.thumbprint ?? "",
    facts: factsOf(row.kubernetes_version ?? undefined, areNodesRead ? nodes : undefined),
    ...optionalText("manifestDigest", row.manifest_digest),
    ...(row.scope === null || !isWhole ? {} : { scope: row.scope }),
    streams,
    blind: freshness.blind,
  };
}

type StreamRow = {
  name: string;
  resource: string;
  state: ClusterStream["state"];
  detail: string | null;
  collected: boolean;
  not_collected_since: Date | null;
  paused_until: Date | null;
  mark_at: Date | null;
  object_count: number;
  left_count: number;
};

async function readStreams(
  tx: Tx,
  scope: OrgScope,
  clusterId: string,
  now: number,
): Promise<ClusterStream[]> {
  // A stream's own counter is about the whole cluster; those by namespace are under the caller's limits.
  const count = isPartial(scope, clusterId)
    ? sql`(select coalesce(sum(k.objects), 0)::bigint from inventory_count k
        where k.org_id = s.org_id and k.cluster_id = s.cluster_id and k.resource = s.resource
          and s.namespace in ('*', k.namespace))`
    : sql`s.object_count`;
  const { rows } = await sql<StreamRow>`
    select s.name, s.resource, s.state, s.detail, s.collected, s.not_collected_since, s.paused_until, s.mark_at,
      ${count} as object_count, coalesce(l.left_count, 0)::bigint as left_count
    from stream s
    left join (select o.stream_id, count(*) as left_count from object o
      where o.org_id = ${scope.orgId} and o.cluster_id = ${clusterId} and o.not_collected_since is not null
      group by 1) l using (stream_id)
    where s.org_id = ${scope.orgId} and s.cluster_id = ${clusterId} and (${shownStream} or l.left_count > 0)
    order by s.name`.execute(tx);
  return rows.map((row) => toStream(row, now));
}

function toStream(row: StreamRow, now: number): ClusterStream {
  const { state, detail } = shownState(row, now);
  return {
    stream: row.name,
    resource: row.resource,
    objects: row.object_count,
    notCollected: row.left_count,
    ...optional("notCollectedSince", row.collected ? undefined : row.not_collected_since),
    ...optional("asOf", row.mark_at),
    state,
    ...optionalText("detail", detail),
  };
}

/** R14 and R16 decide before what the operator says of itself. */
function shownState(row: StreamRow, now: number): Pick<StreamRow, "state" | "detail"> {
  if (!row.collected) {
    const since = row.not_collected_since?.toISOString() ?? "an unknown time";
    return { state: "stopped", detail: `not collected since ${since}` };
  }
  const isMismatch = row.paused_until !== null && row.paused_until.getTime() > now;
  return { state: isMismatch ? "mismatch" : row.state, detail: row.detail };
}

/** From counters that each batch keeps, never from counting rows. */
export async function readCounts(
  tx: Tx,
  scope: OrgScope,
  clusterId: string,
  now: number,
): Promise<Counts> {
  await requireCluster(tx, scope, clusterId, "clusterId");
  // Before the counters: an as-of time may be older than what is shown, never newer.
  const { asOf } = await readFreshness(tx, scope, { clusterId }, now);
  const { rows } = await sql<{ resource: string; namespace: string; count: number }>`
    select resource, namespace, objects as count from inventory_count
    where org_id = ${scope.orgId} and cluster_id = ${clusterId} and objects > 0
    order by resource, namespace`.execute(tx);
  return {
    items: rows.map(toCount),
    ...(asOf === undefined ? {} : { asOf }),
  };
}

function toCount(row: {
  readonly resource: string;
  readonly namespace: string;
  readonly count: number;
}): Counts["items"][number] {
  return {
    resource: row.resource,
    ...optionalText("namespace", row.namespace),
    count: row.count,
  };
}

/**
 * @param cluster id or name
 * @returns its id
 * @throws {ProblemError} `not-found`
 */
export async function requireCluster(
  tx: Tx,
  scope: OrgScope,
  cluster: string,
  pointer: string,
): Promise<string> {
  const { rows } = await sql<{ cluster_id: string }>`
    select cluster_id from cluster where org_id = ${scope.orgId}
      and (cluster_id::text = ${cluster.toLowerCase()} or name = ${cluster})
    order by (name = ${cluster}) desc limit 1`.execute(tx);
  const [row] = rows;
  if (row === undefined) throw noCluster(pointer);
  return row.cluster_id;
}

function noCluster(pointer: string): ProblemError {
  return new ProblemError("not-found", "There is no cluster with this id or name", { pointer });
}
