/**
 * The main job on real input: kubectl applies 20 objects to a real kube-apiserver; two seconds after kubectl returns all
 * of them are in an API answer, and those of an open table on its page, which nobody reloads; an edit and a delete
 * follow.
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

/** From kubectl's return, on the API and on an open page alike. */
const visibleMs = 2000;
const apiProbeMs = 20;
const pageProbeMs = 50;
/** For a page to load and show a table. */
const loadMs = 10_000;
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
  return {
    figure:
      `${objects} objects applied; at most, on the API and on the open page: applied ${worst(times.applied)}, ` +
      `edited ${worst(times.edited)}, deleted ${worst(times.deleted)}; ${writes}`,
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

/** Milliseconds from kubectl's return to the first answer, and to the first look at the page, that shows the change. */
type Seen = { readonly apiMs: number; readonly pageMs: number };

type Times = { readonly applied: Seen[]; readonly edited: Seen[]; readonly deleted: Seen[] };

function worst(list: readonly Seen[]): string {
  const most = (pick: (seen: Seen) => number): number => Math.round(Math.max(...list.map(pick)));
  return `${most(({ apiMs }) => apiMs)} and ${most(({ pageMs }) => pageMs)} ms`;
}

type Change = {
  readonly what: string;
  readonly prefix: string;
  readonly onApi: (items: readonly InventoryObject[]) => boolean;
  readonly onPage: (text: string) => boolean;
};

type Scene = {
  readonly plane: TestCluster;
  readonly platform: Platform;
  readonly clusterId: string;
  readonly page: ConsolePage;
};

async function runRound(scene: Scene, round: number, times: Times): Promise<number> {
  const { plane } = scene;
  const prefix = `${plane.prefix}job${round}`;
  // A Node of ours in somebody's cluster would be scheduled to.
  const manifests = twentyObjects(prefix).filter(
    ({ kind }) => plane.kind === "own" || kind !== "Node",
  );
  await openLive(scene, "deployments.apps", prefix);
  await plane.kubectl(["apply", "-f", "-"], toList(manifests));
  times.applied.push(
    await timeChange(scene, {
      what: "all applied objects",
      prefix,
      onApi: (items) => manifests.every((manifest) => items.some((item) => isOf(item, manifest))),
      onPage: (text) => namesOf(manifests, "deployments.apps").every((name) => text.includes(name)),
    }),
  );
  const namespace = `${prefix}-shop`;
  const edited = `${prefix}-api`;
  await plane.kubectl(["scale", `deployment/${edited}`, "--replicas=5", "-n", namespace]);
  times.edited.push(
    await timeChange(scene, {
      what: "the edit",
      prefix,
      onApi: (items) =>
        items.some(
          ({ resource, name, record }) =>
            resource === "deployments.apps" &&
            name === edited &&
            (record["spec"] as { replicas?: number }).replicas === 5,
        ),
      onPage: (text) => /\b\d+\/5\b/.test(text),
    }),
  );
  await untilPagesShowAll(scene, manifests, prefix);
  const deleted = `${prefix}-settings`;
  await openLive(scene, "configmaps", prefix);
  await untilPageShows("the ConfigMap", scene, (text) => text.includes(deleted));
  await plane.kubectl(["delete", "configmap", deleted, "-n", namespace]);
  times.deleted.push(
    await timeChange(scene, {
      what: "the delete",
      prefix,
      onApi: (items) =>
        items.length > 0 &&
        items.every(({ resource, name }) => resource !== "configmaps" || name !== deleted),
      onPage: (text) => text.includes(`${prefix}-flags`) && !text.includes(deleted),
    }),
  );
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

async function untilPageShows(
  what: string,
  { page }: Scene,
  isRight: (text: string) => boolean,
): Promise<void> {
  await waitFor(`${what} on the page`, async () => isRight(await page.text()), {
    timeoutMs: loadMs,
    intervalMs: pageProbeMs,
  });
  assert.deepEqual(page.complaints(), [], "the page has no complaint");
}

/** Opens a table and waits until it is live: a page that is still loading has no time to be measured. */
async function openLive(scene: Scene, resource: string, prefix: string): Promise<void> {
  await scene.page.openTable(resource, prefix);
  await untilPageShows(`a live table of ${resource}`, scene, (text) => /^live$/im.test(text));
}

/** Looks at the API and at the open page at once, both from now on. The page is never reloaded for this. */
async function timeChange(scene: Scene, change: Change): Promise<Seen> {
  const { platform, clusterId, page } = scene;
  const { what, prefix, onApi, onPage } = change;
  const started = performance.now();
  const time = async (
    where: string,
    intervalMs: number,
    isRight: () => Promise<boolean>,
  ): Promise<number> => {
    await waitFor(`${what} on the ${where}`, isRight, { timeoutMs: visibleMs, intervalMs });
    const tookMs = performance.now() - started;
    // The last look may have begun in time and ended late.
    assert.ok(tookMs <= visibleMs, `${what} on the ${where}: not within ${visibleMs} ms`);
    return tookMs;
  };
  const [onTheApi, onThePage] = await Promise.allSettled([
    time("API", apiProbeMs, async () =>
      onApi(await platform.api.objects({ cluster: clusterId, name: prefix })),
    ),
    time("open page", pageProbeMs, async () => onPage(await page.text())),
  ]);
  // What the API lacks, the page cannot have.
  if (onTheApi.status === "rejected") throw onTheApi.reason;
  if (onThePage.status === "rejected") throw onThePage.reason;
  assert.deepEqual(page.complaints(), [], "the page has no complaint");
  return { apiMs: onTheApi.value, pageMs: onThePage.value };
}

function isOf(item: InventoryObject, { kind, metadata }: Manifest): boolean {
  assert.ok(resourceOfKind[kind] !== undefined, kind);
  return item.resource === resourceOfKind[kind] && item.name === metadata.name;
}

function toList(items: readonly Manifest[]): string {
  return JSON.stringify({ apiVersion: "v1", kind: "List", items });
}
