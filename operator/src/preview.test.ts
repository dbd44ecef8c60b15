import assert from "node:assert/strict";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock, test } from "node:test";
import { lineSchema } from "@obsyk/contract";
import { createLog, systemClock, type Clock } from "@obsyk/runtime";
import {
  createCertificates,
  generateCluster,
  openKubeApi,
  openMemoryPlatform,
  shapeForObjects,
} from "@obsyk/testkit";
import { runOperator } from "./app.ts";
import { waitFor } from "./deliver/deliver-harness.test.ts";
import { readManifest } from "./manifest.ts";
import { previewHashKey, runPreview } from "./preview.ts";
import { readSettings } from "./settings.ts";

const canary = "canary-value-2c7a";
const atMs = Date.now();
/** Both runs see everything at the same moment, so that their lines can be compared byte for byte. */
const clock: Clock = { ...systemClock, now: () => atMs };
const quiet = createLog({ name: "operator", level: "error", destination: { write: () => {} } });

async function openWorld(objects: number) {
  const certificates = await createCertificates();
  const now = () => atMs;
  const cluster = generateCluster({ seed: 9, now, canary, shape: shapeForObjects(objects) });
  const api = await openKubeApi({ store: cluster.store, certificates, token: "t0ken" });
  const folder = await mkdtemp(join(tmpdir(), "obsyk-preview-"));
  const kubeconfig = join(folder, "kubeconfig");
  await writeFile(kubeconfig, api.kubeconfig());
  return {
    certificates,
    api,
    folder,
    kubeconfig,
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

type World = Awaited<ReturnType<typeof openWorld>>;

async function preview({ kubeconfig }: World, ...args: readonly string[]) {
  let text = "";
  const result = await runPreview(
    {
      args: ["--kubeconfig", kubeconfig, ...args],
      env: {},
      log: quiet,
      clock,
      random: Math.random,
      instanceId: randomUUID(),
      onLines: (lines) => (text += lines),
    },
    AbortSignal.timeout(30_000),
  );
  return { ...result, text };
}

/** What a platform receives from an operator of this world, until every stream was checked once. */
async function record(world: World, env: { readonly [name: string]: string } = {}) {
  const { certificates, folder } = world;
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const publicKey = pair.publicKey.export({ type: "spki", format: "pem" }).toString();
  const clientId = "client-1";
  const hashKey = previewHashKey;
  await using platform = await openMemoryPlatform({ certificates, clientId, publicKey, hashKey });
  let text = "";
  platform.faultForBody = (lines) => {
    text += lines;
    return undefined;
  };
  await writeFile(
    join(folder, "key.pem"),
    pair.privateKey.export({ type: "pkcs8", format: "pem" }),
  );
  await writeFile(join(folder, "ca.pem"), certificates.ca);
  const settings = readSettings({
    env: {
      OBSYK_PLATFORM_URL: platform.url.origin,
      OBSYK_CLUSTER_NAME: "preview",
      OBSYK_CLIENT_ID: clientId,
      OBSYK_PRIVATE_KEY_FILE: join(folder, "key.pem"),
      OBSYK_CA_FILE: join(folder, "ca.pem"),
      OBSYK_KUBECONFIG: world.kubeconfig,
      OBSYK_OBSERVE_HOST: "127.0.0.1",
      OBSYK_OBSERVE_PORT: "0",
      ...env,
    },
    args: [],
  });
  const stopping = new AbortController();
  const options = { settings, env: {}, log: quiet, clock, random: Math.random };
  const running = runOperator({ ...options, instanceId: randomUUID() }, stopping.signal);
  await waitFor(
    () => [...streamsOf(text).values()].every(({ length }) => length > 0) && isWhole(text),
    "every stream's first list",
    20_000,
  );
  stopping.abort(new Error("recorded"));
  await running;
  assert.deepEqual(platform.violations, []);
  return text;
}

const isWhole = (text: string): boolean =>
  text !== "" && [...streamsOf(text).values()].every((lines) => lines.at(-1)?.includes('"check"'));

/**
 * Lines by stream, from its begin to the check after its end. Marks come when they come, and states that follow each
 * other quickly are sent as one.
 */
function streamsOf(text: string): ReadonlyMap<string, readonly string[]> {
  const byStream = Map.groupBy(text.split("\n").slice(0, -1), (line) => {
    return lineSchema.parse(JSON.parse(line)).stream;
  });
  return new Map(
    [...byStream].map(([stream, lines]) => {
      const objects = lines.filter((line) => !/^\{"op":"(?:state|mark)"/.test(line));
      const check = objects.findIndex((line) => line.startsWith('{"op":"check"'));
      return [stream, check === -1 ? objects : objects.slice(0, check + 1)];
    }),
  );
}

test("runPreview: its lines are those that a platform receives, byte for byte", async () => {
  await using world = await openWorld(300);
  const { text, streams, request } = await preview(world);
  assert.equal(request.manifestDigest, (await readManifest({ env: {}, args: [] })).digest);
  const received = await record(world);
  assert.deepEqual(streamsOf(text), streamsOf(received));
  const puts = text.split("\n").filter((line) => line.startsWith('{"op":"put"'));
  assert.ok(puts.length > 250);
  assert.ok(!text.includes(canary));
  assert.equal(
    streams.reduce((sum, { objects }) => sum + objects, 0),
    puts.length,
  );
  assert.deepEqual(
    request.streams.map(({ stream }) => stream).sort(),
    streams.map(({ stream }) => stream).sort(),
  );
});

test("runPreview: in mode counts as well, with the streams of every namespace", async () => {
  await using world = await openWorld(150);
  const { text } = await preview(world, "--secrets-mode", "counts", "--configmaps-mode", "off");
  const received = await record(world, {
    OBSYK_SECRETS_MODE: "counts",
    OBSYK_CONFIGMAPS_MODE: "off",
  });
  const streams = streamsOf(text);
  assert.deepEqual(streams, streamsOf(received));
  assert.ok([...streams.keys()].filter((name) => name.endsWith("/counts")).length > 3);
});

test("runPreview: connects to the API server and to nothing else", async () => {
  await using world = await openWorld(120);
  const connect = mock.method(Socket.prototype, "connect");
  try {
    await preview(world);
  } finally {
    connect.mock.restore();
  }
  const ports = connect.mock.calls.map(({ arguments: args }) => {
    const [first] = args.flat(2) as { port?: unknown; path?: unknown }[];
    return Number(first?.port);
  });
  assert.ok(ports.length > 5);
  assert.deepEqual([...new Set(ports)], [Number(new URL(world.api.url).port)]);
});

test("runPreview: a cluster that cannot be reached is an error, not a wait", async () => {
  const world = await openWorld(50);
  const { folder } = world;
  await world.api[Symbol.asyncDispose]();
  await assert.rejects(preview(world), { name: "KubeError", code: "transport" });
  await rm(folder, { recursive: true });
});
