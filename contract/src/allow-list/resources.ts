/**
 * Every resource that can be collected, and how.
 *
 * @module
 */
import { deployment, replicaSet } from "./kubernetes/apps.ts";
import { configMap, namespace, node, secret, service, serviceAccount } from "./kubernetes/core.ts";
import { pod } from "./kubernetes/pods.ts";
import type { Message, ResourceDefinition } from "./table.ts";

const full = ["full", "metadata"] as const;
const table = ["keys", "counts", "references"] as const;
const core = { group: "", version: "v1" } as const;
const apps = { group: "apps", version: "v1" } as const;

export const resources: readonly ResourceDefinition[] = [
  define({
    ...core,
    plural: "namespaces",
    kind: "Namespace",
    modes: full,
    message: namespace,
    namespaced: false,
  }),
  define({ ...core, plural: "nodes", kind: "Node", modes: full, message: node, namespaced: false }),
  define({ ...core, plural: "pods", kind: "Pod", modes: full, message: pod }),
  define({ ...core, plural: "services", kind: "Service", modes: full, message: service }),
  define({
    ...core,
    plural: "serviceaccounts",
    kind: "ServiceAccount",
    modes: full,
    message: serviceAccount,
  }),
  define({ ...apps, plural: "deployments", kind: "Deployment", modes: full, message: deployment }),
  define({ ...apps, plural: "replicasets", kind: "ReplicaSet", modes: full, message: replicaSet }),
  define({ ...core, plural: "secrets", kind: "Secret", modes: table, message: secret }),
  define({ ...core, plural: "configmaps", kind: "ConfigMap", modes: table, message: configMap }),
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
  definition: Omit<ResourceDefinition, "resource" | "namespaced"> & {
    readonly namespaced?: boolean;
  },
): ResourceDefinition {
  const { group, plural } = definition;
  const resource = group === "" ? plural : `${plural}.${group}`;
  return { namespaced: true, ...definition, resource };
}
