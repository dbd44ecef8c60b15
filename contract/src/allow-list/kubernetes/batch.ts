/**
 * Jobs and cron jobs.
 *
 * @module
 */
import {
  always,
  bool,
  int32,
  int64,
  list,
  message,
  omitzero,
  pointer,
  string,
  table,
  time,
} from "../build.ts";
import { labelSelector, objectMeta, objectReference } from "./metadata.ts";
import { podTemplateSpec } from "./pods.ts";

const podFailurePolicyOnExitCodesRequirement = table(
  "k8s.io.api.batch.v1.PodFailurePolicyOnExitCodesRequirement",
  {
    containerName: pointer(1, string),
    operator: always(2, string),
    values: omitzero(3, list(int32)),
  },
);

const podFailurePolicyOnPodConditionsPattern = table(
  "k8s.io.api.batch.v1.PodFailurePolicyOnPodConditionsPattern",
  {
    type: always(1, string),
    status: always(2, string),
  },
);

const podFailurePolicyRule = table("k8s.io.api.batch.v1.PodFailurePolicyRule", {
  action: always(1, string),
  onExitCodes: pointer(2, message(podFailurePolicyOnExitCodesRequirement)),
  onPodConditions: omitzero(3, list(message(podFailurePolicyOnPodConditionsPattern))),
});

const podFailurePolicy = table("k8s.io.api.batch.v1.PodFailurePolicy", {
  rules: omitzero(1, list(message(podFailurePolicyRule))),
});

const successPolicyRule = table("k8s.io.api.batch.v1.SuccessPolicyRule", {
  succeededIndexes: pointer(1, string),
  succeededCount: pointer(2, int32),
});

const successPolicy = table("k8s.io.api.batch.v1.SuccessPolicy", {
  rules: omitzero(1, list(message(successPolicyRule))),
});

const jobSpec = table("k8s.io.api.batch.v1.JobSpec", {
  parallelism: pointer(1, int32),
  completions: pointer(2, int32),
  activeDeadlineSeconds: pointer(3, int64),
  podFailurePolicy: pointer(11, message(podFailurePolicy)),
  successPolicy: pointer(16, message(successPolicy)),
  backoffLimit: pointer(7, int32),
  backoffLimitPerIndex: pointer(12, int32),
  maxFailedIndexes: pointer(13, int32),
  selector: pointer(4, message(labelSelector)),
  manualSelector: pointer(5, bool),
  template: always(6, message(podTemplateSpec)),
  ttlSecondsAfterFinished: pointer(8, int32),
  completionMode: pointer(9, string),
  suspend: pointer(10, bool),
  podReplacementPolicy: pointer(14, string),
  managedBy: pointer(15, string),
});

const jobCondition = table("k8s.io.api.batch.v1.JobCondition", {
  type: always(1, string),
  status: always(2, string),
  lastTransitionTime: omitzero(4, time),
  reason: omitzero(5, string),
});

const jobStatus = table("k8s.io.api.batch.v1.JobStatus", {
  conditions: omitzero(1, list(message(jobCondition))),
  startTime: pointer(2, time),
  completionTime: pointer(3, time),
  active: omitzero(4, int32),
  succeeded: omitzero(5, int32),
  failed: omitzero(6, int32),
  terminating: pointer(11, int32),
  completedIndexes: omitzero(7, string),
  failedIndexes: pointer(10, string),
  ready: pointer(9, int32),
});

export const job = table("k8s.io.api.batch.v1.Job", {
  metadata: always(1, message(objectMeta)),
  spec: always(2, message(jobSpec)),
  status: always(3, message(jobStatus)),
});

const jobTemplateSpec = table("k8s.io.api.batch.v1.JobTemplateSpec", {
  metadata: always(1, message(objectMeta)),
  spec: always(2, message(jobSpec)),
});

const cronJobSpec = table("k8s.io.api.batch.v1.CronJobSpec", {
  schedule: always(1, string),
  timeZone: pointer(8, string),
  startingDeadlineSeconds: pointer(2, int64),
  concurrencyPolicy: omitzero(3, string),
  suspend: pointer(4, bool),
  jobTemplate: always(5, message(jobTemplateSpec)),
  successfulJobsHistoryLimit: pointer(6, int32),
  failedJobsHistoryLimit: pointer(7, int32),
});

const cronJobStatus = table("k8s.io.api.batch.v1.CronJobStatus", {
  active: omitzero(1, list(message(objectReference))),
  lastScheduleTime: pointer(4, time),
  lastSuccessfulTime: pointer(5, time),
});

export const cronJob = table("k8s.io.api.batch.v1.CronJob", {
  metadata: always(1, message(objectMeta)),
  spec: always(2, message(cronJobSpec)),
  status: always(3, message(cronJobStatus)),
});
