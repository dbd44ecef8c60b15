/**
 * What the generator knows of its cluster beside the stored objects: enough to change it believably, small enough for
 * tens of thousands of pods.
 *
 * @module
 */
import type { ObjectStore } from "../kube-api/store.ts";

export type ClusterShape = {
  /** Namespaces beside the four of Kubernetes itself. */
  readonly namespaces: number;
  readonly nodes: number;
  readonly workloads: number;
  /** Pods of each workload. */
  readonly replicas: { readonly min: number; readonly max: number };
};

export type Revision = {
  readonly number: number;
  readonly version: string;
  readonly replicaSet: string;
  readonly replicaSetUid: string;
  readonly hash: string;
};

export type Workload = {
  readonly namespace: string;
  readonly name: string;
  readonly team: string;
  readonly uid: string;
  readonly repository: string;
  readonly sidecar: string | undefined;
  readonly port: number;
  readonly configMaps: readonly string[];
  readonly secrets: readonly string[];
  readonly crashLoops: boolean;
  replicas: number;
  /** Newest last; the last one runs. */
  revisions: Revision[];
  pods: string[];
};

export type Cluster = {
  readonly store: ObjectStore;
  readonly nodes: readonly string[];
  readonly workloads: readonly Workload[];
  readonly random: () => number;
  readonly now: () => number;
  /** Stands in every value that must never be read: environment, command lines, Secrets, ConfigMaps, annotations. */
  readonly canary: string;
};

/** A shape that comes to about this many objects of all kinds. */
export function shapeForObjects(objects: number): ClusterShape {
  // One workload of 4 pods brings about 13 objects; each namespace about 3 more, each node 2.
  const workloads = Math.max(1, Math.round((objects - 40) / 14));
  return {
    namespaces: Math.max(1, Math.min(120, Math.ceil(workloads / 5))),
    nodes: Math.max(3, Math.ceil((workloads * 4) / 25)),
    workloads,
    replicas: { min: 2, max: 6 },
  };
}

/** A shape with this many workload pods; the other kinds stay few. */
export function shapeForPods(pods: number): ClusterShape {
  const replicas = Math.min(20, Math.max(1, pods));
  const workloads = Math.max(1, Math.round(pods / replicas));
  return {
    namespaces: Math.max(1, Math.min(120, Math.ceil(workloads / 5))),
    nodes: Math.max(1, Math.min(1000, Math.ceil(pods / 30))),
    workloads,
    replicas: { min: replicas, max: replicas },
  };
}
