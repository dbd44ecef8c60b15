/**
 * The main job on real input: kubectl applies 20 objects to a real kube-apiserver; within two seconds all of them are in
 * an API answer and on a page; an edit and a delete follow.
 */
import assert from "node:assert/strict";
import type { InventoryObject } from "@obsyk/contract";
import { openProcessGuard, startControlPlane, waitFor, type Prove } from "@obsyk/testkit";
import { readRules, resourceOfKind, twentyObjects, type Manifest } from "./sample-objects.ts";
import {
  registerCluster,
  startOperator,
  startPlatform,
  waitUntilWatching,
  type Platform,
} from "./system.ts";

const visibleMs = 2000;
const probe = { timeoutMs: visibleMs, intervalMs: 20 };
const rounds = { default: 1, full: 50 };

export const prove: Prove = async (context) => {
  const { signal } = context;
  await using guard = await openProcessGuard("main-job");
  const [plane, platform] = await Promise.all([
    startControlPlane({ signal }),
    startPlatform(context, guard),
  ]);
  await using stack = new AsyncDisposableStack();
  stack.use(plane);
  stack.use(platform);
  context.say(`kube-apiserver ${plane.version}, platform at ${platform.url}`);
  const { kubeconfig, username } = await plane.createServiceAccountKubeconfig({
    namespace: "obsyk",
    name: "operator",
    rules: readRules,
  });
  const registration = await registerCluster(platform, guard, "main-job");
  const { clusterId } = registration;
  stack.use(
    await startOperator({ context, guard, registration, kubeconfig, platform: platform.agent }),
  );
  await waitUntilWatching(platform, clusterId, { timeoutMs: 30_000, signal });
  const times: Times = { applied: [], edited: [], deleted: [] };
  let objects = 0;
  for (let round = 0; round < rounds[context.profile]; round += 1) {
    objects += await runRound({ plane, platform, clusterId }, round, times);
  }
  const wrote = (await plane.auditLog()).filter(
    ({ user, verb }) => user.username === username && !["get", "list", "watch"].includes(verb),
  );
  assert.deepEqual(wrote, [], "the operator only reads (I4)");
  const worst = (list: readonly number[]): number => Math.round(Math.max(...list));
  return {
    figure: `${objects} objects applied, all on the API within ${worst(times.applied)} ms; edits within ${worst(times.edited)} ms, deletes within ${worst(times.deleted)} ms`,
    work: objects,
    versions: { kubernetes: plane.version },
    details: times,
  };
};

type Times = {
  readonly applied: number[];
  readonly edited: number[];
  readonly deleted: number[];
};

type Place = {
  readonly plane: Awaited<ReturnType<typeof startControlPlane>>;
  readonly platform: Platform;
  readonly clusterId: string;
};

async function runRound(place: Place, round: number, times: Times): Promise<number> {
  const { plane } = place;
  const prefix = `job${round}`;
  const manifests = twentyObjects(prefix);
  await plane.kubectl(["apply", "-f", "-"], toList(manifests));
  times.applied.push(
    await untilSeen("20 applied objects", place, prefix, (items) => {
      return manifests.every((manifest) => items.some((item) => isOf(item, manifest)));
    }),
  );
  const namespace = `${prefix}-shop`;
  const edited = `${prefix}-api`;
  await plane.kubectl(["scale", `deployment/${edited}`, "--replicas=5", "-n", namespace]);
  times.edited.push(
    await untilSeen("the edit", place, prefix, (items) =>
      items.some(
        ({ resource, name, record }) =>
          resource === "deployments.apps" &&
          name === edited &&
          (record["spec"] as { replicas?: number }).replicas === 5,
      ),
    ),
  );
  await plane.kubectl(["delete", "configmap", `${prefix}-settings`, "-n", namespace]);
  times.deleted.push(
    await untilSeen(
      "the delete",
      place,
      prefix,
      (items) =>
        items.length > 0 &&
        items.every(({ resource, name }) => {
          return resource !== "configmaps" || name !== `${prefix}-settings`;
        }),
    ),
  );
  return manifests.length;
}

/** Milliseconds until an API answer satisfies `isRight`. */
async function untilSeen(
  what: string,
  { platform, clusterId }: Place,
  prefix: string,
  isRight: (items: readonly InventoryObject[]) => boolean,
): Promise<number> {
  const started = performance.now();
  await waitFor(
    `${what} on the API`,
    async () => isRight(await platform.api.objects({ cluster: clusterId, name: prefix })),
    probe,
  );
  return performance.now() - started;
}

function isOf(item: InventoryObject, { kind, metadata }: Manifest): boolean {
  assert.ok(resourceOfKind[kind] !== undefined, kind);
  return item.resource === resourceOfKind[kind] && item.name === metadata.name;
}

function toList(items: readonly Manifest[]): string {
  return JSON.stringify({ apiVersion: "v1", kind: "List", items });
}
