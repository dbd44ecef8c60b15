import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { limits, type InventoryObject, type ObjectQuery } from "@obsyk/contract";
import fc from "fast-check";
import { sql } from "kysely";
import { recordHeartbeat } from "../ingest/heartbeat.ts";
import { createTestOrg, pod } from "../ingest/test-agent.ts";
import { openTestInventory } from "../ingest/test-inventory.ts";
import { openTestDatabase } from "../store/test-database.ts";
import { createScope, withScope } from "../tenancy/scope.ts";
import { listClusters, readCluster, readCounts } from "./clusters.ts";
import { matchesLabels, parseLabelSelector } from "./label-selector.ts";
import { listObjects, pageQuery, readObject } from "./objects.ts";

const stream = "pods/*/full";
const inventory = openTestInventory(await openTestDatabase());
after(() => inventory[Symbol.asyncDispose]());
const { db } = inventory.database;
const scope = await inventory.scope;

const list = (query: ObjectQuery, now: number) =>
  withScope(db, scope, (tx) => listObjects(tx, scope, query, now));

async function listAll(
  query: ObjectQuery,
  now: number,
  between?: () => Promise<unknown>,
): Promise<InventoryObject[]> {
  const items: InventoryObject[] = [];
  let cursor: string | undefined;
  do {
    const page = await list({ ...query, ...(cursor === undefined ? {} : { cursor }) }, now);
    items.push(...page.items);
    cursor = page.next;
    await between?.();
  } while (cursor !== undefined);
  return items;
}

const labelValues = ["", "a", "b"] as const;

test("listObjects: pages together are the whole set, whatever else is written meanwhile", async () => {
  const agents = [await inventory.openAgent(), await inventory.openAgent()];
  const wanted: string[] = [];
  for (const agent of agents) {
    const puts = Array.from({ length: 60 }, (_, index) =>
      agent.put(stream, randomUUID(), pod(`api-${index % 20}`, { namespace: `ns-${index % 7}` })),
    );
    wanted.push(...puts.map(({ uid }) => uid));
    await agent.send(...puts);
  }
  const [agent] = agents;
  let others = 0;
  const disturb = async (): Promise<void> => {
    others += 1;
    const uid = randomUUID();
    await agent?.send(
      agent.put(stream, uid, pod(`other-${others}`, { namespace: `ns-${others % 7}` })),
    );
  };
  const now = agent?.now ?? 0;
  for (const filter of [{}, { resource: "pods" }, { name: "API-" }] as readonly ObjectQuery[]) {
    const found = await listAll({ ...filter, limit: 7 }, now, disturb);
    const uids = found.filter(({ name }) => name.startsWith("api-")).map(({ uid }) => uid);
    assert.deepEqual([...uids].sort(), [...wanted].sort());
    const order = found.map((item) =>
      [item.cluster.id, item.resource, item.namespace, item.name, item.uid].join(" "),
    );
    assert.deepEqual(order, [...order].sort());
  }
  const cluster = agents[1]?.clusterId ?? "";
  const inOne = await listAll({ cluster, resource: "pods", namespace: "ns-3", limit: 2 }, now);
  assert.deepEqual(
    new Set(inOne.map((item) => `${item.cluster.id} ${item.namespace}`)),
    new Set([`${cluster} ns-3`]),
  );
  const page = await list({ cluster, limit: 2 }, now);
  await assert.rejects(list({ cluster: agents[0]?.clusterId, cursor: page.next }, now), {
    code: "bad-request",
  });
});

test("listObjects: label selectors select what matchesLabels says", async () => {
  const agent = await inventory.openAgent();
  type Labeled = { uid: string; labels: { [key: string]: string } };
  const objects: Labeled[] = ["app", "tier"].flatMap((key) =>
    labelValues.map((value) => ({ uid: randomUUID(), labels: { [key]: value, both: value } })),
  );
  objects.push({ uid: randomUUID(), labels: {} });
  await agent.send(
    ...objects.map(({ uid, labels }, index) =>
      agent.put(stream, uid, pod(`p-${index}`, { labels })),
    ),
  );
  const key = fc.constantFrom("app", "tier", "both");
  const value = fc.constantFrom(...labelValues);
  const requirement = fc.oneof(
    fc.tuple(key, fc.constantFrom("=", "==", "!="), value).map((parts) => parts.join("")),
    fc
      .tuple(key, fc.constantFrom("in", "notin"), fc.array(value, { minLength: 1, maxLength: 2 }))
      .map(([name, operator, values]) => `${name} ${operator} (${values.join(",")})`),
    key,
    key.map((name) => `!${name}`),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(requirement, { minLength: 1, maxLength: 3 }), async (parts) => {
      const labelSelector = parts.join(",");
      const parsed = parseLabelSelector(labelSelector);
      assert.ok(parsed.kind === "selector");
      const expected = objects.filter(({ labels }) => matchesLabels(parsed.requirements, labels));
      const found = await list({ cluster: agent.clusterId, labelSelector }, agent.now);
      assert.deepEqual(
        found.items.map(({ uid }) => uid).sort(),
        expected.map(({ uid }) => uid).sort(),
      );
    }),
    { numRuns: 60 },
  );
});

test("listObjects, readObject, readCluster: what left the scope is found with its mark, and counts nowhere (R14)", async () => {
  const agent = await inventory.openAgent();
  const stays = agent.put(stream, randomUUID(), pod("stays"));
  const leaves = agent.put(stream, randomUUID(), pod("leaves", { namespace: "bank" }));
  await agent.send(inventory.begin(agent), stays, leaves, inventory.end(agent));
  const since = new Date(agent.now).toISOString();
  agent.now += 60_000;
  const resources = [{ resource: "pods", mode: "full" } as const];
  await agent.open({ scope: { resources, namespaces: { include: [], exclude: ["bank"] } } });
  const cluster = agent.clusterId;
  const names = async (query: ObjectQuery): Promise<readonly (string | undefined)[][]> =>
    (await list({ cluster, ...query }, agent.now)).items.map((item) => [
      item.name,
      item.notCollectedSince,
    ]);
  assert.deepEqual(await names({}), [["stays", undefined]]);
  assert.deepEqual(await names({ notCollected: "only" }), [["leaves", since]]);
  assert.equal((await names({ notCollected: "include" })).length, 2);
  const key = { clusterId: cluster, resource: "pods", uid: leaves.uid };
  const found = await withScope(db, scope, (tx) => readObject(tx, scope, key, agent.now));
  assert.deepEqual([found.notCollectedSince, found.asOf], [since, since]);
  const counted = async () => {
    const detail = await withScope(db, scope, (tx) => readCluster(tx, scope, cluster, agent.now));
    const counts = await withScope(db, scope, (tx) => readCounts(tx, scope, cluster, agent.now));
    const shown = detail.streams.map((at) => [at.objects, at.notCollected, at.notCollectedSince]);
    return [detail.objects, counts.items.length, ...shown];
  };
  assert.deepEqual(await counted(), [1, 1, [1, 1, undefined]]);
  agent.now += 60_000;
  await agent.open({ streams: [{ stream: "nodes/*/full", recordVersion: "00000000000000aa" }] });
  assert.deepEqual(await counted(), [0, 0, [0, 0, undefined], [0, 2, since]]);
});

test("readCluster: says what the cluster is, from its nodes and what the session declared", async () => {
  const nodes = "nodes/*/full";
  const agent = await inventory.openAgent([nodes]);
  const read = () =>
    withScope(db, scope, (tx) => readCluster(tx, scope, agent.clusterId, agent.now));
  assert.deepEqual((await read()).facts, { regions: [], zones: [] });
  const node = (name: string, status: string, providerID: string) => {
    const labels = { "topology.kubernetes.io/zone": `zone-${name}` };
    const conditions = [{ type: "Ready", status }];
    const nodeInfo = { kubeletVersion: "v1.34.1-gke.2", architecture: "arm64", osImage: "COS" };
    return {
      metadata: { name, labels },
      spec: { providerID, unschedulable: status !== "True" },
      status: { conditions, nodeInfo },
    };
  };
  await agent.send(
    { ...inventory.begin(agent), stream: nodes },
    agent.put(nodes, randomUUID(), node("a", "True", "gce://p/z/a")),
    agent.put(nodes, randomUUID(), node("b", "Unknown", "gce://p/z/b")),
    { ...inventory.end(agent), stream: nodes },
  );
  const declared = { resources: [{ resource: "nodes", mode: "full" } as const] };
  const declaration = { ...declared, namespaces: { include: [], exclude: ["kube-system"] } };
  agent.now += 60_000;
  const manifestDigest = "ab".repeat(32);
  await agent.open({ kubernetesVersion: "v1.34.1-gke.9", manifestDigest, scope: declaration });
  const detail = await read();
  assert.deepEqual(
    [detail.facts.distribution?.name, detail.facts.provider?.name, detail.facts.zones],
    ["GKE", "Google Cloud", ["zone-a", "zone-b"]],
  );
  const { total, ready, unschedulable } = detail.facts.nodes ?? {};
  assert.deepEqual([total, ready, unschedulable], [2, 1, 1]);
  assert.deepEqual([detail.manifestDigest, detail.scope], [manifestDigest, declaration]);
  const beat = { clock: agent.now, lastAck: 0, queuedBytes: 0, residentBytes: 0, streams: [] };
  const holder = { ...agent.context, ...agent.holder };
  await recordHeartbeat({ ...beat, kubernetesVersion: "v1.35.0-gke.1" }, holder);
  await recordHeartbeat(beat, holder);
  assert.equal((await read()).kubernetesVersion, "v1.35.0-gke.1", "upgraded meanwhile");
});

test("listObjects: a name is taken literally", async () => {
  const agent = await inventory.openAgent();
  const names = ["a_b", "axb", "a%b", String.raw`a\b`, "AXB"];
  await agent.send(...names.map((name) => agent.put(stream, randomUUID(), pod(name))));
  for (const name of ["a_b", "a%b", String.raw`a\b`]) {
    const { items } = await list({ cluster: agent.clusterId, name }, agent.now);
    assert.deepEqual(
      items.map((item) => item.name),
      [name],
    );
  }
});

test("listObjects: a whole name finds that name alone, in every namespace", async () => {
  const agent = await inventory.openAgent();
  const names = ["a", "aa", "A", "a_", "aab"];
  const puts = names.flatMap((name) =>
    ["one", "two"].map((namespace) => agent.put(stream, randomUUID(), pod(name, { namespace }))),
  );
  await agent.send(...puts);
  const cluster = agent.clusterId;
  for (const objectName of names) {
    const { items } = await list({ cluster, objectName }, agent.now);
    assert.deepEqual(
      items.map(({ namespace, name }) => [namespace, name]),
      [
        ["one", objectName],
        ["two", objectName],
      ],
    );
    const inOne = await list(
      { cluster, objectName, namespace: "two", resource: "pods" },
      agent.now,
    );
    assert.deepEqual(
      inOne.items.map(({ name }) => name),
      [objectName],
    );
  }
  assert.deepEqual((await list({ cluster, objectName: "aaab" }, agent.now)).items, []);
});

test("listObjects, readObject: what could not be stored is a visible stub with its reason (R5)", async () => {
  const agent = await inventory.openAgent();
  const [uid, other] = [randomUUID(), randomUUID()];
  const tooLarge = pod("too-large", { labels: { huge: "x".repeat(limits.recordBytes) } });
  await agent.send(agent.put(stream, uid, tooLarge), agent.put(stream, other, pod("small")));
  const cluster = agent.clusterId;
  const { items } = await list({ cluster }, agent.now);
  assert.deepEqual(
    items.map(({ name, stub }) => [name, stub === undefined]),
    [
      ["small", true],
      ["too-large", false],
    ],
  );
  const key = { clusterId: cluster, resource: "pods", uid };
  const detail = await withScope(db, scope, (tx) => readObject(tx, scope, key, agent.now));
  assert.match(detail.stub ?? "", /larger than \d+ bytes/);
  assert.deepEqual(detail.record, {});
});

test("listObjects, readObject: another organisation sees nothing (I6)", async () => {
  const agent = await inventory.openAgent();
  const uid = randomUUID();
  await agent.send(agent.put(stream, uid, pod("mine")));
  const { clusterId } = agent;
  const key = { clusterId, resource: "pods", uid };
  const mine = await withScope(db, scope, (tx) => readObject(tx, scope, key, agent.now));
  assert.deepEqual(mine.record, pod("mine"));
  const other = await createTestOrg(inventory.database, "other");
  const asOther = { code: "not-found" };
  await withScope(db, other, async (tx) => {
    assert.deepEqual((await listObjects(tx, other, {}, agent.now)).items, []);
    assert.deepEqual(await listClusters(tx, other, agent.now), []);
    await assert.rejects(readObject(tx, other, key, agent.now), asOther);
    await assert.rejects(readCluster(tx, other, clusterId, agent.now), asOther);
    await assert.rejects(readCounts(tx, other, clusterId, agent.now), asOther);
    await assert.rejects(listObjects(tx, other, { cluster: clusterId }, agent.now), asOther);
  });
});

test("readCluster: connected, as-of and blind intervals follow the operator (I3, R20)", async () => {
  const agent = await inventory.openAgent([stream, "nodes/*/full"]);
  const read = (now: number) =>
    withScope(db, scope, (tx) => readCluster(tx, scope, agent.clusterId, now));
  const fresh = await read(agent.now);
  assert.deepEqual([fresh.state, fresh.asOf, fresh.blind.length], ["connected", undefined, 0]);
  agent.now += 1000;
  const nodes = { stream: "nodes/*/full", seen: agent.now } as const;
  await agent.send(
    inventory.begin(agent),
    agent.put(stream, randomUUID(), pod("a")),
    inventory.end(agent),
  );
  const half = await read(agent.now);
  assert.equal(half.asOf, undefined, "nothing is known yet of nodes");
  await agent.send({ op: "state", stream: "nodes/*/full", state: "forbidden", seen: agent.now });
  const without = await read(agent.now);
  assert.ok(without.asOf !== undefined, "what cannot be read says nothing about the rest");
  await agent.send(
    { op: "begin", attempt: 1, reason: "start", ...nodes },
    agent.put("nodes/*/full", randomUUID(), { metadata: { name: "node" } }),
    { op: "end", resourceVersion: "4", ...nodes },
  );
  const listed = new Date(agent.now).toISOString();
  agent.now += 5000;
  await agent.send({ op: "mark", stream, resourceVersion: "8", seen: agent.now });
  const seen = await read(agent.now);
  assert.deepEqual(
    [seen.state, seen.asOf, seen.objects, seen.nodes],
    ["connected", new Date(agent.now - 5000).toISOString(), 2, 1],
  );
  assert.deepEqual(seen.blind, []);
  const { items } = await withScope(db, scope, (tx) =>
    readCounts(tx, scope, agent.clusterId, agent.now),
  );
  assert.deepEqual(items, [
    { resource: "nodes", count: 1 },
    { resource: "pods", namespace: "shop", count: 1 },
  ]);
  const silent = await read(agent.now + 30_001);
  assert.equal(silent.state, "disconnected");
  assert.deepEqual(
    new Set(
      silent.blind
        .filter(({ to }) => to === undefined)
        .map(({ stream: name, reason }) => `${name} ${reason}`),
    ),
    new Set(["nodes/*/full disconnected", `${stream} disconnected`]),
  );
  agent.now += 30_001;
  await agent.open();
  const begun = await read(agent.now);
  assert.deepEqual(begun.blind[1], { stream: "nodes/*/full", from: listed, reason: "start" });
  await agent.send(inventory.begin(agent), inventory.end(agent));
  const closed = (await read(agent.now)).blind.filter(({ to }) => to !== undefined);
  assert.deepEqual(
    closed.map(({ stream: name, to }) => [name, to]),
    [[stream, new Date(agent.now).toISOString()]],
  );
});

test("pageQuery: under row-level security, no page reads more than its index tells it to", async () => {
  const agent = await inventory.openAgent();
  const { clusterId } = agent;
  await inventory.database.owner.query(
    `insert into object (org_id, cluster_id, resource, uid, stream_id, namespace, name, labels, record, hash, member,
       resource_version, derived, valid_from, received_at, change_number)
     select $1, $2, (array['pods','services','secrets'])[1 + i % 3], gen_random_uuid(), 1, 'ns-' || i % 50,
       'object-' || md5(i::text), jsonb_build_object('app', 'app-' || i % 5000), '{}', i, i, '1', false, now(), now(), 1
     from generate_series(1, 40000) i`,
    [scope.orgId, clusterId],
  );
  // What was inserted of late waits in a list of its own, outside of the indexes' order, until then.
  await inventory.database.owner.query("vacuum analyze object");
  const { rows: sizes } = await inventory.database.owner.query<{ pages: number }>(
    "select relpages as pages from pg_class where oid = 'object'::regclass",
  );
  const pages = sizes[0]?.pages ?? 0;
  assert(pages > 800, "a table that is worth an index");
  type Plan = { readonly "Shared Hit Blocks": number; readonly "Shared Read Blocks": number };
  const costOf = (query: ObjectQuery, as = scope) =>
    withScope(db, as, async (tx) => {
      const rows = as === scope ? 100 : 20;
      const page = pageQuery(as, { query, clusterId: query.cluster, rows });
      type Row = { "QUERY PLAN": readonly [{ readonly Plan: Plan }] };
      const plans = await sql<Row>`explain (analyze, buffers, format json) ${page}`.execute(tx);
      const [{ Plan: plan }] = plans.rows[0]!["QUERY PLAN"];
      const blocks = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"];
      return { blocks, text: JSON.stringify(plans.rows) };
    });
  const first = await list({ cluster: clusterId, resource: "pods", namespace: "ns-7" }, agent.now);
  assert.equal(first.items.length, 0, "objects without a stream are not shown");
  const cluster = clusterId;
  const cases: readonly ObjectQuery[] = [
    { cluster, resource: "pods" },
    { cluster, resource: "pods", namespace: "ns-7" },
    {},
    { name: "abcdef" },
    { cluster, name: "abcdef" },
    { objectName: "object-abcdef" },
    { cluster, resource: "pods", namespace: "ns-7", objectName: "a" },
    { labelSelector: "app=app-7" },
    { cluster, labelSelector: "app in (app-7,app-8)" },
    // Of these the planner expects many.
    { name: "object-abc" },
    { name: "none-such" },
  ];
  const limited = createScope(scope.orgId, "viewer", { [clusterId]: ["ns-7"] });
  // These read at most what the viewer may see of Pods.
  const ofLimited: readonly ObjectQuery[] = [
    {},
    { cluster },
    { resource: "pods" },
    { resource: "pods", name: "abcdef" },
    { resource: "pods", labelSelector: "app=app-7" },
  ];
  for (const [query, as] of [
    ...cases.map((filters) => [filters, scope] as const),
    ...ofLimited.map((filters) => [filters, limited] as const),
  ]) {
    const { blocks, text } = await costOf(query, as);
    const asked = JSON.stringify([query, as.limits]);
    // A page's rows are a block each at worst, and their names and streams are looked up.
    assert(blocks < pages / 2, `${blocks} blocks of ${pages} for ${asked}`);
    assert.doesNotMatch(text, /"Seq Scan"[^}]*"Relation Name":"object"/, asked);
  }
});
