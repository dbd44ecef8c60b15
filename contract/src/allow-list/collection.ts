/**
 * All that can leave a cluster with a given choice of resources and modes; its digest is what a session names
 * (`manifestDigest`).
 *
 * @module
 */
import type { Json, JsonObject } from "../json.ts";
import type { Mode } from "../stream.ts";
import { describeTable } from "./describe.ts";
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
