/**
 * Stateful sets, daemon sets, jobs, cron jobs and claims with as many kept fields set as an API server accepts.
 *
 * @module
 */
import { canary, metadata, namespace, time, type Planned } from "./planned.ts";

const core = `/api/v1/namespaces/${namespace}`;
const apps = `/apis/apps/v1/namespaces/${namespace}`;
const batch = `/apis/batch/v1/namespaces/${namespace}`;

const selector = {
  matchLabels: { app: "rich" },
  matchExpressions: [{ key: "tier", operator: "NotIn", values: ["a"] }],
};
const template = {
  metadata: { labels: { app: "rich" }, annotations: { [canary]: canary } },
  spec: {
    containers: [
      {
        name: "main",
        image: "main:1",
        command: [canary],
        env: [{ name: "API_TOKEN", value: canary }],
      },
    ],
  },
};
const jobTemplate = { ...template, spec: { ...template.spec, restartPolicy: "Never" } };
const condition = { lastTransitionTime: time, reason: "Because", message: canary };

const claimSpec = {
  accessModes: ["ReadWriteOnce"],
  selector,
  resources: { requests: { storage: "1Gi" }, limits: { storage: "2Gi" } },
  volumeName: "pv-1",
  storageClassName: "fast",
  volumeMode: "Filesystem",
  volumeAttributesClassName: "gold",
};

const claims: readonly Planned[] = [
  {
    path: `${core}/persistentvolumeclaims`,
    object: { metadata: { ...metadata, name: "data" }, spec: claimSpec },
    status: {
      phase: "Bound",
      accessModes: ["ReadWriteOnce"],
      capacity: { storage: "1.5Gi" },
      conditions: [
        { type: "FileSystemResizePending", status: "True", lastProbeTime: time, ...condition },
      ],
      allocatedResources: { storage: "2Gi" },
      allocatedResourceStatuses: { storage: "NodeResizePending" },
      currentVolumeAttributesClassName: "silver",
      modifyVolumeStatus: { targetVolumeAttributesClassName: "gold", status: "InProgress" },
    },
  },
  {
    path: `${core}/persistentvolumeclaims`,
    object: {
      metadata: { name: "restored" },
      spec: {
        accessModes: ["ReadOnlyMany"],
        resources: { requests: { storage: "1G" } },
        dataSource: { apiGroup: "snapshot.storage.k8s.io", kind: "VolumeSnapshot", name: "snap" },
      },
    },
  },
];

const sets: readonly Planned[] = [
  {
    path: `${apps}/statefulsets`,
    object: {
      metadata: { ...metadata, name: "db" },
      spec: {
        replicas: 3,
        selector,
        template,
        volumeClaimTemplates: [
          { metadata: { name: "data", annotations: { [canary]: canary } }, spec: claimSpec },
        ],
        serviceName: "db",
        podManagementPolicy: "Parallel",
        updateStrategy: {
          type: "RollingUpdate",
          rollingUpdate: { partition: 0, maxUnavailable: "20%" },
        },
        revisionHistoryLimit: 0,
        minReadySeconds: 3,
        persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete", whenScaled: "Retain" },
        ordinals: { start: 0 },
      },
    },
    status: {
      observedGeneration: 1,
      replicas: 3,
      readyReplicas: 2,
      currentReplicas: 1,
      updatedReplicas: 2,
      currentRevision: "db-1",
      updateRevision: "db-2",
      collisionCount: 0,
      availableReplicas: 1,
      conditions: [{ type: "Stuck", status: "False", ...condition }],
    },
  },
  {
    path: `${apps}/statefulsets`,
    object: {
      metadata: { name: "small" },
      spec: {
        selector: { matchLabels: { app: "rich" } },
        template,
        updateStrategy: { type: "OnDelete" },
      },
    },
  },
  {
    path: `${apps}/daemonsets`,
    object: {
      metadata: { ...metadata, name: "agent" },
      spec: {
        selector,
        template,
        updateStrategy: {
          type: "RollingUpdate",
          rollingUpdate: { maxUnavailable: 0, maxSurge: "10%" },
        },
        minReadySeconds: 1,
        revisionHistoryLimit: 2,
      },
    },
    status: {
      currentNumberScheduled: 3,
      numberMisscheduled: 1,
      desiredNumberScheduled: 4,
      numberReady: 2,
      observedGeneration: 1,
      updatedNumberScheduled: 2,
      numberAvailable: 1,
      numberUnavailable: 3,
      collisionCount: 1,
      conditions: [{ type: "Stuck", status: "Unknown", ...condition }],
    },
  },
];

const failurePolicy = {
  rules: [
    {
      action: "FailJob",
      onExitCodes: { containerName: "main", operator: "In", values: [1, 42, 127] },
    },
    { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
  ],
};

const jobs: readonly Planned[] = [
  {
    path: `${batch}/jobs`,
    object: {
      metadata: { ...metadata, name: "import" },
      spec: {
        parallelism: 0,
        completions: 5,
        activeDeadlineSeconds: 600,
        podFailurePolicy: failurePolicy,
        successPolicy: { rules: [{ succeededIndexes: "0-2", succeededCount: 1 }] },
        backoffLimit: 3,
        backoffLimitPerIndex: 1,
        maxFailedIndexes: 2,
        selector: { matchLabels: { app: "rich" } },
        manualSelector: true,
        template: jobTemplate,
        ttlSecondsAfterFinished: 0,
        completionMode: "Indexed",
        suspend: false,
        podReplacementPolicy: "Failed",
        managedBy: "example.com/queue",
      },
    },
    status: {
      startTime: time,
      active: 1,
      succeeded: 2,
      failed: 1,
      terminating: 0,
      ready: 1,
      completedIndexes: "0,2",
      failedIndexes: "1",
      uncountedTerminatedPods: { succeeded: ["11111111-2222-3333-4444-555555555555"] },
      conditions: [
        { type: "SuccessCriteriaMet", status: "False", lastProbeTime: time, ...condition },
      ],
    },
  },
  {
    path: `${batch}/jobs`,
    object: { metadata: { name: "done" }, spec: { template: jobTemplate } },
    status: {
      startTime: time,
      completionTime: "2026-01-02T03:05:05Z",
      succeeded: 1,
      uncountedTerminatedPods: {},
      conditions: [
        { type: "SuccessCriteriaMet", status: "True", ...condition },
        { type: "Complete", status: "True", ...condition },
      ],
    },
  },
  {
    path: `${batch}/cronjobs`,
    object: {
      metadata: { ...metadata, name: "nightly" },
      spec: {
        schedule: "5 3 * * *",
        timeZone: "Europe/Vienna",
        startingDeadlineSeconds: 60,
        concurrencyPolicy: "Forbid",
        suspend: true,
        successfulJobsHistoryLimit: 0,
        failedJobsHistoryLimit: 2,
        jobTemplate: {
          metadata: { labels: { app: "rich" }, annotations: { [canary]: canary } },
          spec: { template: jobTemplate, backoffLimit: 0 },
        },
      },
    },
    status: {
      active: [
        {
          kind: "Job",
          namespace,
          name: "nightly-1",
          uid: "11111111-2222-3333-4444-555555555555",
          apiVersion: "batch/v1",
          resourceVersion: "7",
        },
      ],
      lastScheduleTime: time,
      lastSuccessfulTime: time,
    },
  },
];

export const workloads: readonly Planned[] = [...claims, ...sets, ...jobs];
