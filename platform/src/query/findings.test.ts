import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { sql } from "kysely";
import type { FindingQuery, FoundFinding, JsonObject } from "@obsyk/contract";
import { createTestOrg } from "../ingest/test-agent.ts";
import { openTestInventory } from "../ingest/test-inventory.ts";
import { openTestDatabase } from "../store/test-database.ts";
import { withScope } from "../tenancy/scope.ts";
import { conditionsOf, listFindings } from "./findings.ts";
import { pageQuery } from "./objects.ts";

const inventory = openTestInventory(await openTestDatabase());
after(() => inventory[Symbol.asyncDispose]());
const { db } = inventory.database;
const scope = await inventory.scope;

const resources = ["pods", "secrets", "configmaps", "deployments.apps", "replicasets.apps"];
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";
const literal = { literalSecretEnv: [{ container: "web", name: "DB_PASSWORD" }] };

type Planted = {
  readonly resource: string;
  readonly name: string;
  readonly uid?: string;
  readonly namespace?: string;
  readonly metadata?: object;
  readonly obsyk?: object;
};

async function openCluster(planted: readonly Planted[]) {
  const agent = await inventory.openAgent(resources.map((resource) => `${resource}/*/full`));
  await agent.send(
    ...planted.map(
      ({ resource, name, uid = randomUUID(), namespace = "shop", metadata, obsyk }) => {
        const record = {
          metadata: { name, namespace, ...metadata },
          ...(obsyk === undefined ? {} : { obsyk }),
        };
        return agent.put(
          `${resource}/*/full`,
          uid,
          JSON.parse(JSON.stringify(record)) as JsonObject,
        );
      },
    ),
  );
  const cluster = agent.clusterId;
  const ask = (query: FindingQuery = {}) =>
    withScope(db, scope, (tx) => listFindings(tx, scope, { cluster, ...query }, agent.now));
  return { cluster, ask };
}

const words = (items: readonly FoundFinding[]): readonly string[] =>
  items.map(({ kind, resource, name, location }) => `${kind} ${resource}/${name} ${location}`);

const copies: Planted = {
  resource: "secrets",
  name: "db",
  obsyk: { embeddedCopies: [lastApplied, "kapp.k14s.io/original"], dataCount: 1 },
};
const release: Planted = {
  resource: "configmaps",
  name: "sh.helm.release.v1.shop.v1",
  metadata: { labels: { owner: "helm" } },
};

test("listFindings: says where, how it is known and what to do, and nothing of what it is", async () => {
  const { ask } = await openCluster([
    copies,
    release,
    { resource: "configmaps", name: "sh.helm.release.v1.other.v1" },
    { resource: "secrets", name: "clean", obsyk: { dataCount: 2, dataKeys: ["a", "b"] } },
    { resource: "pods", name: "bare", namespace: "ops", obsyk: literal },
  ]);
  const { items } = await ask();
  assert.deepEqual(words(items), [
    "release-in-configmap configmaps/sh.helm.release.v1.shop.v1 data",
    "literal-secret-env pods/bare container web, variable DB_PASSWORD",
    `embedded-copy secrets/db metadata.annotations["${lastApplied}"]`,
    'embedded-copy secrets/db metadata.annotations["kapp.k14s.io/original"]',
  ]);
  for (const { fix, evidence } of items) assert.ok(fix.length > 20 && evidence.length > 20);
  assert.deepEqual(words((await ask({ kind: "embedded-copy" })).items), words(items.slice(2)));
  assert.deepEqual(words((await ask({ namespace: "ops" })).items), words(items.slice(1, 2)));
  assert.deepEqual(words((await ask({ resource: "configmaps" })).items), words(items.slice(0, 1)));
});

test("listFindings: what a workload made is named once, by the workload", async () => {
  const [deployment, replicaSet] = [randomUUID(), randomUUID()];
  const ownedBy = (uid: string): object => ({ ownerReferences: [{ uid, controller: true }] });
  const { ask } = await openCluster([
    { resource: "deployments.apps", name: "web", uid: deployment, obsyk: literal },
    {
      resource: "replicasets.apps",
      name: "web-1",
      uid: replicaSet,
      metadata: ownedBy(deployment),
      obsyk: literal,
    },
    { resource: "pods", name: "web-1-a", metadata: ownedBy(replicaSet), obsyk: literal },
    // Its owner is not collected, or is no UUID: then it speaks for itself.
    { resource: "pods", name: "canary", metadata: ownedBy(randomUUID()), obsyk: literal },
    { resource: "pods", name: "odd", metadata: ownedBy("no-uuid"), obsyk: literal },
  ]);
  const { items } = await ask();
  assert.deepEqual(
    items.map(({ resource, name }) => `${resource}/${name}`),
    ["deployments.apps/web", "pods/canary", "pods/odd"],
  );
});

test("listFindings: pages together are the whole set", async () => {
  const names = Array.from({ length: 23 }, (_, index) => `p-${String(index).padStart(2, "0")}`);
  const { ask } = await openCluster(
    names.map((name) => ({ resource: "pods", name, obsyk: literal })),
  );
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await ask({ limit: 5, ...(cursor === undefined ? {} : { cursor }) });
    found.push(...page.items.map(({ name }) => name));
    cursor = page.next;
  } while (cursor !== undefined);
  assert.deepEqual(found, names);
});

test("listFindings: another organisation sees nothing (I6)", async () => {
  const { cluster } = await openCluster([copies]);
  const other = await createTestOrg(inventory.database, "other");
  await withScope(db, other, async (tx) => {
    assert.deepEqual((await listFindings(tx, other, {}, 0)).items, []);
    await assert.rejects(listFindings(tx, other, { cluster }, 0), { code: "not-found" });
  });
});

test("listFindings: under row-level security, reads the index of the few and not the many", async () => {
  const { cluster } = await openCluster([copies]);
  const { owner } = inventory.database;
  await owner.query(
    `insert into object (org_id, cluster_id, resource, uid, stream_id, namespace, name, labels, record, hash, member,
       resource_version, derived, valid_from, received_at, change_number)
     select $1, $2, 'pods', gen_random_uuid(), 1, 'ns-' || i % 50, 'object-' || i, '{}', '{"spec": {}}', i, i, '1', false,
       now(), now(), 1 from generate_series(1, 20000) i`,
    [scope.orgId, cluster],
  );
  await owner.query("analyze object");
  for (const query of [
    {},
    { cluster },
    { cluster, resource: "pods", namespace: "ns-7" },
  ] as const) {
    const clusterId = "cluster" in query ? query.cluster : undefined;
    const page = pageQuery(scope, {
      query,
      clusterId,
      rows: 101,
      conditions: conditionsOf(undefined),
    });
    const { rows } = await withScope(db, scope, (tx) => sql`explain ${page}`.execute(tx));
    assert.match(JSON.stringify(rows), /object_findings/, JSON.stringify(query));
  }
});
