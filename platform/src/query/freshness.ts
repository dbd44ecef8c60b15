/**
 * How fresh an answer is (I3): as-of times and blind intervals of the streams it draws from.
 *
 * @module
 */
import type { BlindInterval, Cluster } from "@obsyk/contract";
import { sql, type RawBuilder, type Transaction } from "kysely";
import { heartbeatSeconds } from "../ingest/open-session.ts";
import type { Tables } from "../store/tables.ts";
import type { OrgScope } from "../tenancy/scope.ts";

export type Tx = Transaction<Tables>;

/** Which streams an answer draws from; what is absent is not restricted. */
export type StreamFilter = {
  readonly clusterId?: string | undefined;
  readonly resource?: string | undefined;
  readonly resources?: readonly string[] | undefined;
  readonly namespace?: string | undefined;
};

export type Freshness = {
  /** The oldest as-of of these streams. */
  readonly asOf?: string;
  readonly blind: BlindInterval[];
};

const connectedMs = 3 * heartbeatSeconds * 1000;
/** Closed blind intervals are part of an answer for a day; later only history needs them. */
const recentMs = 86_400_000;
const blindRows = 200;

export function clusterState(
  seen: { readonly seenAt: Date | null; readonly hasSession: boolean },
  now: number,
): Cluster["state"] {
  if (seen.seenAt === null) return "pending";
  return seen.hasSession && now - seen.seenAt.getTime() <= connectedMs
    ? "connected"
    : "disconnected";
}

/** The streams that are collected, and those of which something is still shown. */
export const shownStream: RawBuilder<boolean> = sql`(s.collected or s.object_count > 0)`;

/**
 * The oldest mark, over rows of `stream s`; null while one of them was never listed to its end, since then nothing is
 * known of a part of the answer. What cannot be read at all has no part in it, and its state says so.
 */
export const oldestMark: RawBuilder<Date | null> = sql`case when bool_or(s.mark_at is null
  and s.state not in ('absent', 'forbidden', 'misconfigured', 'unsafe')) then null else min(s.mark_at) end`;

function streamCondition(scope: OrgScope, filter: StreamFilter): RawBuilder<boolean> {
  const parts = [sql`s.org_id = ${scope.orgId}`, shownStream];
  if (filter.clusterId !== undefined) parts.push(sql`s.cluster_id = ${filter.clusterId}`);
  if (filter.resource !== undefined) parts.push(sql`s.resource = ${filter.resource}`);
  if (filter.resources !== undefined) {
    parts.push(sql`s.resource in (${sql.join([...filter.resources])})`);
  }
  if (filter.namespace !== undefined) parts.push(sql`s.namespace in ('*', ${filter.namespace})`);
  return sql`${sql.join(parts, sql` and `)}`;
}

export async function readFreshness(
  tx: Tx,
  scope: OrgScope,
  filter: StreamFilter,
  now: number,
): Promise<Freshness> {
  const condition = streamCondition(scope, filter);
  const marks = await sql<{ as_of: Date | null }>`
    select ${oldestMark} as as_of from stream s where ${condition}`.execute(tx);
  const { rows } = await sql<{ name: string; from_at: Date; to_at: Date | null; reason: string }>`
    select name, from_at, to_at, reason from (
      select s.name, b.from_at, b.to_at, b.reason from stream s
      join blind_interval b using (org_id, cluster_id, stream_id)
      where ${condition} and s.collected and (b.to_at is null or b.to_at > ${new Date(now - recentMs)})
      union all
      select s.name, s.mark_at, null, 'disconnected' from stream s
      join agent_cluster a using (org_id, cluster_id)
      where ${condition} and s.collected and s.mark_at is not null
        and (a.session_id is null or a.seen_at < ${new Date(now - connectedMs)})
        and not exists (select 1 from blind_interval b where b.org_id = s.org_id
          and b.cluster_id = s.cluster_id and b.stream_id = s.stream_id and b.to_at is null)
    ) gap
    order by to_at desc nulls first, from_at desc, name limit ${blindRows}`.execute(tx);
  return {
    ...optional("asOf", marks.rows[0]?.as_of),
    blind: rows.map(toBlind),
  };
}

function toBlind(row: {
  readonly name: string;
  readonly from_at: Date;
  readonly to_at: Date | null;
  readonly reason: string;
}): BlindInterval {
  return {
    stream: row.name,
    from: row.from_at.toISOString(),
    ...optional("to", row.to_at),
    reason: row.reason,
  };
}

/** A member that is left out when there is no time. */
export function optional<K extends string>(
  key: K,
  time: Date | null | undefined,
): { [name in K]?: string } {
  return time === undefined || time === null
    ? {}
    : ({ [key]: time.toISOString() } as { [name in K]?: string });
}

/** The same for text. */
export function optionalText<K extends string>(
  key: K,
  text: string | null | undefined,
): { [name in K]?: string } {
  return text === undefined || text === null || text === ""
    ? {}
    : ({ [key]: text } as { [name in K]?: string });
}
