import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import type { JsonObject, Related } from "@obsyk/contract";
import { createTestOrg } from "../ingest/test-agent.ts";
import { openTestInventory } from "../ingest/test-inventory.ts";
import { openTestDatabase } from "../store/test-database.ts";
import { withScope } from "../tenancy/scope.ts";
import { readRelated } from "./related.ts";

const inventory = openTestInventory(await openTestDatabase());
after(() => inventory[Symbol.asyncDispose]());
const { db } = inventory.database;
const scope = await inventory.scope;

const resources = [
  "pods",
  "services",
  "secrets",
  "configmaps",
  "nodes",
  "serviceaccounts",
  "persistentvolumeclaims",
  "deployments.apps",
  "replicasets.apps",
  "ingresses.networking.k8s.io",
  "networkpolicies.networking.k8s.io",
  "rolebindings.rbac.authorization.k8s.io",
  "clusterroles.rbac.authorization.k8s.io",
];

type Objects = readonly (readonly [resource: string, uid: string, record: object])[];

async function openCluster(objects: Objects) {
  const agent = await inventory.openAgent(resources.map((resource) => `${resource}/*/full`));
  const lines = objects.map(([resource, uid, record]) =>
    agent.put(`${resource}/*/full`, uid, JSON.parse(JSON.stringify(record)) as JsonObject),
  );
  await agent.send(...lines);
  const { clusterId } = agent;
  return {
    clusterId,
    related: (resource: string, uid: string): Promise<Related> =>
      withScope(db, scope, (tx) => readRelated(tx, scope, { clusterId, resource, uid })),
  };
}

function lines({ items }: Related): readonly string[] {
  return items.map(
    ({ relation, via, resource, namespace = "", name, uid }) =>
      `${relation} ${resource} ${namespace}/${name} (${via})${uid === undefined ? " absent" : ""}`,
  );
}

const namespace = "shop";
const meta = (name: string, more: object = {}): object => ({ name, namespace, ...more });
const owner = (kind: string, apiVersion: string, name: string, uid: string): object => ({
  ownerReferences: [{ kind, apiVersion, name, uid, controller: true }],
});

const uids = {
  deployment: randomUUID(),
  replicaSet: randomUUID(),
  pod: randomUUID(),
  other: randomUUID(),
  service: randomUUID(),
  secret: randomUUID(),
  account: randomUUID(),
  node: randomUUID(),
  ingress: randomUUID(),
  binding: randomUUID(),
  role: randomUUID(),
} as const;

const labels = { app: "web", tier: "front" };
const podSpec = {
  serviceAccountName: "web",
  volumes: [
    { name: "data", persistentVolumeClaim: { claimName: "web-data" } },
    { name: "all", projected: { sources: [{ secret: { name: "web-tls" } }] } },
  ],
  containers: [
    { name: "app", envFrom: [{ secretRef: { name: "web-tls" } }] },
    { name: "log", env: [{ name: "A", valueFrom: { configMapKeyRef: { name: "missing" } } }] },
  ],
};

const shop = await openCluster([
  [
    "deployments.apps",
    uids.deployment,
    {
      metadata: meta("web"),
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: podSpec },
      },
    },
  ],
  [
    "replicasets.apps",
    uids.replicaSet,
    {
      metadata: meta("web-1", owner("Deployment", "apps/v1", "web", uids.deployment)),
      spec: { template: { metadata: { labels }, spec: podSpec } },
    },
  ],
  [
    "pods",
    uids.pod,
    {
      metadata: meta("web-1-a", {
        labels,
        ...owner("ReplicaSet", "apps/v1", "web-1", uids.replicaSet),
      }),
      spec: { ...podSpec, nodeName: "node-1" },
    },
  ],
  ["pods", uids.other, { metadata: meta("lonely", { labels: { app: "other" } }), spec: {} }],
  ["services", uids.service, { metadata: meta("web"), spec: { selector: { app: "web" } } }],
  ["services", randomUUID(), { metadata: meta("outside"), spec: { type: "ExternalName" } }],
  [
    "networkpolicies.networking.k8s.io",
    randomUUID(),
    { metadata: meta("deny-all"), spec: { podSelector: {} } },
  ],
  [
    "networkpolicies.networking.k8s.io",
    randomUUID(),
    {
      metadata: meta("not-front"),
      spec: {
        podSelector: { matchExpressions: [{ key: "tier", operator: "NotIn", values: ["front"] }] },
      },
    },
  ],
  ["secrets", uids.secret, { metadata: meta("web-tls"), type: "Opaque" }],
  ["serviceaccounts", uids.account, { metadata: meta("web") }],
  ["nodes", uids.node, { metadata: { name: "node-1" } }],
  [
    "ingresses.networking.k8s.io",
    uids.ingress,
    {
      metadata: meta("web"),
      spec: {
        tls: [{ secretName: "web-tls" }],
        rules: [
          {
            host: "shop.example",
            http: { paths: [{ path: "/", backend: { service: { name: "web" } } }] },
          },
        ],
      },
    },
  ],
  [
    "rolebindings.rbac.authorization.k8s.io",
    uids.binding,
    {
      metadata: { name: "web-reads", namespace: "other" },
      roleRef: { kind: "ClusterRole", name: "view" },
      subjects: [{ kind: "ServiceAccount", name: "web", namespace }],
    },
  ],
  ["clusterroles.rbac.authorization.k8s.io", uids.role, { metadata: { name: "view" } }],
]);

const rbac = "rbac.authorization.k8s.io";
const network = "networking.k8s.io";

test("readRelated: a pod's owners up to the top, who selects it, what it uses", async () => {
  const found = await shop.related("pods", uids.pod);
  assert.deepEqual(lines(found), [
    "owner replicasets.apps shop/web-1 (ReplicaSet)",
    "owner deployments.apps shop/web (Deployment)",
    "selectedBy services shop/web (selector)",
    `selectedBy networkpolicies.${network} shop/deny-all (pod selector)`,
    "uses nodes /node-1 (node)",
    "uses serviceaccounts shop/web (service account)",
    "uses persistentvolumeclaims shop/web-data (volume data) absent",
    "uses secrets shop/web-tls (volume all, environment of app)",
    "uses configmaps shop/missing (environment of log) absent",
  ]);
  assert.deepEqual(found.more, []);
});

test("readRelated: a deployment's replica sets and their pods", async () => {
  const found = await shop.related("deployments.apps", uids.deployment);
  assert.deepEqual(
    lines(found).filter((line) => line.startsWith("own")),
    ["owned replicasets.apps shop/web-1 ()", "owned pods shop/web-1-a (web-1)"],
  );
});

test("readRelated: a service selects pods and is used by ingresses", async () => {
  assert.deepEqual(lines(await shop.related("services", uids.service)), [
    "selects pods shop/web-1-a (selector)",
    `usedBy ingresses.${network} shop/web (backend)`,
  ]);
});

test("readRelated: a secret is used by workloads, their pods and an ingress", async () => {
  assert.deepEqual(lines(await shop.related("secrets", uids.secret)), [
    "usedBy deployments.apps shop/web (volume or environment)",
    "usedBy pods shop/web-1-a (volume or environment)",
    `usedBy ingresses.${network} shop/web (TLS certificate)`,
  ]);
});

test("readRelated: a service account's pods, and bindings of other namespaces", async () => {
  assert.deepEqual(lines(await shop.related("serviceaccounts", uids.account)), [
    "usedBy deployments.apps shop/web (service account)",
    "usedBy pods shop/web-1-a (service account)",
    `usedBy rolebindings.${rbac} other/web-reads (subject)`,
  ]);
});

test("readRelated: a binding names role and subject, a role its bindings, a node its pods", async () => {
  assert.deepEqual(lines(await shop.related(`rolebindings.${rbac}`, uids.binding)), [
    `uses clusterroles.${rbac} /view (role)`,
    "uses serviceaccounts shop/web (subject)",
  ]);
  assert.deepEqual(lines(await shop.related(`clusterroles.${rbac}`, uids.role)), [
    `usedBy rolebindings.${rbac} other/web-reads (role)`,
  ]);
  assert.deepEqual(lines(await shop.related("nodes", uids.node)), [
    "usedBy pods shop/web-1-a (node)",
  ]);
});

test("readRelated: nothing of another cluster or organisation (I6)", async () => {
  const other = await openCluster([
    ["services", uids.service, { metadata: meta("web"), spec: { selector: { app: "web" } } }],
  ]);
  assert.deepEqual(lines(await other.related("services", uids.service)), []);
  const stranger = await createTestOrg(inventory.database, "stranger");
  const key = { clusterId: shop.clusterId, resource: "pods", uid: uids.pod };
  await assert.rejects(
    withScope(db, stranger, (tx) => readRelated(tx, stranger, key)),
    { code: "not-found" },
  );
});

test("readRelated: of many some are answered, and that there are more", async () => {
  const service = randomUUID();
  const pods = Array.from({ length: 25 }, (_, index): Objects[number] => [
    "pods",
    randomUUID(),
    { metadata: meta(`web-${index}`, { labels }) },
  ]);
  const cluster = await openCluster([
    ["services", service, { metadata: meta("web"), spec: { selector: labels } }],
    ...pods,
  ]);
  const found = await cluster.related("services", service);
  assert.equal(found.items.length, 20);
  assert.deepEqual(found.more, [{ relation: "selects", resource: "pods" }]);
});

test("readRelated: owners that own each other end", async () => {
  const [one, two] = [randomUUID(), randomUUID()];
  const name = `${"n".repeat(120)}.${"o".repeat(132)}`;
  const cluster = await openCluster([
    ["replicasets.apps", one, { metadata: meta(name, owner("ReplicaSet", "apps/v1", "two", two)) }],
    ["replicasets.apps", two, { metadata: meta("two", owner("ReplicaSet", "apps/v1", name, one)) }],
  ]);
  assert.deepEqual(lines(await cluster.related("replicasets.apps", one)), [
    "owner replicasets.apps shop/two (ReplicaSet)",
  ]);
});
