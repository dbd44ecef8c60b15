/**
 * Canaries in every text of real objects that a real API server accepts. It says which texts it refuses; those go back to
 * what they were, until it takes the object.
 *
 * @module
 */
import { resources, type ResourceDefinition } from "@obsyk/contract/allow-list";
import type { CanaryFlock, ControlPlane, ProofContext } from "@obsyk/testkit";
import { canary as placeholder, namespace, type Planned } from "../cluster/planned.ts";
import { planned } from "../cluster/rich-objects.ts";
import { podSpec } from "../cluster/rich-pods.ts";
import type { Planting } from "./leaves.ts";

type Path = readonly (string | number)[];
type Leaf = { readonly path: Path; readonly original: string };

/** Attempts at one object before it is written as it was. */
const maxAttempts = 14;
/** What would no longer fit together, or name the object itself. */
const fixed =
  /priorityClassName$|preemptionPolicy$|runtimeClassName$|laims\[\]\.(name|request)$|(pod|host)IPs?\b|^metadata\.(name|generateName|namespace|finalizers)|matchLabels|^spec\.selector|\.metadata\.labels|[cC]ontainers\[\]\.name$|volumes\[\]\.name$|volumeMounts\[\]\.name$|volumeDevices\[\]\.name$/;
/** A quantity or a time must be one. */
const typed =
  /(capacity|allocatable|limits|requests|sizeLimit|hard|used|overhead|max|min|default|defaultRequest|maxLimitRequestRatio|allocatedResources)\{?\}?\.|Time|timeAdded|startedAt|finishedAt|sizeLimit|divisor|tolerance|target\.(value|averageValue)$/;

/** Writes every planned object, Secrets and ConfigMaps too. */
export async function plantOnReal(
  plane: ControlPlane,
  flock: CanaryFlock,
  context: ProofContext,
): Promise<void> {
  let attempts = 0;
  for (const one of [...planned, ...templates, ...secretsAndConfigMaps]) {
    const { path } = one;
    const created = await write(one.object, flock, async (body) => {
      attempts += 1;
      return plane.admin.send({ method: "POST", path, body });
    });
    const made = JSON.parse(created) as { readonly metadata: { readonly name: string } };
    const own = `${path}/${made.metadata.name}`;
    const patch = async (part: string, body: object): Promise<void> => {
      const contentType = "application/merge-patch+json";
      await write(body, flock, async (wanted) => {
        attempts += 1;
        return plane.admin.send({
          method: "PATCH",
          path: `${own}/${part}`,
          body: wanted,
          contentType,
        });
      });
    };
    if (one.ephemeralContainers !== undefined) {
      await patch("ephemeralcontainers", {
        spec: { ephemeralContainers: one.ephemeralContainers },
      });
    }
    if (one.status !== undefined) await patch("status", { status: one.status });
    if (one.terminating === true) await plane.admin.send({ method: "DELETE", path: own });
  }
  const objects = planned.length + templates.length + secretsAndConfigMaps.length;
  context.say(`${objects} real objects written in ${attempts} requests`);
}

const selected = { matchLabels: { app: "planted" } };
const { activeDeadlineSeconds: _, nodeName: __, ...restartable } = podSpec;
const always = {
  metadata: { labels: { app: "planted" }, annotations: { [placeholder]: "a" } },
  spec: { ...restartable, restartPolicy: "Always" },
};
const never = { ...always, spec: { ...restartable, restartPolicy: "Never" } };
const apps = `/apis/apps/v1/namespaces/${namespace}`;
const batch = `/apis/batch/v1/namespaces/${namespace}`;
const named = { metadata: { name: "planted" } };

/** Workloads whose pods have all that a pod can have; none of them is ever made. */
const templates: readonly Planned[] = [
  {
    path: `${apps}/deployments`,
    object: { ...named, spec: { replicas: 0, selector: selected, template: always } },
  },
  {
    path: `${apps}/replicasets`,
    object: { ...named, spec: { replicas: 0, selector: selected, template: always } },
  },
  {
    path: `${apps}/statefulsets`,
    object: { ...named, spec: { replicas: 0, selector: selected, template: always } },
  },
  {
    path: `${apps}/daemonsets`,
    object: { ...named, spec: { selector: selected, template: always } },
  },
  { path: `${batch}/jobs`, object: { ...named, spec: { suspend: true, template: never } } },
  {
    path: `${batch}/cronjobs`,
    object: {
      ...named,
      spec: { schedule: "0 0 1 1 *", suspend: true, jobTemplate: { spec: { template: never } } },
    },
  },
];

const secretsAndConfigMaps: readonly Planned[] = [
  {
    path: `/api/v1/namespaces/${namespace}/secrets`,
    object: {
      metadata: { name: "planted", annotations: { [placeholder]: "a" } },
      type: "example.com/t",
      data: { one: "YQ==" },
      stringData: { two: "b" },
    },
  },
  {
    path: `/api/v1/namespaces/${namespace}/configmaps`,
    object: {
      metadata: { name: "planted", annotations: { "meta.helm.sh/release-name": "a" } },
      data: { one: "a" },
      binaryData: { two: "YQ==" },
    },
  },
];

type Answer = { readonly status: number; readonly text: string };

/** @returns the stored object */
async function write(
  object: object,
  flock: CanaryFlock,
  send: (body: object) => Promise<Answer>,
): Promise<string> {
  let leaves: readonly Leaf[] = leavesOf(object).filter(({ path }) => isPlantable(path));
  for (let attempt = 1; ; attempt += 1) {
    // Through JSON: parts that are shared must come apart.
    const body = JSON.parse(JSON.stringify(object)) as object;
    for (const { path, original } of leaves) set(body, path, canaryFor(path, original, flock));
    const answer = await send(body);
    if (answer.status < 300) return answer.text;
    if (leaves.length === 0) throw new Error(`the API server refuses an object: ${answer.text}`);
    leaves = attempt >= maxAttempts ? [] : withoutRefused(leaves, answer, attempt);
  }
}

function canaryFor(path: Path, original: string, flock: CanaryFlock): string {
  const canary = flock.next("r");
  const isBytes = path[0] === "data" && original.endsWith("==");
  return isBytes || path[0] === "binaryData" ? Buffer.from(canary).toString("base64") : canary;
}

function isPlantable(path: Path): boolean {
  const text = normalize(path);
  return !fixed.test(text) && !typed.test(text);
}

/** By the fields that the refusal names, or what is around them; when it names none, every second one. */
function withoutRefused(
  leaves: readonly Leaf[],
  { text }: Answer,
  attempt: number,
): readonly Leaf[] {
  const status = JSON.parse(text) as {
    readonly details?: { readonly causes?: readonly { readonly field?: string }[] };
  };
  const owns = new Map(leaves.map((leaf) => [leaf, concrete(leaf.path)]));
  const refused = new Set<Leaf>();
  for (const { field = "" } of status.details?.causes ?? []) {
    for (
      let around = field;
      around !== "";
      around = around.replace(/(\.|\[)[^.[]*$|^[^.[]*$/, "")
    ) {
      const found = leaves.filter((leaf) => isRelated(owns.get(leaf) ?? "", around));
      for (const leaf of found) refused.add(leaf);
      if (found.length > 0) break;
    }
  }
  if (refused.size > 0) return leaves.filter((leaf) => !refused.has(leaf));
  return leaves.filter((_, index) => (index + attempt) % 2 === 0);
}

function isRelated(own: string, field: string): boolean {
  if (own === field) return true;
  return own.startsWith(field) && /^[.[]/.test(own.slice(field.length));
}

function leavesOf(value: unknown, path: Path = []): readonly Leaf[] {
  if (typeof value === "string") return [{ path, original: value }];
  if (typeof value !== "object" || value === null) return [];
  const entries = Array.isArray(value)
    ? value.map((item: unknown, index) => [index, item] as const)
    : Object.entries(value);
  return entries.flatMap(([name, item]) => leavesOf(item, [...path, name]));
}

function set(object: object, path: Path, value: string): void {
  let at = object as { [name: string | number]: unknown };
  for (const name of path.slice(0, -1)) at = at[name] as typeof at;
  at[path.at(-1) ?? ""] = value;
}

/** As API servers name fields: `spec.volumes[0].name`. */
function concrete(path: Path): string {
  return path
    .map((name) => (typeof name === "number" ? `[${name}]` : `.${name}`))
    .join("")
    .slice(1);
}

function normalize(path: Path): string {
  return path
    .map((name) => (typeof name === "number" ? "[]" : `.${name}`))
    .join("")
    .slice(1);
}

/** Where canaries are in all stored objects, as the API server tells it in JSON. */
export async function plantedOn(
  plane: ControlPlane,
  flock: CanaryFlock,
): Promise<ReadonlyMap<string, readonly Planting[]>> {
  const places = new Map<string, Planting[]>();
  for (const definition of resources) {
    const { group, version, plural, resource } = definition;
    const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
    const { items } = (await plane.admin.json({ path: `${root}/${plural}` })) as {
      readonly items: readonly object[];
    };
    const note = (text: string, planting: Omit<Planting, "resource">): void => {
      for (const { canary } of flock.search(Buffer.from(text))) {
        const known = places.get(canary) ?? [];
        known.push({ resource, ...planting });
        places.set(canary, known);
      }
    };
    const maps = mapsOf(definition);
    for (const item of items) visit(item, { path: "", key: undefined, maps, note });
  }
  return places;
}

type Visit = {
  readonly path: string;
  readonly key: string | undefined;
  /** Paths that are maps: their member names are data. */
  readonly maps: RegExp;
  readonly note: (text: string, planting: Omit<Planting, "resource">) => void;
};

function visit(value: unknown, at: Visit): void {
  const { path, key, maps, note } = at;
  if (typeof value === "string") note(value, { path, role: "value", key });
  else if (Array.isArray(value)) {
    for (const item of value as readonly unknown[]) visit(item, { ...at, path: `${path}[]` });
  } else if (typeof value === "object" && value !== null) {
    const isMap = maps.test(path);
    for (const [name, item] of Object.entries(value)) {
      if (!isMap) {
        visit(item, { ...at, path: path === "" ? name : `${path}.${name}`, key: undefined });
        continue;
      }
      note(name, { path: `${path}{}`, role: "key", key: undefined });
      visit(item, { ...at, path: `${path}{}`, key: name });
    }
  }
}

const everywhere =
  "labels|annotations|matchLabels|nodeSelector|limits|requests|capacity|allocatable|allocatedResources|allocatedResourceStatuses|overhead|options|volumeAttributes|parameters|fieldsV1|userAnnotations|hard|used|max|min|default|defaultRequest|maxLimitRequestRatio|deprecatedTopology|disruptedPods|data|binaryData|stringData";

/** A Service's selector is a map, everybody else's is a message. */
function mapsOf({ resource }: ResourceDefinition): RegExp {
  const own = resource === "services" ? "|^spec\\.selector$" : "";
  return new RegExp(`(^|\\.)(${everywhere})(\\{\\})*$${own}`);
}
