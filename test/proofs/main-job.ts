/**
 * The main job on real input: kubectl applies 20 objects to a real kube-apiserver; within two seconds all of them are in
 * an API answer and on a page; an edit and a delete follow.
 */
import assert from "node:assert/strict";
import type { InventoryObject } from "@obsyk/contract";
import {
  openProcessGuard,
  openTestCluster,
  waitFor,
  type ProcessGuard,
  type ProofContext,
  type ProofResult,
  type Prove,
  type TestCluster,
} from "@obsyk/testkit";
import { openConsolePage, type ConsolePage } from "./console-page.ts";
import { readRules, resourceOfKind, twentyObjects, type Manifest } from "./sample-objects.ts";
import {
  buildConsole,
  registerCluster,
  startOperator,
  startPlatform,
  waitUntilWatching,
  withLogs,
  type Platform,
} from "./system.ts";

const visibleMs = 2000;
/** The console asks again at most once a second. */
const pageMs = 5000;
const probe = { timeoutMs: visibleMs, intervalMs: 20 };
const rounds = { default: 1, full: 20 };

export const prove: Prove = async (context) => {
  await using guard = await openProcessGuard("main-job");
  return await withLogs(context, guard, () => proveWith(context, guard));
};

async function proveWith(context: ProofContext, guard: ProcessGuard): Promise<ProofResult> {
  const { signal } = context;
  const [plane, platform] = await Promise.all([
    openTestCluster({ signal }),
    startWithConsole(context, guard),
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
  const { url, api } = platform;
  const page = stack.use(await openConsolePage({ url, cookie: api.cookie, clusterId }));
  const times: Times = { applied: [], edited: [], deleted: [] };
  let objects = 0;
  for (let round = 0; round < rounds[context.profile]; round += 1) {
    objects += await runRound({ plane, platform, clusterId, page }, round, times);
  }
  const writes = await assertReadOnly(plane, username);
  const worst = (list: readonly number[]): number => Math.round(Math.max(...list));
  return {
    figure: `${objects} objects applied, all on the API and the pages, within ${worst(times.applied)} ms; edits within ${worst(times.edited)} ms, deletes within ${worst(times.deleted)} ms; ${writes}`,
    work: objects,
    versions: { kubernetes: plane.version },
    details: times,
  };
}

/** Somebody else's cluster keeps its audit log to itself; the operator's rights forbid it to write there as well. */
async function assertReadOnly(plane: TestCluster, username: string): Promise<string> {
  if (plane.kind === "existing") return "writes not audited on an existing cluster";
  const own = (await plane.auditLog()).filter(({ user }) => user.username === username);
  assert.ok(own.length > 0, "the audit log has the operator's requests");
  const wrote = own.filter(({ verb }) => !["get", "list", "watch"].includes(verb));
  assert.deepEqual(wrote, [], "the operator only reads (I4)");
  return `0 writes in ${own.length} audited requests`;
}

async function startWithConsole(context: ProofContext, guard: ProcessGuard): Promise<Platform> {
  return startPlatform(context, guard, { consoleDir: await buildConsole(context, guard) });
}

type Times = {
  readonly applied: number[];
  readonly edited: number[];
  readonly deleted: number[];
};

type Scene = {
  readonly plane: TestCluster;
  readonly platform: Platform;
  readonly clusterId: string;
  readonly page: ConsolePage;
};

async function runRound(scene: Scene, round: number, times: Times): Promise<number> {
  const { plane, page } = scene;
  const prefix = `${plane.prefix}job${round}`;
  // A Node of ours in somebody's cluster would be scheduled to.
  const manifests = twentyObjects(prefix).filter(
    ({ kind }) => plane.kind === "own" || kind !== "Node",
  );
  await page.openTable("deployments.apps", prefix);
  await plane.kubectl(["apply", "-f", "-"], toList(manifests));
  times.applied.push(
    await untilSeen("all applied objects", scene, prefix, (items) => {
      return manifests.every((manifest) => items.some((item) => isOf(item, manifest)));
    }),
  );
  await untilPageShows("the applied Deployments", scene, (text) =>
    namesOf(manifests, "deployments.apps").every((name) => text.includes(name)),
  );
  const namespace = `${prefix}-shop`;
  const edited = `${prefix}-api`;
  await plane.kubectl(["scale", `deployment/${edited}`, "--replicas=5", "-n", namespace]);
  times.edited.push(
    await untilSeen("the edit", scene, prefix, (items) =>
      items.some(
        ({ resource, name, record }) =>
          resource === "deployments.apps" &&
          name === edited &&
          (record["spec"] as { replicas?: number }).replicas === 5,
      ),
    ),
  );
  await untilPageShows("the edit", scene, (text) => /\b\d+\/5\b/.test(text));
  await untilPagesShowAll(scene, manifests, prefix);
  await page.openTable("configmaps", prefix);
  const deleted = `${prefix}-settings`;
  await untilPageShows("the ConfigMap", scene, (text) => text.includes(deleted));
  await plane.kubectl(["delete", "configmap", deleted, "-n", namespace]);
  times.deleted.push(
    await untilSeen(
      "the delete",
      scene,
      prefix,
      (items) =>
        items.length > 0 &&
        items.every(({ resource, name }) => {
          return resource !== "configmaps" || name !== deleted;
        }),
    ),
  );
  await untilPageShows("the delete", scene, (text) => {
    return text.includes(`${prefix}-flags`) && !text.includes(deleted);
  });
  return manifests.length;
}

/** Every other resource's table, opened one after the other. */
async function untilPagesShowAll(
  scene: Scene,
  manifests: readonly Manifest[],
  prefix: string,
): Promise<void> {
  for (const resource of Object.values(resourceOfKind)) {
    await scene.page.openTable(resource, prefix);
    const names = namesOf(manifests, resource);
    await untilPageShows(`${names.length} ${resource}`, scene, (text) =>
      names.every((name) => text.includes(name)),
    );
  }
}

function namesOf(manifests: readonly Manifest[], resource: string): string[] {
  return manifests
    .filter(({ kind }) => resourceOfKind[kind] === resource)
    .map(({ metadata }) => metadata.name);
}

/** The page is never reloaded for this: what changes, changes by itself. */
async function untilPageShows(
  what: string,
  { page }: Scene,
  isRight: (text: string) => boolean,
): Promise<void> {
  await waitFor(`${what} on the page`, async () => isRight(await page.text()), {
    timeoutMs: pageMs,
    intervalMs: 50,
  });
  assert.deepEqual(page.complaints(), [], "the page has no complaint");
}

/** Milliseconds until an API answer satisfies `isRight`. */
async function untilSeen(
  what: string,
  { platform, clusterId }: Scene,
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
