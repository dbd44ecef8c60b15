/**
 * Which other objects a record names. Pure.
 *
 * @module
 */
import type { RelationKind } from "@obsyk/contract";
import { resources } from "@obsyk/contract/allow-list";
import { dictAt, listAt, textAt } from "@obsyk/contract/printer";

export type Subject = {
  readonly resource: string;
  readonly uid: string;
  /** Empty for cluster-scoped objects. */
  readonly namespace: string;
  readonly name: string;
  readonly record: unknown;
};

export type Target = {
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
};

/** What a record names: it may or may not be in the inventory. */
export type Named = Target & { readonly relation: RelationKind; readonly via: string };

export const rbac = "rbac.authorization.k8s.io";
export const storageClasses = "storageclasses.storage.k8s.io";
export const ingresses = "ingresses.networking.k8s.io";

/** Where a resource keeps the spec of its Pods. */
export const podSpecs: ReadonlyMap<string, readonly string[]> = new Map([
  ["pods", ["spec"]],
  ["deployments.apps", ["spec", "template", "spec"]],
  ["statefulsets.apps", ["spec", "template", "spec"]],
  ["daemonsets.apps", ["spec", "template", "spec"]],
  ["replicasets.apps", ["spec", "template", "spec"]],
  ["jobs.batch", ["spec", "template", "spec"]],
  ["cronjobs.batch", ["spec", "jobTemplate", "spec", "template", "spec"]],
]);

/** What the controllers of Kubernetes make for an owner. */
const ownedBy: ReadonlyMap<string, readonly string[]> = new Map([
  ["deployments.apps", ["replicasets.apps"]],
  ["replicasets.apps", ["pods"]],
  ["statefulsets.apps", ["pods"]],
  ["daemonsets.apps", ["pods"]],
  ["jobs.batch", ["pods"]],
  ["cronjobs.batch", ["jobs.batch"]],
  ["services", ["endpointslices.discovery.k8s.io"]],
]);

const knownResources: ReadonlySet<string> = new Set(resources.map(({ resource }) => resource));

/** Resources whose objects this one may own. Owners that are not known here may own any workload. */
export function ownedResources(resource: string): readonly string[] {
  const known = ownedBy.get(resource);
  if (known !== undefined) return known;
  return knownResources.has(resource)
    ? []
    : [
        "deployments.apps",
        "statefulsets.apps",
        "daemonsets.apps",
        "jobs.batch",
        "pods",
        "services",
      ];
}

/** The resource of an owner reference or another reference by kind. */
export function resourceOfKind(kind: string, group: string): string | undefined {
  return resources.find((one) => one.kind === kind && one.group === group)?.resource;
}

export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf("/");
  return slash === -1 ? "" : apiVersion.slice(0, slash);
}

/** Everything that the record names, each once. */
export function namedBy(subject: Subject): readonly Named[] {
  const merged = new Map<string, Named>();
  for (const named of [...podUses(subject), ...ownUses(subject)]) {
    const key = `${named.resource} ${named.namespace} ${named.name}`;
    const known = merged.get(key);
    const vias = new Set([...(known?.via.split(", ") ?? []), named.via]);
    merged.set(key, { ...named, via: [...vias].join(", ") });
  }
  return [...merged.values()];
}

type Use = (resource: string, name: string | undefined, via: string) => readonly Named[];

function usesIn(namespace: string): Use {
  return (resource, name, via) =>
    name === undefined ? [] : [{ relation: "uses", resource, namespace, name, via }];
}

function podUses({ resource, namespace, record }: Subject): readonly Named[] {
  const path = podSpecs.get(resource);
  const spec = path === undefined ? undefined : dictAt(record, ...path);
  if (spec === undefined) return [];
  const use = usesIn(namespace);
  const useOfCluster = usesIn("");
  return [
    ...useOfCluster("nodes", textAt(spec, "nodeName"), "node"),
    ...use("serviceaccounts", textAt(spec, "serviceAccountName"), "service account"),
    ...listAt(spec, "volumes").flatMap((volume) => volumeUses(volume, use)),
    ...["initContainers", "containers", "ephemeralContainers"].flatMap((member) =>
      listAt(spec, member).flatMap((container) => environmentUses(container, use)),
    ),
    ...listAt(spec, "imagePullSecrets").flatMap((one) =>
      use("secrets", textAt(one, "name"), "image pull secret"),
    ),
    ...useOfCluster(
      "priorityclasses.scheduling.k8s.io",
      textAt(spec, "priorityClassName"),
      "priority class",
    ),
  ];
}

function volumeUses(volume: unknown, use: Use): readonly Named[] {
  const via = `volume ${textAt(volume, "name") ?? ""}`;
  return [
    ...use("secrets", textAt(volume, "secret", "secretName"), via),
    ...use("configmaps", textAt(volume, "configMap", "name"), via),
    ...use("persistentvolumeclaims", textAt(volume, "persistentVolumeClaim", "claimName"), via),
    ...listAt(volume, "projected", "sources").flatMap((source) =>
      [
        use("secrets", textAt(source, "secret", "name"), via),
        use("configmaps", textAt(source, "configMap", "name"), via),
      ].flat(),
    ),
  ];
}

function environmentUses(container: unknown, use: Use): readonly Named[] {
  const via = `environment of ${textAt(container, "name") ?? ""}`;
  return [
    ...listAt(container, "envFrom").flatMap((source) =>
      [
        use("secrets", textAt(source, "secretRef", "name"), via),
        use("configmaps", textAt(source, "configMapRef", "name"), via),
      ].flat(),
    ),
    ...listAt(container, "env").flatMap((variable) =>
      [
        use("secrets", textAt(variable, "valueFrom", "secretKeyRef", "name"), via),
        use("configmaps", textAt(variable, "valueFrom", "configMapKeyRef", "name"), via),
      ].flat(),
    ),
  ];
}

function ownUses(subject: Subject): readonly Named[] {
  const { resource, namespace, record } = subject;
  const use = usesIn(namespace);
  const useOfCluster = usesIn("");
  switch (resource) {
    case ingresses:
      return ingressUses(record, namespace);
    case "persistentvolumeclaims":
      return [
        ...useOfCluster("persistentvolumes", textAt(record, "spec", "volumeName"), "volume"),
        ...useOfCluster(storageClasses, textAt(record, "spec", "storageClassName"), "class"),
      ];
    case "persistentvolumes": {
      const claim = dictAt(record, "spec", "claimRef");
      return [
        ...usesIn(textAt(claim, "namespace") ?? "")(
          "persistentvolumeclaims",
          textAt(claim, "name"),
          "claim",
        ),
        ...useOfCluster(storageClasses, textAt(record, "spec", "storageClassName"), "class"),
      ];
    }
    case "serviceaccounts":
      return ["secrets", "imagePullSecrets"].flatMap((member) =>
        listAt(record, member).flatMap((one) =>
          use(
            "secrets",
            textAt(one, "name"),
            member === "secrets" ? "token secret" : "image pull secret",
          ),
        ),
      );
    case "secrets": {
      const account = "kubernetes.io/service-account.name";
      return use(
        "serviceaccounts",
        textAt(record, "metadata", "annotations", account),
        "service account",
      );
    }
    case "statefulsets.apps":
      return use("services", textAt(record, "spec", "serviceName"), "governing service");
    case "horizontalpodautoscalers.autoscaling": {
      const target = dictAt(record, "spec", "scaleTargetRef");
      const group = groupOf(textAt(target, "apiVersion") ?? "");
      const scaled = resourceOfKind(textAt(target, "kind") ?? "", group);
      return scaled === undefined ? [] : use(scaled, textAt(target, "name"), "scale target");
    }
    default:
      return resource.endsWith(`bindings.${rbac}`) ? bindingUses(record, namespace) : [];
  }
}

function ingressUses(record: unknown, namespace: string): readonly Named[] {
  const use = usesIn(namespace);
  const paths = listAt(record, "spec", "rules").flatMap((rule) =>
    listAt(rule, "http", "paths").map((path) => ({
      service: textAt(path, "backend", "service", "name"),
      via: `backend of ${textAt(rule, "host") ?? "*"}${textAt(path, "path") ?? ""}`,
    })),
  );
  return [
    ...usesIn("")(
      "ingressclasses.networking.k8s.io",
      textAt(record, "spec", "ingressClassName"),
      "class",
    ),
    ...use(
      "services",
      textAt(record, "spec", "defaultBackend", "service", "name"),
      "default backend",
    ),
    ...paths.flatMap(({ service, via }) => use("services", service, via)),
    ...listAt(record, "spec", "tls").flatMap((tls) =>
      use("secrets", textAt(tls, "secretName"), "TLS certificate"),
    ),
  ];
}

function bindingUses(record: unknown, namespace: string): readonly Named[] {
  const kind = textAt(record, "roleRef", "kind");
  const role = kind === "Role" ? `roles.${rbac}` : `clusterroles.${rbac}`;
  return [
    ...usesIn(kind === "Role" ? namespace : "")(role, textAt(record, "roleRef", "name"), "role"),
    ...listAt(record, "subjects").flatMap((subject) =>
      textAt(subject, "kind") === "ServiceAccount"
        ? usesIn(textAt(subject, "namespace") ?? namespace)(
            "serviceaccounts",
            textAt(subject, "name"),
            "subject",
          )
        : [],
    ),
  ];
}
