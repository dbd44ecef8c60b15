/**
 * All that can leave a cluster with a given choice of resources and modes; its digest is what a session names
 * (`manifestDigest`).
 *
 * @module
 */
import type { Json, JsonObject } from "../json.ts";
import type { Mode } from "../stream.ts";
import { describeTable } from "./describe.ts";
import { manifestOf, type ManifestField } from "./manifest.ts";
import type { ResourceDefinition } from "./table.ts";

export type CollectedResource = { readonly definition: ResourceDefinition; readonly mode: Mode };

/** The tables in scope, whatever the order in which they were chosen. */
export function describeCollection(collected: readonly CollectedResource[]): JsonObject {
  const tables: { [resource: string]: Json } = {};
  for (const { definition, mode } of collected) {
    tables[definition.resource] = describeTable(definition, mode);
  }
  return { tables };
}

/** Rows of a Table without objects have no metadata; these are its cells and the request's namespace. */
const inCounts: ReadonlySet<string> = new Set([
  "metadata.name",
  "metadata.namespace",
  "obsyk.dataCount",
  "type",
]);

/** Every field of one resource that can leave in this mode. */
export function collectedFields({
  definition,
  mode,
}: CollectedResource): readonly Pick<ManifestField, "path" | "beside">[] {
  const fields = manifestOf(definition, mode);
  return mode === "counts" ? fields.filter(({ path }) => inCounts.has(path)) : fields;
}
