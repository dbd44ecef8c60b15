/**
 * Resources as people type them: plural, singular, kind, kubectl's short names, with or without group.
 *
 * @module
 */
import { findResource, resources, type ResourceDefinition } from "@obsyk/contract/allow-list";
import { CliError } from "../errors.ts";
import { nearest } from "../nearest.ts";

/** Short names as `kubectl api-resources` lists them. */
export const shortNames: { readonly [plural: string]: readonly string[] } = {
  configmaps: ["cm"],
  cronjobs: ["cj"],
  customresourcedefinitions: ["crd", "crds"],
  daemonsets: ["ds"],
  deployments: ["deploy"],
  events: ["ev"],
  horizontalpodautoscalers: ["hpa"],
  ingresses: ["ing"],
  limitranges: ["limits"],
  namespaces: ["ns"],
  networkpolicies: ["netpol"],
  nodes: ["no"],
  persistentvolumeclaims: ["pvc"],
  persistentvolumes: ["pv"],
  poddisruptionbudgets: ["pdb"],
  pods: ["po"],
  priorityclasses: ["pc"],
  replicasets: ["rs"],
  resourcequotas: ["quota"],
  serviceaccounts: ["sa"],
  services: ["svc"],
  statefulsets: ["sts"],
  storageclasses: ["sc"],
};

/** kubectl's category `all`. */
const categoryAll = [
  "pods",
  "services",
  "daemonsets.apps",
  "deployments.apps",
  "replicasets.apps",
  "statefulsets.apps",
  "horizontalpodautoscalers.autoscaling",
  "cronjobs.batch",
  "jobs.batch",
];

export type Resource = {
  /** kubectl's `resource.group` form, as the API names it. */
  readonly resource: string;
  /** Absent for custom resources, of which the platform alone knows. */
  readonly definition?: ResourceDefinition;
};

/**
 * @param text one name, or several with commas: `po,svc`, `deployment.apps`, `all`, `widgets.example.com`
 * @throws {CliError} that suggests what may have been meant
 */
export function parseResources(text: string): readonly Resource[] {
  const found = text.split(",").flatMap((part) => {
    const name = part.trim().toLowerCase();
    if (name === "all")
      return categoryAll.filter((one) => findResource(one) !== undefined).map(known);
    return [parseResource(name)];
  });
  return [...new Map(found.map((one) => [one.resource, one])).values()];
}

function known(resource: string): Resource {
  const definition = findResource(resource);
  return definition === undefined ? { resource } : { resource, definition };
}

function parseResource(name: string): Resource {
  const definition = resources.find((one) => namesOf(one).includes(name));
  if (definition !== undefined) return { resource: definition.resource, definition };
  // The group tells custom resources apart from misspelt ones.
  if (/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?){2,}$/.test(name)) {
    return { resource: name };
  }
  const suggestion = nearest(name, resources.flatMap(namesOf));
  throw new CliError(
    "USAGE",
    `no resource is called ${JSON.stringify(name)}${suggestion === undefined ? "" : `: did you mean ${suggestion}?`} ` +
      "(obsyk api-resources lists them; custom resources are named with their group: widgets.example.com)",
  );
}

/** Every name that means this resource. */
export function namesOf(definition: ResourceDefinition): readonly string[] {
  const { plural, group, version } = definition;
  const singular = definition.kind.toLowerCase();
  const bare = [plural, singular, ...(shortNames[plural] ?? [])];
  if (group === "") return bare;
  return [
    ...bare,
    ...[plural, singular].flatMap((name) => [`${name}.${group}`, `${name}.${version}.${group}`]),
  ];
}

/** What `-o name` puts before the slash: `pod`, `deployment.apps`. */
export function singularOf({ resource, definition }: Resource): string {
  if (definition === undefined) return resource;
  const { kind, group } = definition;
  return group === "" ? kind.toLowerCase() : `${kind.toLowerCase()}.${group}`;
}
