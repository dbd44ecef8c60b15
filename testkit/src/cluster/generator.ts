/**
 * A believable cluster in an object store, the same for the same seed.
 *
 * @module
 */
import { seededRandom } from "../kube-api/encode/random-object.ts";
import { ObjectStore, seededUid } from "../kube-api/store.ts";
import { namespaceOf, nodeOf } from "./infrastructure.ts";
import { shapeForObjects, type Cluster, type ClusterShape, type Workload } from "./model.ts";
import { areas, registries, sidecars, systemNamespaces } from "./names.ts";
import { createPod } from "./pod.ts";
import { between, pick } from "./random.ts";
import {
  configMapOf,
  createRevision,
  deploymentOf,
  replicaSetOf,
  secretOf,
  serviceAccountOf,
  serviceOf,
} from "./workload.ts";

export type ClusterOptions = {
  readonly seed: number;
  /** `shapeForObjects(500)` when absent. */
  readonly shape?: ClusterShape;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Planted in every value that must never be read. */
  readonly canary?: string;
  /** Events kept per resource for watches that resume. */
  readonly historyEvents?: number;
};

export function generateCluster(options: ClusterOptions): Cluster {
  const random = seededRandom(options.seed);
  const shape = options.shape ?? shapeForObjects(500);
  const store = new ObjectStore({
    now: options.now,
    random,
    ...(options.historyEvents === undefined ? {} : { historyEvents: options.historyEvents }),
  });
  const nodes = Array.from({ length: shape.nodes }, (_, index) => nodeName(index));
  const workloads: Workload[] = [];
  const canary = options.canary ?? "not-a-real-secret";
  const cluster: Cluster = { store, nodes, workloads, random, now: options.now, canary };
  for (const name of systemNamespaces) {
    store.apply("namespaces", namespaceOf(cluster, name, undefined));
    addNamespaceObjects(cluster, name);
  }
  for (const [index, name] of nodes.entries()) store.apply("nodes", nodeOf(cluster, name, index));
  for (const place of places(shape)) {
    if (store.get("namespaces", { namespace: "", name: place.namespace }) === undefined) {
      store.apply("namespaces", namespaceOf(cluster, place.namespace, place.team));
      addNamespaceObjects(cluster, place.namespace);
    }
    workloads.push(addWorkload(cluster, place, shape));
  }
  return cluster;
}

function nodeName(index: number): string {
  return index === 0 ? "control-plane-1" : `worker-${index}`;
}

type Place = { readonly namespace: string; readonly team: string; readonly name: string };

/** Where each workload goes: areas in turn; past their words, names and namespaces get numbers. */
function places(shape: ClusterShape): readonly Place[] {
  return Array.from({ length: shape.workloads }, (_, index) => {
    const slot = index % shape.namespaces;
    const area = areas[slot % areas.length];
    if (area === undefined) throw new RangeError("there are no areas");
    const round = Math.floor(slot / areas.length);
    const turn = Math.floor(index / shape.namespaces);
    const word = area.workloads[turn % area.workloads.length] ?? "app";
    const number = Math.floor(turn / area.workloads.length);
    return {
      namespace: round === 0 ? area.namespace : `${area.namespace}-${round + 1}`,
      team: area.team,
      name: number === 0 ? word : `${word}-${number + 1}`,
    };
  });
}

/** What Kubernetes and a registry put into every namespace. */
function addNamespaceObjects(cluster: Cluster, namespace: string): void {
  cluster.store.apply(
    "configmaps",
    configMapOf(cluster, { namespace, name: "kube-root-ca.crt", keys: ["ca.crt"] }),
  );
  cluster.store.apply("serviceaccounts", {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "default", namespace },
  });
  cluster.store.apply(
    "secrets",
    secretOf(cluster, { namespace, name: "registry-pull", keys: [".dockerconfigjson"] }),
  );
}

/** One workload in about a dozen crashes again and again. */
const crashLoopShare = 0.08;

function addWorkload(cluster: Cluster, place: Place, shape: ClusterShape): Workload {
  const { random, store } = cluster;
  const { namespace, name } = place;
  const workload: Workload = {
    ...place,
    uid: seededUid(random),
    repository: pick(random, registries),
    sidecar: random() < 0.4 ? pick(random, sidecars) : undefined,
    port: 8000 + between(random, 0, 99) * 10,
    configMaps: random() < 0.4 ? [`${name}-config`, `${name}-routes`] : [`${name}-config`],
    secrets: random() < 0.3 ? [`${name}-credentials`, `${name}-tls`] : [`${name}-credentials`],
    crashLoops: random() < crashLoopShare,
    replicas: between(random, shape.replicas.min, shape.replicas.max),
    revisions: [],
    pods: [],
  };
  const first = between(random, 1, 40);
  workload.revisions = [first, first + 1].map((number) => createRevision(workload, number, random));
  for (const configMap of workload.configMaps) {
    const keys = ["region", "app.yaml", "limits.json"];
    store.apply("configmaps", configMapOf(cluster, { namespace, name: configMap, keys }));
  }
  for (const secret of workload.secrets) {
    const keys = secret.endsWith("-tls") ? ["tls.crt", "tls.key"] : ["password", "token"];
    store.apply("secrets", secretOf(cluster, { namespace, name: secret, keys }));
  }
  store.apply("serviceaccounts", serviceAccountOf(cluster, workload));
  store.apply("services", serviceOf(cluster, workload));
  store.apply("deployments.apps", deploymentOf(cluster, workload));
  for (const revision of workload.revisions) {
    store.apply("replicasets.apps", replicaSetOf(cluster, workload, revision));
  }
  for (let index = 0; index < workload.replicas; index += 1) {
    addPod(cluster, workload, cluster.now() - Math.floor(random() * 172_800_000));
  }
  return workload;
}

/** One more pod of the workload's newest revision. */
export function addPod(cluster: Cluster, workload: Workload, createdMs: number): void {
  const revision = workload.revisions.at(-1);
  if (revision === undefined) throw new Error(`${workload.name} has no revision`);
  const restarts = workload.crashLoops ? between(cluster.random, 3, 400) : 0;
  const pod = createPod(cluster, { workload, revision }, { createdMs, restarts });
  workload.pods.push(cluster.store.apply("pods", pod).name);
}
