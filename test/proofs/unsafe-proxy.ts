/**
 * A proxy that takes the Table out of the Accept header makes a real kube-apiserver send whole Secrets. The operator
 * closes the connection within the first piece that arrives, says `unsafe` everywhere, and nothing of what arrived is in
 * its heap or leaves it; what the TLS library's own buffers still hold is counted, and does not grow.
 */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
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
import { openConsolePage } from "./console-page.ts";
import { countInMemory, dumpDatabase, heapSnapshotFlags, readHeapSnapshot } from "./inspect.ts";
import { plantInEveryWay, plantPlain } from "./planting.ts";
import { readRules } from "./sample-objects.ts";
import { openStrippingProxy, type StrippedAnswer, type StrippingProxy } from "./stripping-proxy.ts";
import {
  buildConsole,
  fetchText,
  registerCluster,
  startOperator,
  startPlatform,
  waitUntilWatching,
  withLogs,
  type Operator,
  type Platform,
  type Registration,
} from "./system.ts";
import { searchReceived } from "./wire.ts";

const namespace = "canaries";
const secrets = 300;
/** Other objects that come while the streams rest: the same kind of traffic that fills every buffer again. */
const traffic = 60;
/** Looks into memory after the first one; the default pause of an unsafe stream is ten minutes. */
const looks = { default: { count: 1, everyMs: 2000 }, full: { count: 7, everyMs: 240_000 } };
/**
 * Values that may be in memory beyond those of the first look. While streams rest nothing new arrives; in the full
 * profile they ask again twice, and the buffers may hold another first piece.
 */
const maxGrowth = { default: 0, full: 300 };
const streamNames = ["secrets/*/keys", "configmaps/*/keys"];

type Scene = {
  readonly context: ProofContext;
  readonly guard: ProcessGuard;
  readonly plane: ControlPlane;
  readonly proxy: StrippingProxy;
  readonly platform: Platform;
  readonly toPlatform: RecordingProxy;
  readonly registration: Registration;
  readonly kubeconfig: string;
  readonly flock: CanaryFlock;
  /** Everything that must not be and is. */
  readonly violations: string[];
};

export const prove: Prove = async (context) => {
  await using guard = await openProcessGuard("unsafe");
  return await withLogs(context, guard, () => proveWith(context, guard));
};

async function proveWith(context: ProofContext, guard: ProcessGuard): Promise<ProofResult> {
  await using stack = new AsyncDisposableStack();
  const scene = await openScene(context, guard, stack);
  const { proxy, violations, plane } = scene;
  const residue = await listWhole(scene);
  if (violations.length > 0) throw new ProofFailure(violations.join("; "));
  const listed = proxy.stripped.length;
  await watchWhole(scene);
  await listOtherType(scene);
  await searchSinks(scene);
  if (violations.length > 0) throw new ProofFailure(violations.join("; "));
  const values = proxy.stripped.reduce((sum, { body }) => sum + scene.flock.search(body).length, 0);
  if (values === 0) throw new ProofFailure("the proxy handed over no value: nothing was tried");
  return {
    figure:
      `${proxy.stripped.length} answers with whole Secrets and ConfigMaps (${listed} lists), each closed by the operator at its head or first piece; ` +
      `${values} values arrived: 0 in the heap, 0 left; in memory ${residue.join(", then ")}`,
    work: values,
    versions: { kubernetes: plane.version },
    details: { residue, answers: proxy.stripped.map(({ path, chunks }) => ({ path, chunks })) },
  };
}

async function openScene(
  context: ProofContext,
  guard: ProcessGuard,
  stack: AsyncDisposableStack,
): Promise<Scene> {
  const { signal } = context;
  const folder = join(guard.folder, "recordings");
  await mkdir(folder, { mode: 0o700 });
  let toPlatform: RecordingProxy | undefined;
  const startPlatformBehindProxy = async (): Promise<Platform> =>
    startPlatform(context, guard, {
      consoleDir: await buildConsole(context, guard),
      before: async (upstream) =>
        (toPlatform = stack.use(await openRecordingProxy({ folder, upstream }))),
    });
  const [plane, platform] = await Promise.all([
    startControlPlane({ signal }).then((started) => stack.use(started)),
    startPlatformBehindProxy().then((started) => stack.use(started)),
  ]);
  if (toPlatform === undefined) throw new Error("the platform started without its proxy");
  const proxy = stack.use(await openStrippingProxy(plane));
  const account = await plane.createServiceAccountKubeconfig({
    namespace: "obsyk",
    name: "operator",
    rules: readRules,
    through: proxy,
  });
  await plane.kubectl(["create", "namespace", namespace]);
  return {
    context,
    guard,
    plane,
    proxy,
    platform,
    toPlatform,
    registration: await registerCluster(platform, guard, "unsafe"),
    kubeconfig: account.kubeconfig,
    flock: createCanaryFlock(),
    violations: [],
  };
}

/** Lists come back whole. @returns values in memory at each look */
async function listWhole(scene: Scene): Promise<number[]> {
  const { proxy, plane, flock, context } = scene;
  await plantInEveryWay({ plane, flock, namespace }, "listed");
  await plantPlain({ plane, flock, namespace }, "plain", secrets);
  proxy.strip({ calls: "lists", accept: "application/json" });
  await using operator = await startOne(scene);
  await untilState(scene, "unsafe", streamNames);
  await untilMetric(operator, "unsafe");
  await untilConsoleSays(scene, "unsafe");
  checkClosed(scene, proxy.stripped, streamNames.length);
  const { count, everyMs } = looks[context.profile];
  const residue: number[] = [];
  for (let look = 0; look <= count; look += 1) {
    await makeTraffic(scene, look);
    residue.push(await lookInside(scene, operator, `look ${look}`));
    if (look < count) await waitQuietly(everyMs, context.signal);
  }
  const [first = 0] = residue;
  const most = Math.max(...residue);
  if (most > first + maxGrowth[context.profile])
    scene.violations.push(`values in memory grew from ${first} to ${most}`);
  return residue;
}

/** Lists are Tables; a watch that reconnects gets whole objects. */
async function watchWhole(scene: Scene): Promise<void> {
  const { proxy, plane, flock, platform, registration, context } = scene;
  proxy.strip(undefined);
  await using operator = await startOne(scene);
  const { clusterId } = registration;
  await waitUntilWatching(platform, clusterId, { timeoutMs: 30_000, signal: context.signal });
  const before = proxy.stripped.length;
  proxy.strip({ calls: "watches", accept: "application/json" });
  await plantPlain({ plane, flock, namespace }, "watched", 3);
  await untilState(scene, "unsafe", ["secrets/*/keys"]);
  await untilMetric(operator, "unsafe");
  checkClosed(scene, proxy.stripped.slice(before), 1);
  await lookInside(scene, operator, "a watch");
}

/** Another media type than was asked for: its body is not looked at. */
async function listOtherType(scene: Scene): Promise<void> {
  const { proxy } = scene;
  const before = proxy.stripped.length;
  proxy.strip({ calls: "lists", accept: "application/vnd.kubernetes.protobuf" });
  await using operator = await startOne(scene);
  await untilState(scene, "misconfigured", streamNames);
  checkClosed(scene, proxy.stripped.slice(before), streamNames.length);
  await lookInside(scene, operator, "another type");
}

function startOne(scene: Scene): Promise<Operator> {
  const { context, guard, registration, kubeconfig, platform } = scene;
  return startOperator({
    context,
    guard,
    registration,
    kubeconfig,
    platform: platform.agent,
    nodeArguments: heapSnapshotFlags,
  });
}

/** The streams in question are in `state` and every other one watches. */
async function untilState(scene: Scene, state: string, names: readonly string[]): Promise<void> {
  const { platform, registration, context } = scene;
  await waitFor(
    `${names.join(" and ")} ${state}`,
    async () => {
      const { streams } = await platform.api.cluster(registration.clusterId);
      const isRight = (one: (typeof streams)[number]): boolean =>
        one.state === (names.includes(one.stream) ? state : "watching") ||
        (!names.includes(one.stream) && streamNames.includes(one.stream));
      return names.every((name) => streams.some(({ stream }) => stream === name))
        ? streams.every(isRight)
        : false;
    },
    { timeoutMs: 20_000, intervalMs: 100, signal: context.signal },
  );
}

async function untilMetric({ observeUrl }: Operator, state: string): Promise<void> {
  const isIt = (line: string): boolean =>
    line.includes('stream="secrets/*/keys"') && line.includes(`state="${state}"`);
  await waitFor(
    `the metric says ${state}`,
    async () => (await fetchText(`${observeUrl}/metrics`)).split("\n").some(isIt),
    { timeoutMs: 5000, intervalMs: 100 },
  );
}

async function untilConsoleSays({ platform, registration }: Scene, word: string): Promise<void> {
  const { url, api } = platform;
  const { clusterId } = registration;
  await using page = await openConsolePage({ url, cookie: api.cookie, clusterId });
  await page.openCluster();
  await waitFor(`the console says ${word}`, async () => (await page.text()).includes(word), {
    timeoutMs: 10_000,
    intervalMs: 100,
  });
}

function checkClosed(
  { violations }: Scene,
  answers: readonly StrippedAnswer[],
  atLeast: number,
): void {
  if (answers.length < atLeast) {
    violations.push(`${answers.length} whole answers were given, not ${atLeast}`);
  }
  for (const { path, chunks, closedByClient } of answers) {
    if (chunks > 1 || !closedByClient) {
      const how = closedByClient ? "closed after" : "read whole in";
      violations.push(`${new URL(path, "https://x").pathname}: ${how} ${chunks} pieces`);
    }
  }
}

/** Objects of other streams, and their deletion. */
async function makeTraffic({ plane }: Scene, round: number): Promise<void> {
  for (let index = 0; index < traffic; index += 1) {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts`;
    const body = {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: `traffic-${round}-${index}` },
    };
    await plane.admin.json({ method: "POST", path, body });
  }
}

/** @returns values in the process' memory; any in its heap is a violation */
async function lookInside(scene: Scene, operator: Operator, when: string): Promise<number> {
  const { guard, context, flock, violations } = scene;
  const { pid, lives } = operator.process;
  if (pid === undefined || lives !== 1) throw new ProofFailure("the operator ended");
  const heap = await readHeapSnapshot(pid, { folder: guard.folder, signal: context.signal });
  const inHeap = flock.search(heap).length;
  if (inHeap > 0) violations.push(`heap at ${when}: ${inHeap} values`);
  const { bytes, found } = await countInMemory(pid, flock);
  const values = [...found.values()].reduce((sum, times) => sum + times, 0);
  context.say(`${when}: ${bytes} bytes of memory, ${values} values; heap ${heap.length} bytes`);
  return values;
}

async function searchSinks(scene: Scene): Promise<void> {
  const { flock, guard, platform, proxy, toPlatform, violations } = scene;
  const report = (where: string, count: number): void => {
    if (count > 0) violations.push(`${where}: ${count} values`);
  };
  const sent = await searchReceived(toPlatform, flock, "sent");
  if (sent.messages === 0) violations.push("nothing was recorded on the way to the platform");
  report("sent to the platform", sent.values.length + sent.annotated.length);
  report("sent to the API server", flock.search(Buffer.from(proxy.asked.join("\n"))).length);
  for (const name of ["platform.log", "unsafe.log"]) {
    report(`log ${name}`, flock.search(await readFile(join(guard.folder, name))).length);
  }
  const metrics = await fetchText(`${platform.observeUrl}/metrics`);
  report("metrics of the platform", flock.search(Buffer.from(metrics)).length);
  const dump = await dumpDatabase(platform.dataDir);
  // A search that finds nothing must have had something to search.
  if (!dump.includes("traffic-0-0")) violations.push("the database dump lacks what was planted");
  report("database dump", flock.search(dump).length);
}

async function waitQuietly(ms: number, signal: AbortSignal): Promise<void> {
  const until = performance.now() + ms;
  await waitFor("the next look", async () => performance.now() >= until, {
    timeoutMs: ms + 5000,
    intervalMs: Math.min(ms, 1000),
    signal,
  });
}
