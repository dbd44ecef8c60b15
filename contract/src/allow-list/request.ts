/**
 * How a resource is asked for: the one place where `Accept` and query parameters come from.
 *
 * @module
 */
import type { Mode } from "../stream.ts";
import type { ResourceDefinition } from "./table.ts";

export type ReadRequest = {
  /** Exactly one media type: with a second one the API server may answer with whole objects. */
  readonly accept: string;
  /** Media type the answer must have; anything else is refused unread. */
  readonly contentType: string;
  readonly query: { readonly [name: string]: string };
};

const protobuf = "application/vnd.kubernetes.protobuf";
const group = "g=meta.k8s.io";

/**
 * @throws {TypeError} when this resource is not read in this mode (`references` is no request at all).
 */
export function requestFor(
  definition: ResourceDefinition,
  mode: Mode,
  call: "list" | "watch",
): ReadRequest {
  if (!definition.modes.includes(mode)) {
    throw new TypeError(`${definition.resource} cannot be read in mode ${mode}`);
  }
  const contentType = call === "list" ? protobuf : `${protobuf};stream=watch`;
  switch (mode) {
    case "full":
      return { accept: protobuf, contentType, query: {} };
    case "metadata": {
      const kind = call === "list" ? "PartialObjectMetadataList" : "PartialObjectMetadata";
      return { accept: `${protobuf};as=${kind};${group};v=v1`, contentType, query: {} };
    }
    case "keys":
    case "counts":
      return {
        accept: `application/json;as=Table;v=v1;${group}`,
        contentType: "application/json",
        query: { includeObject: mode === "keys" ? "Metadata" : "None" },
      };
    case "references":
      throw new TypeError(`${definition.resource} in mode references is not read`);
  }
}
