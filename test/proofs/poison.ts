/**
 * Objects that break readers: huge, countless, malformed, strangely named. Each kind alone and all together, from
 * testkit's API server through a real operator into a real platform; everything arrives, a record that cannot be stored
 * is a visible stub, nothing stalls, and the operator's peak memory is measured.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { InventoryObject } from "@obsyk/contract";
import {
  createCertificates,
  ObjectStore,
  openKubeApi,
  openProcessGuard,
  ProofFailure,
  seededRandom,
  seededUid,
  waitFor,
  type Certificates,
  type KubeApi,
  type KubeStoredObject,
  type ProcessGuard,
  type ProofContext,
  type ProofResult,
  type Prove,
} from "@obsyk/testkit";
import { distort, poisons, type Dose, type Plain, type Poison } from "./poison-objects.ts";
import {
  bundleOperator,
  registerCluster,
  startOperator,
  startPlatform,
  waitUntilWatching,
  withLogs,
  type Operator,
  type Platform,
  type Registration,
} from "./system.ts";

const listMs = { default: 60_000, full: 1_500_000 };
/** A watch goes on behind the poison; long for a machine under load. */
const liveMs = 15_000;
/** Peak memory of the bundled operator with everything at once, in MB; about 100 of it are there without any object. */
const maxPeakMb = 200;
const token = "poison";
/** Operators that run at the same time; of the full lists, this process can serve only one and be asked meanwhile. */
const operatorsAtOnce = { default: 5, full: 1 };

type Scene = {
  readonly context: ProofContext;
  readonly guard: ProcessGuard;
  readonly platform: Platform;
  readonly certificates: Certificates;
  readonly bundle: string | undefined;
};

type Taken = { readonly name: string; readonly objects: number; readonly peakMb: number };

export const prove: Prove = async (context) => {
  await using guard = await openProcessGuard("poison");
  return await withLogs(context, guard, () => proveWith(context, guard));
};

async function proveWith(context: ProofContext, guard: ProcessGuard): Promise<ProofResult> {
  await using platform = await startPlatform(context, guard);
  const certificates = await createCertificates();
  // A saboteur changes sources while they load; a bundle would pass it by.
  const bundle = context.saboteur === undefined ? await bundleOperator(guard) : undefined;
  const scene = { context, guard, platform, certificates, bundle };
  const kinds = poisons(context.profile);
  const together = { name: "all together", doses: kinds.flatMap(({ doses }) => doses) };
  let clusters = 0;
  const next = async (poison: Poison): Promise<Taken> => {
    clusters += 1;
    const one = await take(scene, poison, clusters);
    context.say(`${one.name}: ${one.objects} objects, peak ${one.peakMb} MB`);
    return one;
  };
  const alone: Taken[] = [];
  const atOnce = operatorsAtOnce[context.profile];
  for (let index = 0; index < kinds.length; index += atOnce) {
    alone.push(...(await Promise.all(kinds.slice(index, index + atOnce).map(next))));
  }
  const last = await next(together);
  if (context.saboteur === undefined && last.peakMb > maxPeakMb) {
    throw new ProofFailure(`the operator's peak memory was ${last.peakMb} MB`);
  }
  return {
    figure: `${kinds.length} kinds of poison, ${last.objects} objects: all arrived alone and together, what is above 1 MiB as a stub that says so; operator's peak memory ${last.peakMb} MB`,
    work: [...alone, last].reduce((sum, { objects }) => sum + objects, 0),
    details: { taken: [...alone, last] },
  };
}

/** A cluster of its own with this poison, its operator, and what the platform then holds. */
async function take(scene: Scene, poison: Poison, index: number): Promise<Taken> {
  const { context, guard, platform, certificates } = scene;
  const store = fill(poison.doses, index);
  await using api = await openKubeApi({ store, certificates, token, distort });
  const registration = await registerCluster(platform, guard, `poison-${index}`);
  await using operator = await startPoisoned(scene, registration, api);
  const { clusterId } = registration;
  const timeoutMs = listMs[context.profile];
  const problems: string[] = [];
  try {
    await waitUntilWatching(platform, clusterId, { timeoutMs, signal: context.signal });
    problems.push(...(await compare(platform, clusterId, poison.doses)));
    await goOn({ context, platform, clusterId }, store);
  } catch (error) {
    if (context.signal.aborted) throw error;
    problems.push(error instanceof Error ? error.message : String(error));
  }
  if (operator.process.lives !== 1) problems.push("the operator ended and was started again");
  if (problems.length > 0) {
    throw new ProofFailure(`${poison.name}: ${problems.slice(0, 5).join("; ")}`);
  }
  const peakMb = await peakOf(operator);
  return { name: poison.name, objects: poison.doses.length, peakMb };
}

/** Objects that are rendered when they are listed: what the server would hold is not what is measured. */
function fill(doses: readonly Dose[], seed: number): ObjectStore {
  const random = seededRandom(seed + 1);
  const store = new ObjectStore({ now: () => Date.now(), random });
  const objects = new Map<string, Map<string, KubeStoredObject>>();
  const add = (resource: string, ref: { namespace: string; name: string }, make: () => Plain) => {
    const uid = seededUid(random);
    const resourceVersion = 2000;
    const table = objects.get(resource) ?? new Map<string, KubeStoredObject>();
    objects.set(resource, table);
    table.set(`${ref.namespace}/${ref.name}`, {
      ...ref,
      uid,
      resourceVersion,
      get json() {
        const { metadata, ...rest } = make();
        const sealed = { ...metadata, uid, resourceVersion: String(resourceVersion) };
        return JSON.stringify({ ...rest, metadata: sealed });
      },
    });
    // A table exists from the first question on.
    store.count(resource);
  };
  const places = new Set(["kube-system", ...doses.map(({ namespace }) => namespace)]);
  for (const name of places) {
    const metadata = { name, creationTimestamp: "2026-01-02T03:04:05Z" };
    add("namespaces", { namespace: "", name }, () => ({
      apiVersion: "v1",
      kind: "Namespace",
      metadata,
    }));
  }
  for (const one of doses) {
    const { resource, namespace, name } = one;
    add(resource, { namespace, name }, () => one.make());
  }
  store.restore({ resourceVersion: 2000, objects });
  return store;
}

async function startPoisoned(
  { context, guard, platform, bundle }: Scene,
  registration: Registration,
  api: KubeApi,
): Promise<Operator> {
  const kubeconfig = join(guard.folder, `${registration.name}.kubeconfig`);
  await writeFile(kubeconfig, api.kubeconfig(), { mode: 0o600 });
  return startOperator({
    context,
    guard,
    registration,
    kubeconfig,
    platform: platform.agent,
    bundle,
    // As the image starts it.
    nodeArguments: ["--single-threaded", "--max-semi-space-size=1"],
  });
}

/** What is missing, too much, or not as it must be. */
async function compare(
  { api }: Platform,
  clusterId: string,
  doses: readonly Dose[],
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const resource of new Set(doses.map((one) => one.resource))) {
    const wanted = doses.filter((one) => one.resource === resource);
    const held = new Map<string, InventoryObject>();
    for (const object of await api.objects({ cluster: clusterId, resource })) {
      held.set(`${object.namespace ?? ""}/${object.name}`, object);
    }
    if (held.size !== wanted.length) {
      problems.push(`${held.size} ${resource} are held, not ${wanted.length}`);
    }
    for (const one of wanted) {
      const found = held.get(`${one.namespace}/${one.name}`);
      const problem = found === undefined ? "is missing" : wrongWith(one, found);
      if (problem !== undefined) problems.push(`${resource} ${one.name.slice(0, 40)}: ${problem}`);
    }
  }
  return problems;
}

function wrongWith(wanted: Dose, held: InventoryObject): string | undefined {
  if (held.stub !== undefined) return `is a stub: ${held.stub}`;
  return wanted.check?.(held);
}

/** One more ordinary object: it must arrive behind everything else, in every stream that was poisoned. */
async function goOn(
  at: { readonly context: ProofContext; readonly platform: Platform; readonly clusterId: string },
  store: ObjectStore,
): Promise<void> {
  const { context, platform, clusterId } = at;
  const name = "last-of-all";
  const metadata = { name, namespace: "kube-system" };
  store.apply("pods", { apiVersion: "v1", kind: "Pod", metadata, spec: { containers: [] } });
  store.apply("configmaps", { apiVersion: "v1", kind: "ConfigMap", metadata, data: { key: "x" } });
  store.apply("secrets", { apiVersion: "v1", kind: "Secret", metadata, type: "Opaque" });
  await waitFor(
    "what came last",
    async () => (await platform.api.objects({ cluster: clusterId, name })).length === 3,
    { timeoutMs: liveMs, intervalMs: 100, signal: context.signal },
  );
}

/** The highest resident memory so far, in MB of 1,000,000 bytes. */
async function peakOf({ process: { pid } }: Operator): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
  if (kilobytes === undefined) throw new Error("the kernel does not tell the operator's memory");
  return Math.round((Number(kilobytes) * 1024) / 1_000_000);
}
