import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { resources } from "@obsyk/contract/allow-list";
import { encodeObject } from "../kube-api/encode/answers.ts";
import { parseObject } from "../kube-api/object.ts";
import { changeOnce } from "./churn.ts";
import { generateCluster } from "./generator.ts";
import type { Cluster } from "./model.ts";

describe("generateCluster", () => {
  const generate = (seed: number): Cluster =>
    generateCluster({ seed, now: () => 1_700_000_000_000, canary: "CANARY" });
  const contents = (cluster: Cluster): string[] =>
    resources.flatMap(({ resource }) => cluster.store.list(resource).map((one) => one.json));

  it("is the same for the same seed and about as large as asked", () => {
    const one = contents(generate(7));
    assert.deepEqual(one, contents(generate(7)));
    assert.notDeepEqual(one, contents(generate(8)));
    assert.ok(one.length > 400 && one.length < 650, String(one.length));
  });

  it("makes pods of about 10 KB that carry canaries where values are", () => {
    const pods = generate(7).store.list("pods");
    const mean = pods.reduce((sum, pod) => sum + pod.json.length, 0) / pods.length;
    assert.ok(mean > 8000 && mean < 13_000, String(mean));
    assert.ok(pods.every((pod) => pod.json.includes("CANARY")));
  });

  it("makes only what the writer can encode, and churn keeps counts steady", () => {
    const cluster = generate(7);
    const count = (): number =>
      resources.reduce((sum, one) => sum + cluster.store.count(one.resource), 0);
    const start = count();
    const version = cluster.store.resourceVersion;
    const pending: (() => void)[] = [];
    for (let index = 0; index < 2000; index += 1) changeOnce(cluster, pending);
    assert.ok(cluster.store.resourceVersion > version + 1500);
    assert.ok(Math.abs(count() - start) < start * 0.5, `${start} -> ${count()}`);
    for (const definition of resources) {
      for (const one of cluster.store.list(definition.resource)) {
        assert.ok(encodeObject(definition, parseObject(one.json)).length > 0);
      }
    }
  });

  it("links pods to ReplicaSets that exist, and those to Deployments", () => {
    const cluster = generate(9);
    const pending: (() => void)[] = [];
    for (let index = 0; index < 300; index += 1) changeOnce(cluster, pending);
    while (pending.length > 0) pending.shift()?.();
    const uids = (resource: string): Set<string> =>
      new Set(cluster.store.list(resource).map((one) => one.uid));
    const ownersOf = (resource: string): string[] =>
      cluster.store.list(resource).map((one) => {
        const { metadata } = JSON.parse(one.json) as {
          metadata: { ownerReferences: { uid: string }[] };
        };
        return metadata.ownerReferences[0]?.uid ?? "";
      });
    const sets = uids("replicasets.apps");
    assert.deepEqual(
      ownersOf("pods").filter((uid) => !sets.has(uid)),
      [],
    );
    const deployments = uids("deployments.apps");
    assert.deepEqual(
      ownersOf("replicasets.apps").filter((uid) => !deployments.has(uid)),
      [],
    );
  });
});
