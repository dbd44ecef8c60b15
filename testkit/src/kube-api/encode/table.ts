/**
 * Tables as an API server renders Secrets and ConfigMaps for `as=Table`: rows with cells, and of the object nothing or
 * its metadata.
 *
 * @module
 */
import type { ResourceDefinition } from "@obsyk/contract/allow-list";
import type { ListMeta, Status, WatchType } from "./answers.ts";
import type { KubeObject } from "./protobuf.ts";

export type IncludeObject = "Metadata" | "None";
export type TableOptions = {
  readonly definition: ResourceDefinition;
  readonly includeObject: IncludeObject;
};

const columns = {
  Secret: ["Name", "Type", "Data", "Age"],
  ConfigMap: ["Name", "Data", "Age"],
} as const;

/** A whole LIST answer (`application/json`). */
export function encodeTableList(
  options: TableOptions,
  items: readonly KubeObject[],
  meta: ListMeta,
): Buffer {
  return Buffer.from(
    `${JSON.stringify({
      kind: "Table",
      apiVersion: "meta.k8s.io/v1",
      metadata: {
        resourceVersion: meta.resourceVersion,
        ...(meta.continue === undefined ? {} : { continue: meta.continue }),
        ...(meta.remainingItemCount === undefined
          ? {}
          : { remainingItemCount: meta.remainingItemCount }),
      },
      columnDefinitions: columnsOf(options.definition),
      rows: items.map((item) => rowOf(options, item)),
    })}\n`,
  );
}

/** One line of a WATCH answer. A bookmark is a row without a name. */
export function encodeTableEvent(
  options: TableOptions,
  type: WatchType,
  object: KubeObject,
): Buffer {
  const metadata = (object["metadata"] ?? {}) as KubeObject;
  const table = {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata: { resourceVersion: metadata["resourceVersion"] },
    columnDefinitions: null,
    rows: [rowOf(options, object)],
  };
  return Buffer.from(`${JSON.stringify({ type, object: table })}\n`);
}

/** Errors are no Tables, whatever was asked for. */
export function encodeJsonWatchError(status: Status): Buffer {
  const details =
    status.retryAfterSeconds === undefined
      ? {}
      : { details: { retryAfterSeconds: status.retryAfterSeconds } };
  const object = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: status.message,
    reason: status.reason,
    ...details,
    code: status.code,
  };
  return Buffer.from(`${JSON.stringify({ type: "ERROR", object })}\n`);
}

function columnsOf(definition: ResourceDefinition): readonly object[] {
  return columnNames(definition).map((name) => ({
    name,
    type: "string",
    format: name === "Name" ? "name" : "",
    description: "",
    priority: 0,
  }));
}

function columnNames(definition: ResourceDefinition): readonly string[] {
  if (definition.kind === "Secret") return columns.Secret;
  if (definition.kind === "ConfigMap") return columns.ConfigMap;
  throw new TypeError(`no Table for ${definition.resource}`);
}

function rowOf(options: TableOptions, object: KubeObject): object {
  const metadata = (object["metadata"] ?? {}) as KubeObject;
  const name = metadata["name"] ?? "";
  const count = sizeOf(object["data"]) + sizeOf(object["binaryData"]);
  const age = metadata["creationTimestamp"] === undefined ? "<unknown>" : "5d";
  const cells =
    columnNames(options.definition).length === 4
      ? [name, object["type"] ?? "", count, age]
      : [name, count, age];
  if (options.includeObject === "None") return { cells, object: null };
  return {
    cells,
    object: { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata },
  };
}

function sizeOf(map: unknown): number {
  return typeof map === "object" && map !== null ? Object.keys(map).length : 0;
}
