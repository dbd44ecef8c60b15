/**
 * Who may do what: the roles Kubernetes brings, what add-ons bring, each team's own, and a few grants that nobody would
 * defend in a review.
 *
 * @module
 */
import type { JsonObject } from "@obsyk/contract";
import { objectOf, put, type App, type Scene } from "./scene.ts";

const group = "rbac.authorization.k8s.io";
const apiVersion = `${group}/v1`;

type Rule = {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly verbs: readonly string[];
};

export type Subject =
  | { readonly kind: "User" | "Group"; readonly name: string }
  | { readonly kind: "ServiceAccount"; readonly name: string; readonly namespace: string };

const read = ["get", "list", "watch"];
const write = ["create", "delete", "deletecollection", "patch", "update"];

function addClusterRole(
  scene: Scene,
  name: string,
  role: {
    readonly rules: readonly Rule[];
    readonly labels?: JsonObject;
    readonly aggregates?: string;
  },
): void {
  const { rules, labels, aggregates } = role;
  const metadata = {
    name,
    ...(labels === undefined ? {} : { labels }),
    ...(name.startsWith("system:")
      ? { annotations: { "rbac.authorization.kubernetes.io/autoupdate": "true" } }
      : {}),
  };
  const matchLabels = { [`${group}/aggregate-to-${aggregates ?? ""}`]: "true" };
  const object = objectOf(
    scene,
    { apiVersion, kind: "ClusterRole", metadata },
    {
      rules,
      ...(aggregates === undefined
        ? {}
        : { aggregationRule: { clusterRoleSelectors: [{ matchLabels }] } }),
    },
  );
  put(scene, `clusterroles.${group}`, object);
}

function subjectOf(subject: Subject): JsonObject {
  return subject.kind === "ServiceAccount" ? subject : { ...subject, apiGroup: group };
}

export function bindCluster(
  scene: Scene,
  name: string,
  binding: { readonly role: string; readonly subjects: readonly Subject[] },
): void {
  const object = objectOf(
    scene,
    { apiVersion, kind: "ClusterRoleBinding", metadata: { name } },
    {
      subjects: binding.subjects.map(subjectOf),
      roleRef: { apiGroup: group, kind: "ClusterRole", name: binding.role },
    },
  );
  put(scene, `clusterrolebindings.${group}`, object, { manager: "kubectl-create" });
}

type At = { readonly namespace: string; readonly name: string };

function addRole(scene: Scene, at: At, rules: readonly Rule[]): void {
  const object = objectOf(scene, { apiVersion, kind: "Role", metadata: at }, { rules });
  put(scene, `roles.${group}`, object);
}

function bind(
  scene: Scene,
  at: At,
  binding: {
    readonly kind: "Role" | "ClusterRole";
    readonly role: string;
    readonly subjects: readonly Subject[];
  },
): void {
  const object = objectOf(
    scene,
    { apiVersion, kind: "RoleBinding", metadata: at },
    {
      subjects: binding.subjects.map(subjectOf),
      roleRef: { apiGroup: group, kind: binding.kind, name: binding.role },
    },
  );
  put(scene, `rolebindings.${group}`, object);
}

const workloads = {
  apiGroups: ["apps"],
  resources: ["deployments", "statefulsets", "daemonsets", "replicasets"],
};
const basics = {
  apiGroups: [""],
  resources: ["pods", "pods/log", "services", "configmaps", "persistentvolumeclaims"],
};

/** Controllers whose own roles a control plane creates at its start. */
const controllers = [
  "attachdetach",
  "certificate",
  "cronjob",
  "daemon-set",
  "deployment",
  "disruption",
  "endpoint",
  "endpointslice",
  "generic-garbage-collector",
  "horizontal-pod-autoscaler",
  "job",
  "namespace",
  "node",
  "persistent-volume-binder",
  "pod-garbage-collector",
  "replicaset",
  "resourcequota",
  "route",
  "service",
  "service-account",
  "statefulset",
  "ttl-after-finished",
] as const;

/** What a control plane brings. */
export function addBuiltInAccess(scene: Scene): void {
  addClusterRole(scene, "cluster-admin", {
    rules: [
      { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
      { nonResourceURLs: ["*"], verbs: ["*"] },
    ],
  });
  const parts = {
    view: [
      { ...basics, verbs: read },
      { ...workloads, verbs: read },
    ],
    edit: [
      { ...basics, verbs: write },
      { ...workloads, verbs: write },
      { apiGroups: [""], resources: ["secrets"], verbs: [...read, ...write] },
    ],
    admin: [
      { apiGroups: [group], resources: ["roles", "rolebindings"], verbs: [...read, ...write] },
    ],
  };
  const wider: { readonly [role: string]: readonly Rule[] } = {
    view: parts.view,
    edit: [...parts.view, ...parts.edit],
    admin: [...parts.view, ...parts.edit, ...parts.admin],
  };
  for (const [name, rules] of Object.entries(parts)) {
    const labels = { [`${group}/aggregate-to-${name}`]: "true" };
    addClusterRole(scene, `system:aggregate-to-${name}`, { rules, labels });
    addClusterRole(scene, name, { rules: wider[name] ?? rules, aggregates: name });
  }
  for (const name of controllers) {
    const role = `system:controller:${name}-controller`;
    addClusterRole(scene, role, { rules: [{ apiGroups: ["*"], resources: ["*"], verbs: read }] });
    const account = { namespace: "kube-system", name: `${name}-controller` };
    bindCluster(scene, role, { role, subjects: [{ kind: "ServiceAccount", ...account }] });
  }
  const masters: Subject = { kind: "Group", name: "system:masters" };
  bindCluster(scene, "cluster-admin", { role: "cluster-admin", subjects: [masters] });
  addClusterRole(scene, "system:discovery", {
    rules: [{ nonResourceURLs: ["/api", "/apis", "/healthz", "/version"], verbs: ["get"] }],
  });
  bindCluster(scene, "system:discovery", {
    role: "system:discovery",
    subjects: [{ kind: "Group", name: "system:authenticated" }],
  });
}

/** A team's own namespace: its developers edit, a robot deploys, everybody on call may look. */
export function addTeamAccess(scene: Scene, namespace: string, team: string): void {
  bind(
    scene,
    { namespace, name: `${team}-developers` },
    {
      kind: "ClusterRole",
      role: "edit",
      subjects: [{ kind: "Group", name: `oidc:${team}-developers` }],
    },
  );
  bind(
    scene,
    { namespace, name: `${team}-on-call` },
    {
      kind: "ClusterRole",
      role: "view",
      subjects: [{ kind: "Group", name: "oidc:on-call" }],
    },
  );
  addRole(scene, { namespace, name: "deployer" }, [
    { ...workloads, verbs: [...read, "create", "patch", "update"] },
    { ...basics, verbs: [...read, "create", "patch", "update"] },
    { apiGroups: [""], resources: ["secrets"], resourceNames: ["registry-pull"], verbs: ["get"] },
  ]);
  bind(
    scene,
    { namespace, name: "deployer" },
    {
      kind: "Role",
      role: "deployer",
      subjects: [{ kind: "ServiceAccount", namespace: "ci", name: "pipeline" }],
    },
  );
}

/** An app that reads its own configuration as it changes. */
export function addAppAccess(scene: Scene, app: App): void {
  const at = { namespace: app.namespace, name: app.name };
  const resourceNames = [`${app.name}-config`];
  addRole(scene, at, [
    { apiGroups: [""], resources: ["configmaps"], resourceNames, verbs: ["get", "watch"] },
    { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["get", "update"] },
  ]);
  bind(scene, at, { kind: "Role", role: app.name, subjects: [{ kind: "ServiceAccount", ...at }] });
}

/** An add-on that looks at the whole cluster, and adds to what viewers see. */
export function addAddOnAccess(scene: Scene, app: App): void {
  const name = `${app.namespace}-${app.name}`;
  addClusterRole(scene, name, {
    rules: [
      { apiGroups: [""], resources: ["nodes", "namespaces", "pods", "services"], verbs: read },
      { apiGroups: [`${app.name}.example.com`], resources: ["*"], verbs: [...read, ...write] },
    ],
  });
  const account: Subject = { kind: "ServiceAccount", namespace: app.namespace, name: app.name };
  bindCluster(scene, name, { role: name, subjects: [account] });
  addClusterRole(scene, `${name}-view`, {
    labels: { [`${group}/aggregate-to-view`]: "true" },
    rules: [{ apiGroups: [`${app.name}.example.com`], resources: ["*"], verbs: read }],
  });
}

/** Grants that are broader than anybody needs; each is a find for a reviewer. */
export function addBroadAccess(scene: Scene, namespace: string): void {
  addClusterRole(scene, "ci-everything", {
    rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }],
  });
  bindCluster(scene, "ci-everything", {
    role: "ci-everything",
    subjects: [{ kind: "ServiceAccount", namespace: "ci", name: "pipeline" }],
  });
  bindCluster(scene, "legacy-dashboard", {
    role: "cluster-admin",
    subjects: [{ kind: "ServiceAccount", namespace, name: "default" }],
  });
  addClusterRole(scene, "secret-reader", {
    rules: [{ apiGroups: [""], resources: ["secrets"], verbs: read }],
  });
  bindCluster(scene, "contractors-read-secrets", {
    role: "secret-reader",
    subjects: [
      { kind: "Group", name: "oidc:contractors" },
      { kind: "User", name: "oidc:mallory@example.com" },
    ],
  });
  bindCluster(scene, "everyone-views", {
    role: "view",
    subjects: [{ kind: "Group", name: "system:authenticated" }],
  });
}
