/**
 * What the operator reads is changed while it runs: namespaces filtered out and in, resources off and on, Secrets by
 * keys and by counts, and the operator restarted with a narrower table and with the wider one again. Nothing is called
 * deleted or changed that was not, what really was is found, and the counts are those of the API server.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isNamespaceIn, type NamespaceFilter } from "@obsyk/contract";
import { resources } from "@obsyk/contract/allow-list";
import {
  openProcessGuard,
  ProofFailure,
  startControlPlane,
  waitFor,
  type ControlPlane,
  type ProcessGuard,
  type ProofContext,
  type ProofResult,
  type Prove,
} from "@obsyk/testkit";
import { queryDatabase } from "./inspect.ts";
import { readRules, resourceOfKind, twentyObjects, type Manifest } from "./sample-objects.ts";
import { readServer, type ServerObject } from "./server-objects.ts";
import {
  registerCluster,
  startOperator,
  startPlatform,
  waitUntilWatching,
  withLogs,
  type Operator,
  type Platform,
  type Registration,
} from "./system.ts";

const settleMs = 15_000;
const narrower = new URL("./narrower-tables.ts", import.meta.url).href;

type Choice = {
  /** Instead of what a resource is by itself. */
  readonly resources: { readonly [resource: string]: string };
  readonly namespaces: NamespaceFilter;
};
const everything: Choice = { resources: {}, namespaces: { include: [], exclude: [] } };

export const prove: Prove = async (context) => {
  await using guard = await openProcessGuard("scope-change");
  return await withLogs(context, guard, () => proveWith(context, guard));
};

type Scene = {
  readonly context: ProofContext;
  readonly guard: ProcessGuard;
  readonly plane: ControlPlane;
  readonly platform: Platform;
  readonly registration: Registration;
  readonly kubeconfig: string;
  readonly scopeFile: string;
  /** uids that were deleted, and that were changed, by this proof. */
  readonly deleted: Set<string>;
  readonly changed: Set<string>;
};

async function proveWith(context: ProofContext, guard: ProcessGuard): Promise<ProofResult> {
  const { signal } = context;
  const [plane, platform] = await Promise.all([
    startControlPlane({ signal }),
    startPlatform(context, guard),
  ]);
  await using stack = new AsyncDisposableStack();
  stack.use(plane);
  stack.use(platform);
  await applyAll(plane, [...twentyObjects("one"), ...twentyObjects("two")]);
  const { kubeconfig } = await plane.createServiceAccountKubeconfig({
    namespace: "obsyk",
    name: "operator",
    rules: readRules,
  });
  const registration = await registerCluster(platform, guard, "scope");
  const scopeFile = join(guard.folder, "scope.yaml");
  const sets = { deleted: new Set<string>(), changed: new Set<string>() };
  const scene = { context, guard, plane, platform, registration, kubeconfig, scopeFile, ...sets };
  await writeFile(scopeFile, "{}\n");
  let operator = await start(scene);
  stack.defer(() => operator[Symbol.asyncDispose]());
  await waitUntilWatching(platform, registration.clusterId, { timeoutMs: settleMs, signal });
  const before = await readServer(plane);
  await untilTrue(scene, everything, "at the start");
  const marked = await changeScopes(scene);
  for (const flags of [["--import", narrower], []]) {
    await operator[Symbol.asyncDispose]();
    operator = await start(scene, flags);
    const what = flags.length > 0 ? "with a narrower table" : "with the wider table again";
    await waitForShape(scene, flags.length === 0);
    await untilTrue(scene, everything, what);
  }
  const rows = await falseChanges(scene, before);
  return {
    figure:
      `4 scope changes and 2 upgrades: ${marked} objects marked and confirmed, 0 called deleted or changed that were not; ` +
      `${scene.deleted.size} deletion and ${scene.changed.size} change that nobody saw are found`,
    work: marked,
    versions: { kubernetes: plane.version },
    details: { historyRows: rows },
  };
}

function start(scene: Scene, nodeArguments: readonly string[] = []): Promise<Operator> {
  const { context, guard, registration, kubeconfig, platform, scopeFile } = scene;
  const options = { context, guard, registration, kubeconfig, platform: platform.agent };
  return startOperator({ ...options, nodeArguments, env: { OBSYK_SCOPE_FILE: scopeFile } });
}

/** @returns how many objects left the scope at least once */
async function changeScopes(scene: Scene): Promise<number> {
  const { plane, scopeFile } = scene;
  const left = new Set<string>();
  const go = async (choice: Choice, what: string): Promise<void> => {
    await writeFile(scopeFile, `${JSON.stringify(choice)}\n`);
    for (const uid of await untilTrue(scene, choice, what)) left.add(uid);
    scene.context.say(`${what}: as the API server has it, nothing called deleted`);
  };
  const without = { include: [], exclude: ["two-*"] };
  await go({ resources: { pods: "off" }, namespaces: without }, "pods off, a namespace out");
  // Both while nobody looks.
  scene.deleted.add(await remove(plane, "/api/v1/namespaces/one-shop/pods/one-two"));
  scene.changed.add(await label(plane, "/api/v1/namespaces/two-shop/services/two-api"));
  await go(everything, "pods on, the namespace in");
  const only = { include: ["one-shop", "default"], exclude: [] };
  await go(
    { resources: { secrets: "counts" }, namespaces: only },
    "two namespaces, Secrets counted",
  );
  await go(everything, "all namespaces, Secrets by keys");
  return left.size;
}

/** @returns the uids that are marked as not collected */
async function untilTrue(scene: Scene, choice: Choice, what: string): Promise<readonly string[]> {
  const { context, platform, registration } = scene;
  let differences: readonly string[] = ["nothing was compared"];
  try {
    await waitFor(
      what,
      async () => {
        await refuseFalseDeletions(scene, what);
        differences = await compare(scene, choice);
        return differences.length === 0;
      },
      { timeoutMs: settleMs, intervalMs: 200, signal: context.signal },
    );
  } catch (error) {
    // The probe's own verdict ends the waiting as its cause.
    if (error instanceof Error && error.cause instanceof ProofFailure) throw error.cause;
    throw new ProofFailure(`${what}: ${differences.slice(0, 5).join("; ")}`, { cause: error });
  }
  const query = { cluster: registration.clusterId, notCollected: "only" };
  return (await platform.api.objects(query)).map(({ uid }) => uid);
}

/** One sentence for each thing that is not as the API server and the choice have it. */
async function compare(scene: Scene, choice: Choice): Promise<string[]> {
  const { platform, registration, plane } = scene;
  const { clusterId } = registration;
  const { streams, scope } = await platform.api.cluster(clusterId);
  if (JSON.stringify(scope?.namespaces) !== JSON.stringify(choice.namespaces)) {
    return ["the new scope was not declared yet"];
  }
  const unready = streams.filter(
    ({ state, notCollectedSince }) =>
      notCollectedSince === undefined && state !== "watching" && state !== "polling",
  );
  if (unready.length > 0) return unready.map(({ stream, state }) => `${stream} is ${state}`);
  const server = await readServer(plane);
  const live = await platform.api.objects({ cluster: clusterId });
  const marked = await platform.api.objects({ cluster: clusterId, notCollected: "only" });
  const counts = await platform.api.counts(clusterId);
  const differences: string[] = [];
  for (const { resource } of resources.filter(({ defaultOn }) => defaultOn)) {
    const all = server.filter((object) => object.resource === resource);
    const isOff = choice.resources[resource] === "off";
    const expected = all.filter((object) => !isOff && isIn(choice.namespaces, object));
    const counted = counts.items
      .filter((item) => item.resource === resource)
      .reduce((sum, { count }) => sum + count, 0);
    const held = live.filter((item) => item.resource === resource);
    differences.push(...differ(`${resource} live`, expected.map(nameOf), held.map(nameOf)));
    if (counted !== expected.length) {
      differences.push(`${resource}: ${counted} counted of ${expected.length}`);
    }
    const isCounted = choice.resources[resource] === "counts";
    for (const object of all) {
      if (expected.includes(object) && !isCounted) continue;
      if (marked.some(({ uid }) => uid === object.uid)) continue;
      differences.push(`${resource} ${nameOf(object)} is not marked`);
    }
  }
  return differences;
}

function isIn(filter: NamespaceFilter, { resource, namespace, name }: ServerObject): boolean {
  return isNamespaceIn(filter, resource === "namespaces" ? name : namespace);
}

function nameOf({ namespace = "", name }: { namespace?: string | undefined; name: string }) {
  return `${namespace}/${name}`;
}

function differ(what: string, expected: readonly string[], found: readonly string[]): string[] {
  const [one, other] = [new Set(expected), new Set(found)];
  return [
    ...expected.filter((name) => !other.has(name)).map((name) => `${what}: ${name} is missing`),
    ...found.filter((name) => !one.has(name)).map((name) => `${what}: ${name} is too much`),
  ];
}

type HistoryRow = {
  readonly uid: string;
  readonly resource: string;
  readonly name: string;
  readonly cause: string;
};

async function readHistory({ platform, registration }: Scene): Promise<readonly HistoryRow[]> {
  const json = await queryDatabase(
    platform.dataDir,
    `select coalesce(json_agg(json_build_object('uid', uid, 'resource', resource, 'name', name, 'cause', cause)), '[]')
     from history where cluster_id = '${registration.clusterId}'`,
  );
  return JSON.parse(json) as HistoryRow[];
}

const ends = new Set(["deleted", "absent", "replaced"]);

async function refuseFalseDeletions(scene: Scene, what: string): Promise<void> {
  const rows = (await readHistory(scene)).filter(
    ({ uid, cause }) => ends.has(cause) && !scene.deleted.has(uid),
  );
  if (rows.length === 0) return;
  const server = new Set((await readServer(scene.plane)).map(({ uid }) => uid));
  const wrong = rows.filter(({ uid }) => server.has(uid));
  if (wrong.length === 0) return;
  const names = wrong.slice(0, 3).map(({ resource, name }) => `${resource} ${name}`);
  throw new ProofFailure(
    `${what}: ${wrong.length} objects called deleted that the API server has: ${names.join(", ")}`,
  );
}

/** @returns how many rows of history there are; each stands for something that happened */
async function falseChanges(scene: Scene, before: readonly ServerObject[]): Promise<number> {
  const history = await readHistory(scene);
  const now = new Map((await readServer(scene.plane)).map((object) => [object.uid, object]));
  const still = new Set(
    before
      .filter(({ uid, resourceVersion }) => now.get(uid)?.resourceVersion === resourceVersion)
      .map(({ uid }) => uid),
  );
  const wrong = history.filter(({ uid }) => still.has(uid));
  if (wrong.length > 0) {
    const names = wrong
      .slice(0, 3)
      .map(({ resource, name, cause }) => `${resource} ${name} ${cause}`);
    throw new ProofFailure(`${wrong.length} changes of what never changed: ${names.join(", ")}`);
  }
  for (const uid of scene.deleted) {
    if (!history.some((row) => row.uid === uid && row.cause === "absent")) {
      throw new ProofFailure("the deletion that nobody saw is not in history");
    }
  }
  for (const uid of scene.changed) {
    if (!history.some((row) => row.uid === uid && row.cause === "changed")) {
      throw new ProofFailure("the change that nobody saw is not in history");
    }
  }
  return history.length;
}

/** Until all records have the fields of this table. */
async function waitForShape(scene: Scene, isWide: boolean): Promise<void> {
  const { platform, registration, context } = scene;
  await waitFor(
    `records of the ${isWide ? "wider" : "narrower"} table`,
    async () => {
      const query = { cluster: registration.clusterId, resource: "services" };
      const services = await platform.api.objects(query);
      return (
        services.length > 0 &&
        services.every(({ record }) => "sessionAffinity" in (record["spec"] as object) === isWide)
      );
    },
    { timeoutMs: settleMs, intervalMs: 200, signal: context.signal },
  );
}

async function applyAll(plane: ControlPlane, manifests: readonly Manifest[]): Promise<void> {
  for (const manifest of manifests) {
    const { apiVersion, kind, metadata } = manifest;
    const base = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const at = metadata.namespace === undefined ? "" : `/namespaces/${metadata.namespace}`;
    const plural = resourceOfKind[kind]?.split(".", 1)[0] ?? "";
    const path = `${base}${at}/${plural}`;
    await plane.admin.json({ method: "POST", path, body: manifest });
  }
}

async function remove(plane: ControlPlane, path: string): Promise<string> {
  const uid = uidOf(await plane.admin.json({ path }));
  await plane.admin.json({ method: "DELETE", path: `${path}?gracePeriodSeconds=0` });
  return uid;
}

async function label(plane: ControlPlane, path: string): Promise<string> {
  const body = { metadata: { labels: { moved: "yes" } } };
  const contentType = "application/merge-patch+json";
  return uidOf(await plane.admin.json({ method: "PATCH", path, body, contentType }));
}

function uidOf(object: unknown): string {
  return (object as { readonly metadata: { readonly uid: string } }).metadata.uid;
}
