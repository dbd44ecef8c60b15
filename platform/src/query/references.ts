/**
 * Secrets and ConfigMaps as others refer to them (mode `references`): found in the records that the platform has anyway,
 * whether or not the operator may read the objects themselves.
 *
 * @module
 */
import type { Reference, ReferencePage, ReferenceQuery } from "@obsyk/contract";
import { sql, type RawBuilder } from "kysely";
import { ProblemError } from "../http/problem.ts";
import type { OrgScope } from "../tenancy/scope.ts";
import { requireCluster } from "./clusters.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { optionalText, readFreshness, type Tx } from "./freshness.ts";
import { limitCondition } from "./limits.ts";
import { ingresses, podSpecs } from "./relations.ts";

type Referred = ReferenceQuery["resource"];

/** A place that holds references: a jsonpath to objects, and how the name is called in them. */
type Place = { readonly via: string; readonly path: string; readonly name: string };

/** In the spec of Pods. Lax paths step over what has another shape. */
const podPlaces: { readonly [resource in Referred]: readonly Place[] } = {
  secrets: [
    { via: "volume", path: "$.volumes[*].secret", name: "secretName" },
    { via: "volume", path: "$.volumes[*].projected.sources[*].secret", name: "name" },
    { via: "volume", path: "$.volumes[*].*.secretRef", name: "name" },
    { via: "volume", path: "$.volumes[*].csi.nodePublishSecretRef", name: "name" },
    { via: "volume", path: "$.volumes[*].azureFile", name: "secretName" },
    { via: "environment", path: "$.*[*].env[*].valueFrom.secretKeyRef", name: "name" },
    { via: "environment", path: "$.*[*].envFrom[*].secretRef", name: "name" },
    { via: "image pull secret", path: "$.imagePullSecrets[*]", name: "name" },
  ],
  configmaps: [
    { via: "volume", path: "$.volumes[*].configMap", name: "name" },
    { via: "volume", path: "$.volumes[*].projected.sources[*].configMap", name: "name" },
    { via: "environment", path: "$.*[*].env[*].valueFrom.configMapKeyRef", name: "name" },
    { via: "environment", path: "$.*[*].envFrom[*].configMapRef", name: "name" },
  ],
};

/** In whole records of other resources. */
const otherPlaces: readonly (Place & { readonly of: string })[] = [
  { of: "serviceaccounts", via: "token secret", path: "$.secrets[*]", name: "name" },
  {
    of: "serviceaccounts",
    via: "image pull secret",
    path: "$.imagePullSecrets[*]",
    name: "name",
  },
  { of: ingresses, via: "TLS certificate", path: "$.spec.tls[*]", name: "secretName" },
];

const defaultRows = 100;
/** Referrers that are named; their number is always told. */
const namedReferrers = 20;
const noUid = "00000000-0000-0000-0000-000000000000";

type ReferenceRow = {
  namespace: string;
  target: string;
  uid: string | null;
  keys: string[] | null;
  referrer_count: number;
  referrers: Reference["referrers"];
};

/**
 * One page in the order namespace, name. What refers to one object is in the same namespace, as Kubernetes has it.
 *
 * @throws {ProblemError} `not-found` for an unknown cluster, `bad-request` for a cursor of another question.
 */
export async function listReferences(
  tx: Tx,
  scope: OrgScope,
  question: { readonly clusterId: string; readonly query: ReferenceQuery; readonly now: number },
): Promise<ReferencePage> {
  const { query, now } = question;
  const clusterId = await requireCluster(tx, scope, question.clusterId, "clusterId");
  const { namespace } = query;
  const resources = [...podSpecs.keys(), ...otherPlaces.map(({ of }) => of)];
  const freshness = await readFreshness(tx, scope, { clusterId, namespace, resources }, now);
  const limit = query.limit ?? defaultRows;
  const rows = await readRows(tx, scope, { clusterId, query, rows: limit + 1 });
  const last = rows[limit - 1];
  const next =
    rows.length > limit && last !== undefined
      ? encodeCursor({ ...keyOf(clusterId, query), namespace: last.namespace, name: last.target })
      : undefined;
  return {
    items: rows.slice(0, limit).map(toReference),
    ...(next === undefined ? {} : { next }),
    ...freshness,
  };
}

function keyOf(clusterId: string, { resource }: ReferenceQuery) {
  return { clusterId, resource, namespace: "", name: "", uid: noUid };
}

async function readRows(
  tx: Tx,
  scope: OrgScope,
  page: { readonly clusterId: string; readonly query: ReferenceQuery; readonly rows: number },
): Promise<readonly ReferenceRow[]> {
  const { clusterId, query } = page;
  const after = query.cursor === undefined ? keyOf(clusterId, query) : decodeCursor(query.cursor);
  if (after.clusterId !== clusterId || after.resource !== query.resource) {
    throw new ProblemError("bad-request", "The cursor belongs to another question", {
      pointer: "cursor",
    });
  }
  const pods = JSON.stringify(podPlaces[query.resource]);
  const others = JSON.stringify(query.resource === "secrets" ? otherPlaces : []);
  const { rows } = await sql<ReferenceRow>`
    with source as (${sourceQuery(scope, clusterId, { query, others })}),
    place as (
      select 'pods' as shape, x.* from jsonb_to_recordset(${pods}::jsonb) as x(via text, path jsonpath, name text)
      union all
      select x."of", x.via, x.path, x.name
      from jsonb_to_recordset(${others}::jsonb) as x("of" text, via text, path jsonpath, name text)
    ),
    ref as (
      select s.resource, s.uid, s.namespace, s.name, p.via, r ->> p.name as target,
        case when r ? 'key' then jsonb_build_array(r -> 'key') else jsonb_path_query_array(r, '$.items[*].key') end as keys
      from source s join place p using (shape) cross join lateral jsonb_path_query(s.j, p.path) r
      where jsonb_typeof(r) = 'object'
    )
    select ref.namespace, ref.target, max(held.uid::text) as uid,
      array_agg(distinct k) filter (where k is not null) as keys,
      count(distinct (ref.resource, ref.uid))::bigint as referrer_count,
      to_jsonb((array_agg(distinct jsonb_build_object('resource', ref.resource, 'uid', ref.uid, 'name', ref.name,
        'via', ref.via)))[1:${sql.lit(namedReferrers)}]) as referrers
    from ref
    left join lateral jsonb_array_elements_text(ref.keys) k on true
    left join object held on held.org_id = ${scope.orgId} and held.cluster_id = ${clusterId}
      and held.resource = ${query.resource} and held.namespace = ref.namespace and held.name = ref.target
      and held.not_collected_since is null
    where ref.target <> '' and (ref.namespace, ref.target) > (${after.namespace}, ${after.name})
    group by 1, 2 order by 1, 2 limit ${page.rows}`.execute(tx);
  return rows;
}

/** The specs of Pods wherever they are, and whole records of the others; of what is collected now. */
function sourceQuery(
  scope: OrgScope,
  clusterId: string,
  { query, others }: { readonly query: ReferenceQuery; readonly others: string },
): RawBuilder<unknown> {
  const conditions = [
    sql`o.org_id = ${scope.orgId} and o.cluster_id = ${clusterId} and o.not_collected_since is null`,
    limitCondition(scope) ?? sql`true`,
    query.namespace === undefined ? sql`true` : sql`o.namespace = ${query.namespace}`,
  ];
  const found = sql`from object o where ${sql.join(conditions, sql` and `)}`;
  const specs = [...podSpecs].map(
    ([resource, path]) => sql`when ${resource} then o.record #> ${`{${path.join(",")}}`}::text[]`,
  );
  return sql`
    select o.resource, o.uid, o.namespace, o.name, 'pods' as shape, case o.resource ${sql.join(specs, sql` `)} end as j
    ${found} and o.resource in (${sql.join([...podSpecs.keys()])})
    union all
    select o.resource, o.uid, o.namespace, o.name, o.resource, o.record
    ${found} and o.resource in (select x."of" from jsonb_to_recordset(${others}::jsonb) as x("of" text))`;
}

function toReference(row: ReferenceRow): Reference {
  return {
    namespace: row.namespace,
    name: row.target,
    ...optionalText("uid", row.uid),
    keys: row.keys ?? [],
    referrerCount: row.referrer_count,
    referrers: row.referrers,
  };
}
