/**
 * How long from a change in the API server until an API query shows it? The whole way: watch, operator, batch, platform,
 * query.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { join } from "node:path";
import { apiPaths, objectDetailSchema } from "@obsyk/contract";
import { generateCluster, openKubeApi, shapeForObjects, waitFor } from "@obsyk/testkit";
import { writePrivate } from "../tools/start/data-dir.ts";
import { operatorSpec } from "../tools/start/launch.ts";
import { quantile, round, type Figure, type Size } from "./figures.ts";
import { openStack, type Stack } from "./stack.ts";

const label = "example.com/bench";

export async function latency(size: Size): Promise<readonly Figure[]> {
  const rounds = size === "tiny" ? 5 : 100;
  await using stack = await openStack();
  const { certificates } = stack;
  const cluster = generateCluster({ seed: 3, shape: shapeForObjects(500), now: () => Date.now() });
  const token = randomBytes(24).toString("base64url");
  await using api = await openKubeApi({ store: cluster.store, certificates, token });
  const kubeconfig = join(stack.folder, "kubeconfig.json");
  writePrivate(kubeconfig, api.kubeconfig());
  const spec = operatorSpec({
    source: { name: stack.cluster, kubeconfig, context: undefined },
    identity: stack.identity,
    clientId: stack.clientId,
    certificates,
    ports: stack.ports,
  });
  stack.children.start(spec);
  const pods = cluster.store.list("pods");
  const clusterId = await waitForCluster(stack, pods.length);
  const times: number[] = [];
  for (let turn = 0; turn < rounds; turn += 1) {
    // A pause of its own length each time, so that no timer of ours beats with theirs.
    await delay(150 + ((turn * 37) % 200));
    const pod = pods[(turn * 7) % pods.length];
    if (pod === undefined) throw new Error("there are no pods");
    const value = `turn-${turn}`;
    const path = apiPaths.object
      .replace(":clusterId", clusterId)
      .replace(":resource", "pods")
      .replace(":uid", pod.uid);
    const started = performance.now();
    api.store.patch("pods", pod, { metadata: { labels: { [label]: value } } });
    await waitFor(`turn ${turn}`, async () => (await readLabel(stack, path)) === value, {
      timeoutMs: 30_000,
      intervalMs: 4,
    });
    times.push(performance.now() - started);
  }
  const work = { rounds, pods: pods.length, max: round(Math.max(...times)) };
  return [
    { name: "latency-p50", value: round(quantile(times, 0.5)), unit: "ms", work },
    { name: "latency-p99", value: round(quantile(times, 0.99)), unit: "ms", work },
  ];
}

async function readLabel(stack: Stack, path: string): Promise<string | undefined> {
  const { record } = objectDetailSchema.parse(await stack.api.get(path));
  const metadata = record["metadata"] as { readonly labels?: { readonly [key: string]: string } };
  return metadata.labels?.[label];
}

async function waitForCluster(stack: Stack, atLeast: number): Promise<string> {
  const found = waitFor(
    "the cluster's objects",
    async () => {
      const cluster = (await stack.api.clusters()).find((one) => one.name === stack.cluster);
      return (cluster?.objects ?? 0) > atLeast * 3 ? cluster?.id : undefined;
    },
    { timeoutMs: 60_000, intervalMs: 200 },
  );
  const id = await Promise.race([found, stack.children.failure]);
  // Lists are over when every stream watches.
  await waitFor(
    "watches",
    async () => {
      const cluster = (await stack.api.clusters()).find((one) => one.id === id);
      return cluster?.asOf !== undefined;
    },
    { timeoutMs: 60_000, intervalMs: 200 },
  );
  return id;
}
