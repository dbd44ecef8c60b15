/**
 * One wave of changes as one statement: open versions, history, change feed, and the counters of streams and
 * namespaces. Reading the old version and writing the new one need no further lock: the caller holds the cluster's row.
 *
 * `offset 0` keeps a lateral probe a probe; deletions name the rows that were found by their place. Writes are ordered
 * by key.
 *
 * @module
 */
import type pg from "pg";
import type { Counters, Row } from "./fold-batch.ts";

const objectColumns = `o.resource, o.uid, o.stream_id, o.namespace, o.name, o.record, o.hash, o.member,
  o.resource_version, o.managers, o.stub, o.valid_from_earliest, o.valid_from, o.clock_error_ms, o.received_at,
  o.in_scope, o.not_collected_since`;

/** `$1` org, `$2` cluster, `$3` rows, `$4` change number, `$5` received, `$6` clock error in milliseconds. */
const deltaSql = `
with inp as materialized (
  select * from jsonb_to_recordset($3::jsonb) as x(
    l int, d boolean, s int, r text, u uuid, ns text, n text, h bigint, m bigint, rv text, rec jsonb, mg jsonb,
    dv boolean, st text, e timestamptz, t timestamptz, c text)
),
old as materialized (
  select i.l, o.* from inp i cross join lateral (
    select o.ctid as tid, ${objectColumns} from object o
    where o.org_id = $1 and o.cluster_id = $2 and o.resource = i.r and o.uid = i.u offset 0) o
),
put as (
  select i.*, old.uid is null as ins, old.hash as oh, old.member as om, old.stream_id as os, old.namespace as ons,
    old.in_scope as oi, old.not_collected_since as onc, old.stub as ost,
    old.valid_from_earliest as oe, old.valid_from as ot, old.clock_error_ms as oce, old.received_at as oa,
    coalesce(old.hash = i.h or (i.c = 'schema' and i.rv <> '' and i.rv = old.resource_version), false) as same
  from inp i left join old on old.l = i.l where not i.d
),
chg as materialized (
  select * from put where ins or oh <> h or os <> s or (ost is not null and st is null) or onc is not null or not oi
),
rep as materialized (
  select i.l, i.e, i.t, o.* from chg i cross join lateral (
    select o.ctid as tid, ${objectColumns} from object o
    where o.org_id = $1 and o.cluster_id = $2 and o.resource = i.r and o.namespace = i.ns and o.name = i.n
      and o.uid <> i.u and o.not_collected_since is null offset 0) o
  where i.ins and i.n <> ''
),
gone as materialized (
  select i.c as cause, i.e, i.t, old.* from inp i join old on old.l = i.l
  where i.d and not exists (
    select 1 from rep where rep.resource = old.resource and rep.uid = old.uid and rep.l < i.l)
  union all
  select 'replaced', rep.e, rep.t, rep.l, rep.tid, ${objectColumns.replaceAll("o.", "rep.")} from rep
  where not exists (
    select 1 from inp i where i.r = rep.resource and i.u = rep.uid and (not i.d or i.l < rep.l))
),
del as (
  delete from object o
  where o.ctid = any(array(select tid from gone)) and o.org_id = $1 and o.cluster_id = $2
),
ups as (
  insert into object (org_id, cluster_id, resource, uid, stream_id, namespace, name, labels, record, hash, member,
    resource_version, managers, derived, stub, valid_from_earliest, valid_from, clock_error_ms, received_at, change_number)
  select $1, $2, r, u, s, ns, n,
    case when jsonb_typeof(rec->'metadata'->'labels') = 'object' then rec->'metadata'->'labels' else '{}' end,
    rec, h, m, rv, mg, dv, st, case when same then oe else least(e, onc) end, case when same then ot else t end,
    case when same then oce else $6 end, case when same then oa else $5 end, $4
  from chg order by r, u
  on conflict (org_id, cluster_id, resource, uid) do update set
    stream_id = excluded.stream_id, namespace = excluded.namespace, name = excluded.name, labels = excluded.labels,
    record = excluded.record, hash = excluded.hash, member = excluded.member,
    resource_version = excluded.resource_version, managers = excluded.managers, derived = excluded.derived,
    stub = excluded.stub, change_number = excluded.change_number, in_scope = true, not_collected_since = null,
    valid_from_earliest = excluded.valid_from_earliest, valid_from = excluded.valid_from,
    clock_error_ms = excluded.clock_error_ms, received_at = excluded.received_at
),
closed as (
  select case when i.os <> i.s then 'scope'
      when i.c = 'schema' and not (i.rec @> old.record or old.record @> i.rec) then 'changed' else i.c end as cause,
    i.e, i.t, old.* from chg i
  join old on old.l = i.l where not i.same
  union all select * from gone
),
his as (
  insert into history (org_id, cluster_id, resource, uid, namespace, name, valid_from_earliest, valid_from,
    valid_to_earliest, valid_to, cause, hash, record, resource_version, managers, stub, clock_error_ms, received_at,
    closed_at, change_number)
  select $1, $2, resource, uid, namespace, name, valid_from_earliest, valid_from, least(e, not_collected_since),
    greatest(t, valid_from), cause,
    hash, record, resource_version, managers, stub, clock_error_ms, received_at, $5, $4
  from closed
),
feed as (
  insert into change_feed (org_id, cluster_id, change_number, received_at, resource, uid, operation)
  select $1, $2, $4, $5, r, u, case when ins then 'A' else 'M' end::"char" from chg
  union all select $1, $2, $4, $5, resource, uid, 'D'::"char" from gone
  returning resource
),
cnt as (
  insert into inventory_count as k (org_id, cluster_id, resource, namespace, objects)
  select $1, $2, r, ns, sum(n) from (
    select r, ns, 1 as n from chg
    union all select r, ons, -1 from chg where not ins and onc is null
    union all select resource, namespace, -1 from gone where not_collected_since is null) x
  group by r, ns having sum(n) <> 0 order by r, ns
  on conflict (org_id, cluster_id, resource, namespace) do update set objects = k.objects + excluded.objects
),
str as (
  update stream s set object_count = s.object_count + x.n, set_hash = s.set_hash # x.x
  from (select id, sum(n) as n, bit_xor(m) as x from (
      select s as id, 1 as n, m from chg
      union all select os, -1, om from chg where oi
      union all select stream_id, -1, member from gone where in_scope) y group by id) x
  where s.org_id = $1 and s.cluster_id = $2 and s.stream_id = x.id
  returning s.stream_id, s.object_count, s.set_hash
)
select
  (select coalesce(jsonb_agg(jsonb_build_object('id', stream_id, 'count', object_count, 'setHash', set_hash::text)), '[]')
    from str) as streams,
  (select count(*)::int from feed) as changed,
  array(select i.l from inp i where i.d and not exists (select 1 from gone where gone.l = i.l and gone.cause <> 'replaced'))
    as unknown`;

export type WaveTarget = {
  readonly orgId: number;
  readonly clusterId: string;
  readonly changeNumber: number;
  readonly receivedAt: number;
  readonly clockErrorMs: number | undefined;
};

/** @returns the counters of the streams that changed, and how many objects did. */
export async function applyWave(
  client: pg.ClientBase,
  target: WaveTarget,
  rows: readonly Row[],
): Promise<Counters & { readonly changed: number }> {
  const answer = await client.query<{
    streams: readonly { id: number; count: number; setHash: string }[];
    changed: number;
    unknown: readonly number[];
  }>({
    name: "delta",
    text: deltaSql,
    values: [
      target.orgId,
      target.clusterId,
      `[${rows.map(rowJson).join(",")}]`,
      target.changeNumber,
      new Date(target.receivedAt),
      target.clockErrorMs ?? null,
    ],
  });
  const [row] = answer.rows;
  if (row === undefined) throw new Error("delta statement gave no row");
  return {
    changed: row.changed,
    unknown: row.unknown,
    streams: row.streams.map(({ id, count, setHash }) => ({
      id,
      count,
      setHash: fromInt8(setHash),
    })),
  };
}

/**
 * Without any statistics the planner cannot tell the primary key from the list's index, and each probe may read all of
 * a cluster. A new database therefore gets its first statistics as soon as there is something to count.
 */
export async function ensureStatistics(client: pg.ClientBase): Promise<void> {
  await client.query({ name: "statistics", text: "select ensure_statistics()" });
}

/** The canonical text is JSON already: it goes in as it is. */
function rowJson(row: Row): string {
  const fields = JSON.stringify({
    l: row.index,
    d: row.isDelete,
    s: row.streamId,
    r: row.resource,
    u: row.uid,
    ns: row.record.namespace,
    n: row.record.name,
    h: toInt8(row.hash),
    m: row.member.toString(),
    rv: row.resourceVersion,
    mg: row.managers.length === 0 ? undefined : row.managers,
    dv: row.isDerived,
    st: row.record.stub,
    e: row.earliest === undefined ? undefined : new Date(row.earliest),
    t: new Date(row.seenAt),
    c: row.cause,
  });
  return `${fields.slice(0, -1)},"rec":${row.record.canonical}}`;
}

/** 16 hexadecimal digits as the signed number the database holds. */
function toInt8(hex: string): string {
  return BigInt.asIntN(64, BigInt(`0x${hex}`)).toString();
}

export function fromInt8(text: string): string {
  return BigInt.asUintN(64, BigInt(text)).toString(16).padStart(16, "0");
}
