/**
 * The sections of each kind.
 *
 * @module
 */
import {
  bindingSections,
  roleSections,
  serviceAccountSections,
  webhookSections,
} from "./access.ts";
import {
  claimSections,
  keySections,
  nodeSections,
  quotaSections,
  volumeSections,
} from "./cluster.ts";
import { ingressSections, networkPolicySections, serviceSections } from "./network.ts";
import { podSections, workloadSections } from "./pods.ts";
import { conditions, type Section } from "./section.ts";

type Sections = (record: unknown, namespace: string | undefined) => readonly Section[];

const rbac = "rbac.authorization.k8s.io";
const admission = "admissionregistration.k8s.io";

const sectionsByResource: ReadonlyMap<string, Sections> = new Map<string, Sections>([
  ["pods", podSections],
  ["deployments.apps", workloadSections],
  ["statefulsets.apps", workloadSections],
  ["daemonsets.apps", workloadSections],
  ["replicasets.apps", workloadSections],
  ["jobs.batch", workloadSections],
  ["cronjobs.batch", workloadSections],
  ["services", serviceSections],
  ["ingresses.networking.k8s.io", ingressSections],
  ["networkpolicies.networking.k8s.io", networkPolicySections],
  ["secrets", keySections],
  ["configmaps", keySections],
  ["persistentvolumeclaims", claimSections],
  ["persistentvolumes", volumeSections],
  ["serviceaccounts", serviceAccountSections],
  [`roles.${rbac}`, roleSections],
  [`clusterroles.${rbac}`, roleSections],
  [`rolebindings.${rbac}`, bindingSections],
  [`clusterrolebindings.${rbac}`, bindingSections],
  [`mutatingwebhookconfigurations.${admission}`, webhookSections],
  [`validatingwebhookconfigurations.${admission}`, webhookSections],
  ["nodes", nodeSections],
  ["resourcequotas", quotaSections],
]);

/** Of a kind without sections of its own: its conditions, if it has any. */
export function sectionsOf(object: {
  readonly resource: string;
  readonly namespace?: string | undefined;
  readonly record: unknown;
}): readonly Section[] {
  const sections = sectionsByResource.get(object.resource) ?? conditions;
  return sections(object.record, object.namespace);
}
