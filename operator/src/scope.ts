/** What this operator reads: its settings and its scope file applied to the allow-list. */
import {
  canonicalize,
  everyNamespace,
  isNamespaceIn,
  type Mode,
  type NamespaceFilter,
  type Scope as DeclaredScope,
  type ScopeFile,
  type Stream,
} from "@obsyk/contract";
import {
  describeManifest,
  describeTable,
  findResource,
  metadataOnly,
  resources,
  type DiscoveredResource,
  type ResourceDefinition,
} from "@obsyk/contract/allow-list";
import { manifestDigest, recordVersion } from "@obsyk/runtime";
import { OperatorSettingError } from "./errors.ts";

export type ScopedStream = {
  readonly stream: Stream;
  readonly definition: ResourceDefinition;
  readonly recordVersion: string;
};

/** What the settings of the start say; the scope file speaks louder. */
type Choice = {
  /** All that are on by themselves when empty. */
  readonly resources: readonly string[];
  readonly secretsMode: string;
  readonly configMapsMode: string;
  readonly namespacesInclude?: readonly string[];
  readonly namespacesExclude?: readonly string[];
};

/** Resources to read, and how. */
export type Scope = readonly { readonly definition: ResourceDefinition; readonly mode: Mode }[];

export type Selection = {
  readonly resources: Scope;
  readonly namespaces: NamespaceFilter;
};

/** Named one by one and few, namespaces get streams of their own: then nothing of the others is even received. */
const maxOwnStreams = 8;

/** @throws {OperatorSettingError} for resources and modes that do not exist, or that do not go together. */
export function selectionOf(choice: Choice, file: ScopeFile = {}): Selection {
  const named = [...choice.resources, ...Object.keys(file.resources ?? {})];
  const unknown = named.filter((name) => findResource(name) === undefined);
  if (unknown.length > 0) {
    const known = resources.map(({ resource }) => resource).join(", ");
    throw new OperatorSettingError(
      `unknown resources: ${unknown.join(", ").slice(0, 200)}. Known: ${known}`,
    );
  }
  const chosen = scopeOf(choice, file.resources, file.others);
  const modes = new Map(chosen.map(({ definition, mode }) => [definition.resource, mode]));
  if (!modes.has("namespaces") && [...modes.values()].includes("counts")) {
    throw new OperatorSettingError(
      "mode counts reads namespace by namespace: namespaces must be on too",
    );
  }
  const { include, exclude } = file.namespaces ?? {};
  return {
    resources: chosen,
    namespaces: {
      include: [...(include ?? choice.namespacesInclude ?? everyNamespace.include)],
      exclude: [...(exclude ?? choice.namespacesExclude ?? everyNamespace.exclude)],
    },
  };
}

/** Resources to read and how, namespaces first and pods last: small lists are visible soonest. */
export function scopeOf(
  choice: Choice,
  switches: ScopeFile["resources"] = {},
  others: ScopeFile["others"] = [],
): Scope {
  const known = resources.flatMap((definition) => {
    const mode = switchedMode(definition, choice, switches[definition.resource]);
    return mode === undefined ? [] : [{ definition, mode }];
  });
  const further = new Map(others.map((other) => [`${other.resource}.${other.group}`, other]));
  return [
    ...known,
    ...[...further.values()].map((other) => ({
      definition: otherOf(other),
      mode: "metadata" as const,
    })),
  ].sort((one, other) => rank(one.definition.resource) - rank(other.definition.resource));
}

/** @throws {OperatorSettingError} for what has a table of its own, Secrets above all */
function otherOf(other: DiscoveredResource): ResourceDefinition {
  try {
    return metadataOnly(other);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new OperatorSettingError(`others: ${error.message}: name it under resources`);
  }
}

/** As sessions declare it (R14). */
export function declarationOf({ resources: chosen, namespaces }: Selection): DeclaredScope {
  return {
    resources: chosen.map(({ definition, mode }) => ({ resource: definition.resource, mode })),
    namespaces,
  };
}

/** Digest of all that can leave under this selection. */
export function digestOf({ resources: chosen }: Selection): string {
  return manifestDigest(canonicalize(describeManifest(chosen)));
}

/** Without what is known by reference only: nobody reads that. */
export function readOf({ resources: chosen }: Selection): Scope {
  return chosen.filter(({ mode }) => mode !== "references");
}

/** The streams that are known from the start; those of mode `counts` come with their namespaces. */
export function streamsOf(selection: Selection): readonly ScopedStream[] {
  return readOf(selection)
    .filter(({ mode }) => mode !== "counts")
    .flatMap(({ definition, mode }) =>
      placesOf(definition, selection.namespaces).map((place) => streamOf(definition, mode, place)),
    );
}

/** A stream over the whole cluster, or over one namespace. */
export function streamOf(
  definition: ResourceDefinition,
  mode: Mode,
  namespace = "*",
): ScopedStream {
  return {
    stream: { resource: definition.resource, namespace, mode },
    definition,
    recordVersion: recordVersion(canonicalize(describeTable(definition, mode))),
  };
}

function placesOf({ namespaced }: ResourceDefinition, filter: NamespaceFilter): readonly string[] {
  const { include } = filter;
  const areOwn =
    namespaced &&
    include.length > 0 &&
    include.length <= maxOwnStreams &&
    include.every((pattern) => !pattern.endsWith("*"));
  if (!areOwn) return ["*"];
  return [...new Set(include)].filter((name) => isNamespaceIn(filter, name));
}

/** @throws {OperatorSettingError} for a mode that this resource is not read in. */
function switchedMode(
  definition: ResourceDefinition,
  choice: Choice,
  wanted: boolean | string | undefined,
): Mode | undefined {
  if (wanted === undefined)
    return isChosen(definition, choice) ? modeOf(definition, choice) : wanted;
  if (wanted === false || wanted === "off") return undefined;
  // What is switched on is read as the settings say, if they say more than "off".
  if (wanted === true || wanted === "on") return modeOf(definition, choice) ?? definition.modes[0];
  const mode = definition.modes.find((candidate) => candidate === wanted);
  if (mode !== undefined) return mode;
  throw new OperatorSettingError(
    `${definition.resource} is not read in mode ${wanted}: its modes are ${definition.modes.join(", ")}`,
  );
}

function isChosen(
  { resource, defaultOn }: ResourceDefinition,
  { resources: wanted }: Choice,
): boolean {
  return wanted.length === 0 ? defaultOn : wanted.includes(resource);
}

function modeOf(definition: ResourceDefinition, choice: Choice): Mode | undefined {
  const chosen =
    definition.resource === "secrets"
      ? choice.secretsMode
      : definition.resource === "configmaps"
        ? choice.configMapsMode
        : definition.modes[0];
  return definition.modes.find((mode) => mode === chosen);
}

function rank(resource: string): number {
  if (resource === "namespaces") return 0;
  return resource === "pods" ? 2 : 1;
}
