/**
 * Loading and storing what the platform knows of streams. Counters are never written from here: the delta statement
 * alone changes them.
 *
 * @module
 */
import type { SendAgain, StreamState as StreamStateName } from "@obsyk/contract";
import type pg from "pg";
import { fromInt8 } from "./delta-statement.ts";
import type { BlindGap, Listing, StreamState } from "./stream-state.ts";

/** Whose streams: every statement names both. */
export type ClusterKey = { readonly orgId: number; readonly clusterId: string };

type StreamRow = {
  stream_id: number;
  name: string;
  resource: string;
  state: StreamStateName;
  detail: string | null;
  state_at: Date | null;
  object_count: number;
  set_hash: string;
  mark_version: string | null;
  mark_at: Date | null;
  listing: Listing | null;
  mismatches: number;
  paused_until: Date | null;
  returning_objects: boolean;
  blind_from: Date | null;
  blind_reason: string | null;
  request_id: string | null;
  full_objects: boolean | null;
  request_reason: string | null;
};

/** The collected streams with these names, or all of them. */
export async function loadStreams(
  client: pg.ClientBase,
  key: ClusterKey,
  names?: readonly string[],
): Promise<Map<string, StreamState>> {
  const { rows } = await client.query<StreamRow>({
    name: "load-streams",
    text: `select s.stream_id, s.name, s.resource, s.state, s.detail, s.state_at, s.object_count,
        s.set_hash::text, s.mark_version, s.mark_at, s.listing, s.mismatches, s.paused_until,
        s.returning_objects,
        b.from_at as blind_from, b.reason as blind_reason, r.request_id, r.full_objects, r.reason as request_reason
      from stream s
      left join blind_interval b on b.org_id = s.org_id and b.cluster_id = s.cluster_id
        and b.stream_id = s.stream_id and b.to_at is null
      left join send_again r on r.org_id = s.org_id and r.cluster_id = s.cluster_id and r.stream_id = s.stream_id
      where s.org_id = $1 and s.cluster_id = $2 and s.collected and ($3::text[] is null or s.name = any($3))`,
    values: [key.orgId, key.clusterId, names === undefined ? null : [...names]],
  });
  return new Map(rows.map((row) => [row.name, fromRow(row)]));
}

function fromRow(row: StreamRow): StreamState {
  return {
    id: row.stream_id,
    name: row.name,
    resource: row.resource,
    state: row.state,
    detail: row.detail ?? undefined,
    stateAt: row.state_at?.getTime(),
    count: row.object_count,
    setHash: fromInt8(row.set_hash),
    markVersion: row.mark_version ?? undefined,
    markAt: row.mark_at?.getTime(),
    listing: row.listing ?? undefined,
    mismatches: row.mismatches,
    pausedUntil: row.paused_until?.getTime(),
    returning: row.returning_objects,
    blind:
      row.blind_from === null
        ? undefined
        : { from: row.blind_from.getTime(), reason: row.blind_reason ?? "" },
    request:
      row.request_id === null
        ? undefined
        : { id: row.request_id, full: row.full_objects === true, reason: row.request_reason ?? "" },
  };
}

export type StreamChanges = {
  readonly before: ReadonlyMap<string, StreamState>;
  readonly after: ReadonlyMap<string, StreamState>;
  readonly closed: readonly { readonly streamId: number; readonly gap: BlindGap }[];
  readonly at: number;
};

/** Writes what changed: control fields, blind intervals, send-again requests. */
export async function saveStreams(
  client: pg.ClientBase,
  key: ClusterKey,
  changes: StreamChanges,
): Promise<void> {
  const changed = [...changes.after.values()].filter(
    (stream) => stream !== changes.before.get(stream.name),
  );
  if (changed.length === 0) return;
  await client.query({
    name: "save-streams",
    text: `update stream s set state = x.state, detail = x.detail, state_at = x."stateAt",
        mark_version = x."markVersion", mark_at = x."markAt", listing = x.listing, mismatches = x.mismatches,
        paused_until = x."pausedUntil", returning_objects = x."isReturning"
      from jsonb_to_recordset($3::jsonb) as x(id int, state text, detail text, "stateAt" timestamptz,
        "markVersion" text, "markAt" timestamptz, listing jsonb, mismatches int, "pausedUntil" timestamptz,
        "isReturning" boolean)
      where s.org_id = $1 and s.cluster_id = $2 and s.stream_id = x.id`,
    values: [key.orgId, key.clusterId, JSON.stringify(changed.map(toJson))],
  });
  await confirmReturned(client, key, changes, changed);
  await saveBlind(client, key, changes, changed);
  await saveRequests(client, key, changes, changed);
}

/**
 * Whoever switches a large resource off or on moves all of its objects in one statement, so that nobody ever sees a part
 * of it. Holds until the transaction ends.
 */
export async function allowManyRows(client: pg.ClientBase): Promise<void> {
  await client.query("set local statement_timeout = '10min'");
}

/** R14: a complete list has swept what is gone and put what differs, so that everything left is as it was. */
async function confirmReturned(
  client: pg.ClientBase,
  key: ClusterKey,
  { before }: StreamChanges,
  changed: readonly StreamState[],
): Promise<void> {
  const confirmed = changed.filter(
    ({ name, returning }) => !returning && before.get(name)?.returning === true,
  );
  if (confirmed.length === 0) return;
  await allowManyRows(client);
  await client.query({
    name: "confirm-returned",
    text: `with back as (
        update object set not_collected_since = null
        where org_id = $1 and cluster_id = $2 and stream_id = any($3) and in_scope and not_collected_since is not null
        returning resource, namespace)
      insert into inventory_count as k (org_id, cluster_id, resource, namespace, objects)
      select $1, $2, resource, namespace, count(*) from back group by 3, 4
      on conflict (org_id, cluster_id, resource, namespace) do update set objects = k.objects + excluded.objects`,
    values: [key.orgId, key.clusterId, confirmed.map(({ id }) => id)],
  });
}

function toJson(stream: StreamState): object {
  const { id, state, detail, markVersion, listing, mismatches, returning: isReturning } = stream;
  const times = {
    stateAt: date(stream.stateAt),
    markAt: date(stream.markAt),
    pausedUntil: date(stream.pausedUntil),
  };
  return { id, state, detail, markVersion, listing, mismatches, isReturning, ...times };
}

function date(time: number | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time);
}

/** Intervals that opened and closed within one batch are stored too. */
async function saveBlind(
  client: pg.ClientBase,
  key: ClusterKey,
  changes: StreamChanges,
  changed: readonly StreamState[],
): Promise<void> {
  const ended = [...new Set(changes.closed.map(({ streamId }) => streamId))];
  if (ended.length > 0) {
    // The stored one is closed by the first end; later gaps of the same batch are written whole.
    await client.query(
      `delete from blind_interval
       where org_id = $1 and cluster_id = $2 and stream_id = any($3) and to_at is null`,
      [key.orgId, key.clusterId, ended],
    );
  }
  const gaps: { s: number; f: Date; t: Date | undefined; r: string }[] = [];
  const add = (streamId: number, gap: BlindGap): void => {
    gaps.push({ s: streamId, f: new Date(gap.from), t: date(gap.to), r: gap.reason });
  };
  for (const { streamId, gap } of changes.closed) add(streamId, gap);
  for (const stream of changed) {
    const isStored =
      changes.before.get(stream.name)?.blind !== undefined && !ended.includes(stream.id);
    if (stream.blind !== undefined && !isStored) add(stream.id, stream.blind);
  }
  if (gaps.length === 0) return;
  await client.query(
    `insert into blind_interval (org_id, cluster_id, stream_id, from_at, to_at, reason)
     select $1, $2, s, f, t, r from jsonb_to_recordset($3::jsonb) as x(s int, f timestamptz, t timestamptz, r text)`,
    [key.orgId, key.clusterId, JSON.stringify(gaps)],
  );
}

async function saveRequests(
  client: pg.ClientBase,
  key: ClusterKey,
  changes: StreamChanges,
  changed: readonly StreamState[],
): Promise<void> {
  const moved = changed.filter(
    (stream) => stream.request?.id !== changes.before.get(stream.name)?.request?.id,
  );
  if (moved.length === 0) return;
  await client.query(
    `delete from send_again where org_id = $1 and cluster_id = $2 and stream_id = any($3)`,
    [key.orgId, key.clusterId, moved.map(({ id }) => id)],
  );
  const requests = moved.flatMap(({ id, request }) =>
    request === undefined ? [] : [{ s: id, i: request.id, f: request.full, r: request.reason }],
  );
  await client.query(
    `insert into send_again (org_id, cluster_id, stream_id, request_id, full_objects, reason, created_at)
     select $1, $2, s, i, f, r, $4 from jsonb_to_recordset($3::jsonb) as x(s int, i uuid, f boolean, r text)`,
    [key.orgId, key.clusterId, JSON.stringify(requests), new Date(changes.at)],
  );
}

/** Open send-again requests of the collected streams (R16): part of every answer. */
export async function openRequests(client: pg.ClientBase, key: ClusterKey): Promise<SendAgain[]> {
  const { rows } = await client.query<SendAgain>({
    name: "open-requests",
    text: `select r.request_id as id, s.name as stream, r.full_objects as full, r.reason
      from send_again r join stream s using (org_id, cluster_id, stream_id)
      where r.org_id = $1 and r.cluster_id = $2 and s.collected order by r.created_at, s.name limit 1000`,
    values: [key.orgId, key.clusterId],
  });
  return rows;
}
