/**
 * Whole LIST answers and WATCH events in protobuf, from Kubernetes JSON.
 *
 * @module
 */
import { apiVersionOf, type ResourceDefinition } from "@obsyk/contract/allow-list";
import { bytesField, encodeMessage, textField, varintField, type KubeObject } from "./protobuf.ts";

export type ListMeta = {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
};

export type WatchType = "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";

export type Status = {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly retryAfterSeconds?: number;
};

const magic = Buffer.from("k8s\0", "latin1");

/** Bytes of one object without envelope; `apiVersion` and `kind` are not part of them. */
export function encodeObject(definition: ResourceDefinition, object: KubeObject): Buffer {
  const { apiVersion: _, kind: __, ...members } = object;
  return encodeMessage(definition.message.name, members);
}

/** `application/vnd.kubernetes.protobuf`: a whole list. */
export function encodeList(
  definition: ResourceDefinition,
  items: readonly KubeObject[],
  meta: ListMeta,
): Buffer {
  return encodeListOf(definition, {
    items: items.map((item) => encodeObject(definition, item)),
    meta,
  });
}

/** The same from items that are already encoded. */
export function encodeListOf(
  definition: ResourceDefinition,
  list: { readonly items: readonly Buffer[]; readonly meta: ListMeta },
): Buffer {
  const raw = Buffer.concat([
    bytesField(1, encodeListMeta(list.meta)),
    ...list.items.map((item) => bytesField(2, item)),
  ]);
  return encodeEnvelope(apiVersionOf(definition), `${definition.kind}List`, raw);
}

const partial = { apiVersion: "meta.k8s.io/v1", kind: "PartialObjectMetadata" } as const;

/** `as=PartialObjectMetadata`: of an object its metadata alone. */
export function encodePartial(object: KubeObject): Buffer {
  return encodeEnvelope(partial.apiVersion, partial.kind, partialBytes(object));
}

/** `as=PartialObjectMetadataList` */
export function encodePartialList(items: readonly KubeObject[], meta: ListMeta): Buffer {
  const raw = Buffer.concat([
    bytesField(1, encodeListMeta(meta)),
    ...items.map((item) => bytesField(2, partialBytes(item))),
  ]);
  return encodeEnvelope(partial.apiVersion, `${partial.kind}List`, raw);
}

function partialBytes(object: KubeObject): Buffer {
  const metadata = (object["metadata"] ?? {}) as KubeObject;
  return bytesField(1, encodeMessage("k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta", metadata));
}

/** One frame of `application/vnd.kubernetes.protobuf;stream=watch`. */
export function encodeWatchEvent(
  definition: ResourceDefinition,
  type: WatchType,
  object: KubeObject,
): Buffer {
  const raw = encodeObject(definition, object);
  return encodeFrame(type, encodeEnvelope(apiVersionOf(definition), definition.kind, raw));
}

export function encodeWatchError(status: Status): Buffer {
  return encodeFrame("ERROR", encodeStatus(status));
}

/** A Status object as a whole protobuf answer. */
export function encodeStatus(status: Status): Buffer {
  const details =
    status.retryAfterSeconds === undefined
      ? []
      : [
          bytesField(
            5,
            Buffer.concat([
              textField(1, ""),
              textField(2, ""),
              textField(3, ""),
              varintField(5, BigInt(status.retryAfterSeconds)),
              textField(6, ""),
            ]),
          ),
        ];
  const raw = Buffer.concat([
    bytesField(1, encodeListMeta({ resourceVersion: "" })),
    textField(2, "Failure"),
    textField(3, status.message),
    textField(4, status.reason),
    ...details,
    varintField(6, BigInt(status.code)),
  ]);
  return encodeEnvelope("v1", "Status", raw);
}

export function encodeEnvelope(apiVersion: string, kind: string, raw: Buffer): Buffer {
  const typeMeta = Buffer.concat([textField(1, apiVersion), textField(2, kind)]);
  return Buffer.concat([
    magic,
    bytesField(1, typeMeta),
    bytesField(2, raw),
    textField(3, ""),
    textField(4, ""),
  ]);
}

export function encodeFrame(type: string, envelope: Buffer): Buffer {
  const event = Buffer.concat([textField(1, type), bytesField(2, bytesField(1, envelope))]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(event.length);
  return Buffer.concat([length, event]);
}

function encodeListMeta(meta: ListMeta): Buffer {
  return Buffer.concat([
    textField(1, ""),
    textField(2, meta.resourceVersion),
    textField(3, meta.continue ?? ""),
    ...(meta.remainingItemCount === undefined
      ? []
      : [varintField(4, BigInt(meta.remainingItemCount))]),
  ]);
}
