/** Deployments with their ReplicaSets, StatefulSets with their volumes, DaemonSets with a pod a node. */
import type { JsonObject } from "@obsyk/contract";
import { formatTime, seededUid } from "../../kube-api/store.ts";
import { between, suffix } from "../random.ts";
import { podName, podTemplateOf, putPod, type PodState } from "./pods.ts";
import {
  daysAgo,
  labelsOf,
  objectOf,
  ownerOf,
  put,
  selectorOf,
  type App,
  type Revision,
  type Running,
  type Scene,
} from "./scene.ts";
import { addVolume } from "./storage.ts";

const controllers = { manager: "kube-controller-manager" };
const hourMs = 3_600_000;

/** Starts an app with a revision or two of history, and all its pods. */
export function runApp(scene: Scene, app: App): Running {
  const { random } = scene;
  const createdMs = daysAgo(scene, 10, 200);
  const first = between(random, 1, 40);
  const count = app.kind === "Deployment" ? between(random, 1, 2) : 1;
  const running: Running = {
    app,
    uid: seededUid(random),
    createdMs,
    revisions: Array.from({ length: count }, (_, index) => newRevision(scene, first + index)),
    pods: [],
    replicas: app.kind === "DaemonSet" ? scene.nodes.length : app.replicas,
    ailing: app.trouble === undefined ? 0 : Math.ceil(app.replicas / 2),
    busy: false,
  };
  scene.apps = [...scene.apps, running];
  writeController(scene, running);
  const nodes =
    app.kind === "DaemonSet" ? scene.nodes : Array<undefined>(running.replicas).fill(undefined);
  for (const node of nodes) {
    addAppPod(scene, running, { createdMs: daysAgo(scene, 0.1, 4), node });
  }
  return running;
}

export function newRevision(scene: Scene, number: number): Revision {
  const { random } = scene;
  return {
    number,
    version: `${between(random, 1, 4)}.${between(random, 0, 30)}.${number}`,
    hash: suffix(random, 10),
    uid: seededUid(random),
  };
}

export function currentOf({ app, revisions }: Running): Revision {
  const revision = revisions.at(-1);
  if (revision === undefined) throw new Error(`${app.name} has no revision`);
  return revision;
}

/** The Deployment with its ReplicaSets, the StatefulSet or the DaemonSet, as it is now. */
export function writeController(scene: Scene, running: Running): void {
  switch (running.app.kind) {
    case "Deployment":
      put(scene, "deployments.apps", deploymentOf(scene, running), controllers);
      for (const revision of running.revisions) {
        put(scene, "replicasets.apps", replicaSetOf(scene, running, revision), controllers);
      }
      return;
    case "StatefulSet":
      put(scene, "statefulsets.apps", statefulSetOf(scene, running), controllers);
      return;
    case "DaemonSet":
      put(scene, "daemonsets.apps", daemonSetOf(scene, running), controllers);
  }
}

/** One more pod of the wanted revision. @returns its name */
export function addAppPod(
  scene: Scene,
  running: Running,
  how: {
    readonly createdMs: number;
    readonly state?: PodState | undefined;
    readonly node?: string | undefined;
  },
): string {
  const { app } = running;
  const revision = currentOf(running);
  const { name, labels, owner } = identityOf(scene, running, revision);
  const template = podTemplateOf(scene, app, revision.version) as { spec: JsonObject };
  const claim = app.storage === undefined ? undefined : `data-${name}`;
  if (claim !== undefined) addVolume(scene, app, claim);
  const spec =
    claim === undefined
      ? template.spec
      : withVolume(template.spec, { name: "data", persistentVolumeClaim: { claimName: claim } });
  putPod(scene, {
    namespace: app.namespace,
    name,
    generateName: `${owner["name"] as string}-`,
    labels: { ...labelsOf(app), version: revision.version, ...labels },
    owner,
    spec,
    state: how.state ?? usualState(scene, app),
    createdMs: how.createdMs,
    ...(how.node === undefined ? {} : { node: how.node }),
  });
  running.pods = [...running.pods.filter((pod) => pod !== name), name];
  return name;
}

export function removeAppPod(scene: Scene, running: Running, name: string): void {
  scene.store.delete("pods", { namespace: running.app.namespace, name });
  running.pods = running.pods.filter((pod) => pod !== name);
}

function usualState(scene: Scene, { trouble }: App): PodState {
  // Not every pod of a workload in trouble is in trouble.
  if (trouble === undefined || scene.random() < 0.3) return { kind: "running" };
  const hasRun = trouble === "crash-loop" || trouble === "out-of-memory";
  return { kind: "trouble", trouble, restarts: hasRun ? between(scene.random, 3, 400) : 0 };
}

function withVolume(spec: JsonObject, volume: JsonObject): JsonObject {
  return { ...spec, volumes: [...(spec["volumes"] as readonly JsonObject[]), volume] };
}

/** Name, labels and owner of one more pod, as its controller gives them. */
function identityOf(
  scene: Scene,
  running: Running,
  revision: Revision,
): { readonly name: string; readonly labels: JsonObject; readonly owner: JsonObject } {
  const { app, uid } = running;
  if (app.kind === "Deployment") {
    const set = `${app.name}-${revision.hash}`;
    return {
      name: podName(scene, set),
      labels: { "pod-template-hash": revision.hash },
      owner: ownerOf({ apiVersion: "apps/v1", kind: "ReplicaSet", name: set, uid: revision.uid }),
    };
  }
  const hash = `${app.name}-${revision.hash}`;
  const owner = ownerOf({ apiVersion: "apps/v1", kind: app.kind, name: app.name, uid });
  if (app.kind === "DaemonSet") {
    return { name: podName(scene, app.name), labels: { "controller-revision-hash": hash }, owner };
  }
  const taken = new Set(running.pods);
  let ordinal = 0;
  while (taken.has(`${app.name}-${ordinal}`)) ordinal += 1;
  const name = `${app.name}-${ordinal}`;
  return {
    name,
    labels: {
      "controller-revision-hash": hash,
      "apps.kubernetes.io/pod-index": String(ordinal),
      "statefulset.kubernetes.io/pod-name": name,
    },
    owner,
  };
}

function healthy({ ailing, replicas }: Running): number {
  return Math.max(0, replicas - ailing);
}

function deploymentOf(scene: Scene, running: Running): JsonObject {
  const { app, replicas } = running;
  const revision = currentOf(running);
  const available = healthy(running);
  const metadata = {
    name: app.name,
    namespace: app.namespace,
    uid: running.uid,
    createdMs: running.createdMs,
    generation: revision.number,
    labels: labelsOf(app),
    annotations: {
      "deployment.kubernetes.io/revision": String(revision.number),
      "meta.helm.sh/release-name": app.name,
      "meta.helm.sh/release-namespace": app.namespace,
    },
  };
  return objectOf(
    scene,
    { apiVersion: "apps/v1", kind: "Deployment", metadata },
    {
      spec: {
        replicas,
        selector: { matchLabels: selectorOf(app) },
        template: podTemplateOf(scene, app, revision.version),
        strategy: {
          type: "RollingUpdate",
          rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" },
        },
        revisionHistoryLimit: 10,
        progressDeadlineSeconds: 600,
      },
      status: {
        observedGeneration: revision.number,
        replicas,
        updatedReplicas: replicas,
        ...(available > 0 ? { readyReplicas: available, availableReplicas: available } : {}),
        ...(available < replicas ? { unavailableReplicas: replicas - available } : {}),
        conditions: [
          statusCondition("Progressing", true, "NewReplicaSetAvailable", running.createdMs),
          available === replicas
            ? statusCondition("Available", true, "MinimumReplicasAvailable", running.createdMs)
            : statusCondition("Available", false, "MinimumReplicasUnavailable", scene.now()),
        ],
      },
    },
  );
}

function statusCondition(
  type: string,
  isTrue: boolean,
  reason: string,
  timeMs: number,
): JsonObject {
  const time = formatTime(timeMs);
  return {
    type,
    status: isTrue ? "True" : "False",
    lastUpdateTime: time,
    lastTransitionTime: time,
    reason,
    message: `${reason} since ${time}`,
  };
}

function replicaSetOf(scene: Scene, running: Running, revision: Revision): JsonObject {
  const { app } = running;
  const isWanted = revision === running.revisions.at(-1);
  const replicas = isWanted ? running.replicas : 0;
  const available = isWanted ? healthy(running) : 0;
  const hash = { "pod-template-hash": revision.hash };
  const owner = { apiVersion: "apps/v1", kind: "Deployment", name: app.name, uid: running.uid };
  const metadata = {
    name: `${app.name}-${revision.hash}`,
    namespace: app.namespace,
    uid: revision.uid,
    createdMs: Math.min(running.createdMs + revision.number * hourMs, scene.now()),
    generation: 1,
    labels: { ...labelsOf(app), ...hash },
    annotations: { "deployment.kubernetes.io/revision": String(revision.number) },
    ownerReferences: [ownerOf(owner)],
  };
  return objectOf(
    scene,
    { apiVersion: "apps/v1", kind: "ReplicaSet", metadata },
    {
      spec: {
        replicas,
        selector: { matchLabels: { ...selectorOf(app), ...hash } },
        template: podTemplateOf(scene, app, revision.version, hash),
      },
      status: {
        replicas,
        ...(replicas > 0 ? { fullyLabeledReplicas: replicas } : {}),
        ...(available > 0 ? { readyReplicas: available, availableReplicas: available } : {}),
        observedGeneration: 1,
      },
    },
  );
}

function statefulSetOf(scene: Scene, running: Running): JsonObject {
  const { app, replicas } = running;
  const revision = currentOf(running);
  const ready = healthy(running);
  const metadata = {
    name: app.name,
    namespace: app.namespace,
    uid: running.uid,
    createdMs: running.createdMs,
    generation: revision.number,
    labels: labelsOf(app),
  };
  const claims = (app.storage === undefined ? [] : [app.storage]).map((storage) => ({
    metadata: { name: "data" },
    spec: {
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage } },
      storageClassName: "fast",
      volumeMode: "Filesystem",
    },
  }));
  return objectOf(
    scene,
    { apiVersion: "apps/v1", kind: "StatefulSet", metadata },
    {
      spec: {
        replicas,
        selector: { matchLabels: selectorOf(app) },
        template: podTemplateOf(scene, app, revision.version),
        ...(claims.length > 0 ? { volumeClaimTemplates: claims } : {}),
        serviceName: app.name,
        podManagementPolicy: "OrderedReady",
        updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 0 } },
        revisionHistoryLimit: 10,
      },
      status: {
        observedGeneration: revision.number,
        replicas,
        ...(ready > 0 ? { readyReplicas: ready, availableReplicas: ready } : {}),
        currentReplicas: replicas,
        updatedReplicas: replicas,
        currentRevision: `${app.name}-${revision.hash}`,
        updateRevision: `${app.name}-${revision.hash}`,
        collisionCount: 0,
      },
    },
  );
}

function daemonSetOf(scene: Scene, running: Running): JsonObject {
  const { app } = running;
  const revision = currentOf(running);
  const count = scene.nodes.length;
  const metadata = {
    name: app.name,
    namespace: app.namespace,
    uid: running.uid,
    createdMs: running.createdMs,
    generation: revision.number,
    labels: labelsOf(app),
    annotations: { "deprecated.daemonset.template.generation": String(revision.number) },
  };
  return objectOf(
    scene,
    { apiVersion: "apps/v1", kind: "DaemonSet", metadata },
    {
      spec: {
        selector: { matchLabels: selectorOf(app) },
        template: podTemplateOf(scene, app, revision.version),
        updateStrategy: {
          type: "RollingUpdate",
          rollingUpdate: { maxUnavailable: 1, maxSurge: 0 },
        },
        revisionHistoryLimit: 10,
      },
      status: {
        currentNumberScheduled: count,
        numberMisscheduled: 0,
        desiredNumberScheduled: count,
        numberReady: count,
        observedGeneration: revision.number,
        updatedNumberScheduled: count,
        numberAvailable: count,
      },
    },
  );
}
