/**
 * Any other kind, custom resources first of all: identity, labels, allow-listed annotations and owners, read as
 * PartialObjectMetadata in protobuf. Nothing else of such an object ever leaves the API server.
 *
 * @module
 */
import { always, message, table } from "./build.ts";
import { objectMeta } from "./kubernetes/metadata.ts";
import { findResource } from "./resources.ts";
import type { ResourceDefinition } from "./table.ts";

/** As discovery tells it: `resource` is the plural name, `widgets`; `group` is `""` for the core group. */
export type DiscoveredResource = {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
};

/**
 * Never read unless somebody names it.
 *
 * @throws {TypeError} for a resource that has a table of its own: Secrets must never be read in another way
 */
export function metadataOnly(discovered: DiscoveredResource): ResourceDefinition {
  const { group, version, resource: plural, kind, namespaced } = discovered;
  const resource = group === "" ? plural : `${plural}.${group}`;
  if (findResource(resource) !== undefined) {
    throw new TypeError(`${resource} has a table of its own`);
  }
  return {
    resource,
    group,
    version,
    plural,
    kind,
    namespaced,
    defaultOn: false,
    modes: ["metadata"],
    message: partialObjectMetadata,
  };
}

const partialObjectMetadata = table("k8s.io.apimachinery.pkg.apis.meta.v1.PartialObjectMetadata", {
  metadata: always(1, message(objectMeta)),
});
