/**
 * Stored objects to answer bytes, in any representation.
 *
 * @module
 */
import { apiVersionOf, type ResourceDefinition } from "@obsyk/contract/allow-list";
import {
  encodeEnvelope,
  encodeFrame,
  encodeListOf,
  encodeObject,
  encodePartial,
  encodePartialList,
  encodeWatchError,
  encodeWatchEvent,
  type ListMeta,
  type Status,
} from "./encode/answers.ts";
import { encodeJsonWatchError, encodeTableEvent, encodeTableList } from "./encode/table.ts";
import { parseObject } from "./object.ts";
import type { Representation } from "./request.ts";
import type { StoredObject, StoreEvent } from "./store.ts";

export type Encoder = {
  list(items: readonly StoredObject[], meta: ListMeta): Buffer;
  object(item: StoredObject): Buffer;
  event(event: StoreEvent): Buffer;
  bookmark(resourceVersion: string): Buffer;
  error(status: Status): Buffer;
};

/** Encoded objects by identity: an object that did not change is encoded once. */
export type EncodedCache = WeakMap<StoredObject, Buffer>;

export function createEncoder(options: {
  readonly definition: ResourceDefinition;
  readonly representation: Representation;
  readonly cache: EncodedCache | undefined;
}): Encoder {
  const { definition, representation, cache } = options;
  switch (representation.kind) {
    case "protobuf":
      return protobufEncoder(definition, cache);
    case "metadata":
      return metadataEncoder();
    case "json":
      return jsonEncoder(definition);
    case "table":
      return tableEncoder(definition, representation.includeObject);
  }
}

function protobufEncoder(definition: ResourceDefinition, cache: EncodedCache | undefined): Encoder {
  const encode = (item: StoredObject): Buffer => {
    const known = cache?.get(item);
    if (known !== undefined) return known;
    const bytes = encodeObject(definition, parseObject(item.json));
    cache?.set(item, bytes);
    return bytes;
  };
  const envelope = (item: StoredObject): Buffer =>
    encodeEnvelope(apiVersionOf(definition), definition.kind, encode(item));
  return {
    list: (items, meta) => encodeListOf(definition, { items: items.map(encode), meta }),
    object: envelope,
    event: (event) => encodeFrame(event.type, envelope(event.object)),
    bookmark: (resourceVersion) =>
      encodeWatchEvent(definition, "BOOKMARK", { metadata: { resourceVersion } }),
    error: encodeWatchError,
  };
}

function metadataEncoder(): Encoder {
  const envelope = (item: StoredObject): Buffer => encodePartial(parseObject(item.json));
  return {
    list: (items, meta) =>
      encodePartialList(
        items.map((item) => parseObject(item.json)),
        meta,
      ),
    object: envelope,
    event: (event) => encodeFrame(event.type, envelope(event.object)),
    bookmark: (resourceVersion) =>
      encodeFrame("BOOKMARK", encodePartial({ metadata: { resourceVersion } })),
    error: encodeWatchError,
  };
}

function jsonEncoder(definition: ResourceDefinition): Encoder {
  const apiVersion = apiVersionOf(definition);
  return {
    list(items, meta) {
      const head = JSON.stringify({ kind: `${definition.kind}List`, apiVersion, metadata: meta });
      const bodies = items.map((item) => item.json).join(",");
      return Buffer.from(`${head.slice(0, -1)},"items":[${bodies}]}\n`);
    },
    object: (item) => Buffer.from(`${item.json}\n`),
    event: (event) => Buffer.from(`{"type":"${event.type}","object":${event.object.json}}\n`),
    bookmark(resourceVersion) {
      const object = { kind: definition.kind, apiVersion, metadata: { resourceVersion } };
      return Buffer.from(`${JSON.stringify({ type: "BOOKMARK", object })}\n`);
    },
    error: encodeJsonWatchError,
  };
}

function tableEncoder(definition: ResourceDefinition, includeObject: "Metadata" | "None"): Encoder {
  const options = { definition, includeObject };
  return {
    list: (items, meta) =>
      encodeTableList(
        options,
        items.map((item) => parseObject(item.json)),
        meta,
      ),
    object() {
      throw new TypeError("a Table of one object is not served");
    },
    event: (event) => encodeTableEvent(options, event.type, parseObject(event.object.json)),
    bookmark: (resourceVersion) =>
      encodeTableEvent(options, "BOOKMARK", { metadata: { resourceVersion } }),
    error: encodeJsonWatchError,
  };
}
