/**
 * Rows of 10 clusters in 3 organisations, as operators would have left them. One cluster is generated; the others have
 * the same shape, with their own uids and their own endings of generated names.
 *
 * @module
 */
import { findResource, recordOf } from "@obsyk/contract/allow-list";
import { generateCluster, shapeForObjects } from "@obsyk/testkit";
import type pg from "pg";
import { copyInto, copyLine } from "./owner.ts";
import type { Stack } from "./stack.ts";

export type Fleet = {
  readonly objects: number;
  /** Of the stack's own organisation. */
  readonly clusterIds: readonly string[];
};

/** How many clusters each organisation has. The first one is the stack's own. */
const clustersOfOrgs = [7, 2, 1];

const resources = [
  "nodes",
  "namespaces",
  "pods",
  "replicasets.apps",
  "deployments.apps",
  "services",
  "serviceaccounts",
  "configmaps",
];

/** Written once after the rows, not row by row. */
const textIndexes = ["object_name", "object_labels"];

export async function fillFleet(
  stack: Stack,
  owner: pg.Client,
  objectsPerCluster: number,
): Promise<Fleet> {
  await stageCluster(stack, owner, objectsPerCluster);
  const { rows: definitions } = await owner.query<{ text: string }>(
    "select pg_get_indexdef(i::regclass) as text from unnest($1::text[]) i",
    [textIndexes],
  );
  await owner.query(`drop index ${textIndexes.join(", ")}`);
  const clusterIds: string[] = [];
  for (const [index, clusters] of clustersOfOrgs.entries()) {
    const { rows } = await owner.query<{ org_id: number }>(
      index === 0
        ? "select org_id from org order by org_id limit 1"
        : `insert into org (name) values ('org-${index + 1}') returning org_id`,
    );
    const orgId = rows[0]?.org_id ?? 0;
    for (let number = 1; number <= clusters; number += 1) {
      const clusterId = await addCluster(owner, orgId, `fleet-${index + 1}-${number}`);
      if (index === 0) clusterIds.push(clusterId);
    }
  }
  for (const { text } of definitions) await owner.query(text);
  await owner.query("drop table bench_object");
  await owner.query("vacuum analyze object");
  const { rows } = await owner.query<{ n: number }>("select count(*)::int as n from object");
  return { objects: rows[0]?.n ?? 0, clusterIds };
}

async function stageCluster(stack: Stack, owner: pg.Client, objects: number): Promise<void> {
  // Some of the generator's objects are of resources left out here.
  const shape = shapeForObjects(Math.ceil(objects * 1.5));
  const cluster = generateCluster({ seed: 7, shape, now: () => Date.now(), historyEvents: 1 });
  const lines: string[] = [];
  for (const resource of resources) {
    const definition = findResource(resource);
    if (definition === undefined) throw new Error(`there is no resource ${resource}`);
    for (const { json } of cluster.store.list(resource)) {
      if (lines.length === objects) break;
      const record = recordOf(definition, JSON.parse(json), { mode: "full" });
      const metadata = record["metadata"] as {
        readonly namespace?: string;
        readonly name: string;
        readonly labels?: object;
      };
      const labels = JSON.stringify(metadata.labels ?? {});
      const { namespace = "", name } = metadata;
      lines.push(copyLine([resource, namespace, name, labels, JSON.stringify(record)]));
    }
  }
  await owner.query(
    `create unlogged table bench_object (resource text collate "C", namespace text collate "C", name text collate "C",
       labels jsonb, record jsonb)`,
  );
  await copyInto(owner, { stack, target: "bench_object", lines });
}

async function addCluster(owner: pg.Client, orgId: number, name: string): Promise<string> {
  await owner.query(
    `insert into client (org_id, client_id, name, profile, created_at) values ($1, $2, $2, 'v2', now())`,
    [orgId, name],
  );
  const { rows } = await owner.query<{ cluster_id: string }>(
    `insert into cluster (org_id, name, client_id, created_at) values ($1, $2, $2, now()) returning cluster_id`,
    [orgId, name],
  );
  const clusterId = rows[0]?.cluster_id ?? "";
  const keys = [orgId, clusterId];
  await owner.query(
    `insert into agent_cluster (org_id, cluster_id, hash_key, session_id, seen_at)
     values ($1, $2, repeat('0', 32), 'bench', now())`,
    keys,
  );
  await owner.query(
    `insert into stream (org_id, cluster_id, name, resource, namespace, mode, record_version, created_at, state, mark_at,
       object_count)
     select $1, $2, resource || '/*/full', resource, '*', 'full', '0', now(), 'synced', now(), count(*)
     from bench_object group by resource`,
    keys,
  );
  // What Kubernetes generated ends in letters of its own; the rest is named by people, alike in each cluster. Records are
  // copied as they are, compressed, which takes a third of the time.
  await owner.query(
    `insert into object (org_id, cluster_id, resource, uid, stream_id, namespace, name, labels, record, hash, member,
       resource_version, derived, valid_from, received_at, change_number)
     select $1, $2, b.resource, gen_random_uuid(), s.stream_id, b.namespace, n.name, b.labels, b.record, 0, 0, '1',
       false, now(), now(), 1
     from bench_object b
     join stream s on s.org_id = $1 and s.cluster_id = $2 and s.resource = b.resource,
     lateral (select case when b.resource = 'pods'
       then left(b.name, -5) || translate(left(md5(b.name || $2::text), 5), '013ae', 'xzwvt')
       else b.name end as name) n`,
    keys,
  );
  await owner.query(
    `insert into inventory_count (org_id, cluster_id, resource, namespace, objects)
     select $1, $2, resource, namespace, count(*) from bench_object group by 3, 4`,
    keys,
  );
  return clusterId;
}
