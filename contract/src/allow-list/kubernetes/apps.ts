/**
 * Deployments, replica sets, stateful sets and daemon sets.
 *
 * @module
 */
import {
  always,
  bool,
  int32,
  int64,
  intOrString,
  list,
  message,
  omitzero,
  pointer,
  string,
  table,
  time,
} from "../build.ts";
import { labelSelector, objectMeta } from "./metadata.ts";
import { podTemplateSpec } from "./pods.ts";
import { persistentVolumeClaim } from "./claims.ts";

const rollingUpdateDeployment = table("k8s.io.api.apps.v1.RollingUpdateDeployment", {
  maxUnavailable: pointer(1, intOrString),
  maxSurge: pointer(2, intOrString),
});

const deploymentStrategy = table("k8s.io.api.apps.v1.DeploymentStrategy", {
  type: omitzero(1, string),
  rollingUpdate: pointer(2, message(rollingUpdateDeployment)),
});

const deploymentSpec = table("k8s.io.api.apps.v1.DeploymentSpec", {
  replicas: pointer(1, int32),
  selector: pointer(2, message(labelSelector)),
  template: always(3, message(podTemplateSpec)),
  strategy: always(4, message(deploymentStrategy)),
  minReadySeconds: omitzero(5, int32),
  revisionHistoryLimit: pointer(6, int32),
  paused: omitzero(7, bool),
  progressDeadlineSeconds: pointer(9, int32),
});

const deploymentCondition = table("k8s.io.api.apps.v1.DeploymentCondition", {
  type: always(1, string),
  status: always(2, string),
  lastTransitionTime: omitzero(7, time),
  reason: omitzero(4, string),
});

const deploymentStatus = table("k8s.io.api.apps.v1.DeploymentStatus", {
  observedGeneration: omitzero(1, int64),
  replicas: omitzero(2, int32),
  updatedReplicas: omitzero(3, int32),
  readyReplicas: omitzero(7, int32),
  availableReplicas: omitzero(4, int32),
  unavailableReplicas: omitzero(5, int32),
  terminatingReplicas: pointer(9, int32),
  conditions: omitzero(6, list(message(deploymentCondition))),
  collisionCount: pointer(8, int32),
});

export const deployment = table("k8s.io.api.apps.v1.Deployment", {
  metadata: always(1, message(objectMeta)),
  spec: always(2, message(deploymentSpec)),
  status: always(3, message(deploymentStatus)),
});

const replicaSetSpec = table("k8s.io.api.apps.v1.ReplicaSetSpec", {
  replicas: pointer(1, int32),
  minReadySeconds: omitzero(4, int32),
  selector: pointer(2, message(labelSelector)),
  template: always(3, message(podTemplateSpec)),
});

const replicaSetCondition = table("k8s.io.api.apps.v1.ReplicaSetCondition", {
  type: always(1, string),
  status: always(2, string),
  lastTransitionTime: omitzero(3, time),
  reason: omitzero(4, string),
});

const replicaSetStatus = table("k8s.io.api.apps.v1.ReplicaSetStatus", {
  replicas: always(1, int32),
  fullyLabeledReplicas: omitzero(2, int32),
  readyReplicas: omitzero(4, int32),
  availableReplicas: omitzero(5, int32),
  terminatingReplicas: pointer(7, int32),
  observedGeneration: omitzero(3, int64),
  conditions: omitzero(6, list(message(replicaSetCondition))),
});

export const replicaSet = table("k8s.io.api.apps.v1.ReplicaSet", {
  metadata: always(1, message(objectMeta)),
  spec: always(2, message(replicaSetSpec)),
  status: always(3, message(replicaSetStatus)),
});

const rollingUpdateStatefulSetStrategy = table(
  "k8s.io.api.apps.v1.RollingUpdateStatefulSetStrategy",
  {
    partition: pointer(1, int32),
    maxUnavailable: pointer(2, intOrString),
  },
);

const statefulSetUpdateStrategy = table("k8s.io.api.apps.v1.StatefulSetUpdateStrategy", {
  type: omitzero(1, string),
  rollingUpdate: pointer(2, message(rollingUpdateStatefulSetStrategy)),
});

const statefulSetPersistentVolumeClaimRetentionPolicy = table(
  "k8s.io.api.apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy",
  {
    whenDeleted: omitzero(1, string),
    whenScaled: omitzero(2, string),
  },
);

const statefulSetOrdinals = table("k8s.io.api.apps.v1.StatefulSetOrdinals", {
  start: always(1, int32),
});

const statefulSetSpec = table("k8s.io.api.apps.v1.StatefulSetSpec", {
  replicas: pointer(1, int32),
  selector: pointer(2, message(labelSelector)),
  template: always(3, message(podTemplateSpec)),
  volumeClaimTemplates: omitzero(4, list(message(persistentVolumeClaim))),
  serviceName: always(5, string),
  podManagementPolicy: omitzero(6, string),
  updateStrategy: always(7, message(statefulSetUpdateStrategy)),
  revisionHistoryLimit: pointer(8, int32),
  minReadySeconds: omitzero(9, int32),
  persistentVolumeClaimRetentionPolicy: pointer(
    10,
    message(statefulSetPersistentVolumeClaimRetentionPolicy),
  ),
  ordinals: pointer(11, message(statefulSetOrdinals)),
});

const statefulSetCondition = table("k8s.io.api.apps.v1.StatefulSetCondition", {
  type: always(1, string),
  status: always(2, string),
  lastTransitionTime: omitzero(3, time),
  reason: omitzero(4, string),
});

const statefulSetStatus = table("k8s.io.api.apps.v1.StatefulSetStatus", {
  observedGeneration: omitzero(1, int64),
  replicas: always(2, int32),
  readyReplicas: omitzero(3, int32),
  currentReplicas: omitzero(4, int32),
  updatedReplicas: omitzero(5, int32),
  currentRevision: omitzero(6, string),
  updateRevision: omitzero(7, string),
  collisionCount: pointer(9, int32),
  conditions: omitzero(10, list(message(statefulSetCondition))),
  availableReplicas: always(11, int32),
});

export const statefulSet = table("k8s.io.api.apps.v1.StatefulSet", {
  metadata: always(1, message(objectMeta)),
  spec: always(2, message(statefulSetSpec)),
  status: always(3, message(statefulSetStatus)),
});

const rollingUpdateDaemonSet = table("k8s.io.api.apps.v1.RollingUpdateDaemonSet", {
  maxUnavailable: pointer(1, intOrString),
  maxSurge: pointer(2, intOrString),
});

const daemonSetUpdateStrategy = table("k8s.io.api.apps.v1.DaemonSetUpdateStrategy", {
  type: omitzero(1, string),
  rollingUpdate: pointer(2, message(rollingUpdateDaemonSet)),
});

const daemonSetSpec = table("k8s.io.api.apps.v1.DaemonSetSpec", {
  selector: pointer(1, message(labelSelector)),
  template: always(2, message(podTemplateSpec)),
  updateStrategy: always(3, message(daemonSetUpdateStrategy)),
  minReadySeconds: omitzero(4, int32),
  revisionHistoryLimit: pointer(6, int32),
});

const daemonSetCondition = table("k8s.io.api.apps.v1.DaemonSetCondition", {
  type: always(1, string),
  status: always(2, string),
  lastTransitionTime: omitzero(3, time),
  reason: omitzero(4, string),
});

const daemonSetStatus = table("k8s.io.api.apps.v1.DaemonSetStatus", {
  currentNumberScheduled: always(1, int32),
  numberMisscheduled: always(2, int32),
  desiredNumberScheduled: always(3, int32),
  numberReady: always(4, int32),
  observedGeneration: omitzero(5, int64),
  updatedNumberScheduled: omitzero(6, int32),
  numberAvailable: omitzero(7, int32),
  numberUnavailable: omitzero(8, int32),
  collisionCount: pointer(9, int32),
  conditions: omitzero(10, list(message(daemonSetCondition))),
});

export const daemonSet = table("k8s.io.api.apps.v1.DaemonSet", {
  metadata: always(1, message(objectMeta)),
  spec: always(2, message(daemonSetSpec)),
  status: always(3, message(daemonSetStatus)),
});
