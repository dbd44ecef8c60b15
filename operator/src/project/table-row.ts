/**
 * One row of a Table: cells, and of the object nothing (mode `counts`) or its metadata (mode `keys`).
 *
 * @module
 */
import { canonicalize, limits, type JsonObject, type Manager, type Mode } from "@obsyk/contract";
import {
  annotationKeys,
  embeddedCopyKeys,
  recordOf,
  type Message,
  type ResourceDefinition,
} from "@obsyk/contract/allow-list";
import { managerCount, managerText } from "./identity.ts";
import { guard, type JsonCursor } from "./json-bytes.ts";
import { KeyNames } from "./key-names.ts";
import { stubRecord } from "./oversize.ts";
import type { ReadObject } from "./protobuf-object.ts";

export type RowOptions = {
  readonly definition: ResourceDefinition;
  readonly mode: Mode;
  /** Mode `counts`: what was asked for; rows do not tell. */
  readonly namespace: string;
};

export type Row = {
  /** `""` for a bookmark. */
  readonly name: string;
  /** `""` in mode `counts`. */
  readonly resourceVersion: string;
  /** @param resourceVersion for rows that have none of their own */
  read(resourceVersion: string): ReadObject;
};

type Cells = { readonly name: string; readonly type: string | undefined; readonly count: number };
type Members = { readonly [name: string]: unknown };
type Metadata = {
  readonly source: Members;
  readonly managers: Manager[];
  readonly keys: KeyNames;
  /** Keys of annotations that hold a copy of the object; their values are stepped over. */
  readonly copies: readonly string[];
};

/** @throws {ProjectError} guard when there is anything in the row that was not asked for */
export function readRow(cursor: JsonCursor, options: RowOptions): Row {
  let cells: Cells | undefined;
  let metadata: Metadata | undefined;
  let objectSeen = false;
  cursor.object((name) => {
    if (name === "cells" && cells === undefined) cells = readCells(cursor, options.definition);
    else if (name === "object" && !objectSeen) {
      objectSeen = true;
      metadata = readObject(cursor, options);
    } else throw guard("a row has an unknown member");
  });
  if (cells === undefined || !objectSeen) throw guard("a row is incomplete");
  return metadata === undefined
    ? countedRow(cells, options)
    : keyedRow(cells, metadata, options.definition);
}

/** Secrets: name, type, number of keys, age. ConfigMaps: name, number of keys, age. */
function readCells(cursor: JsonCursor, definition: ResourceDefinition): Cells {
  const hasType = definition.kind === "Secret";
  const countAt = hasType ? 2 : 1;
  const found: { name?: string; type?: string; count?: number } = {};
  let length = 0;
  cursor.list((index) => {
    length = index + 1;
    if (index === 0) found.name = cursor.string();
    else if (index === countAt) found.count = cursor.integer();
    else if (index === 1) found.type = cursor.string();
    else cursor.skip();
  });
  const { name, type, count } = found;
  if (length !== countAt + 2 || name === undefined || count === undefined || count < 0) {
    throw guard("a row has other cells");
  }
  return { name, type, count };
}

function readObject(cursor: JsonCursor, options: RowOptions): Metadata | undefined {
  if (options.mode === "counts") {
    if (!cursor.null()) skipMarkedObject(cursor);
    return undefined;
  }
  let metadata: Metadata | undefined;
  readPartial(cursor, () => {
    metadata = readMetadata(cursor, options.definition.message);
  });
  return metadata;
}

/** An object that has nothing but metadata. */
function readPartial(cursor: JsonCursor, takeMetadata: () => void): void {
  let isPartial = false;
  let metadataSeen = false;
  cursor.object((name) => {
    if (name === "kind") isPartial = cursor.string() === "PartialObjectMetadata";
    else if (name === "apiVersion") cursor.skip();
    else if (name === "metadata" && !metadataSeen) {
      metadataSeen = true;
      takeMetadata();
    } else throw guard("an object has more than metadata");
  });
  if (!isPartial || !metadataSeen) throw guard("an object is no PartialObjectMetadata");
}

/**
 * Whatever was asked for, an API server adds metadata to rows whose object has the annotation that ends initial events
 * (apiserver: pkg/endpoints/handlers/response.go, asTable). Anybody who may write an object can set it: such a row is
 * stepped over, not a reason to stop.
 */
const initialEventsEnd = ["k8s.io/initial-events-end"];

function skipMarkedObject(cursor: JsonCursor): void {
  let isMarked = false;
  readPartial(cursor, () => {
    cursor.object((name) => {
      if (name !== "annotations") cursor.skip();
      else if (!cursor.null()) {
        cursor.objectOf(initialEventsEnd, () => {
          isMarked = true;
          cursor.skip();
        });
      }
    });
  });
  if (!isMarked) throw guard("a row has an object");
}

function readMetadata(cursor: JsonCursor, message: Message): Metadata {
  const field = message.fields["metadata"];
  if (field?.type.kind !== "message") throw new TypeError(`${message.name} has no metadata`);
  const managers: Manager[] = [];
  const keys = new KeyNames();
  const entries = field.type.message.fields["managedFields"]?.type;
  const entry =
    entries?.kind === "list" && entries.of.kind === "message" ? entries.of.message : undefined;
  if (entry === undefined) throw new TypeError(`${message.name} has no managedFields`);
  const readManagedFields = (): void => {
    if (cursor.null()) return;
    cursor.list(() => {
      keys.addEntry();
      const fieldsV1 = new Map([["fieldsV1", () => keys.readFields(cursor)]]);
      const manager = managerOf(cursor.message(entry, fieldsV1));
      if (managers.length < managerCount) managers.push(manager);
    });
  };
  const annotations = new Annotations();
  const special = new Map([
    ["managedFields", readManagedFields],
    ["annotations", () => annotations.read(cursor)],
  ]);
  const source = cursor.message(field.type.message, special);
  return {
    source: { ...source, annotations: annotations.kept },
    managers,
    keys,
    copies: [...annotations.copies].sort(),
  };
}

/** Allow-listed annotations with their values, and of known copies of the object the keys alone. */
class Annotations {
  readonly kept = Object.create(null) as { [key: string]: string };
  readonly copies = new Set<string>();

  read(cursor: JsonCursor): void {
    if (cursor.null()) return;
    cursor.objectOf(annotationNames, (key) => {
      if (embeddedCopyKeys.includes(key)) this.copies.add(key);
      if (annotationKeys.includes(key)) this.kept[key] = cursor.string();
      else cursor.skip();
    });
  }
}

const annotationNames = [...annotationKeys, ...embeddedCopyKeys];

function managerOf(source: Members): Manager {
  return {
    manager: managerText(textOf(source["manager"])),
    operation: managerText(textOf(source["operation"])),
    ...optional("time", managerText(textOf(source["time"]).slice(0, 40))),
    ...optional("subresource", managerText(textOf(source["subresource"]))),
  };
}

function keyedRow(cells: Cells, metadata: Metadata, definition: ResourceDefinition): Row {
  const { source, managers, keys, copies } = metadata;
  const identity = {
    uid: textOf(source["uid"]),
    namespace: textOf(source["namespace"]),
    name: textOf(source["name"]),
  };
  const own = textOf(source["resourceVersion"]);
  return {
    name: cells.name,
    resourceVersion: own,
    read: (resourceVersion) =>
      readRecord(definition, identity.uid, () => ({
        ...identity,
        resourceVersion: own === "" ? resourceVersion : own,
        managers,
        canonical: bytesOf(
          recordOf(definition, sourceOf(cells, source), {
            mode: "keys",
            obsyk: {
              ...keys.describe(cells.count),
              ...(copies.length === 0 ? {} : { embeddedCopies: copies }),
            },
          }),
        ),
      })),
  };
}

function countedRow(cells: Cells, { definition, namespace }: RowOptions): Row {
  const metadata = { name: cells.name, ...optional("namespace", namespace) };
  return {
    name: cells.name,
    resourceVersion: "",
    read: (resourceVersion) =>
      readRecord(definition, "", () => ({
        uid: "",
        namespace,
        name: cells.name,
        resourceVersion,
        managers: [],
        canonical: bytesOf(
          recordOf(definition, sourceOf(cells, metadata), {
            mode: "counts",
            obsyk: { dataCount: cells.count },
          }),
        ),
      })),
  };
}

function sourceOf(cells: Cells, metadata: Members): Members {
  return { metadata, ...optional("type", cells.type ?? "") };
}

function readRecord(
  definition: ResourceDefinition,
  uid: string,
  read: () => Extract<ReadObject, { kind: "object" }>["object"],
): ReadObject {
  try {
    const object = read();
    if (object.name === "") {
      const reason = "object without a name";
      return { kind: "unreadable", item: { uid: uid === "" ? undefined : uid, reason } };
    }
    if (object.canonical.length <= limits.recordBytes) return { kind: "object", object };
    return { kind: "object", object: { ...object, canonical: stubRecord(definition, object) } };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return {
      kind: "unreadable",
      item: { uid: uid === "" ? undefined : uid, reason: error.message },
    };
  }
}

function bytesOf(record: JsonObject): Buffer {
  return Buffer.from(canonicalize(record));
}

function optional(name: string, value: string): { readonly [name: string]: string } {
  return value === "" ? {} : { [name]: value };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
