/**
 * Where to look for objects that speak of this one, or that its selector takes. Pure: from one record to a list of
 * lookups.
 *
 * @module
 */
import type { RelationKind } from "@obsyk/contract";
import { resources } from "@obsyk/contract/allow-list";
import { dictAt, labelsAt, labelsText, selectorText } from "@obsyk/contract/printer";
import { ingresses, podSpecs, rbac, storageClasses, type Subject } from "./relations.ts";

/** Objects of one resource whose record contains one of these. */
type Containing = {
  readonly kind: "containing";
  readonly relation: RelationKind;
  readonly via: string;
  readonly resource: string;
  /** Absent: in all namespaces. */
  readonly namespace: string | undefined;
  readonly anyOf: readonly object[];
};

/** Objects of one resource whose labels a selector takes. */
type Selected = {
  readonly kind: "selected";
  readonly via: string;
  readonly resource: string;
  readonly namespace: string;
  /** As `kubectl -l` takes it; empty selects everything. */
  readonly selector: string;
};

/** Objects of one resource whose selector takes these labels. */
export type Selecting = {
  readonly kind: "selecting";
  readonly via: string;
  readonly resource: string;
  readonly namespace: string;
  readonly path: readonly string[];
  /** The path holds a map, not a LabelSelector: an empty one selects nothing. */
  readonly isMap: boolean;
  readonly labels: Readonly<Record<string, string>>;
};

export type Lookup = Containing | Selected | Selecting;

/** Those that a person thinks of as users of something; what they own follows from them. */
const users = [
  "deployments.apps",
  "statefulsets.apps",
  "daemonsets.apps",
  "cronjobs.batch",
  "pods",
];

/** Where to look for what speaks of this object. */
export function lookupsOf(subject: Subject): readonly Lookup[] {
  return [...selections(subject), ...uses(subject)];
}

function selections({ resource, namespace, record }: Subject): readonly Lookup[] {
  const labels = labelsOfPods(resource, record);
  const selector = podSelector(resource, record);
  return [
    ...(selector === undefined
      ? []
      : [{ kind: "selected" as const, via: "selector", resource: "pods", namespace, selector }]),
    ...(labels === undefined
      ? []
      : selectingPods.map((one) => ({ kind: "selecting" as const, namespace, labels, ...one }))),
  ];
}

const selectingPods = [
  { resource: "services", via: "selector", path: ["spec", "selector"], isMap: true },
  {
    resource: "networkpolicies.networking.k8s.io",
    via: "pod selector",
    path: ["spec", "podSelector"],
    isMap: false,
  },
  {
    resource: "poddisruptionbudgets.policy",
    via: "selector",
    path: ["spec", "selector"],
    isMap: false,
  },
];

/** Labels that Pods have here: a Pod's own, or those of a template. */
function labelsOfPods(
  resource: string,
  record: unknown,
): Readonly<Record<string, string>> | undefined {
  const path = podSpecs.get(resource);
  if (path === undefined) return undefined;
  return Object.fromEntries(labelsAt(record, ...path.slice(0, -1), "metadata", "labels"));
}

function podSelector(resource: string, record: unknown): string | undefined {
  const found = selectingPods.find((one) => one.resource === resource);
  return found === undefined ? undefined : selectorIn(record, found);
}

/** The selector of a record as text; `undefined` where it selects nothing. */
export function selectorIn(
  record: unknown,
  { path, isMap }: Pick<Selecting, "path" | "isMap">,
): string | undefined {
  if (isMap) return labelsText(record, ...path) || undefined;
  return dictAt(record, ...path) === undefined ? undefined : selectorText(record, ...path);
}

/** `value` under the members of the path: what a record has to contain. */
function nest(path: readonly string[], value: object): object {
  return path.reduceRight<object>((inner, member) => ({ [member]: inner }), value);
}

type UserSearch = { readonly namespace: string; readonly via: string };

/** Whatever runs Pods whose spec contains one of these. */
function usedByPods(
  anyOf: readonly object[],
  { namespace, via }: UserSearch,
): readonly Containing[] {
  return users.map((resource) => ({
    kind: "containing",
    relation: "usedBy",
    via,
    resource,
    namespace,
    anyOf: anyOf.map((spec) => nest(podSpecs.get(resource) ?? [], spec)),
  }));
}

function containing(
  resource: string,
  anyOf: readonly object[],
  where: { readonly namespace: string | undefined; readonly via: string },
): Containing {
  return { kind: "containing", relation: "usedBy", resource, anyOf, ...where };
}

function uses(subject: Subject): readonly Containing[] {
  const { resource, namespace, name } = subject;
  switch (resource) {
    case "secrets":
    case "configmaps":
      return usesOfData(resource === "secrets", namespace, name);
    case "persistentvolumeclaims": {
      const spec = { volumes: [{ persistentVolumeClaim: { claimName: name } }] };
      return usedByPods([spec], { namespace, via: "volume" });
    }
    case "serviceaccounts": {
      const bound = [{ subjects: [{ kind: "ServiceAccount", namespace, name }] }];
      const where = { namespace: undefined, via: "subject" };
      return [
        ...usedByPods([{ serviceAccountName: name }], { namespace, via: "service account" }),
        containing(`rolebindings.${rbac}`, bound, where),
        containing(`clusterrolebindings.${rbac}`, bound, where),
      ];
    }
    case "nodes": {
      const where = { namespace: undefined, via: "node" };
      return [containing("pods", [{ spec: { nodeName: name } }], where)];
    }
    case "services": {
      const backend = { service: { name } };
      const anyOf = [
        { spec: { defaultBackend: backend } },
        { spec: { rules: [{ http: { paths: [{ backend }] } }] } },
      ];
      return [containing(ingresses, anyOf, { namespace, via: "backend" })];
    }
    case storageClasses: {
      const anyOf = [{ spec: { storageClassName: name } }];
      return [containing("persistentvolumeclaims", anyOf, { namespace: undefined, via: "class" })];
    }
    default:
      return resource.endsWith(rbac) ? usesOfRole(subject) : usesOfWorkload(subject);
  }
}

function usesOfData(isSecret: boolean, namespace: string, name: string): readonly Containing[] {
  const volume = isSecret ? { secret: { secretName: name } } : { configMap: { name } };
  const source = isSecret ? { secret: { name } } : { configMap: { name } };
  const containers = [
    { envFrom: [isSecret ? { secretRef: { name } } : { configMapRef: { name } }] },
    {
      env: [{ valueFrom: isSecret ? { secretKeyRef: { name } } : { configMapKeyRef: { name } } }],
    },
  ];
  const specs = [
    { volumes: [volume] },
    { volumes: [{ projected: { sources: [source] } }] },
    ...containers.flatMap((one) => [{ containers: [one] }, { initContainers: [one] }]),
    ...(isSecret ? [{ imagePullSecrets: [{ name }] }] : []),
  ];
  const users = usedByPods(specs, { namespace, via: "volume or environment" });
  if (!isSecret) return users;
  const accounts = [{ secrets: [{ name }] }, { imagePullSecrets: [{ name }] }];
  return [
    ...users,
    containing("serviceaccounts", accounts, { namespace, via: "service account" }),
    containing(ingresses, [{ spec: { tls: [{ secretName: name }] } }], {
      namespace,
      via: "TLS certificate",
    }),
  ];
}

function usesOfRole({ resource, namespace, name }: Subject): readonly Containing[] {
  if (resource === `roles.${rbac}`) {
    const anyOf = [{ roleRef: { kind: "Role", name } }];
    return [containing(`rolebindings.${rbac}`, anyOf, { namespace, via: "role" })];
  }
  if (resource !== `clusterroles.${rbac}`) return [];
  const anyOf = [{ roleRef: { kind: "ClusterRole", name } }];
  return ["clusterrolebindings", "rolebindings"].map((plural) =>
    containing(`${plural}.${rbac}`, anyOf, { namespace: undefined, via: "role" }),
  );
}

function usesOfWorkload({ resource, namespace, name }: Subject): readonly Containing[] {
  const kind = resources.find((one) => one.resource === resource)?.kind;
  const isScalable = /^(?:deployments|statefulsets|replicasets)\.apps$/.test(resource);
  if (!isScalable || kind === undefined) return [];
  const anyOf = [{ spec: { scaleTargetRef: { kind, name } } }];
  const where = { namespace, via: "scale target" };
  return [containing("horizontalpodautoscalers.autoscaling", anyOf, where)];
}
