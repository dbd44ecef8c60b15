/**
 * `runtime.Unknown`, the envelope around every protobuf object of an API server
 * (apimachinery: pkg/runtime/serializer/protobuf).
 *
 * @module
 */
import { apiVersionOf, type ResourceDefinition } from "@obsyk/contract/allow-list";
import type { Mode } from "@obsyk/contract";
import { ProjectError } from "./types.ts";
import { readFields, readRange, readText, type Range } from "./wire.ts";

/** `k8s\0` */
export const magic = Buffer.from([0x6b, 0x38, 0x73, 0x00]);
/** Field numbers of Unknown. */
export const unknown = { typeMeta: 1, raw: 2, contentEncoding: 3 } as const;

export type TypeMeta = { readonly apiVersion: string; readonly kind: string };

export function readTypeMeta(range: Range): TypeMeta {
  const found = { apiVersion: "", kind: "" };
  readFields(range, (number, wireType, cursor) => {
    if (number === 1) found.apiVersion = readText(wireType, cursor);
    else if (number === 2) found.kind = readText(wireType, cursor);
    else return false;
    return true;
  });
  return found;
}

/** @throws {ProjectError} decode @throws {Malformed} */
export function openEnvelope(range: Range): { readonly typeMeta: TypeMeta; readonly raw: Range } {
  const { bytes, start, end } = range;
  if (end - start < magic.length || magic.compare(bytes, start, start + magic.length) !== 0) {
    throw new ProjectError("decode", "object without the Kubernetes protobuf prefix");
  }
  let typeMeta: TypeMeta = { apiVersion: "", kind: "" };
  let raw: Range = { bytes, start: end, end };
  readFields({ bytes, start: start + magic.length, end }, (number, wireType, cursor) => {
    if (number === unknown.typeMeta) typeMeta = readTypeMeta(readRange(wireType, cursor));
    else if (number === unknown.raw) raw = readRange(wireType, cursor);
    else if (number === unknown.contentEncoding) refuseEncoding(readRange(wireType, cursor));
    else return false;
    return true;
  });
  return { typeMeta, raw };
}

export function refuseEncoding(range: Range): void {
  if (range.end > range.start) throw new ProjectError("decode", "object with a content encoding");
}

/** What objects of this resource call themselves in answers to requests in this mode. */
export function expectedType(definition: ResourceDefinition, mode: Mode): TypeMeta {
  if (mode === "metadata") return { apiVersion: "meta.k8s.io/v1", kind: "PartialObjectMetadata" };
  return { apiVersion: apiVersionOf(definition), kind: definition.kind };
}

/** @throws {ProjectError} decode */
export function requireType(found: TypeMeta, wanted: TypeMeta): void {
  if (found.apiVersion === wanted.apiVersion && found.kind === wanted.kind) return;
  throw new ProjectError("decode", `answer is no ${wanted.apiVersion} ${wanted.kind}`);
}
