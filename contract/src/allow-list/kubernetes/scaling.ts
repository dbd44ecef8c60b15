/**
 * What bounds and moves the number of pods: autoscalers (without the values they measure), disruption budgets, quotas,
 * limit ranges, priority classes.
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
  map,
  message,
  omitzero,
  pointer,
  quantity,
  string,
  table,
  time,
} from "../build.ts";
import { condition, labelSelector, objectMeta } from "./metadata.ts";

const crossVersionObjectReference = table("k8s.io.api.autoscaling.v2.CrossVersionObjectReference", {
  kind: always(1, string),
  name: always(2, string),
  apiVersion: omitzero(3, string),
});

const metricTarget = table("k8s.io.api.autoscaling.v2.MetricTarget", {
  type: always(1, string),
  value: pointer(2, quantity),
  averageValue: pointer(3, quantity),
  averageUtilization: pointer(4, int32),
});

const metricIdentifier = table("k8s.io.api.autoscaling.v2.MetricIdentifier", {
  name: always(1, string),
  selector: pointer(2, message(labelSelector)),
});

const objectMetricSource = table("k8s.io.api.autoscaling.v2.ObjectMetricSource", {
  describedObject: always(1, message(crossVersionObjectReference)),
  target: always(2, message(metricTarget)),
  metric: always(3, message(metricIdentifier)),
});

const podsMetricSource = table("k8s.io.api.autoscaling.v2.PodsMetricSource", {
  metric: always(1, message(metricIdentifier)),
  target: always(2, message(metricTarget)),
});

const resourceMetricSource = table("k8s.io.api.autoscaling.v2.ResourceMetricSource", {
  name: always(1, string),
  target: always(2, message(metricTarget)),
});

const containerResourceMetricSource = table(
  "k8s.io.api.autoscaling.v2.ContainerResourceMetricSource",
  {
    name: always(1, string),
    target: always(2, message(metricTarget)),
    container: always(3, string),
  },
);

const externalMetricSource = table("k8s.io.api.autoscaling.v2.ExternalMetricSource", {
  metric: always(1, message(metricIdentifier)),
  target: always(2, message(metricTarget)),
});

const metricSpec = table("k8s.io.api.autoscaling.v2.MetricSpec", {
  type: always(1, string),
  object: pointer(2, message(objectMetricSource)),
  pods: pointer(3, message(podsMetricSource)),
  resource: pointer(4, message(resourceMetricSource)),
  containerResource: pointer(7, message(containerResourceMetricSource)),
  external: pointer(5, message(externalMetricSource)),
});

const hPAScalingPolicy = table("k8s.io.api.autoscaling.v2.HPAScalingPolicy", {
  type: always(1, string),
  value: always(2, int32),
  periodSeconds: always(3, int32),
});

const hPAScalingRules = table("k8s.io.api.autoscaling.v2.HPAScalingRules", {
  stabilizationWindowSeconds: pointer(3, int32),
  selectPolicy: pointer(1, string),
  policies: omitzero(2, list(message(hPAScalingPolicy))),
  tolerance: pointer(4, quantity),
});

const horizontalPodAutoscalerBehavior = table(
  "k8s.io.api.autoscaling.v2.HorizontalPodAutoscalerBehavior",
  {
    scaleUp: pointer(1, message(hPAScalingRules)),
    scaleDown: pointer(2, message(hPAScalingRules)),
  },
);

const horizontalPodAutoscalerSpec = table("k8s.io.api.autoscaling.v2.HorizontalPodAutoscalerSpec", {
  scaleTargetRef: always(1, message(crossVersionObjectReference)),
  minReplicas: pointer(2, int32),
  maxReplicas: always(3, int32),
  metrics: omitzero(4, list(message(metricSpec))),
  behavior: pointer(5, message(horizontalPodAutoscalerBehavior)),
});

const horizontalPodAutoscalerCondition = table(
  "k8s.io.api.autoscaling.v2.HorizontalPodAutoscalerCondition",
  {
    type: always(1, string),
    status: always(2, string),
    lastTransitionTime: omitzero(3, time),
    reason: omitzero(4, string),
  },
);

/** Without `currentMetrics`: they change every few seconds, and monitoring has them. */
const horizontalPodAutoscalerStatus = table(
  "k8s.io.api.autoscaling.v2.HorizontalPodAutoscalerStatus",
  {
    observedGeneration: pointer(1, int64),
    lastScaleTime: pointer(2, time),
    currentReplicas: omitzero(3, int32),
    desiredReplicas: always(4, int32),
    conditions: omitzero(6, list(message(horizontalPodAutoscalerCondition))),
  },
);

export const horizontalPodAutoscaler = table("k8s.io.api.autoscaling.v2.HorizontalPodAutoscaler", {
  metadata: always(1, message(objectMeta)),
  spec: always(2, message(horizontalPodAutoscalerSpec)),
  status: always(3, message(horizontalPodAutoscalerStatus)),
});

const podDisruptionBudgetSpec = table("k8s.io.api.policy.v1.PodDisruptionBudgetSpec", {
  minAvailable: pointer(1, intOrString),
  selector: pointer(2, message(labelSelector)),
  maxUnavailable: pointer(3, intOrString),
  unhealthyPodEvictionPolicy: pointer(4, string),
});

const podDisruptionBudgetStatus = table("k8s.io.api.policy.v1.PodDisruptionBudgetStatus", {
  observedGeneration: omitzero(1, int64),
  disruptionsAllowed: always(3, int32),
  currentHealthy: always(4, int32),
  desiredHealthy: always(5, int32),
  expectedPods: always(6, int32),
  conditions: omitzero(7, list(message(condition))),
});

export const podDisruptionBudget = table("k8s.io.api.policy.v1.PodDisruptionBudget", {
  metadata: always(1, message(objectMeta)),
  spec: always(2, message(podDisruptionBudgetSpec)),
  status: always(3, message(podDisruptionBudgetStatus)),
});

const scopedResourceSelectorRequirement = table(
  "k8s.io.api.core.v1.ScopedResourceSelectorRequirement",
  {
    scopeName: always(1, string),
    operator: always(2, string),
    values: omitzero(3, list(string)),
  },
);

const scopeSelector = table("k8s.io.api.core.v1.ScopeSelector", {
  matchExpressions: omitzero(1, list(message(scopedResourceSelectorRequirement))),
});

const resourceQuotaSpec = table("k8s.io.api.core.v1.ResourceQuotaSpec", {
  hard: omitzero(1, map(quantity)),
  scopes: omitzero(2, list(string)),
  scopeSelector: pointer(3, message(scopeSelector)),
});

const resourceQuotaStatus = table("k8s.io.api.core.v1.ResourceQuotaStatus", {
  hard: omitzero(1, map(quantity)),
  used: omitzero(2, map(quantity)),
});

export const resourceQuota = table("k8s.io.api.core.v1.ResourceQuota", {
  metadata: always(1, message(objectMeta)),
  spec: always(2, message(resourceQuotaSpec)),
  status: always(3, message(resourceQuotaStatus)),
});

const limitRangeItem = table("k8s.io.api.core.v1.LimitRangeItem", {
  type: always(1, string),
  max: omitzero(2, map(quantity)),
  min: omitzero(3, map(quantity)),
  default: omitzero(4, map(quantity)),
  defaultRequest: omitzero(5, map(quantity)),
  maxLimitRequestRatio: omitzero(6, map(quantity)),
});

const limitRangeSpec = table("k8s.io.api.core.v1.LimitRangeSpec", {
  limits: omitzero(1, list(message(limitRangeItem))),
});

export const limitRange = table("k8s.io.api.core.v1.LimitRange", {
  metadata: always(1, message(objectMeta)),
  spec: always(2, message(limitRangeSpec)),
});

export const priorityClass = table("k8s.io.api.scheduling.v1.PriorityClass", {
  metadata: always(1, message(objectMeta)),
  value: always(2, int32),
  globalDefault: omitzero(3, bool),
  preemptionPolicy: pointer(5, string),
});
