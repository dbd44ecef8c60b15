/**
 * The inventory: pages of objects by keyset, and one object.
 *
 * @module
 */
import type {
  InventoryObject,
  Manager,
  ObjectDetail,
  ObjectPage,
  ObjectQuery,
} from "@obsyk/contract";
import { sql, type RawBuilder } from "kysely";
import { ProblemError } from "../http/problem.ts";
import type { OrgScope } from "../tenancy/scope.ts";
import { requireCluster } from "./clusters.ts";
import { decodeCursor, encodeCursor, type ObjectKey } from "./cursor.ts";
import { optional, optionalText, readFreshness, type Tx } from "./freshness.ts";
import { limitCondition } from "./limits.ts";
import { parseLabelSelector, type LabelRequirement } from "./label-selector.ts";

export type ObjectRow = {
  cluster_id: string;
  cluster_name: string;
  resource: string;
  uid: string;
  namespace: string;
  name: string;
  record: { [name: string]: unknown };
  resource_version: string;
  valid_from: Date;
  received_at: Date;
  mark_at: Date | null;
  not_collected_since: Date | null;
  managers: Manager[] | null;
  stub: string | null;
};

const defaultRows = 100;

const columns = sql`o.cluster_id, c.name as cluster_name, o.resource, o.uid, o.namespace, o.name, o.record,
  o.resource_version, o.valid_from, o.received_at, s.mark_at, o.not_collected_since, o.managers, o.stub`;
const joins = sql`join cluster c on c.org_id = o.org_id and c.cluster_id = o.cluster_id
  join stream s on s.org_id = o.org_id and s.cluster_id = o.cluster_id and s.stream_id = o.stream_id`;

/**
 * One page in the order cluster, resource, namespace, name, uid.
 *
 * @throws {ProblemError} `bad-request` for a cursor or selector that is none, `not-found` for an unknown cluster.
 */
export async function listObjects(
  tx: Tx,
  scope: OrgScope,
  query: ObjectQuery,
  now: number,
): Promise<ObjectPage> {
  const clusterId =
    query.cluster === undefined
      ? undefined
      : await requireCluster(tx, scope, query.cluster, "cluster");
  const limit = query.limit ?? defaultRows;
  // Before the rows: an as-of time may be older than what is shown, never newer.
  const freshness = await readFreshness(
    tx,
    scope,
    { clusterId, resource: query.resource, namespace: query.namespace },
    now,
  );
  const { rows } = await pageQuery(scope, { query, clusterId, rows: limit + 1 }).execute(tx);
  const items = rows.slice(0, limit).map(toObject);
  const last = rows[limit - 1];
  return {
    items,
    ...(rows.length > limit && last !== undefined ? { next: encodeCursor(keyOf(last)) } : {}),
    ...freshness,
  };
}

type Page = {
  readonly query: ObjectQuery;
  readonly clusterId: string | undefined;
  readonly rows: number;
  /** Further ones on `o`; searches by name or label do not take them. */
  readonly conditions?: readonly RawBuilder<unknown>[];
};

/** The statement of one page; exported so that its plan can be examined. */
export function pageQuery(scope: OrgScope, page: Page): RawBuilder<ObjectRow> {
  const { query, clusterId } = page;
  if (isSearch(scope, page)) return searchQuery(scope, page);
  const conditions: RawBuilder<unknown>[] = [sql`o.org_id = ${scope.orgId}`];
  const limited = limitCondition(scope);
  if (limited !== undefined) conditions.push(limited);
  if (clusterId !== undefined) conditions.push(sql`o.cluster_id = ${clusterId}`);
  if (query.resource !== undefined) conditions.push(sql`o.resource = ${query.resource}`);
  if (query.namespace !== undefined) conditions.push(sql`o.namespace = ${query.namespace}`);
  if (query.objectName !== undefined) conditions.push(sql`o.name = ${query.objectName}`);
  conditions.push(...scopeCondition(query.notCollected), ...(page.conditions ?? []));
  if (query.cursor !== undefined) {
    const fixed = fixedColumns(page);
    conditions.push(afterCursor(readCursor(query.cursor, fixed), fixed));
  }
  return sql<ObjectRow>`
    select ${columns} from (
      select * from object o where ${sql.join(conditions, sql` and `)}
      order by o.cluster_id, o.resource, o.namespace, o.name, o.uid limit ${page.rows}
    ) o ${joins}
    order by o.cluster_id, o.resource, o.namespace, o.name, o.uid`;
}

/** What an index other than that of the order finds, or what a limited viewer may see: mostly few of many. */
function isSearch({ limits }: OrgScope, { query, conditions }: Page): boolean {
  if (query.name !== undefined || query.labelSelector !== undefined) return true;
  return conditions === undefined && (query.objectName !== undefined || limits !== undefined);
}

/**
 * Searches go through the owner's function: policies would keep them from their indexes. The rows of the keys it finds
 * are read under the policies again.
 */
function searchQuery(scope: OrgScope, page: Page): RawBuilder<ObjectRow> {
  const { query, clusterId } = page;
  const after =
    query.cursor === undefined ? undefined : readCursor(query.cursor, fixedColumns(page));
  const labels =
    query.labelSelector === undefined ? null : JSON.stringify(requirementsOf(query.labelSelector));
  const pattern = query.name === undefined ? null : likePattern(query.name);
  return sql<ObjectRow>`
    select ${columns} from search_objects(${clusterId ?? null}::uuid, ${query.resource ?? null}::text,
      ${query.namespace ?? null}::text, ${pattern}::text, ${query.objectName ?? null}::text, ${labels}::jsonb,
      ${after?.clusterId ?? null}::uuid, ${after?.resource ?? null}::text, ${after?.namespace ?? null}::text,
      ${after?.name ?? null}::text, ${after?.uid ?? null}::uuid, ${page.rows}::int,
      ${query.notCollected ?? "exclude"}::text) k
    join object o on o.org_id = ${scope.orgId} and o.cluster_id = k.cluster_id and o.resource = k.resource
      and o.uid = k.uid ${joins}
    order by o.cluster_id, o.resource, o.namespace, o.name, o.uid`;
}

type FixedColumns = {
  readonly [column in "clusterId" | "resource" | "namespace"]: string | undefined;
};

function fixedColumns({ query, clusterId }: Page): FixedColumns {
  return { clusterId, resource: query.resource, namespace: query.namespace };
}

/** @throws {ProblemError} for the cursor of a page that had other filters. */
function readCursor(text: string, fixed: FixedColumns): ObjectKey {
  const key = decodeCursor(text);
  const columnsOfFilter = ["clusterId", "resource", "namespace"] as const;
  if (columnsOfFilter.some((name) => fixed[name] !== undefined && fixed[name] !== key[name])) {
    throw new ProblemError("bad-request", "The cursor belongs to a page with other filters", {
      pointer: "cursor",
    });
  }
  return key;
}

/** R14: what left the operator's scope is no part of the inventory unless it is asked for. */
function scopeCondition(choice: ObjectQuery["notCollected"] = "exclude"): RawBuilder<unknown>[] {
  if (choice === "include") return [];
  return [
    choice === "only" ? sql`o.not_collected_since is not null` : sql`o.not_collected_since is null`,
  ];
}

/** `%`, `_` and the escape itself are ordinary characters of a name. */
function likePattern(name: string): string {
  return `%${name.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
}

function requirementsOf(selector: string): readonly LabelRequirement[] {
  const parsed = parseLabelSelector(selector);
  if (parsed.kind === "selector") return parsed.requirements;
  throw new ProblemError(
    "bad-request",
    `The label selector is wrong at character ${parsed.position + 1}: ${parsed.reason}`,
    { pointer: "labelSelector" },
  );
}

/**
 * Row comparison over the columns that the filter leaves open: with a column fixed by equality as its first one, the
 * index would be read from that value's start.
 */
function afterCursor(key: ObjectKey, fixed: FixedColumns): RawBuilder<unknown> {
  const parts: { column: RawBuilder<unknown>; value: RawBuilder<unknown>; isFixed: boolean }[] = [
    {
      column: sql`o.cluster_id`,
      value: sql`${key.clusterId}::uuid`,
      isFixed: fixed.clusterId !== undefined,
    },
    { column: sql`o.resource`, value: sql`${key.resource}`, isFixed: fixed.resource !== undefined },
    {
      column: sql`o.namespace`,
      value: sql`${key.namespace}`,
      isFixed: fixed.namespace !== undefined,
    },
    { column: sql`o.name`, value: sql`${key.name}`, isFixed: false },
    { column: sql`o.uid`, value: sql`${key.uid}::uuid`, isFixed: false },
  ];
  const open = parts.slice(parts.findIndex(({ isFixed }) => !isFixed));
  return sql`(${sql.join(open.map(({ column }) => column))}) > (${sql.join(open.map(({ value }) => value))})`;
}

export function keyOf(row: ObjectRow): ObjectKey {
  const { cluster_id, resource, namespace, name, uid } = row;
  return { clusterId: cluster_id, resource, namespace, name, uid };
}

function toObject(row: ObjectRow): InventoryObject {
  return {
    cluster: { id: row.cluster_id, name: row.cluster_name },
    resource: row.resource,
    uid: row.uid,
    ...optionalText("namespace", row.namespace),
    name: row.name,
    record: row.record,
    ...optionalText("stub", row.stub ?? ""),
    resourceVersion: row.resource_version,
    seenAt: row.valid_from.toISOString(),
    receivedAt: row.received_at.toISOString(),
    ...optional("asOf", row.not_collected_since ?? row.mark_at),
    ...optional("notCollectedSince", row.not_collected_since),
  };
}

/** @throws {ProblemError} `not-found`, also for an object of another organisation. */
export async function readObject(
  tx: Tx,
  scope: OrgScope,
  key: { readonly clusterId: string; readonly resource: string; readonly uid: string },
  now: number,
): Promise<ObjectDetail> {
  const { rows } = await sql<ObjectRow>`
    select ${columns} from object o ${joins}
    where o.org_id = ${scope.orgId} and o.cluster_id = ${key.clusterId} and o.resource = ${key.resource}
      and o.uid = ${key.uid}`.execute(tx);
  const [row] = rows;
  if (row === undefined) {
    throw new ProblemError("not-found", "There is no such object, or it exists no more");
  }
  const { resource, clusterId } = key;
  const namespace = row.namespace === "" ? undefined : row.namespace;
  const { blind } = await readFreshness(tx, scope, { clusterId, resource, namespace }, now);
  return { ...toObject(row), managers: row.managers ?? [], blind };
}
