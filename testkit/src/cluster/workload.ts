/**
 * Everything that belongs to one workload beside its pods: Deployment, ReplicaSets, Service, ServiceAccount, Secrets
 * and ConfigMaps.
 *
 * @module
 */
import type { Json, JsonObject } from "@obsyk/contract";
import { trackFields } from "../kube-api/managed-fields.ts";
import { formatTime, seededUid } from "../kube-api/store.ts";
import type { Cluster, Revision, Workload } from "./model.ts";
import { podTemplate, selectorLabels, workloadLabels } from "./pod-template.ts";
import { between, hex, suffix } from "./random.ts";

const dayMs = 86_400_000;

/** Some moment of the last 90 days, before the newest pods. */
export function someTimeAgo(cluster: Pick<Cluster, "random" | "now">): string {
  return formatTime(cluster.now() - Math.floor((2 + cluster.random() * 88) * dayMs));
}

export function createRevision(
  workload: Pick<Workload, "name">,
  number: number,
  random: () => number,
): Revision {
  const hash = suffix(random, 10);
  return {
    number,
    version: `${between(random, 1, 4)}.${between(random, 0, 30)}.${number}`,
    replicaSet: `${workload.name}-${hash}`,
    replicaSetUid: seededUid(random),
    hash,
  };
}

function condition(type: string, reason: string, time: string): JsonObject {
  return {
    type,
    status: "True",
    lastUpdateTime: time,
    lastTransitionTime: time,
    reason,
    message: `${reason} happened`,
  };
}

function currentOf(workload: Workload): Revision {
  const revision = workload.revisions.at(-1);
  if (revision === undefined) throw new Error(`${workload.name} has no revision`);
  return revision;
}

/** The Deployment as its revisions and replicas are now. */
export function deploymentOf(cluster: Cluster, workload: Workload): JsonObject {
  const revision = currentOf(workload);
  const time = formatTime(cluster.now() - 60_000);
  const template = podTemplate(workload, revision.version, cluster.canary);
  const available = workload.crashLoops ? 0 : workload.replicas;
  const unavailable = workload.replicas - available;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      name: workload.name,
      namespace: workload.namespace,
      uid: workload.uid,
      generation: revision.number,
      creationTimestamp: someTimeAgo(cluster),
      labels: workloadLabels(workload),
      annotations: {
        "deployment.kubernetes.io/revision": String(revision.number),
        "kubectl.kubernetes.io/last-applied-configuration": JSON.stringify({
          spec: {
            template: { spec: { containers: [{ env: [{ name: "KEY", value: cluster.canary }] }] } },
          },
        }),
      },
    },
    spec: {
      replicas: workload.replicas,
      selector: { matchLabels: selectorLabels(workload) },
      template,
      strategy: {
        type: "RollingUpdate",
        rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" },
      },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
    },
    status: {
      observedGeneration: revision.number,
      replicas: workload.replicas,
      updatedReplicas: workload.replicas,
      ...(available > 0 ? { readyReplicas: available, availableReplicas: available } : {}),
      ...(unavailable > 0 ? { unavailableReplicas: unavailable } : {}),
      conditions: [condition("Progressing", "NewReplicaSetAvailable", time)],
    },
  };
}

export function replicaSetOf(cluster: Cluster, workload: Workload, revision: Revision): JsonObject {
  const replicas = revision === workload.revisions.at(-1) ? workload.replicas : 0;
  const hashLabel = { "pod-template-hash": revision.hash };
  const template = podTemplate(workload, revision.version, cluster.canary) as {
    readonly metadata: { readonly labels: JsonObject };
  } & JsonObject;
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: revision.replicaSet,
      namespace: workload.namespace,
      uid: revision.replicaSetUid,
      generation: 1,
      creationTimestamp: someTimeAgo(cluster),
      labels: { ...workloadLabels(workload), ...hashLabel },
      annotations: { "deployment.kubernetes.io/revision": String(revision.number) },
      ownerReferences: [
        {
          apiVersion: "apps/v1",
          kind: "Deployment",
          name: workload.name,
          uid: workload.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      replicas,
      selector: { matchLabels: { ...selectorLabels(workload), ...hashLabel } },
      template: {
        ...template,
        metadata: {
          ...template.metadata,
          labels: { ...template.metadata.labels, ...hashLabel },
        },
      },
    },
    status: {
      replicas,
      ...(replicas > 0 ? { fullyLabeledReplicas: replicas } : {}),
      ...(replicas > 0 && !workload.crashLoops
        ? { readyReplicas: replicas, availableReplicas: replicas }
        : {}),
      observedGeneration: 1,
    },
  };
}

export function serviceOf(cluster: Cluster, workload: Workload): JsonObject {
  const clusterIP = `10.96.${between(cluster.random, 0, 255)}.${between(cluster.random, 1, 254)}`;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: workload.name,
      namespace: workload.namespace,
      creationTimestamp: someTimeAgo(cluster),
      labels: workloadLabels(workload),
    },
    spec: {
      ports: [
        { name: "http", protocol: "TCP", port: 80, targetPort: workload.port },
        { name: "metrics", protocol: "TCP", port: 9090, targetPort: "metrics" },
      ],
      selector: selectorLabels(workload),
      clusterIP,
      clusterIPs: [clusterIP],
      type: "ClusterIP",
      sessionAffinity: "None",
      ipFamilies: ["IPv4"],
      ipFamilyPolicy: "SingleStack",
      internalTrafficPolicy: "Cluster",
    },
    status: { loadBalancer: {} },
  };
}

export function serviceAccountOf(cluster: Cluster, workload: Workload): JsonObject {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: {
      name: workload.name,
      namespace: workload.namespace,
      creationTimestamp: someTimeAgo(cluster),
      labels: workloadLabels(workload),
    },
    imagePullSecrets: [{ name: "registry-pull" }],
    automountServiceAccountToken: true,
  };
}

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}

/** A Secret with real values: whoever reads them finds the canary. */
export function secretOf(
  cluster: Cluster,
  secret: { readonly namespace: string; readonly name: string; readonly keys: readonly string[] },
): JsonObject {
  const time = someTimeAgo(cluster);
  const data = Object.fromEntries(
    secret.keys.map((key) => [key, base64(`${cluster.canary}-${hex(cluster.random, 24)}`)]),
  );
  return withManager(
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        name: secret.name,
        namespace: secret.namespace,
        creationTimestamp: time,
        labels: { "app.kubernetes.io/managed-by": "vault-sync" },
        annotations: { "example.com/rotated-by": cluster.canary },
      },
      data,
      type: secret.keys.includes("tls.key") ? "kubernetes.io/tls" : "Opaque",
    },
    "vault-sync",
    time,
  );
}

export function configMapOf(
  cluster: Cluster,
  configMap: {
    readonly namespace: string;
    readonly name: string;
    readonly keys: readonly string[];
  },
): JsonObject {
  const time = someTimeAgo(cluster);
  const data: { [key: string]: Json } = {};
  for (const key of configMap.keys)
    data[key] = `${key}=${cluster.canary}-${hex(cluster.random, 40)}\n`;
  return withManager(
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: {
        name: configMap.name,
        namespace: configMap.namespace,
        creationTimestamp: time,
        labels: { "app.kubernetes.io/managed-by": "Helm" },
      },
      data,
    },
    "helm",
    time,
  );
}

function withManager(object: JsonObject, manager: string, time: string): JsonObject {
  const managedFields = trackFields(undefined, object, { manager, time });
  return { ...object, metadata: { ...(object["metadata"] as JsonObject), managedFields } };
}
