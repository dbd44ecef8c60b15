/** Kubernetes objects of every kind that is collected in full or by name, as a person would apply them. */
import { resources } from "@obsyk/contract/allow-list";

export type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
};

/** Resource in kubectl's `resource.group` form, by kind. */
export const resourceOfKind: { readonly [kind: string]: string } = {
  Namespace: "namespaces",
  Node: "nodes",
  Pod: "pods",
  Service: "services",
  ServiceAccount: "serviceaccounts",
  Secret: "secrets",
  ConfigMap: "configmaps",
  Deployment: "deployments.apps",
  ReplicaSet: "replicasets.apps",
};

/** Twenty objects whose names begin with `prefix`; the namespace comes first. */
export function twentyObjects(prefix: string): Manifest[] {
  const namespace = `${prefix}-shop`;
  const named = (name: string, labels = {}): Manifest["metadata"] => ({
    name: `${prefix}-${name}`,
    namespace,
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
  });
  const container = (name: string): object => ({
    name,
    image: `registry.example/${name}:1.2.3`,
    ports: [{ containerPort: 8080, name: "http" }],
    env: [{ name: "LEVEL", value: "debug" }],
    resources: { requests: { cpu: "100m", memory: "64Mi" } },
  });
  const workload = (app: string, replicas: number): object => ({
    replicas,
    selector: { matchLabels: { app } },
    template: { metadata: { labels: { app } }, spec: { containers: [container(app)] } },
  });
  const core = "v1";
  return [
    { apiVersion: core, kind: "Namespace", metadata: { name: namespace } },
    { apiVersion: core, kind: "Node", metadata: { name: `${prefix}-node-a` } },
    ...["api", "web", "batch"].map((name) => ({
      apiVersion: core,
      kind: "ServiceAccount",
      metadata: named(name),
    })),
    ...["api", "web"].map((app) => ({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: named(app, { app }),
      spec: workload(app, 2),
    })),
    ...["cache", "queue"].map((app) => ({
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: named(app, { app }),
      spec: workload(app, 1),
    })),
    ...["one", "two", "three"].map((name) => ({
      apiVersion: core,
      kind: "Pod",
      metadata: named(name, { app: "tool" }),
      spec: { containers: [container("tool")] },
    })),
    ...["api", "web"].map((app) => ({
      apiVersion: core,
      kind: "Service",
      metadata: named(app, { app }),
      spec: { selector: { app }, ports: [{ port: 80, targetPort: "http" }] },
    })),
    ...["database", "token", "certificate"].map((name) => ({
      apiVersion: core,
      kind: "Secret",
      metadata: named(name),
      type: "Opaque",
      stringData: { password: "not-to-be-read" },
    })),
    ...["settings", "flags", "routes"].map((name) => ({
      apiVersion: core,
      kind: "ConfigMap",
      metadata: named(name),
      data: { level: "debug" },
    })),
  ];
}

/** What the operator needs of the API server, and nothing more. */
export const readRules = [...new Set(resources.map(({ group }) => group))].map((group) => ({
  apiGroups: [group],
  resources: resources.filter((one) => one.group === group).map(({ plural }) => plural),
  verbs: ["list", "watch"],
}));
