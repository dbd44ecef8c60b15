import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import type { JsonObject, ReferenceQuery } from "@obsyk/contract";
import { openTestInventory, type ClusterAgent } from "../ingest/test-inventory.ts";
import { openTestDatabase } from "../store/test-database.ts";
import { createScope, withScope } from "../tenancy/scope.ts";
import { readCluster } from "./clusters.ts";
import { listReferences } from "./references.ts";

const inventory = openTestInventory(await openTestDatabase());
after(() => inventory[Symbol.asyncDispose]());
const { db } = inventory.database;
const scope = await inventory.scope;

const list = (agent: ClusterAgent, query: Partial<ReferenceQuery> = {}) =>
  withScope(db, scope, (tx) =>
    listReferences(tx, scope, {
      clusterId: agent.clusterId,
      query: { resource: "secrets", ...query },
      now: agent.now,
    }),
  );

const spec: JsonObject = {
  volumes: [
    { name: "a", secret: { secretName: "in-volume", items: [{ key: "tls.crt" }] } },
    {
      name: "b",
      projected: { sources: [{ secret: { name: "projected" } }, { configMap: { name: "c" } }] },
    },
    { name: "c", iscsi: { secretRef: { name: "iscsi" } } },
    { name: "d", configMap: { name: "config", items: [{ key: "x" }] } },
  ],
  containers: [
    {
      name: "main",
      env: [
        { name: "A", valueFrom: { secretKeyRef: { name: "in-env", key: "password" } } },
        { name: "B", valueFrom: { configMapKeyRef: { name: "config", key: "y" } } },
      ],
    },
  ],
  initContainers: [{ name: "init", envFrom: [{ secretRef: { name: "all-of-it" } }] }],
  imagePullSecrets: [{ name: "registry" }],
};

async function openAgent(): Promise<ClusterAgent> {
  const streams = ["pods", "deployments.apps", "cronjobs.batch", "serviceaccounts", "secrets"];
  const agent = await inventory.openAgent(
    streams.map((resource) => `${resource}/*/${resource === "secrets" ? "keys" : "full"}`),
  );
  const metadata = (name: string, namespace = "shop") => ({ name, namespace });
  const put = (stream: string, record: JsonObject) => agent.put(stream, randomUUID(), record);
  await agent.send(
    put("pods/*/full", { metadata: metadata("one"), spec }),
    put("deployments.apps/*/full", { metadata: metadata("web"), spec: { template: { spec } } }),
    put("cronjobs.batch/*/full", {
      metadata: metadata("night", "bank"),
      spec: {
        jobTemplate: { spec: { template: { spec: { imagePullSecrets: [{ name: "registry" }] } } } },
      },
    }),
    put("serviceaccounts/*/full", {
      metadata: metadata("robot"),
      secrets: [{ name: "robot-token" }],
      imagePullSecrets: [{ name: "registry" }],
    }),
    put("secrets/*/keys", { metadata: metadata("in-env"), type: "Opaque" }),
  );
  return agent;
}

test("listReferences: Secrets are known by whoever names them, with the keys they name", async () => {
  const agent = await openAgent();
  const { items } = await list(agent, { namespace: "shop" });
  assert.deepEqual(
    items.map(({ name, keys, referrerCount }) => [name, keys, referrerCount]),
    [
      ["all-of-it", [], 2],
      ["in-env", ["password"], 2],
      ["in-volume", ["tls.crt"], 2],
      ["iscsi", [], 2],
      ["projected", [], 2],
      ["registry", [], 3],
      ["robot-token", [], 1],
    ],
  );
  assert.deepEqual(
    items.filter(({ uid }) => uid !== undefined).map(({ name }) => name),
    ["in-env"],
    "only one is in the inventory as well",
  );
  const registry = items.find(({ name }) => name === "registry");
  assert.deepEqual(
    registry?.referrers.map(({ resource, name, via }) => `${resource} ${name}: ${via}`).sort(),
    [
      "deployments.apps web: image pull secret",
      "pods one: image pull secret",
      "serviceaccounts robot: image pull secret",
    ],
  );
  const config = await list(agent, { resource: "configmaps" });
  assert.deepEqual(
    config.items.map(({ name, keys }) => [name, keys]),
    [
      ["c", []],
      ["config", ["x", "y"]],
    ],
  );
});

test("listReferences, readCluster: whoever is limited to a namespace hears of no other (I6)", async () => {
  const agent = await openAgent();
  const { clusterId, now } = agent;
  const viewer = createScope(scope.orgId, "viewer", { [clusterId]: ["bank"] });
  const query = { resource: "secrets" } as const;
  const page = await withScope(db, viewer, (tx) =>
    listReferences(tx, viewer, { clusterId, query, now }),
  );
  assert.deepEqual(
    page.items.map(({ namespace, name }) => `${namespace}/${name}`),
    ["bank/registry"],
  );
  const declared = { resources: [], namespaces: { include: ["shop"], exclude: [] } };
  agent.now += 60_000;
  await agent.open({ scope: declared });
  const detail = await withScope(db, viewer, (tx) => readCluster(tx, viewer, clusterId, now));
  assert.deepEqual([detail.scope, detail.facts.nodes], [undefined, undefined]);
});

test("listReferences: pages together are the whole, and nothing is kept of what left the scope (R14)", async () => {
  const agent = await openAgent();
  const names: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await list(agent, { limit: 2, ...(cursor === undefined ? {} : { cursor }) });
    names.push(...page.items.map(({ namespace, name }) => `${namespace}/${name}`));
    cursor = page.next;
  } while (cursor !== undefined);
  const { items } = await list(agent);
  assert.deepEqual(
    names,
    items.map(({ namespace, name }) => `${namespace}/${name}`),
  );
  assert.equal(names[0], "bank/registry");
  const page = await list(agent, { limit: 1 });
  await assert.rejects(list(agent, { resource: "configmaps", cursor: page.next }), {
    code: "bad-request",
  });
  agent.now += 60_000;
  const resources = ["pods", "cronjobs.batch"].map((resource) => ({
    resource,
    mode: "full" as const,
  }));
  await agent.open({
    streams: resources.map(({ resource }) => {
      return { stream: `${resource}/*/full`, recordVersion: "00000000000000aa" };
    }),
    scope: { resources, namespaces: { include: [], exclude: ["shop"] } },
  });
  assert.deepEqual(
    (await list(agent)).items.map(({ namespace, name }) => `${namespace}/${name}`),
    ["bank/registry"],
  );
});
