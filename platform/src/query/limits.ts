/**
 * A viewer's limits in queries: what row-level security would filter row by row is told to the planner here.
 *
 * @module
 */
import type { LiveEvent } from "@obsyk/contract";
import { sql, type RawBuilder } from "kysely";
import type { OrgScope } from "../tenancy/scope.ts";

const whole = "*";

/** Of rows `o` with cluster_id and namespace; `undefined` for whoever sees all of its organisation. */
export function limitCondition({ limits }: OrgScope): RawBuilder<unknown> | undefined {
  if (limits === undefined) return undefined;
  const parts = Object.entries(limits).map(([clusterId, names]) =>
    names.includes(whole)
      ? sql`o.cluster_id = ${clusterId}::uuid`
      : sql`(o.cluster_id = ${clusterId}::uuid and o.namespace in (${sql.join(names)}))`,
  );
  return parts.length === 0 ? sql`false` : sql`(${sql.join(parts, sql` or `)})`;
}

/** Whether some of a cluster is hidden from the scope, so that numbers of the whole cluster are too. */
export function isPartial({ limits }: OrgScope, clusterId: string): boolean {
  return limits !== undefined && limits[clusterId]?.includes(whole) !== true;
}

/**
 * What a caller hears of a change. In which of its resources a cluster changed is told only to who sees all of it.
 */
export function limitEvent(scope: OrgScope, event: LiveEvent): LiveEvent | undefined {
  if (scope.limits !== undefined && scope.limits[event.clusterId] === undefined) return undefined;
  return isPartial(scope, event.clusterId) ? { ...event, resources: [] } : event;
}
