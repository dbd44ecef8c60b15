/**
 * What leaves a cluster is the manifest, both ways. Every field of every collected kind that can hold a text, walked from
 * the API server's own OpenAPI documents, holds a canary of its own: on the real API server wherever it accepts one
 * (`/status` too), and all of them on the simulated one. The operator's wire is recorded and searched in every encoding;
 * the canaries found must be exactly those in fields of the manifest.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { manifestOf, resources, type ResourceDefinition } from "@obsyk/contract/allow-list";
import { formatStream, type JsonObject } from "@obsyk/contract";
import { systemClock } from "@obsyk/runtime";
import {
  createCanaryFlock,
  createCertificates,
  ObjectStore,
  openKubeApi,
  openProcessGuard,
  ProofFailure,
  seededRandom,
  splitHttpMessages,
  startControlPlane,
  waitFor,
  type CanaryFlock,
  type ControlPlane,
  type ProcessGuard,
  type ProofContext,
  type Prove,
} from "@obsyk/testkit";
import { runInProcess, type OperatorRun } from "./in-process.ts";
import { CanaryFiller, judgeOf, modeOf, type Planting } from "./leaves.ts";
import { buildObject, readSchemas, schemasOf } from "./openapi.ts";
import { readPublished } from "./published.ts";
import { plantOnReal, plantedOn } from "./real-planting.ts";

/** What off-by-default fields of ours need. */
const apiServerFlags = [
  "--feature-gates=ClusterTrustBundle=true,ClusterTrustBundleProjection=true,PodCertificateRequest=true,CrossNamespaceVolumeDataSource=true,MaxUnavailableStatefulSet=true",
  "--runtime-config=certificates.k8s.io/v1beta1=true",
];

type Scene = {
  readonly context: ProofContext;
  readonly guard: ProcessGuard;
  readonly plane: ControlPlane;
  readonly flock: CanaryFlock;
  readonly published: ReadonlyMap<string, ReadonlySet<string>>;
};

/** Where each canary is; one can be in several places when an API server copies it. */
type Places = ReadonlyMap<string, readonly Planting[]>;

export const prove: Prove = async (context) => {
  await using guard = await openProcessGuard("allow-list");
  await using plane = await startControlPlane({ signal: context.signal, apiServerFlags });
  // Lower case and digits: also names accept them.
  const flock = createCanaryFlock((bytes) => Buffer.from(lowerCase(context.seed, bytes)));
  const published = await readPublished();
  const scene = { context, guard, plane, flock, published };
  const simulated = await proveSimulated(scene);
  const real = await proveReal(scene);
  const unplanted: string[] = [];
  for (const { resource } of resources) {
    const texts = simulated.texts.get(resource) ?? new Set();
    const onReal = pathsOf(real, resource);
    const onSimulated = pathsOf(simulated.places, resource);
    const missing = [...texts].filter((path) => !onReal.has(path) && !onSimulated.has(path));
    unplanted.push(...missing.map((path) => `${resource} ${path}`));
    context.say(
      `${resource}: ${texts.size} fields with text; planted on the real server ${onReal.size}, on the simulated one ${onSimulated.size}, unplanted ${missing.length}`,
    );
  }
  comparePage(published);
  if (unplanted.length > 0) throw new ProofFailure(`unplanted: ${unplanted.join(", ")}`);
  const canaries = simulated.places.size + real.size;
  return {
    figure: `${resources.length} kinds, ${canaries} canaries (${real.size} through a real API server), what left is the manifest, 0 more, 0 less`,
    work: canaries,
  };
};

/** The page lists what the tables say, too. */
function comparePage(published: Scene["published"]): void {
  for (const definition of resources) {
    const paths = manifestOf(definition, modeOf(definition)).map(({ path }) => path);
    const listed = published.get(definition.resource) ?? new Set();
    const difference = [...new Set(paths).symmetricDifference(listed)];
    if (difference.length > 0) {
      throw new ProofFailure(`${definition.resource}: not as published: ${difference.join(", ")}`);
    }
  }
}

/** Even bytes are lower-case letters of a canary's mark. */
function lowerCase(seed: number, count: number): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => Math.floor(random() * 128) * 2);
}

function pathsOf(places: Places, resource: string): ReadonlySet<string> {
  const all = [...places.values()].flat().filter((one) => one.resource === resource);
  return new Set(all.map(({ path }) => path));
}

/** Every leaf, on the simulated API server. */
async function proveSimulated({ context, guard, plane, flock, published }: Scene) {
  const schemas = await readSchemas(plane, resources);
  const store = new ObjectStore({ now: () => Date.now(), random: seededRandom(context.seed) });
  const identity = { apiVersion: "v1", kind: "Namespace", metadata: { name: "kube-system" } };
  store.apply("namespaces", identity);
  const places = new Map<string, readonly Planting[]>();
  const texts = new Map<string, ReadonlySet<string>>();
  for (const definition of resources) {
    const filler = new CanaryFiller(definition, flock);
    const object = buildObject(schemasOf(schemas, definition), definition, filler);
    store.apply(definition.resource, object as JsonObject);
    for (const [canary, planting] of filler.planted) places.set(canary, [planting]);
    const given = new Set(filler.given);
    texts.set(definition.resource, new Set([...filler.texts].filter((path) => !given.has(path))));
  }
  const certificates = await createCertificates();
  await using api = await openKubeApi({ store, certificates, token: "t0ken" });
  const kubeconfig = join(guard.folder, "simulated.kubeconfig");
  await writeFile(kubeconfig, api.kubeconfig(), { mode: 0o600 });
  const found = await observe({ context, guard, kubeconfig, flock, name: "simulated" });
  compare(places, found, { name: "simulated", published });
  return { places, texts };
}

/** Whatever the real API server accepts. */
async function proveReal({ context, guard, plane, flock, published }: Scene): Promise<Places> {
  await plantOnReal(plane, flock, context);
  const kubeconfig = plane.kubeconfig;
  const found = await observe({ context, guard, kubeconfig, flock, name: "real" });
  const places = await plantedOn(plane, flock);
  compare(places, found, { name: "real", published });
  return places;
}

/** Runs an operator until all its lists are delivered. @returns the canaries that left */
async function observe(scene: {
  readonly context: ProofContext;
  readonly guard: ProcessGuard;
  readonly kubeconfig: string;
  readonly flock: CanaryFlock;
  readonly name: string;
}): Promise<ReadonlySet<string>> {
  const { context, guard, kubeconfig, flock, name } = scene;
  await using run = await runInProcess({
    folder: guard.folder,
    name,
    kubeconfig,
    resources: resources.map(({ resource }) => resource),
    clock: systemClock,
  });
  const streams = resources.map(streamName);
  const listed = (): boolean =>
    streams.every((stream) => (run.platform.inventory.streams.get(stream)?.ends ?? 0) > 0);
  await waitFor(`every list of the ${name} server`, () => Promise.resolve(listed()), {
    timeoutMs: 40_000,
    intervalMs: 50,
    signal: context.signal,
  });
  const metrics = await run.metrics();
  await run.stop();
  if (run.platform.violations.length > 0) {
    throw new ProofFailure(`${name}: ${run.platform.violations.slice(0, 3).join("; ")}`);
  }
  const elsewhere = flock.search(Buffer.from(`${metrics}\n${run.logged.join("\n")}`));
  if (elsewhere.length > 0) {
    throw new ProofFailure(`${name}: ${elsewhere.length} canaries in logs or metrics`);
  }
  return new Set([...(await searchWire(run, flock)), ...searchText(run.batches.join(""), flock)]);
}

function streamName(definition: ResourceDefinition): string {
  const mode = modeOf(definition);
  return formatStream({ resource: definition.resource, namespace: "*", mode });
}

/** As it was on the wire: compressed, in whatever encoding. */
async function searchWire(run: OperatorRun, flock: CanaryFlock): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { bytes } of await run.wire.recordings("sent")) {
    for (const { start, headers, body } of splitHttpMessages(bytes)) {
      const head = Buffer.from(`${start}\n${[...headers].flat().join("\n")}`);
      found.push(...flock.search(head).map(({ canary }) => canary));
      found.push(...flock.search(body).map(({ canary }) => canary));
    }
  }
  if (found.length === 0) throw new ProofFailure("nothing was found on the wire");
  return found;
}

/** And in the text, after undoing what hides letters: escapes of JSON and of URLs. */
function searchText(text: string, flock: CanaryFlock): readonly string[] {
  const plain = text
    .replaceAll(/\\u([0-9a-f]{4})/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
    .replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  return flock.search(Buffer.from(plain)).map(({ canary }) => canary);
}

function compare(
  places: Places,
  found: ReadonlySet<string>,
  { name, published }: Pick<Scene, "published"> & { readonly name: string },
): void {
  const judges = new Map([...published].map(([resource, paths]) => [resource, judgeOf(paths)]));
  const isAllowed = (planting: Planting): boolean =>
    judges.get(planting.resource)?.(planting) ?? false;
  const leaked: string[] = [];
  const missing: string[] = [];
  for (const [canary, plantings] of places) {
    const allowed = plantings.some((planting) => isAllowed(planting));
    const first = plantings[0];
    const at = `${first?.resource} ${first?.path} (${first?.role})`;
    if (found.has(canary) && !allowed) leaked.push(at);
    if (!found.has(canary) && allowed) missing.push(at);
  }
  const unknown = [...found].filter((canary) => !places.has(canary));
  const problems = [
    ...(leaked.length > 0 ? [`left without being in the manifest: ${leaked.join(", ")}`] : []),
    ...(missing.length > 0 ? [`in the manifest and did not leave: ${missing.join(", ")}`] : []),
    ...(unknown.length > 0 ? [`${unknown.length} canaries that were never planted`] : []),
  ];
  if (problems.length > 0) throw new ProofFailure(`${name}: ${problems.join("; ")}`);
}
