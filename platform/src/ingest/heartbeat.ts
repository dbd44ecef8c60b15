/**
 * Heartbeat and goodbye: the session's holder says that it lives, or that it leaves. Neither changes what is known of
 * objects.
 *
 * @module
 */
import type { Heartbeat, HeartbeatAnswer } from "@obsyk/contract";
import type { Database } from "../store/database.ts";
import { withScopedClient, type OrgScope } from "../tenancy/scope.ts";
import { refuse, type Holder } from "./holder.ts";
import { measureClock } from "./open-session.ts";
import { openRequests } from "./stream-store.ts";

export type HolderContext = Holder & {
  readonly pool: Database["pool"];
  readonly scope: OrgScope;
  readonly clusterId: string;
  readonly receivedAt: number;
};

/** @throws {ProblemError} `session-unknown` or `superseded`. */
export async function recordHeartbeat(
  heartbeat: Heartbeat,
  context: HolderContext,
): Promise<HeartbeatAnswer> {
  const key = { orgId: context.scope.orgId, clusterId: context.clusterId };
  const { offsetMs, errorMs } = measureClock(heartbeat, context.receivedAt);
  return withScopedClient(context.pool, context.scope, async (client) => {
    const { rowCount } = await client.query({
      name: "heartbeat",
      text: `update agent_cluster set seen_at = greatest(seen_at, $5), clock_offset_ms = $6, clock_error_ms = $7,
          last_acknowledged = $8, queued_bytes = $9, resident_bytes = $10,
          kubernetes_version = coalesce($11, kubernetes_version)
        where org_id = $1 and cluster_id = $2 and session_id = $3 and epoch = $4`,
      values: [
        key.orgId,
        key.clusterId,
        context.sessionId,
        context.epoch,
        new Date(context.receivedAt),
        offsetMs,
        errorMs ?? null,
        heartbeat.lastAck,
        heartbeat.queuedBytes,
        heartbeat.residentBytes,
        heartbeat.kubernetesVersion ?? null,
      ],
    });
    if (rowCount === 0) throw await refuse(client, key, context);
    await client.query({
      name: "heartbeat-streams",
      text: `update stream s set reported_objects = x.n, progress_at = x.t
        from jsonb_to_recordset($3::jsonb) as x(name text, n bigint, t timestamptz)
        where s.org_id = $1 and s.cluster_id = $2 and s.name = x.name
          and (s.reported_objects, s.progress_at) is distinct from (x.n, x.t)`,
      values: [
        key.orgId,
        key.clusterId,
        JSON.stringify(
          heartbeat.streams.map(({ stream, objects, lastProgress }) => ({
            name: stream,
            n: objects,
            t: toDate(lastProgress, offsetMs),
          })),
        ),
      ],
    });
    return { sendAgain: await openRequests(client, key), clock: context.receivedAt };
  });
}

/** Last millisecond of the year 9999. */
const latestTime = 253_402_300_799_999;

function toDate(time: number | undefined, offsetMs: number): Date | undefined {
  if (time === undefined) return undefined;
  return new Date(Math.min(Math.max(time + offsetMs, 0), latestTime));
}

/**
 * The cluster is free at once; lists without an end are aborted (R11).
 *
 * @throws {ProblemError} `session-unknown` or `superseded`.
 */
export async function endSession(context: HolderContext): Promise<void> {
  const key = { orgId: context.scope.orgId, clusterId: context.clusterId };
  await withScopedClient(context.pool, context.scope, async (client) => {
    const { rowCount } = await client.query(
      `update agent_cluster set session_id = null, instance_id = null, pod_uid = null, seen_at = $5
       where org_id = $1 and cluster_id = $2 and session_id = $3 and epoch = $4`,
      [key.orgId, key.clusterId, context.sessionId, context.epoch, new Date(context.receivedAt)],
    );
    if (rowCount === 0) throw await refuse(client, key, context);
    await client.query(
      `update stream set listing = null where org_id = $1 and cluster_id = $2 and listing is not null`,
      [key.orgId, key.clusterId],
    );
  });
}
