/** Of every other group. See `forbidden-fields.ts`. */
import type { ForbiddenFields } from "./forbidden-field.ts";

export const forbiddenGroups: ForbiddenFields = {
  "k8s.io.api.admissionregistration.v1.AuditAnnotation": {
    key: [1, "always", "string"],
    valueExpression: [2, "always", "string"],
  },
  "k8s.io.api.admissionregistration.v1.ExpressionWarning": {
    fieldRef: [2, "always", "string"],
    warning: [3, "always", "string"],
  },
  "k8s.io.api.admissionregistration.v1.MatchCondition": {
    expression: [2, "always", "string"],
  },
  "k8s.io.api.admissionregistration.v1.ServiceReference": {
    path: [3, "pointer", "string"],
  },
  "k8s.io.api.admissionregistration.v1.TypeChecking": {
    expressionWarnings: [
      1,
      "omitzero",
      "list k8s.io.api.admissionregistration.v1.ExpressionWarning",
    ],
  },
  "k8s.io.api.admissionregistration.v1.ValidatingAdmissionPolicySpec": {
    auditAnnotations: [5, "omitzero", "list k8s.io.api.admissionregistration.v1.AuditAnnotation"],
    variables: [7, "omitzero", "list k8s.io.api.admissionregistration.v1.Variable"],
  },
  "k8s.io.api.admissionregistration.v1.ValidatingAdmissionPolicyStatus": {
    typeChecking: [2, "pointer", "k8s.io.api.admissionregistration.v1.TypeChecking"],
  },
  "k8s.io.api.admissionregistration.v1.Validation": {
    expression: [1, "always", "string"],
    message: [2, "omitzero", "string"],
    messageExpression: [4, "omitzero", "string"],
  },
  "k8s.io.api.admissionregistration.v1.Variable": {
    name: [1, "always", "string"],
    expression: [2, "always", "string"],
  },
  "k8s.io.api.admissionregistration.v1.WebhookClientConfig": {
    url: [3, "pointer", "string"],
    caBundle: [2, "omitzero", "bytes"],
  },
  "k8s.io.api.apps.v1.DaemonSetCondition": {
    message: [5, "omitzero", "string"],
  },
  "k8s.io.api.apps.v1.DeploymentCondition": {
    lastUpdateTime: [6, "omitzero", "time"],
    message: [5, "omitzero", "string"],
  },
  "k8s.io.api.apps.v1.ReplicaSetCondition": {
    message: [5, "omitzero", "string"],
  },
  "k8s.io.api.apps.v1.StatefulSetCondition": {
    message: [5, "omitzero", "string"],
  },
  "k8s.io.api.autoscaling.v2.ContainerResourceMetricStatus": {
    name: [1, "always", "string"],
    current: [2, "always", "k8s.io.api.autoscaling.v2.MetricValueStatus"],
    container: [3, "always", "string"],
  },
  "k8s.io.api.autoscaling.v2.ExternalMetricStatus": {
    metric: [1, "always", "k8s.io.api.autoscaling.v2.MetricIdentifier"],
    current: [2, "always", "k8s.io.api.autoscaling.v2.MetricValueStatus"],
  },
  "k8s.io.api.autoscaling.v2.HorizontalPodAutoscalerCondition": {
    message: [5, "omitzero", "string"],
  },
  "k8s.io.api.autoscaling.v2.HorizontalPodAutoscalerStatus": {
    currentMetrics: [5, "omitzero", "list k8s.io.api.autoscaling.v2.MetricStatus"],
  },
  "k8s.io.api.autoscaling.v2.MetricStatus": {
    type: [1, "always", "string"],
    object: [2, "pointer", "k8s.io.api.autoscaling.v2.ObjectMetricStatus"],
    pods: [3, "pointer", "k8s.io.api.autoscaling.v2.PodsMetricStatus"],
    resource: [4, "pointer", "k8s.io.api.autoscaling.v2.ResourceMetricStatus"],
    containerResource: [7, "pointer", "k8s.io.api.autoscaling.v2.ContainerResourceMetricStatus"],
    external: [5, "pointer", "k8s.io.api.autoscaling.v2.ExternalMetricStatus"],
  },
  "k8s.io.api.autoscaling.v2.MetricValueStatus": {
    value: [1, "pointer", "quantity"],
    averageValue: [2, "pointer", "quantity"],
    averageUtilization: [3, "pointer", "int32"],
  },
  "k8s.io.api.autoscaling.v2.ObjectMetricStatus": {
    metric: [1, "always", "k8s.io.api.autoscaling.v2.MetricIdentifier"],
    current: [2, "always", "k8s.io.api.autoscaling.v2.MetricValueStatus"],
    describedObject: [3, "always", "k8s.io.api.autoscaling.v2.CrossVersionObjectReference"],
  },
  "k8s.io.api.autoscaling.v2.PodsMetricStatus": {
    metric: [1, "always", "k8s.io.api.autoscaling.v2.MetricIdentifier"],
    current: [2, "always", "k8s.io.api.autoscaling.v2.MetricValueStatus"],
  },
  "k8s.io.api.autoscaling.v2.ResourceMetricStatus": {
    name: [1, "always", "string"],
    current: [2, "always", "k8s.io.api.autoscaling.v2.MetricValueStatus"],
  },
  "k8s.io.api.batch.v1.JobCondition": {
    lastProbeTime: [3, "omitzero", "time"],
    message: [6, "omitzero", "string"],
  },
  "k8s.io.api.batch.v1.JobStatus": {
    uncountedTerminatedPods: [8, "pointer", "k8s.io.api.batch.v1.UncountedTerminatedPods"],
  },
  "k8s.io.api.batch.v1.UncountedTerminatedPods": {
    succeeded: [1, "omitzero", "list string"],
    failed: [2, "omitzero", "list string"],
  },
  "k8s.io.api.discovery.v1.Endpoint": {
    deprecatedTopology: [5, "omitzero", "map string"],
    hints: [8, "pointer", "k8s.io.api.discovery.v1.EndpointHints"],
  },
  "k8s.io.api.discovery.v1.EndpointHints": {
    forZones: [1, "omitzero", "list k8s.io.api.discovery.v1.ForZone"],
    forNodes: [2, "omitzero", "list k8s.io.api.discovery.v1.ForNode"],
  },
  "k8s.io.api.discovery.v1.ForNode": {
    name: [1, "always", "string"],
  },
  "k8s.io.api.discovery.v1.ForZone": {
    name: [1, "always", "string"],
  },
  "k8s.io.api.networking.v1.IngressClassParametersReference": {
    apiGroup: [1, "pointer", "string"],
    kind: [2, "always", "string"],
    name: [3, "always", "string"],
    scope: [4, "pointer", "string"],
    namespace: [5, "pointer", "string"],
  },
  "k8s.io.api.networking.v1.IngressClassSpec": {
    parameters: [2, "pointer", "k8s.io.api.networking.v1.IngressClassParametersReference"],
  },
  "k8s.io.api.policy.v1.PodDisruptionBudgetStatus": {
    disruptedPods: [2, "omitzero", "map time"],
  },
  "k8s.io.api.scheduling.v1.PriorityClass": {
    description: [4, "omitzero", "string"],
  },
  "k8s.io.api.storage.v1.StorageClass": {
    parameters: [3, "omitzero", "map string"],
    mountOptions: [5, "omitzero", "list string"],
  },
};
