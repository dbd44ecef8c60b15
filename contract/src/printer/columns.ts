/**
 * The columns of each resource's table, as `kubectl get -o wide` shows them. A resource without columns of its own has
 * AGE.
 *
 * @module
 */
import type { InventoryObject } from "../api.ts";
import * as cluster from "./cluster-columns.ts";
import { age, type Cell, type Column } from "./column.ts";
import * as network from "./network-columns.ts";
import { dictAt, textAt, textsAt } from "./read.ts";
import * as storage from "./storage-columns.ts";
import * as workloads from "./workload-columns.ts";

const admission = "admissionregistration.k8s.io";

const columnsByResource: ReadonlyMap<string, readonly Column[]> = new Map<
  string,
  readonly Column[]
>([
  ["pods", workloads.pods],
  ["deployments.apps", workloads.deployments],
  ["statefulsets.apps", workloads.statefulSets],
  ["daemonsets.apps", workloads.daemonSets],
  ["replicasets.apps", workloads.replicaSets],
  ["jobs.batch", workloads.jobs],
  ["cronjobs.batch", workloads.cronJobs],
  ["poddisruptionbudgets.policy", workloads.podDisruptionBudgets],
  ["horizontalpodautoscalers.autoscaling", cluster.autoscalers],
  ["services", network.services],
  ["ingresses.networking.k8s.io", network.ingresses],
  ["ingressclasses.networking.k8s.io", network.ingressClasses],
  ["networkpolicies.networking.k8s.io", network.networkPolicies],
  ["endpointslices.discovery.k8s.io", network.endpointSlices],
  ["persistentvolumeclaims", storage.claims],
  ["persistentvolumes", storage.volumes],
  ["storageclasses.storage.k8s.io", storage.storageClasses],
  ["secrets", storage.secrets],
  ["configmaps", storage.configMaps],
  ["nodes", cluster.nodes],
  ["namespaces", cluster.namespaces],
  ["serviceaccounts", cluster.serviceAccounts],
  ["roles.rbac.authorization.k8s.io", cluster.roles],
  ["clusterroles.rbac.authorization.k8s.io", cluster.roles],
  ["rolebindings.rbac.authorization.k8s.io", cluster.bindings],
  ["clusterrolebindings.rbac.authorization.k8s.io", cluster.bindings],
  ["resourcequotas", cluster.resourceQuotas],
  ["limitranges", cluster.limitRanges],
  ["priorityclasses.scheduling.k8s.io", cluster.priorityClasses],
  [`mutatingwebhookconfigurations.${admission}`, cluster.webhookConfigurations],
  [`validatingwebhookconfigurations.${admission}`, cluster.webhookConfigurations],
  [`validatingadmissionpolicies.${admission}`, cluster.admissionPolicies],
  [`validatingadmissionpolicybindings.${admission}`, cluster.admissionPolicyBindings],
  ["events", cluster.events],
]);

const fallback: readonly Column[] = [age];

/** kubectl's own in its order, those of `-o wide` marked, then ours. */
export function columnsOf(resource: string): readonly Column[] {
  return columnsByResource.get(resource) ?? fallback;
}

const defaultMarks: ReadonlyMap<string, string> = new Map([
  ["storageclasses.storage.k8s.io", "storageclass.kubernetes.io/is-default-class"],
  ["ingressclasses.networking.k8s.io", "ingressclass.kubernetes.io/is-default-class"],
]);

/** What stands in the NAME column: the name, and for a default class that it is one. */
export function nameText(object: Pick<InventoryObject, "resource" | "name" | "record">): string {
  const mark = defaultMarks.get(object.resource);
  const isDefault =
    mark !== undefined && textAt(object.record, "metadata", "annotations", mark) === "true";
  return isDefault ? `${object.name} (default)` : object.name;
}

/** What stands beside an object's name on its own page: its STATUS, if its table has one. */
export function statusOf(
  object: Pick<InventoryObject, "resource" | "record">,
  nowMs: number,
): Cell | undefined {
  const status = columnsOf(object.resource).find((column) => column.id === "STATUS");
  return status?.cell(object.record, nowMs);
}

/** Whether the record was cut, and where: such paths are listed, never silently absent. */
export function truncatedPaths(record: unknown): readonly string[] {
  return textsAt(dictAt(record, "obsyk"), "truncated");
}
