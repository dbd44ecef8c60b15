/**
 * Carries out what a session's declaration means (R14): streams start and stop being collected, objects enter and leave
 * the scope. Nothing is ever deleted here.
 *
 * @module
 */
import type { Scope, SessionRequest } from "@obsyk/contract";
import type pg from "pg";
import { planScope, type KnownStream, type ScopePlan } from "./scope-plan.ts";
import { allowManyRows, type ClusterKey } from "./stream-store.ts";

export type SyncedScope = Pick<ScopePlan, "held" | "returning"> & {
  /** Streams whose stored records have another shape. */
  readonly reshaped: ReadonlySet<string>;
};

/** The caller holds the cluster's row. @param at when the platform heard of it */
export async function syncScope(
  client: pg.ClientBase,
  key: ClusterKey,
  request: SessionRequest,
  at: Date,
): Promise<SyncedScope> {
  const plan = planScope(request, await readKnown(client, key), await readScope(client, key));
  await client.query(
    `update stream set collected = false, not_collected_since = coalesce(mark_at, $4), listing = null
     where org_id = $1 and cluster_id = $2 and name = any($3)`,
    [key.orgId, key.clusterId, plan.leaving, at],
  );
  await client.query(
    `insert into stream (org_id, cluster_id, name, resource, namespace, mode, record_version, created_at)
     select distinct on (name) $1::int, $2::uuid, name, resource, namespace, mode, version, $4::timestamptz
     from jsonb_to_recordset($3::jsonb) as x(name text, resource text, namespace text, mode text, version text)
     order by name
     on conflict (org_id, cluster_id, name) do update set
       collected = true, not_collected_since = null, record_version = excluded.record_version`,
    [key.orgId, key.clusterId, JSON.stringify(plan.declared), at],
  );
  await client.query(`update agent_cluster set scope = $3 where org_id = $1 and cluster_id = $2`, [
    key.orgId,
    key.clusterId,
    JSON.stringify(plan.scope),
  ]);
  const { held, returning } = plan;
  const reshaped = new Set(plan.reshaped);
  if (plan.affected.length > 0) {
    for (const name of await moveObjects(client, key, plan, at)) reshaped.add(name);
  }
  return { held, returning, reshaped };
}

async function readKnown(client: pg.ClientBase, key: ClusterKey): Promise<KnownStream[]> {
  const { rows } = await client.query<{
    name: string;
    record_version: string;
    collected: boolean;
    object_count: number;
  }>(
    `select name, record_version, collected, object_count from stream where org_id = $1 and cluster_id = $2`,
    [key.orgId, key.clusterId],
  );
  return rows.map(({ name, record_version, collected, object_count }) => {
    return { name, recordVersion: record_version, collected, count: object_count };
  });
}

async function readScope(client: pg.ClientBase, key: ClusterKey): Promise<Scope | undefined> {
  const { rows } = await client.query<{ scope: Scope | null }>(
    `select scope from agent_cluster where org_id = $1 and cluster_id = $2`,
    [key.orgId, key.clusterId],
  );
  return rows[0]?.scope ?? undefined;
}

/**
 * An object belongs to the collected stream that covers it: same resource, its namespace or all of them, inside the
 * filter. Objects of mode `counts` have keys of their own, so they never become those of another mode. What has no such
 * stream is marked from its stream's last mark on; what has one again is counted, and marked until a list confirms it.
 *
 * `$3` resources, `$4` included and `$5` excluded namespaces as LIKE patterns, `$6` now.
 */
const moveSql = `
with taker as materialized (
  select distinct on (resource, namespace, mode = 'counts') stream_id, resource, namespace, mode = 'counts' as counts,
    record_version
  from stream where org_id = $1 and cluster_id = $2 and collected and resource = any($3)
  order by resource, namespace, mode = 'counts', stream_id
),
known as materialized (
  select o.*, s.mark_at, s.record_version, s.mode = 'counts' as counts,
    case when o.resource = 'namespaces' then o.name else o.namespace end as place
  from object o join stream s on s.org_id = o.org_id and s.cluster_id = o.cluster_id and s.stream_id = o.stream_id
  where o.org_id = $1 and o.cluster_id = $2 and o.resource = any($3)
),
target as materialized (
  select k.resource, k.uid, k.namespace, k.member, k.in_scope as was_in, k.not_collected_since as since, k.mark_at,
    k.stream_id as was, case when f.fits then coalesce(n.stream_id, w.stream_id) end as goes,
    coalesce(n.record_version, w.record_version) <> k.record_version as reshaped
  from known k
  cross join lateral (select k.place = '' or ((cardinality($4::text[]) = 0 or k.place like any($4))
    and not k.place like any($5::text[])) as fits) f
  left join taker n on n.resource = k.resource and n.namespace = k.namespace and n.counts = k.counts
  left join taker w on w.resource = k.resource and w.namespace = '*' and w.counts = k.counts
),
moved as materialized (
  select * from target where case when goes is null then was_in else not was_in or goes <> was end
),
upd as (
  update object o set in_scope = m.goes is not null, stream_id = coalesce(m.goes, m.was),
    not_collected_since = case when m.goes is null then coalesce(m.since, m.mark_at, $6) else m.since end
  from moved m
  where o.org_id = $1 and o.cluster_id = $2 and o.resource = m.resource and o.uid = m.uid
),
cnt as (
  update inventory_count k set objects = k.objects - x.n
  from (select resource, namespace, count(*) as n from moved where goes is null and since is null group by 1, 2) x
  where k.org_id = $1 and k.cluster_id = $2 and k.resource = x.resource and k.namespace = x.namespace
),
str as (
  update stream s set object_count = s.object_count + x.n, set_hash = s.set_hash # x.x,
    returning_objects = s.returning_objects or x.back,
    mark_at = coalesce(s.mark_at, x.mark_at)
  from (select id, sum(n) as n, bit_xor(member) as x, bool_or(back) as back, min(mark_at) as mark_at from (
      select goes as id, 1 as n, member, since is not null as back, mark_at from moved where goes is not null
      union all select was, -1, member, false, null from moved where was_in) y group by id) x
  where s.org_id = $1 and s.cluster_id = $2 and s.stream_id = x.id
),
feed as (
  insert into change_feed (org_id, cluster_id, change_number, received_at, resource, uid, operation)
  select distinct on (resource) $1, $2, (select change_number + 1 from agent_cluster where org_id = $1 and cluster_id = $2),
    $6, resource, uid, 'S'::"char" from moved
)
select distinct n.name from moved m
join stream n on n.org_id = $1 and n.cluster_id = $2 and n.stream_id = m.goes
where m.goes <> m.was and m.reshaped`;

/** @returns the streams that took over records of another shape */
async function moveObjects(
  client: pg.ClientBase,
  key: ClusterKey,
  { affected, scope }: ScopePlan,
  at: Date,
): Promise<readonly string[]> {
  const { include, exclude } = scope.namespaces;
  await allowManyRows(client);
  const { rows } = await client.query<{ name: string }>(moveSql, [
    key.orgId,
    key.clusterId,
    affected,
    include.map(likePattern),
    exclude.map(likePattern),
    at,
  ]);
  return rows.map(({ name }) => name);
}

/** Names of namespaces hold neither of LIKE's own characters. */
function likePattern(pattern: string): string {
  return pattern.replace("*", "%");
}
