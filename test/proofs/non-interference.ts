/**
 * Nothing outside the manifest has any effect: two clusters that are equal in every published field and differ in every
 * other one (texts of other lengths, other numbers, flags and times, more entries in maps) give byte-identical lines, hashes
 * included, under the same clock and hash key.
 */
import { hash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { embeddedCopyKeys, resources, type ResourceDefinition } from "@obsyk/contract/allow-list";
import { formatStream, type JsonObject } from "@obsyk/contract";
import { systemClock, type Clock } from "@obsyk/runtime";
import {
  createCertificates,
  ObjectStore,
  openKubeApi,
  openProcessGuard,
  ProofFailure,
  seededRandom,
  startControlPlane,
  waitFor,
  type ProcessGuard,
  type ProofContext,
  type Prove,
} from "@obsyk/testkit";
import { runInProcess } from "./in-process.ts";
import { isGiven, judgeOf, modeOf, type Judge } from "./leaves.ts";
import {
  buildObject,
  readSchemas,
  schemasOf,
  type Filler,
  type Leaf,
  type Schemas,
} from "./openapi.ts";
import { readPublished } from "./published.ts";

const nowMs = Date.UTC(2026, 0, 2, 3, 4, 5);
/** Time stands still for what is written down, and runs for what waits. */
const clock: Clock = {
  now: () => nowMs,
  monotonic: () => systemClock.monotonic(),
  sleep: (ms, options) => systemClock.sleep(ms, options),
};
const hashKey = "00112233445566778899aabbccddeeff";

type Scene = {
  readonly context: ProofContext;
  readonly guard: ProcessGuard;
  readonly schemas: ReadonlyMap<string, Schemas>;
  readonly published: ReadonlyMap<string, ReadonlySet<string>>;
};

export const prove: Prove = async (context) => {
  await using guard = await openProcessGuard("non-interference");
  const scene = {
    context,
    guard,
    schemas: await readAllSchemas(context),
    published: await readPublished(),
  };
  const left = await deliver(scene, "a");
  const right = await deliver(scene, "b");
  if (left.differing === 0 || left.same === 0) throw new Error("the clusters do not differ");
  const problems = resources.flatMap((definition) => {
    const { resource } = definition;
    const [one, other] = [left, right].map((side) => side.lines.get(streamName(definition)) ?? []);
    if (one === undefined || one.length < 4) return [`${resource}: nothing was delivered`];
    return one.join("\n") === other?.join("\n") ? [] : [`${resource} differ`];
  });
  if (problems.length > 0) throw new ProofFailure(problems.join("; "));
  const bytes = [...left.lines.values()].flat().join("\n").length;
  return {
    figure: `${resources.length} kinds equal in ${left.same} fields and different in ${left.differing}: ${bytes} bytes of lines, the same on both sides`,
    work: left.differing,
  };
};

async function readAllSchemas(context: ProofContext): Promise<ReadonlyMap<string, Schemas>> {
  await using plane = await startControlPlane({ signal: context.signal });
  return await readSchemas(plane, resources);
}

function streamName(definition: ResourceDefinition): string {
  const mode = modeOf(definition);
  return formatStream({ resource: definition.resource, namespace: "*", mode });
}

type Delivered = {
  /** Lines from `begin` to the first `check`, by stream. */
  readonly lines: ReadonlyMap<string, readonly string[]>;
  readonly same: number;
  readonly differing: number;
};

async function deliver(scene: Scene, side: "a" | "b"): Promise<Delivered> {
  const { context, guard, schemas, published } = scene;
  const store = new ObjectStore({ now: () => nowMs, random: seededRandom(7) });
  store.apply("namespaces", {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "kube-system" },
  });
  let [same, differing] = [0, 0];
  for (const definition of resources) {
    const judge = judgeOf(published.get(definition.resource) ?? new Set());
    const filler = new TwinFiller(definition.resource, judge, side);
    const object = buildObject(schemasOf(schemas, definition), definition, filler);
    store.apply(definition.resource, object as JsonObject);
    same += filler.same;
    differing += filler.differing;
  }
  const certificates = await createCertificates();
  await using api = await openKubeApi({ store, certificates, token: "t0ken" });
  const kubeconfig = join(guard.folder, `${side}.kubeconfig`);
  await writeFile(kubeconfig, api.kubeconfig(), { mode: 0o600 });
  await using run = await runInProcess({
    folder: guard.folder,
    name: side,
    kubeconfig,
    resources: resources.map(({ resource }) => resource),
    clock,
    hashKey,
  });
  const streams = resources.map(streamName);
  const checked = (): boolean =>
    streams.every((stream) => (run.platform.inventory.streams.get(stream)?.checks ?? 0) > 0);
  await waitFor(`every list of side ${side}`, () => Promise.resolve(checked()), {
    timeoutMs: 40_000,
    intervalMs: 50,
    signal: context.signal,
  });
  await run.stop();
  return { lines: linesByStream(run.batches.join("")), same, differing };
}

function linesByStream(text: string): ReadonlyMap<string, readonly string[]> {
  const lines = new Map<string, string[]>();
  const done = new Set<string>();
  for (const line of text.split("\n").slice(0, -1)) {
    const { op, stream } = JSON.parse(line) as { readonly op: string; readonly stream: string };
    // How a stream stands is told whenever it changes, which takes its time.
    if (op === "state" || done.has(stream)) continue;
    if (op === "check") done.add(stream);
    const own = lines.get(stream) ?? [];
    own.push(line);
    lines.set(stream, own);
  }
  return lines;
}

/** The same in what may leave, and something else on each side in all the rest. */
class TwinFiller implements Filler {
  same = 0;
  differing = 0;
  readonly #resource: string;
  readonly #judge: Judge;
  readonly #side: "a" | "b";
  readonly #dataKeys: { readonly field: string; readonly key: string }[] = [];

  constructor(resource: string, judge: Judge, side: "a" | "b") {
    this.#resource = resource;
    this.#judge = judge;
    this.#side = side;
  }

  keys(path: string): readonly string[] {
    if (path === "stringData{}") return [];
    const name = this.#text(path, "key");
    if (/^(data|binaryData)\{\}$/.test(path)) {
      this.#dataKeys.push({ field: path.replace("{}", ""), key: name });
    }
    if (path.endsWith("annotations{}")) {
      return [name, "meta.helm.sh/release-name", ...embeddedCopyKeys];
    }
    const isForbidden = !this.#allows(path, "key", undefined);
    return isForbidden && this.#side === "b" ? [name, `${name}-more`] : [name];
  }

  value(leaf: Leaf): unknown {
    const { path, kind, key } = leaf;
    if (isGiven(leaf)) return undefined;
    const allowed = this.#allows(path, "value", path.endsWith("{}") ? key : undefined);
    if (allowed) this.same += 1;
    else this.differing += 1;
    const isLeft = allowed || this.#side === "a";
    switch (kind) {
      case "time":
        return isLeft ? "2026-01-02T03:04:05Z" : "2025-12-31T23:59:59Z";
      case "microTime":
        return isLeft ? "2026-01-02T03:04:05.000600Z" : "2025-12-31T23:59:59.999000Z";
      case "integer":
        return isLeft ? 7 : 4_242;
      case "boolean":
        return isLeft;
      case "bytes":
        return Buffer.from(this.#text(path, "value", allowed)).toString("base64");
      case "fieldsV1":
        return this.#fieldsV1();
      default:
        return this.#text(path, "value", allowed);
    }
  }

  #allows(path: string, role: "key" | "value", key: string | undefined): boolean {
    return this.#judge({ resource: this.#resource, path, role, key });
  }

  #text(path: string, role: "key" | "value", allowed = this.#allows(path, role, undefined)) {
    // So that the evidence of literal secrets is there too, which the value must not have an effect on.
    if (/(^|\.)env\[\]\.name$/.test(path)) return "DB_PASSWORD";
    const name = hash("sha256", `${this.#resource} ${path} ${role}`).slice(0, 12);
    if (allowed) return `s${name}`;
    return this.#side === "a" ? `a${name}` : `b${name}-and-longer-than-the-other`;
  }

  #fieldsV1(): object {
    const data = Object.fromEntries(
      this.#dataKeys.map(({ field, key }) => [`f:${field}`, { [`f:${key}`]: {} }]),
    );
    return { ...data, "f:metadata": { [`f:${this.#side}`]: {} } };
  }
}
