/**
 * Every resource that can be collected, and how.
 *
 * @module
 */
import {
  mutatingWebhookConfiguration,
  validatingAdmissionPolicy,
  validatingAdmissionPolicyBinding,
  validatingWebhookConfiguration,
} from "./kubernetes/admission.ts";
import { daemonSet, deployment, replicaSet, statefulSet } from "./kubernetes/apps.ts";
import { cronJob, job } from "./kubernetes/batch.ts";
import { persistentVolumeClaim } from "./kubernetes/claims.ts";
import { configMap, namespace, node, secret, service, serviceAccount } from "./kubernetes/core.ts";
import { ingress, ingressClass, networkPolicy } from "./kubernetes/networking.ts";
import { persistentVolume, storageClass } from "./kubernetes/persistent-volumes.ts";
import { pod } from "./kubernetes/pods.ts";
import { clusterRole, clusterRoleBinding, role, roleBinding } from "./kubernetes/rbac.ts";
import {
  horizontalPodAutoscaler,
  limitRange,
  podDisruptionBudget,
  priorityClass,
  resourceQuota,
} from "./kubernetes/scaling.ts";
import { endpointSlice, event } from "./kubernetes/traffic.ts";
import type { Message, ResourceDefinition } from "./table.ts";

const full = ["full", "metadata"] as const;
const names = ["keys", "counts", "references"] as const;
const core = { group: "", version: "v1" } as const;
const apps = { group: "apps", version: "v1" } as const;
const batch = { group: "batch", version: "v1" } as const;
const networking = { group: "networking.k8s.io", version: "v1" } as const;
const rbac = { group: "rbac.authorization.k8s.io", version: "v1" } as const;
const admission = { group: "admissionregistration.k8s.io", version: "v1" } as const;
const ofCluster = { namespaced: false } as const;

export const resources: readonly ResourceDefinition[] = [
  define(core, "Namespace", "namespaces", { message: namespace, ...ofCluster }),
  define(core, "Node", "nodes", { message: node, ...ofCluster }),
  define(core, "Pod", "pods", { message: pod }),
  define(core, "Service", "services", { message: service }),
  define(core, "ServiceAccount", "serviceaccounts", { message: serviceAccount }),
  define(core, "PersistentVolumeClaim", "persistentvolumeclaims", {
    message: persistentVolumeClaim,
  }),
  define(apps, "Deployment", "deployments", { message: deployment }),
  define(apps, "ReplicaSet", "replicasets", { message: replicaSet }),
  define(apps, "StatefulSet", "statefulsets", { message: statefulSet }),
  define(apps, "DaemonSet", "daemonsets", { message: daemonSet }),
  define(batch, "Job", "jobs", { message: job }),
  define(batch, "CronJob", "cronjobs", { message: cronJob }),
  define(networking, "Ingress", "ingresses", { message: ingress }),
  define(networking, "NetworkPolicy", "networkpolicies", { message: networkPolicy }),
  define(rbac, "Role", "roles", { message: role }),
  define(rbac, "ClusterRole", "clusterroles", { message: clusterRole, ...ofCluster }),
  define(rbac, "RoleBinding", "rolebindings", { message: roleBinding }),
  define(rbac, "ClusterRoleBinding", "clusterrolebindings", {
    message: clusterRoleBinding,
    ...ofCluster,
  }),
  define(core, "PersistentVolume", "persistentvolumes", {
    message: persistentVolume,
    ...ofCluster,
  }),
  define({ group: "storage.k8s.io", version: "v1" }, "StorageClass", "storageclasses", {
    message: storageClass,
    ...ofCluster,
  }),
  define(
    { group: "autoscaling", version: "v2" },
    "HorizontalPodAutoscaler",
    "horizontalpodautoscalers",
    { message: horizontalPodAutoscaler },
  ),
  define({ group: "policy", version: "v1" }, "PodDisruptionBudget", "poddisruptionbudgets", {
    message: podDisruptionBudget,
  }),
  define(core, "ResourceQuota", "resourcequotas", { message: resourceQuota }),
  define(core, "LimitRange", "limitranges", { message: limitRange }),
  define({ group: "scheduling.k8s.io", version: "v1" }, "PriorityClass", "priorityclasses", {
    message: priorityClass,
    ...ofCluster,
  }),
  define(networking, "IngressClass", "ingressclasses", { message: ingressClass, ...ofCluster }),
  define(admission, "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", {
    message: validatingWebhookConfiguration,
    ...ofCluster,
  }),
  define(admission, "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", {
    message: mutatingWebhookConfiguration,
    ...ofCluster,
  }),
  define(admission, "ValidatingAdmissionPolicy", "validatingadmissionpolicies", {
    message: validatingAdmissionPolicy,
    ...ofCluster,
  }),
  define(admission, "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", {
    message: validatingAdmissionPolicyBinding,
    ...ofCluster,
  }),
  define({ group: "discovery.k8s.io", version: "v1" }, "EndpointSlice", "endpointslices", {
    message: endpointSlice,
    defaultOn: false,
  }),
  define(core, "Event", "events", { message: event, defaultOn: false }),
  define(core, "Secret", "secrets", { message: secret, modes: names }),
  define(core, "ConfigMap", "configmaps", { message: configMap, modes: names }),
];

const byName = new Map(resources.map((definition) => [definition.resource, definition]));

/** @param resource kubectl's `resource.group` form: `pods`, `deployments.apps` */
export function findResource(resource: string): ResourceDefinition | undefined {
  return byName.get(resource);
}

/** `v1`, `apps/v1`. */
export function apiVersionOf(definition: ResourceDefinition): string {
  return definition.group === "" ? definition.version : `${definition.group}/${definition.version}`;
}

/** What exists of the object in this mode: everything in its table, or its metadata only. */
export function messageFor(
  definition: ResourceDefinition,
  mode: ResourceDefinition["modes"][number],
): Message {
  if (mode !== "metadata") return definition.message;
  const { metadata } = definition.message.fields;
  return { name: definition.message.name, fields: metadata === undefined ? {} : { metadata } };
}

function define(
  { group, version }: Pick<ResourceDefinition, "group" | "version">,
  kind: string,
  plural: string,
  rest: Pick<ResourceDefinition, "message"> &
    Partial<Pick<ResourceDefinition, "modes" | "namespaced" | "defaultOn">>,
): ResourceDefinition {
  const resource = group === "" ? plural : `${plural}.${group}`;
  return {
    namespaced: true,
    defaultOn: true,
    modes: full,
    ...rest,
    group,
    version,
    kind,
    plural,
    resource,
  };
}
