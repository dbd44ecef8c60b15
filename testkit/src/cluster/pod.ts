/**
 * Pods as the API server holds them after scheduler, kubelet and controllers have written: about 10 KB of JSON each, a
 * third of it managedFields.
 *
 * @module
 */
import type { Json, JsonObject } from "@obsyk/contract";
import { trackFields } from "../kube-api/managed-fields.ts";
import { isObject, listAt, objectAt, stringAt } from "../kube-api/object.ts";
import { formatTime, seededUid } from "../kube-api/store.ts";
import type { Cluster, Revision, Workload } from "./model.ts";
import { podSpec, workloadLabels } from "./pod-template.ts";
import { between, hex, pick, suffix } from "./random.ts";

type Moment = { readonly createdMs: number; readonly restarts: number };

function address(random: () => number): string {
  return `10.${between(random, 64, 127)}.${between(random, 0, 255)}.${between(random, 1, 254)}`;
}

function condition(type: string, status: string, time: string): JsonObject {
  const reason = status === "True" ? {} : { reason: "ContainersNotReady" };
  return { type, status, lastTransitionTime: time, ...reason };
}

/** The kubelet's view of one container: running, or waiting between two crashes. */
export function containerStatus(
  random: () => number,
  container: JsonObject,
  state: { readonly crashed: boolean; readonly restarts: number; readonly nowMs: number },
): JsonObject {
  const startedAt = formatTime(state.nowMs - 40_000);
  const terminated = {
    exitCode: 1,
    reason: "Error",
    startedAt,
    finishedAt: formatTime(state.nowMs - 1000),
    containerID: `containerd://${hex(random, 64)}`,
  };
  const image = stringAt(container, "image");
  return {
    name: stringAt(container, "name"),
    state: state.crashed
      ? {
          waiting: {
            reason: "CrashLoopBackOff",
            message: "back-off 5m0s restarting failed container",
          },
        }
      : { running: { startedAt: formatTime(state.nowMs) } },
    lastState: state.restarts > 0 ? { terminated } : {},
    ready: !state.crashed,
    restartCount: state.restarts,
    image,
    imageID: `${image.replace(/:[^:]*$/, "")}@sha256:${hex(random, 64)}`,
    containerID: `containerd://${hex(random, 64)}`,
    started: !state.crashed,
  };
}

/** `status` of a pod that runs, or loops, since `createdMs`. */
function podStatus(
  cluster: Pick<Cluster, "random">,
  spec: JsonObject,
  state: { readonly crashed: boolean } & Moment & { readonly podIP?: string },
): JsonObject {
  const { random } = cluster;
  const time = formatTime(state.createdMs + 4000);
  const ready = state.crashed ? "False" : "True";
  const podIP = state.podIP ?? address(random);
  const hostIP = `10.0.${between(random, 0, 15)}.${between(random, 1, 254)}`;
  return {
    phase: "Running",
    conditions: [
      condition("PodReadyToStartContainers", "True", time),
      condition("Initialized", "True", time),
      condition("Ready", ready, time),
      condition("ContainersReady", ready, time),
      condition("PodScheduled", "True", formatTime(state.createdMs)),
    ],
    hostIP,
    hostIPs: [{ ip: hostIP }],
    podIP,
    podIPs: [{ ip: podIP }],
    startTime: formatTime(state.createdMs),
    containerStatuses: listAt(spec, "containers")
      .filter(isObject)
      .map((container, index) =>
        containerStatus(random, container, {
          crashed: state.crashed && index === 0,
          restarts: index === 0 ? state.restarts : 0,
          nowMs: state.createdMs + 5000,
        }),
      ),
    qosClass: "Burstable",
  };
}

/** The volume and mounts that admission adds for the service account's token. */
function withTokenVolume(spec: JsonObject, volume: string): JsonObject {
  const mount = {
    name: volume,
    readOnly: true,
    mountPath: "/var/run/secrets/kubernetes.io/serviceaccount",
  };
  const sources: Json[] = [
    { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
    { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
    {
      downwardAPI: {
        items: [
          { path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } },
        ],
      },
    },
  ];
  return {
    ...spec,
    volumes: [
      ...listAt(spec, "volumes"),
      { name: volume, projected: { sources, defaultMode: 420 } },
    ],
    containers: listAt(spec, "containers")
      .filter(isObject)
      .map((container) =>
        Object.assign({}, container, {
          volumeMounts: [...listAt(container, "volumeMounts"), mount],
        }),
      ),
  };
}

const tolerations: readonly Json[] = ["not-ready", "unreachable"].map((taint) => ({
  key: `node.kubernetes.io/${taint}`,
  operator: "Exists",
  effect: "NoExecute",
  tolerationSeconds: 300,
}));

/** One more pod of `revision`, on a random node, with both managers' managedFields. */
export function createPod(
  cluster: Cluster,
  owner: { readonly workload: Workload; readonly revision: Revision },
  moment: Moment,
): JsonObject {
  const { workload, revision } = owner;
  const { random } = cluster;
  const spec = {
    ...withTokenVolume(
      podSpec(workload, revision.version, cluster.canary),
      `kube-api-access-${suffix(random, 5)}`,
    ),
    nodeName: pick(random, cluster.nodes),
    tolerations,
    priority: 0,
    enableServiceLinks: true,
    preemptionPolicy: "PreemptLowerPriority",
  };
  const created = formatTime(moment.createdMs);
  const pod: JsonObject = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `${revision.replicaSet}-${suffix(random, 5)}`,
      generateName: `${revision.replicaSet}-`,
      namespace: workload.namespace,
      uid: seededUid(random),
      creationTimestamp: created,
      labels: {
        ...workloadLabels(workload),
        version: revision.version,
        "pod-template-hash": revision.hash,
      },
      annotations: {
        "prometheus.io/scrape": "true",
        "example.com/template-note": cluster.canary,
        "example.com/last-deployed-by": `pipeline ${between(random, 1000, 9999)} (${workload.team})`,
      },
      ownerReferences: [
        {
          apiVersion: "apps/v1",
          kind: "ReplicaSet",
          name: revision.replicaSet,
          uid: revision.replicaSetUid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec,
  };
  const running = {
    ...pod,
    status: podStatus(cluster, spec, { crashed: workload.crashLoops, ...moment }),
  };
  return withManagers(pod, running, created);
}

function withManagers(pod: JsonObject, running: JsonObject, time: string): JsonObject {
  const byController = trackFields(undefined, pod, { manager: "kube-controller-manager", time });
  const before = {
    ...pod,
    metadata: { ...objectAt(pod, "metadata"), managedFields: byController },
  };
  const managedFields = trackFields(before, running, {
    manager: "kubelet",
    subresource: "status",
    time,
  });
  return { ...running, metadata: { ...objectAt(pod, "metadata"), managedFields } };
}
