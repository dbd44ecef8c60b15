/**
 * What a person calls a resource and where it stands in the navigation. A resource missing here is shown all the same,
 * under its own name.
 *
 * @module
 */

const sections = ["Workloads", "Network", "Configuration", "Access", "Cluster"] as const;
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
  apiVersion: string,
  clusterScoped?: "cluster",
];

const rows: { readonly [S in (typeof sections)[number]]: readonly Row[] } = {
  Workloads: [
    ["deployments.apps", "Deployment", "Deployments", "apps/v1"],
    ["statefulsets.apps", "StatefulSet", "StatefulSets", "apps/v1"],
    ["daemonsets.apps", "DaemonSet", "DaemonSets", "apps/v1"],
    ["replicasets.apps", "ReplicaSet", "ReplicaSets", "apps/v1"],
    ["pods", "Pod", "Pods", "v1"],
    ["jobs.batch", "Job", "Jobs", "batch/v1"],
    ["cronjobs.batch", "CronJob", "CronJobs", "batch/v1"],
  ],
  Network: [
    ["services", "Service", "Services", "v1"],
    ["ingresses.networking.k8s.io", "Ingress", "Ingresses", "networking.k8s.io/v1"],
    [
      "networkpolicies.networking.k8s.io",
      "NetworkPolicy",
      "NetworkPolicies",
      "networking.k8s.io/v1",
    ],
  ],
  Configuration: [
    ["configmaps", "ConfigMap", "ConfigMaps", "v1"],
    ["secrets", "Secret", "Secrets", "v1"],
    ["persistentvolumeclaims", "PersistentVolumeClaim", "PersistentVolumeClaims", "v1"],
  ],
  Access: [
    ["serviceaccounts", "ServiceAccount", "ServiceAccounts", "v1"],
    ["roles.rbac.authorization.k8s.io", "Role", "Roles", "rbac.authorization.k8s.io/v1"],
    [
      "rolebindings.rbac.authorization.k8s.io",
      "RoleBinding",
      "RoleBindings",
      "rbac.authorization.k8s.io/v1",
    ],
    [
      "clusterroles.rbac.authorization.k8s.io",
      "ClusterRole",
      "ClusterRoles",
      "rbac.authorization.k8s.io/v1",
      "cluster",
    ],
    [
      "clusterrolebindings.rbac.authorization.k8s.io",
      "ClusterRoleBinding",
      "ClusterRoleBindings",
      "rbac.authorization.k8s.io/v1",
      "cluster",
    ],
  ],
  Cluster: [
    ["nodes", "Node", "Nodes", "v1", "cluster"],
    ["namespaces", "Namespace", "Namespaces", "v1", "cluster"],
  ],
};

const infoByResource: ReadonlyMap<string, ResourceInfo> = new Map(
  sections.flatMap((section) =>
    rows[section].map(([resource, kind, title, apiVersion, clusterScoped]) => [
      resource,
      { resource, kind, title, section, namespaced: clusterScoped === undefined, apiVersion },
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
