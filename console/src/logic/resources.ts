/**
 * What a person calls a resource and where it stands in the navigation. A resource missing here is shown all the same,
 * under its own name.
 *
 * @module
 */

const sections = [
  "Workloads",
  "Network",
  "Config",
  "Storage",
  "Access",
  "Policy",
  "Cluster",
] as const;
type Section = (typeof sections)[number] | "Other";

export type ResourceInfo = {
  /** kubectl's `resource.group` form. */
  readonly resource: string;
  readonly kind: string;
  /** Plural, for headings. */
  readonly title: string;
  readonly section: Section;
  readonly namespaced: boolean;
  /** `v1`, `apps/v1` …; absent when not known. */
  readonly apiVersion?: string;
};

type Row = readonly [
  resource: string,
  kind: string,
  title: string,
  version: string,
  scope?: "cluster",
];

const network = "networking.k8s.io";
const rbac = "rbac.authorization.k8s.io";
const admission = "admissionregistration.k8s.io";

const rows: { readonly [S in (typeof sections)[number]]: readonly Row[] } = {
  Workloads: [
    ["deployments.apps", "Deployment", "Deployments", "v1"],
    ["statefulsets.apps", "StatefulSet", "StatefulSets", "v1"],
    ["daemonsets.apps", "DaemonSet", "DaemonSets", "v1"],
    ["pods", "Pod", "Pods", "v1"],
    ["replicasets.apps", "ReplicaSet", "ReplicaSets", "v1"],
    ["jobs.batch", "Job", "Jobs", "v1"],
    ["cronjobs.batch", "CronJob", "CronJobs", "v1"],
    [
      "horizontalpodautoscalers.autoscaling",
      "HorizontalPodAutoscaler",
      "HorizontalPodAutoscalers",
      "v2",
    ],
  ],
  Network: [
    ["services", "Service", "Services", "v1"],
    [`ingresses.${network}`, "Ingress", "Ingresses", "v1"],
    [`networkpolicies.${network}`, "NetworkPolicy", "NetworkPolicies", "v1"],
    ["endpointslices.discovery.k8s.io", "EndpointSlice", "EndpointSlices", "v1"],
    [`ingressclasses.${network}`, "IngressClass", "IngressClasses", "v1", "cluster"],
  ],
  Config: [
    ["configmaps", "ConfigMap", "ConfigMaps", "v1"],
    ["secrets", "Secret", "Secrets", "v1"],
  ],
  Storage: [
    ["persistentvolumeclaims", "PersistentVolumeClaim", "PersistentVolumeClaims", "v1"],
    ["persistentvolumes", "PersistentVolume", "PersistentVolumes", "v1", "cluster"],
    ["storageclasses.storage.k8s.io", "StorageClass", "StorageClasses", "v1", "cluster"],
  ],
  Access: [
    ["serviceaccounts", "ServiceAccount", "ServiceAccounts", "v1"],
    [`roles.${rbac}`, "Role", "Roles", "v1"],
    [`rolebindings.${rbac}`, "RoleBinding", "RoleBindings", "v1"],
    [`clusterroles.${rbac}`, "ClusterRole", "ClusterRoles", "v1", "cluster"],
    [`clusterrolebindings.${rbac}`, "ClusterRoleBinding", "ClusterRoleBindings", "v1", "cluster"],
  ],
  Policy: [
    ["poddisruptionbudgets.policy", "PodDisruptionBudget", "PodDisruptionBudgets", "v1"],
    ["resourcequotas", "ResourceQuota", "ResourceQuotas", "v1"],
    ["limitranges", "LimitRange", "LimitRanges", "v1"],
    ["priorityclasses.scheduling.k8s.io", "PriorityClass", "PriorityClasses", "v1", "cluster"],
    [
      `validatingwebhookconfigurations.${admission}`,
      "ValidatingWebhookConfiguration",
      "Validating webhooks",
      "v1",
      "cluster",
    ],
    [
      `mutatingwebhookconfigurations.${admission}`,
      "MutatingWebhookConfiguration",
      "Mutating webhooks",
      "v1",
      "cluster",
    ],
    [
      `validatingadmissionpolicies.${admission}`,
      "ValidatingAdmissionPolicy",
      "Admission policies",
      "v1",
      "cluster",
    ],
    [
      `validatingadmissionpolicybindings.${admission}`,
      "ValidatingAdmissionPolicyBinding",
      "Admission policy bindings",
      "v1",
      "cluster",
    ],
  ],
  Cluster: [
    ["nodes", "Node", "Nodes", "v1", "cluster"],
    ["namespaces", "Namespace", "Namespaces", "v1", "cluster"],
    ["events", "Event", "Events", "v1"],
  ],
};

/** The API group of a resource in kubectl's form; empty for the core group. */
export function groupOf(resource: string): string {
  const dot = resource.indexOf(".");
  return dot === -1 ? "" : resource.slice(dot + 1);
}

export function pluralOf(resource: string): string {
  return resource.split(".", 1)[0] ?? resource;
}

const infoByResource: ReadonlyMap<string, ResourceInfo> = new Map(
  sections.flatMap((section) =>
    rows[section].map(([resource, kind, title, version, scope]) => [
      resource,
      {
        resource,
        kind,
        title,
        section,
        namespaced: scope === undefined,
        apiVersion: groupOf(resource) === "" ? version : `${groupOf(resource)}/${version}`,
      },
    ]),
  ),
);

const order: readonly string[] = [...infoByResource.keys()];

export function resourceInfo(resource: string): ResourceInfo {
  return (
    infoByResource.get(resource) ?? {
      resource,
      kind: resource,
      title: resource,
      section: "Other",
      namespaced: true,
    }
  );
}

/** The resource that an owner reference's kind names; `undefined` for kinds not known here. */
export function resourceOfKind(kind: string, apiVersion: string): string | undefined {
  for (const info of infoByResource.values()) {
    if (info.kind === kind && info.apiVersion === apiVersion) return info.resource;
  }
  return undefined;
}

export type ResourceGroup = {
  readonly section: Section;
  readonly resources: readonly ResourceInfo[];
};

/** Resources in the order of the navigation, unknown ones last by name; empty sections are left out. */
export function groupResources(resources: Iterable<string>): readonly ResourceGroup[] {
  const infos = [...new Set(resources)].map(resourceInfo).toSorted(byPosition);
  return [...sections, "Other" as const]
    .map((section) => ({ section, resources: infos.filter((info) => info.section === section) }))
    .filter((group) => group.resources.length > 0);
}

function byPosition(one: ResourceInfo, other: ResourceInfo): number {
  const position = (info: ResourceInfo): number =>
    infoByResource.has(info.resource) ? order.indexOf(info.resource) : order.length;
  return position(one) - position(other) || (one.resource < other.resource ? -1 : 1);
}

type Count = {
  readonly resource: string;
  readonly namespace?: string | undefined;
  readonly count: number;
};

export function sumByResource(counts: readonly Count[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { resource, count } of counts) sums.set(resource, (sums.get(resource) ?? 0) + count);
  return sums;
}

/** Namespaces that hold anything, by name, with the number of objects in each. */
export function sumByNamespace(counts: readonly Count[]): readonly (readonly [string, number])[] {
  const sums = new Map<string, number>();
  for (const { namespace, count } of counts) {
    if (namespace === undefined || namespace === "" || count === 0) continue;
    sums.set(namespace, (sums.get(namespace) ?? 0) + count);
  }
  return [...sums].toSorted(([one], [other]) => (one < other ? -1 : 1));
}
