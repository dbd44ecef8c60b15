/**
 * No value of a Secret or ConfigMap reaches the operator. Recording proxies stand between the operator, a real
 * kube-apiserver and a real platform; every value is a canary, looked for on both wires, in logs, metrics, the
 * database, the operator's heap and its whole memory. Copies that kubectl apply puts into an annotation do reach the
 * socket in mode `keys`, and nothing beyond it.
 */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { InventoryObject } from "@obsyk/contract";
import {
  createCanaryFlock,
  openProcessGuard,
  openRecordingProxy,
  ProofFailure,
  startControlPlane,
  waitFor,
  type CanaryFlock,
  type ControlPlane,
  type ProcessGuard,
  type ProofContext,
  type ProofResult,
  type Prove,
  type RecordingProxy,
} from "@obsyk/testkit";
import { countInMemory, dumpDatabase, heapSnapshotFlags, readHeapSnapshot } from "./inspect.ts";
import { keyMistakes } from "./key-names.ts";
import {
  annotatedTag,
  plantAnnotated,
  plantInEveryWay,
  plantPlain,
  tagOf,
  type Planted,
} from "./planting.ts";
import { readRules } from "./sample-objects.ts";
import {
  fetchText,
  registerCluster,
  startOperator,
  startPlatform,
  waitUntilWatching,
  withLogs,
  type Operator,
  type OperatorOptions,
  type Platform,
} from "./system.ts";
import { searchReceived, type Received } from "./wire.ts";

const namespace = "canaries";
/** Secrets with kubectl apply's annotation, before and after the growth. */
const few = 100;
const many = 2000;
/** Secrets without annotation, made before each look into memory: the same last traffic both times. */
const laterTraffic = 200;
/** The receive buffer is wiped after each use, so nothing should stay; a torn copy or two on the stack is no growth. */
const maxResidueGrowth = 10;

type Scene = {
  readonly context: ProofContext;
  readonly guard: ProcessGuard;
  readonly plane: ControlPlane;
  readonly platform: Platform;
  readonly flock: CanaryFlock;
  readonly clusterId: string;
  readonly planted: Planted[];
  /** Everything that must not be and is. */
  readonly violations: string[];
};

export const prove: Prove = async (context) => {
  await using guard = await openProcessGuard("secrets");
  return await withLogs(context, guard, () => proveWith(context, guard));
};

async function proveWith(context: ProofContext, guard: ProcessGuard): Promise<ProofResult> {
  const { signal } = context;
  await using stack = new AsyncDisposableStack();
  const plane = stack.use(await startControlPlane({ signal }));
  let toPlatform: RecordingProxy | undefined;
  const platform = stack.use(
    await startPlatform(context, guard, {
      before: async (listener) =>
        (toPlatform = stack.use(await openProxy(guard, "platform", listener))),
    }),
  );
  if (toPlatform === undefined) throw new Error("the platform started without its proxy");
  const registration = await registerCluster(platform, guard, "canaries");
  const { clusterId } = registration;
  await plane.kubectl(["create", "namespace", namespace]);
  const scene: Scene = {
    context,
    guard,
    plane,
    platform,
    flock: createCanaryFlock(),
    clusterId,
    planted: [],
    violations: [],
  };
  const options = { context, guard, registration, platform: platform.agent };
  const keys = await runKeys(scene, options);
  const counts = await runCounts(scene, options);
  await searchSinks(scene, toPlatform);
  if (scene.violations.length > 0) throw new ProofFailure(scene.violations.join("; "));
  const values = scene.planted.reduce((sum, object) => sum + object.keys.length, 0);
  return {
    figure:
      `${values} values in ${scene.planted.length} objects: 0 of them received, sent, logged, stored or in memory; ` +
      `annotation copies: ${keys.received.annotationCopies} received and ${keys.residue.join(" then ")} in memory at ${few} then ${many} Secrets (mode keys), 0 (mode counts)`,
    work: values,
    versions: { kubernetes: plane.version },
    details: {
      keys: { ...numbersOf(keys.received), residue: keys.residue },
      counts: numbersOf(counts),
    },
  };
}

function numbersOf({ messages, bytes, annotationCopies }: Received): object {
  return { answers: messages, bytesReceived: bytes, annotationCopies };
}

/** Mode `keys`: annotation copies alone are received, and their residue in memory does not grow. */
async function runKeys(
  scene: Scene,
  options: Omit<OperatorOptions, "kubeconfig">,
): Promise<{ received: Received; residue: number[] }> {
  const { plane, flock, guard, planted, context } = scene;
  const planting = { plane, flock, namespace };
  await using proxy = await openProxy(guard, "keys", plane);
  const kubeconfig = await giveAccess(plane, proxy, "keys");
  planted.push(...(await plantInEveryWay(planting, "listed")));
  planted.push(...(await plantPlain(planting, "plain", few)));
  await using operator = await startOperator({
    ...options,
    kubeconfig,
    nodeArguments: heapSnapshotFlags,
  });
  await waitUntilWatching(scene.platform, scene.clusterId, {
    timeoutMs: 30_000,
    signal: context.signal,
  });
  planted.push(...(await plantInEveryWay(planting, "watched")));
  // Two Secrets so far were written by kubectl apply: one listed, one watched.
  planted.push(...(await plantAnnotated(planting, "few", few - 2)));
  planted.push(...(await plantPlain(planting, "after-few", laterTraffic)));
  await untilPlantedIsSeen(scene);
  const residue = [await inspectMemory(scene, operator, `${few} Secrets`)];
  planted.push(...(await plantAnnotated(planting, "many", many - few)));
  planted.push(...(await plantPlain(planting, "after-many", laterTraffic)));
  await untilPlantedIsSeen(scene);
  residue.push(await inspectMemory(scene, operator, `${many} Secrets`));
  const [before = 0, after = 0] = residue;
  if (after > before + maxResidueGrowth) {
    scene.violations.push(`annotation copies in memory grew from ${before} to ${after}`);
  }
  scene.violations.push(...keyMistakes(planted, await listPlanted(scene)));
  await searchMetrics(scene, operator.observeUrl, "operator");
  const received = await searchReceived(proxy, flock);
  report(scene, "mode keys: received", received.values);
  report(scene, "mode keys: sent to the API server", await searchSent(proxy, flock));
  context.say(`mode keys: ${received.messages} answers, ${received.bytes} bytes received`);
  return { received, residue };
}

/** Mode `counts`: nothing at all is received, so nothing is anywhere. */
async function runCounts(
  scene: Scene,
  options: Omit<OperatorOptions, "kubeconfig">,
): Promise<Received> {
  const { plane, platform, flock, guard, context, clusterId } = scene;
  await using proxy = await openProxy(guard, "counts", plane);
  const kubeconfig = await giveAccess(plane, proxy, "counts");
  await using operator = await startOperator({
    ...options,
    kubeconfig,
    env: { OBSYK_SECRETS_MODE: "counts", OBSYK_CONFIGMAPS_MODE: "counts" },
    nodeArguments: heapSnapshotFlags,
  });
  const truth = await countSecrets(plane);
  await waitFor(
    "every Secret is counted in mode counts",
    async () => {
      const { streams } = await platform.api.cluster(clusterId);
      const counted = streams
        .filter(({ stream }) => /^secrets\/.*\/counts$/.test(stream))
        .reduce((sum, { objects }) => sum + objects, 0);
      return counted === truth;
    },
    { timeoutMs: 40_000, intervalMs: 200, signal: context.signal },
  );
  await inspectMemoryOf(scene, operator, "mode counts", () => false);
  await inspectHeap(scene, operator, "mode counts");
  await searchMetrics(scene, operator.observeUrl, "operator in mode counts");
  const received = await searchReceived(proxy, flock);
  report(scene, "mode counts: received", [...received.values, ...received.annotated]);
  report(scene, "mode counts: sent to the API server", await searchSent(proxy, flock));
  context.say(`mode counts: ${received.messages} answers, ${received.bytes} bytes received`);
  if (received.messages === 0) scene.violations.push("mode counts: nothing was recorded");
  return received;
}

async function countSecrets(plane: ControlPlane): Promise<number> {
  const list = (await plane.admin.json({ path: "/api/v1/secrets" })) as { items: unknown[] };
  return list.items.length;
}

async function searchSinks(scene: Scene, toPlatform: RecordingProxy): Promise<void> {
  const { platform, flock, guard } = scene;
  report(scene, "sent to the platform", await searchSent(toPlatform, flock));
  await searchMetrics(scene, platform.observeUrl, "platform");
  for (const name of ["platform.log", "canaries.log"]) {
    report(scene, `log ${name}`, textsOf(flock, await readFile(join(guard.folder, name))));
  }
  const dump = await dumpDatabase(platform.dataDir);
  // A search that finds nothing must have had something to search.
  if (!dump.includes("many-0")) scene.violations.push("the database dump lacks the planted names");
  report(scene, "database dump", textsOf(flock, dump));
}

async function searchSent(proxy: RecordingProxy, flock: CanaryFlock): Promise<string[]> {
  const { messages, values, annotated } = await searchReceived(proxy, flock, "sent");
  if (messages === 0) return ["(nothing was recorded)"];
  return [...values, ...annotated];
}

async function searchMetrics(scene: Scene, observeUrl: string, what: string): Promise<void> {
  const metrics = await fetchText(`${observeUrl}/metrics`);
  if (!metrics.includes("obsyk_")) scene.violations.push(`metrics of the ${what}: none of ours`);
  report(scene, `metrics of the ${what}`, textsOf(scene.flock, Buffer.from(metrics)));
}

function textsOf(flock: CanaryFlock, bytes: Buffer): string[] {
  return flock.search(bytes).map(({ canary }) => canary);
}

function report({ violations }: Scene, where: string, canaries: readonly string[]): void {
  if (canaries.length > 0) violations.push(`${where}: ${canaries.length} values`);
}

/** @returns how many annotation copies are in memory */
async function inspectMemory(scene: Scene, operator: Operator, when: string): Promise<number> {
  const isAllowed = (canary: string): boolean => isAnnotated(scene, canary);
  await inspectMemoryOf(scene, operator, `${when}, garbage included`, isAllowed);
  // A snapshot begins with a full garbage collection: what the scan finds then is what stays.
  await inspectHeap(scene, operator, when);
  return inspectMemoryOf(scene, operator, when, isAllowed);
}

async function inspectHeap(scene: Scene, operator: Operator, when: string): Promise<void> {
  const { guard, context, flock } = scene;
  const heap = await readHeapSnapshot(pidOf(operator), {
    folder: guard.folder,
    signal: context.signal,
  });
  // A search that finds nothing must have had the operator's heap to search.
  if (!heap.includes("OBSYK_PRIVATE_KEY_FILE"))
    scene.violations.push(`heap with ${when}: not whole`);
  report(scene, `heap with ${when}`, textsOf(flock, heap));
}

async function inspectMemoryOf(
  scene: Scene,
  operator: Operator,
  when: string,
  isAllowed: (canary: string) => boolean,
): Promise<number> {
  const { bytes, found } = await countInMemory(pidOf(operator), scene.flock);
  const canaries = [...found].flatMap(([canary, times]) =>
    Array.from({ length: times }, () => canary),
  );
  const allowed = canaries.filter(isAllowed);
  report(
    scene,
    `memory with ${when}`,
    canaries.filter((canary) => !isAllowed(canary)),
  );
  scene.context.say(`memory with ${when}: ${bytes} bytes, ${allowed.length} annotation copies`);
  return allowed.length;
}

/** Also a torn one: its rest was overwritten, and a value that leaked would be found whole as well. */
function isAnnotated({ flock }: Scene, canary: string): boolean {
  return !flock.isIssued(canary) || tagOf(canary) === annotatedTag;
}

function pidOf({ process }: Operator): number {
  if (process.pid === undefined || process.lives !== 1) {
    throw new ProofFailure("the operator ended during the proof");
  }
  return process.pid;
}

async function untilPlantedIsSeen(scene: Scene): Promise<void> {
  await waitFor(
    `${scene.planted.length} planted objects on the API`,
    async () => (await listPlanted(scene)).length === scene.planted.length,
    { timeoutMs: 30_000, intervalMs: 200, signal: scene.context.signal },
  );
}

async function listPlanted({ platform, clusterId }: Scene): Promise<InventoryObject[]> {
  const list = (resource: string): Promise<InventoryObject[]> =>
    platform.api.objects({ cluster: clusterId, resource, namespace });
  return [...(await list("secrets")), ...(await list("configmaps"))];
}

async function openProxy(
  guard: ProcessGuard,
  name: string,
  upstream: { readonly url: string; readonly ca: string },
): Promise<RecordingProxy> {
  const folder = join(guard.folder, `recordings-${name}`);
  await mkdir(folder, { mode: 0o700 });
  return openRecordingProxy({ folder, upstream });
}

async function giveAccess(
  plane: ControlPlane,
  through: RecordingProxy,
  name: string,
): Promise<string> {
  const account = await plane.createServiceAccountKubeconfig({
    namespace: "obsyk",
    name,
    rules: readRules,
    through,
  });
  return account.kubeconfig;
}
