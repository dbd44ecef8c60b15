/**
 * Findings: where other tools or people put something secret in the open. They are made from the evidence that records
 * carry; nobody here has read any value.
 *
 * @module
 */
import type { FindingPage, FindingQuery, FoundFinding, JsonObject } from "@obsyk/contract";
import { findingsOf, type FindingKind } from "@obsyk/contract/allow-list";
import { sql, type RawBuilder } from "kysely";
import type { OrgScope } from "../tenancy/scope.ts";
import { requireCluster } from "./clusters.ts";
import { encodeCursor } from "./cursor.ts";
import { optional, optionalText, readFreshness, type Tx } from "./freshness.ts";
import { keyOf, pageQuery, type ObjectRow } from "./objects.ts";

const defaultRows = 100;

/** As the index of 0025-findings.sql has it. */
const hasEvidence = sql`(jsonb_exists_any(o.record->'obsyk', array['embeddedCopies', 'literalSecretEnv'])
  or (o.resource = 'configmaps' and o.labels @> '{"owner": "helm"}'
    and starts_with(o.name, 'sh.helm.release.v1.')))`;

const ofKind: { readonly [kind in FindingKind]: RawBuilder<unknown> } = {
  "embedded-copy": sql`jsonb_exists(o.record->'obsyk', 'embeddedCopies')`,
  "literal-secret-env": sql`jsonb_exists(o.record->'obsyk', 'literalSecretEnv')`,
  "release-in-configmap": sql`o.resource = 'configmaps'`,
};

/** What a workload made repeats its template: the place to mend is the workload, if it is known here. */
const isNotRepeated = sql`not exists (
  select 1 from jsonb_array_elements(coalesce(o.record->'metadata'->'ownerReferences', '[]')) r
  join object w on w.org_id = o.org_id and w.cluster_id = o.cluster_id
    and w.resource = any(array['deployments.apps', 'replicasets.apps', 'statefulsets.apps', 'daemonsets.apps',
      'jobs.batch', 'cronjobs.batch'])
    and w.uid = case when r->>'uid' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then (r->>'uid')::uuid end
    and jsonb_exists(w.record->'obsyk', 'literalSecretEnv') and w.not_collected_since is null
  where r->'controller' = 'true')`;

/**
 * One page in the order cluster, resource, namespace, name; `limit` counts objects.
 *
 * @throws {ProblemError} `bad-request` for a cursor that is none, `not-found` for an unknown cluster.
 */
export async function listFindings(
  tx: Tx,
  scope: OrgScope,
  query: FindingQuery,
  now: number,
): Promise<FindingPage> {
  const { kind, ...filters } = query;
  const clusterId =
    query.cluster === undefined
      ? undefined
      : await requireCluster(tx, scope, query.cluster, "cluster");
  const { resource, namespace } = query;
  // Before the rows: an as-of time may be older than what is shown, never newer.
  const freshness = await readFreshness(tx, scope, { clusterId, resource, namespace }, now);
  const limit = query.limit ?? defaultRows;
  const page = { query: filters, clusterId, rows: limit + 1, conditions: conditionsOf(kind) };
  const { rows } = await pageQuery(scope, page).execute(tx);
  const last = rows[limit - 1];
  return {
    items: rows
      .slice(0, limit)
      .flatMap(toFindings)
      .filter((finding) => kind === undefined || finding.kind === kind),
    ...(rows.length > limit && last !== undefined ? { next: encodeCursor(keyOf(last)) } : {}),
    ...freshness,
  };
}

/** For the statement of one page; exported so that its plan can be examined. */
export function conditionsOf(kind: FindingKind | undefined): readonly RawBuilder<unknown>[] {
  return [hasEvidence, isNotRepeated, ...(kind === undefined ? [] : [ofKind[kind]])];
}

function toFindings(row: ObjectRow): readonly FoundFinding[] {
  const place = {
    cluster: { id: row.cluster_id, name: row.cluster_name },
    resource: row.resource,
    uid: row.uid,
    ...optionalText("namespace", row.namespace),
    name: row.name,
    ...optional("asOf", row.mark_at),
  };
  // Records come out of jsonb, which holds nothing but JSON.
  return findingsOf(row.resource, row.record as JsonObject).map(
    ({ kind, location, evidence, fix }) => Object.assign({ kind, location, evidence, fix }, place),
  );
}
