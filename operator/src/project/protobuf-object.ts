import type { ResourceDefinition } from "@obsyk/contract/allow-list";
import type { Mode } from "@obsyk/contract";
import { compileResource } from "./compile.ts";
import { stubRecord } from "./oversize.ts";
import { readIdentity, readUid } from "./identity.ts";
import { RecordReader } from "./record-reader.ts";
import type { ProjectedObject, Unreadable } from "./types.ts";
import { Malformed, TooLarge, type Range } from "./wire.ts";

export type ReadObject =
  | { readonly kind: "object"; readonly object: ProjectedObject }
  | { readonly kind: "unreadable"; readonly item: Unreadable };

/** Reads the protobuf bytes of one object after the other. */
export type ObjectReader = (range: Range) => ReadObject;

export function createObjectReader(definition: ResourceDefinition, mode: Mode): ObjectReader {
  const reader = new RecordReader(compileResource(definition, mode));
  return (range) => {
    try {
      const identity = readIdentity(range);
      const canonical = reader.read(range.bytes, range.start, range.end);
      return { kind: "object", object: { ...identity, canonical } };
    } catch (error) {
      if (error instanceof TooLarge) return stubOf(definition, range);
      if (!(error instanceof Malformed)) throw error;
      return { kind: "unreadable", item: { uid: readUid(range), reason: error.message } };
    }
  };
}

function stubOf(definition: ResourceDefinition, range: Range): ReadObject {
  const identity = readIdentity(range);
  return { kind: "object", object: { ...identity, canonical: stubRecord(definition, identity) } };
}
