/**
 * The stage on which a believable cluster is built: where it is, what has been built so far, and the means to add to it.
 *
 * @module
 */
import type { JsonObject } from "@obsyk/contract";
import { formatTime, ObjectStore, seededUid, type Writer } from "../../kube-api/store.ts";
import { seededRandom } from "../../kube-api/encode/random-object.ts";
import { between, hex, pick } from "../random.ts";

export type Cloud = {
  readonly provider: "aws" | "gcp" | "azure";
  readonly region: string;
  readonly zones: readonly string[];
  readonly machines: readonly Machine[];
  readonly osImage: string;
  readonly kubeletVersion: string;
};

export type Machine = {
  readonly type: string;
  readonly cpus: number;
  readonly memoryKi: number;
  readonly arch: "amd64" | "arm64";
};

/** Why pods of a workload do not do well; `undefined` when they do. */
export type Trouble = "crash-loop" | "out-of-memory" | "image-pull" | "unschedulable" | "not-ready";

/** One Deployment, StatefulSet or DaemonSet, as somebody wrote it down. */
export type App = {
  readonly kind: "Deployment" | "StatefulSet" | "DaemonSet";
  readonly namespace: string;
  readonly name: string;
  readonly team: string;
  readonly image: string;
  readonly port: number;
  readonly replicas: number;
  readonly trouble?: Trouble | undefined;
  /** Claims one volume a pod, such as `20Gi`; StatefulSets only. */
  readonly storage?: string | undefined;
  readonly host?: string | undefined;
  readonly scales?: boolean | undefined;
  /** Runs as root with the host's network and paths, as agents on nodes do. */
  readonly privileged?: boolean | undefined;
  /** Has a password in its environment, in the open. */
  readonly leaks?: boolean | undefined;
  readonly pullSecret?: string | undefined;
  readonly priorityClass?: string | undefined;
};

export type Revision = {
  readonly number: number;
  readonly version: string;
  readonly hash: string;
  /** Of the ReplicaSet; of Deployments only. */
  readonly uid: string;
};

/** An app as it runs. */
export type Running = {
  readonly app: App;
  readonly uid: string;
  readonly createdMs: number;
  /** Newest last; the last one is wanted. */
  revisions: readonly Revision[];
  /** Names, oldest first. */
  pods: readonly string[];
  replicas: number;
  /** How many of them are not available. */
  ailing: number;
  /** A story is about it; another one waits. */
  busy: boolean;
};

export type Scheduled = {
  readonly namespace: string;
  readonly name: string;
  readonly team: string;
  readonly uid: string;
  readonly schedule: string;
  readonly image: string;
  readonly everyMs: number;
  /** Every so many runs one fails; 0 for never. */
  readonly failsEvery: number;
  /** Names of its Jobs, oldest first. */
  jobs: readonly string[];
  runs: number;
};

export type Scene = {
  /** The cluster's name. */
  readonly name: string;
  readonly cloud: Cloud;
  readonly store: ObjectStore;
  readonly random: () => number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Stands in every value that must never be read. */
  readonly canary: string;
  /** Workers that take pods. */
  nodes: readonly string[];
  apps: readonly Running[];
  cronJobs: readonly Scheduled[];
};

export type SceneOptions = {
  readonly seed: number;
  readonly now: () => number;
  readonly canary?: string | undefined;
};

export function openScene(name: string, cloud: Cloud, options: SceneOptions): Scene {
  const random = seededRandom(options.seed);
  return {
    name,
    cloud,
    store: new ObjectStore({ now: options.now, random }),
    random,
    now: options.now,
    canary: options.canary ?? "not-a-real-secret",
    nodes: [],
    apps: [],
    cronJobs: [],
  };
}

export const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Some moment between `least` and `most` days ago. */
export function daysAgo(scene: Scene, least: number, most: number): number {
  return scene.now() - Math.floor((least + scene.random() * (most - least)) * dayMs);
}

type Metadata = {
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly uid?: string;
  readonly labels?: JsonObject;
  readonly annotations?: JsonObject;
  readonly createdMs?: number;
  readonly ownerReferences?: readonly JsonObject[];
  readonly generation?: number;
  readonly generateName?: string;
};

type Named = { readonly apiVersion: string; readonly kind: string; readonly metadata: Metadata };

/** An object with its metadata in order; created some time in the last months when nothing else is said. */
export function objectOf(scene: Scene, named: Named, rest: JsonObject): JsonObject {
  const { createdMs, namespace, uid, ...metadata } = named.metadata;
  return {
    apiVersion: named.apiVersion,
    kind: named.kind,
    metadata: {
      ...metadata,
      ...(namespace === undefined ? {} : { namespace }),
      uid: uid ?? seededUid(scene.random),
      creationTimestamp: formatTime(createdMs ?? daysAgo(scene, 20, 300)),
    },
    ...rest,
  };
}

const helm: Writer = { manager: "helm" };

/** Adds or replaces. */
export function put(
  scene: Scene,
  resource: string,
  object: JsonObject,
  writer: Writer = helm,
): void {
  scene.store.apply(resource, object, writer);
}

export function ownerOf(owner: {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}): JsonObject {
  return { ...owner, controller: true, blockOwnerDeletion: true };
}

export function labelsOf(app: Pick<App, "name" | "namespace" | "team">): JsonObject {
  return {
    app: app.name,
    "app.kubernetes.io/name": app.name,
    "app.kubernetes.io/part-of": app.namespace,
    "app.kubernetes.io/managed-by": "Helm",
    "example.com/team": app.team,
  };
}

export function selectorOf(app: Pick<App, "name">): JsonObject {
  return { app: app.name, "app.kubernetes.io/name": app.name };
}

export function podAddress(random: () => number): string {
  return `10.${between(random, 64, 127)}.${between(random, 0, 255)}.${between(random, 1, 254)}`;
}

export function digest(random: () => number): string {
  return `sha256:${hex(random, 64)}`;
}

export function anyNode(scene: Scene): string {
  return pick(scene.random, scene.nodes);
}
