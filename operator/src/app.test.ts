/**
 * The whole operator in this process, between a simulated API server and the stand-in platform: real sockets, real TLS
 * on both sides.
 */
import assert from "node:assert/strict";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { formatStream } from "@obsyk/contract";
import { createLog, systemClock } from "@obsyk/runtime";
import {
  changeOnce,
  createCertificates,
  generateCluster,
  openKubeApi,
  openMemoryPlatform,
  shapeForObjects,
} from "@obsyk/testkit";
import { runOperator } from "./app.ts";
import { waitFor } from "./deliver/deliver-harness.test.ts";
import { selectionOf, streamsOf } from "./scope.ts";
import { readSettings } from "./settings.ts";

const canary = "canary-value-9f1d";

async function openWorld() {
  const certificates = await createCertificates();
  const cluster = generateCluster({
    seed: 7,
    now: () => Date.now(),
    canary,
    shape: shapeForObjects(200),
  });
  const api = await openKubeApi({ store: cluster.store, certificates, token: "t0ken" });
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const publicKey = pair.publicKey.export({ type: "spki", format: "pem" }).toString();
  const platform = await openMemoryPlatform({ certificates, clientId: "client-1", publicKey });
  const folder = await mkdtemp(join(tmpdir(), "obsyk-app-"));
  const at = (name: string) => join(folder, name);
  await writeFile(at("key.pem"), pair.privateKey.export({ type: "pkcs8", format: "pem" }));
  await writeFile(at("ca.pem"), certificates.ca);
  await writeFile(at("kubeconfig"), api.kubeconfig());
  const env = {
    OBSYK_PLATFORM_URL: platform.url.origin,
    OBSYK_CLUSTER_NAME: "demo",
    OBSYK_CLIENT_ID: "client-1",
    OBSYK_PRIVATE_KEY_FILE: at("key.pem"),
    OBSYK_CA_FILE: at("ca.pem"),
    OBSYK_KUBECONFIG: at("kubeconfig"),
    OBSYK_OBSERVE_HOST: "127.0.0.1",
    OBSYK_OBSERVE_PORT: "0",
    OBSYK_LOG_LEVEL: "debug",
  };
  return {
    certificates,
    cluster,
    api,
    platform,
    env,
    folder,
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]();
      await platform[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

type World = Awaited<ReturnType<typeof openWorld>>;

function run(world: World, env: { readonly [name: string]: string } = {}) {
  const controller = new AbortController();
  const logged: string[] = [];
  const listening = Promise.withResolvers<number>();
  const settings = readSettings({ env: { ...world.env, ...env }, args: [] });
  const done = runOperator(
    {
      settings,
      env: {},
      log: createLog({
        name: "operator",
        level: "debug",
        destination: { write: (line) => void logged.push(line) },
      }),
      clock: systemClock,
      random: () => Math.random(),
      instanceId: randomUUID(),
      onListening: (port) => listening.resolve(port),
    },
    controller.signal,
  );
  const stop = async (): Promise<void> => {
    controller.abort(new Error("stopped"));
    await done;
  };
  const scope = streamsOf(selectionOf(settings));
  return { logged, port: listening.promise, stop, scope, [Symbol.asyncDispose]: stop };
}

/** Whether the platform holds the same uids as the API server, resource by resource. */
function isCurrent(world: World, scope: ReturnType<typeof run>["scope"]): boolean {
  return scope.every(({ stream }) => {
    const stored = world.platform.inventory.stream(formatStream(stream));
    const truth = world.cluster.store.list(stream.resource);
    return (
      stored.ends > 0 &&
      stored.objects.size === truth.length &&
      truth.every(({ uid }) => stored.objects.has(uid))
    );
  });
}

async function get(port: number, path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: response.status, text: await response.text() };
}

test("runOperator: inventory equals the API server's, through churn, to a clean goodbye", async () => {
  await using world = await openWorld();
  const { platform, cluster } = world;
  await using operator = run(world);
  const { scope, logged, port } = operator;
  await waitFor(() => isCurrent(world, scope), "the first lists", 20_000);
  const pending: (() => void)[] = [];
  for (let change = 0; change < 200; change += 1) changeOnce(cluster, pending);
  await waitFor(() => isCurrent(world, scope), "the changes", 20_000);
  const metrics = await get(await port, "/metrics");
  assert.match(metrics.text, /obsyk_operator_objects\{stream="pods\/\*\/full"\} \d+/);
  assert.match(metrics.text, /obsyk_operator_session_active 1/);
  assert.match(
    metrics.text,
    /tls_connections_total\{protocol="TLSv1.3",group="X25519MLKEM768"\} [1-9]/,
  );
  assert.match(metrics.text, /obsyk_operator_blind_seconds\{stream="pods\/\*\/full"\} \d/);
  assert.match(metrics.text, /obsyk_operator_collapsed_changes\{stream="pods\/\*\/full"\} \d/);
  await operator.stop();
  assert.equal(platform.goodbyes, 1);
  const { kubernetesVersion } = platform.heartbeats[0] ?? {};
  assert.match(kubernetesVersion ?? "", /^v1\.\d+/);
  assert.deepEqual(platform.violations, []);
  assert.ok(!JSON.stringify(platform.inventory.lines).includes(canary));
  assert.ok(!logged.join("").includes(canary) && !metrics.text.includes(canary));
  assert.ok(logged.some((line) => line.includes('"event":"auth.token.granted"')));
  assert.ok(logged.some((line) => line.includes('"event":"list.finished"')));
});

test("runOperator: three lists at once, however many streams begin together (pitfall 35)", async () => {
  await using world = await openWorld();
  world.api.faults.add({ call: "list", times: 1000, effect: { kind: "delay", ms: 100 } });
  await using operator = run(world);
  await waitFor(() => isCurrent(world, operator.scope), "the first lists", 20_000);
  assert.ok(operator.scope.length > 20, `${operator.scope.length} streams`);
  assert.equal(world.api.mostListsAtOnce, 3);
});

test("runOperator: a forbidden resource stops only itself", async () => {
  await using world = await openWorld();
  world.api.forbid("secrets");
  await using operator = run(world);
  const scope = operator.scope.filter(({ stream }) => stream.resource !== "secrets");
  await waitFor(() => isCurrent(world, scope), "the other lists", 20_000);
  const secrets = world.platform.inventory.stream("secrets/*/keys");
  await waitFor(() => secrets.state === "forbidden", "forbidden");
  assert.equal(secrets.objects.size, 0);
});

test("runOperator: another cluster behind the address ends the session and sweeps nothing (R23)", async () => {
  await using world = await openWorld();
  const { api, platform } = world;
  await using operator = run(world);
  await waitFor(() => isCurrent(world, operator.scope), "the first lists", 20_000);
  const port = Number(new URL(api.url).port);
  await api[Symbol.asyncDispose]();
  const kept = platform.inventory.lines.length;
  const now = () => Date.now();
  const other = generateCluster({ seed: 8, now, canary, shape: shapeForObjects(100) });
  const { certificates } = world;
  await using _other = await openKubeApi({
    store: other.store,
    certificates,
    token: "t0ken",
    port,
  });
  await waitFor(
    () => operator.logged.some((line) => line.includes("cluster.changed")),
    "the alarm",
  );
  await waitFor(
    () => operator.logged.some((line) => line.includes("session.refused")),
    "the platform's refusal",
  );
  const news = platform.inventory.lines.slice(kept).map(({ op }) => op);
  assert.deepEqual(
    [...new Set(news)].filter((op) => op !== "state" && op !== "check"),
    [],
  );
  assert.ok(isCurrent(world, operator.scope), "everything is still there");
  const metrics = await get(await operator.port, "/metrics");
  assert.match(metrics.text, /obsyk_operator_cluster_changes_total 1\n/);
  assert.match(metrics.text, /session_ends_total\{reason="cluster-changed"\} 1/);
});

test("runOperator: health answers while neither platform nor API server does (I7)", async () => {
  await using world = await openWorld();
  const closed = { OBSYK_PLATFORM_URL: "https://localhost:1" };
  await world.api[Symbol.asyncDispose]().catch(() => {});
  await using operator = run(world, closed);
  const port = await operator.port;
  assert.deepEqual(await get(port, "/healthz"), { status: 200, text: "ok\n" });
  assert.deepEqual(await get(port, "/readyz"), { status: 200, text: "ok\n" });
  await waitFor(
    () => operator.logged.some((line) => line.includes("cluster.unreachable")),
    "a try",
  );
});

test("runOperator: mode counts has one stream a namespace, as namespaces come and go", async () => {
  await using world = await openWorld();
  const { platform, cluster } = world;
  await using operator = run(world, { OBSYK_SECRETS_MODE: "counts" });
  const count = (namespace: string) => platform.inventory.stream(`secrets/${namespace}/counts`);
  const truth = (namespace: string) =>
    cluster.store.list("secrets").filter((object) => object.namespace === namespace).length;
  const namespaces = cluster.store.list("namespaces").map(({ name }) => name);
  await waitFor(
    () =>
      namespaces.every((name) => count(name).ends > 0 && count(name).objects.size === truth(name)),
    "a count of every namespace",
    20_000,
  );
  assert.ok(namespaces.some((name) => truth(name) > 0));
  assert.equal(platform.inventory.stream("secrets/*/keys").ends, 0);
  const metadata = { name: "fresh" };
  cluster.store.apply("namespaces", { apiVersion: "v1", kind: "Namespace", metadata });
  await waitFor(() => count("fresh").ends > 0, "the new namespace", 20_000);
  assert.equal(platform.sessions, 1);
  assert.ok(!operator.logged.some((line) => line.includes("reader.failed")));
  assert.deepEqual(platform.violations, []);
});

/** The stream's lists and states in the order of the log. */
function storyOf(logged: readonly string[], stream: string): string[] {
  return logged
    .map((line) => JSON.parse(line) as { event: string; stream?: string; state?: string })
    .filter((line) => line.stream === stream && /^(list|stream)[.]/.test(line.event))
    .map(({ event, state }) => (event === "stream.state" ? `state ${state}` : event));
}

function removeNamespace({ cluster }: World, namespace: string): void {
  for (const object of cluster.store.list("secrets")) {
    if (object.namespace === namespace) cluster.store.delete("secrets", object);
  }
  cluster.store.delete("namespaces", { namespace: "", name: namespace });
}

test("runOperator: a namespace that went while we were down is swept, by a list of its own (R14, W19)", async () => {
  await using world = await openWorld();
  const { platform, cluster } = world;
  const env = { OBSYK_SECRETS_MODE: "counts", OBSYK_RESOURCES: "namespaces,secrets" };
  const secrets = cluster.store.list("secrets");
  const namespace = secrets[0]?.namespace ?? "";
  const stream = platform.inventory.stream(`secrets/${namespace}/counts`);
  const before = run(world, env);
  await waitFor(() => stream.objects.size > 0, "a count", 20_000);
  await before.stop();
  const counted = stream.objects.size;
  removeNamespace(world, namespace);
  await using operator = run(world, env);
  await waitFor(() => stream.objects.size === 0, "the sweep", 20_000);
  await waitFor(() => stream.state === "stopped", "the end of that stream");
  const name = `secrets/${namespace}/counts`;
  const deletions = platform.inventory.lines.filter(
    (line) => line.op === "delete" && line.stream === name,
  );
  assert.equal(deletions.length, counted);
  assert.deepEqual(storyOf(operator.logged, name).slice(-3), [
    "list.begun",
    "list.finished",
    "state stopped",
  ]);
  assert.deepEqual(platform.violations, []);
});

test("runOperator: a namespace that comes back during its last list waits for the end of it (W19)", async () => {
  await using world = await openWorld();
  const { platform, cluster } = world;
  const env = { OBSYK_SECRETS_MODE: "counts", OBSYK_RESOURCES: "namespaces,secrets" };
  await using operator = run(world, env);
  const namespace = cluster.store.list("secrets")[0]?.namespace ?? "";
  const name = `secrets/${namespace}/counts`;
  const stream = platform.inventory.stream(name);
  await waitFor(() => stream.ends > 0 && stream.objects.size > 0, "a count", 20_000);
  const held = Promise.withResolvers<void>();
  platform.fault = ({ path }) =>
    path.endsWith("/batches") ? { kind: "late-reply", after: held.promise } : undefined;
  removeNamespace(world, namespace);
  const begun = () => storyOf(operator.logged, name).filter((word) => word === "list.begun").length;
  await waitFor(() => begun() === 2, "its last list");
  const metadata = { name: namespace };
  const returned = { apiVersion: "v1", kind: "Namespace", metadata };
  cluster.store.apply("namespaces", returned);
  const secret = { metadata: { name: "again", namespace }, type: "Opaque", data: { a: "eA==" } };
  cluster.store.apply("secrets", { apiVersion: "v1", kind: "Secret", ...secret });
  const namespaces = platform.inventory.stream("namespaces/*/full");
  const known = namespaces.objects.size;
  held.resolve();
  platform.fault = () => undefined;
  await waitFor(() => namespaces.objects.size >= known, "the namespace is known again");
  await waitFor(() => begun() === 3 && stream.objects.size === 1, "a count of what is new", 20_000);
  const story = storyOf(operator.logged, name);
  const last = story.lastIndexOf("list.begun");
  assert.ok(story.slice(0, last).includes("state stopped"), story.join(", "));
  assert.deepEqual(platform.violations, []);
});

test("runOperator: what the filter leaves out does not leave, and few whole names have streams of their own (R14)", async () => {
  await using world = await openWorld();
  const { platform, cluster } = world;
  const names = cluster.store.list("namespaces").map(({ name }) => name);
  const [first = "", second = ""] = names;
  const uidsIn = (namespace: string) =>
    new Set(
      cluster.store
        .list("pods")
        .filter((object) => object.namespace === namespace)
        .map(({ uid }) => uid),
    );
  const excluding = run(world, {
    OBSYK_NAMESPACES_EXCLUDE: first,
    OBSYK_RESOURCES: "namespaces,pods",
  });
  const pods = platform.inventory.stream("pods/*/full");
  await waitFor(() => pods.ends > 0, "the first list", 20_000);
  await excluding.stop();
  const left = uidsIn(first);
  assert.ok(pods.objects.size > 0);
  assert.equal([...pods.objects.keys()].filter((uid) => left.has(uid)).length, 0);
  assert.equal(platform.inventory.stream("namespaces/*/full").objects.size, names.length - 1);
  const own = { OBSYK_NAMESPACES_INCLUDE: `${first},${second}`, OBSYK_RESOURCES: "nodes,pods" };
  await using including = run(world, own);
  const streams = [first, second].map((name) => platform.inventory.stream(`pods/${name}/full`));
  await waitFor(() => streams.every(({ ends }) => ends > 0), "lists of both", 20_000);
  assert.deepEqual(
    streams.map(({ objects }) => [...objects.keys()].sort()),
    [first, second].map((name) => [...uidsIn(name)].sort()),
  );
  assert.deepEqual([...platform.declared].sort(), [
    "nodes/*/full",
    ...[first, second].map((name) => `pods/${name}/full`).sort(),
  ]);
  assert.ok(!including.logged.some((line) => line.includes("reader.failed")));
  assert.deepEqual(platform.violations, []);
});

test("runOperator: the scope file is followed while it runs; a wrong one changes nothing (R14)", async () => {
  await using world = await openWorld();
  const { platform, folder } = world;
  const scopeFile = join(folder, "scope.yaml");
  await writeFile(scopeFile, "resources: { pods: off }\n");
  await using operator = run(world, { OBSYK_SCOPE_FILE: scopeFile });
  const nodes = platform.inventory.stream("nodes/*/full");
  await waitFor(() => nodes.ends === 1, "the first lists", 20_000);
  assert.ok(!platform.declared.includes("pods/*/full"));
  await writeFile(scopeFile, "resources: { sheep: on }\n");
  const refusals = () => operator.logged.filter((line) => line.includes('"scope.refused"')).length;
  await waitFor(() => refusals() === 1, "the refusal", 20_000);
  assert.match(operator.logged.join(""), /unknown resources: sheep/);
  assert.equal(platform.sessions, 1);
  await writeFile(scopeFile, "resources: { secrets: off }\n");
  const pods = platform.inventory.stream("pods/*/full");
  await waitFor(() => pods.ends === 1 && nodes.ends === 2, "the new scope", 20_000);
  assert.ok(!platform.declared.includes("secrets/*/keys"));
  assert.deepEqual([platform.sessions, platform.goodbyes, refusals()], [2, 1, 1]);
  assert.deepEqual(platform.violations, []);
});
