/** Which streams this operator reads: its settings applied to the allow-list. */
import { canonicalize, type Mode, type Stream } from "@obsyk/contract";
import { describeTable, resources, type ResourceDefinition } from "@obsyk/contract/allow-list";
import { recordVersion } from "@obsyk/runtime";
import type { OperatorSettings } from "./settings.ts";

export type ScopedStream = {
  readonly stream: Stream;
  readonly definition: ResourceDefinition;
  readonly recordVersion: string;
};

type Choice = Pick<OperatorSettings, "resources" | "secretsMode" | "configMapsMode">;

/** Resources to read, and how. */
export type Scope = readonly { readonly definition: ResourceDefinition; readonly mode: Mode }[];

/** Resources to read and how, namespaces first and pods last: small lists are visible soonest. */
export function scopeOf(settings: Choice): Scope {
  const wanted = new Set(settings.resources);
  return resources
    .filter(({ resource, defaultOn }) => (wanted.size === 0 ? defaultOn : wanted.has(resource)))
    .flatMap((definition) => {
      const mode = modeOf(definition, settings);
      return mode === undefined ? [] : [{ definition, mode }];
    })
    .sort((one, other) => rank(one.definition.resource) - rank(other.definition.resource));
}

/** A stream over the whole cluster, or in mode `counts` over one namespace. */
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

function modeOf(definition: ResourceDefinition, settings: Choice): Mode | undefined {
  const chosen =
    definition.resource === "secrets"
      ? settings.secretsMode
      : definition.resource === "configmaps"
        ? settings.configMapsMode
        : definition.modes[0];
  return definition.modes.find((mode) => mode === chosen);
}

function rank(resource: string): number {
  if (resource === "namespaces") return 0;
  return resource === "pods" ? 2 : 1;
}
