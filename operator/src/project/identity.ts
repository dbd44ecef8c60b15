/**
 * What is read beside the record: identity and the parts that a table marks volatile.
 *
 * @module
 */
import type { Manager } from "@obsyk/contract";
import { cleanText, cutText } from "@obsyk/contract/allow-list";
import { isWritableTime, timeText } from "./time-text.ts";
import { readFields, readInteger, readRange, readText, type Range } from "./wire.ts";

export type Identity = {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: string;
  readonly managers: readonly Manager[];
};

/** Managers kept of one object. */
export const managerCount = 64;
const managerChars = 1024;

/** Field numbers of ObjectMeta and ManagedFieldsEntry. */
const meta = { name: 1, namespace: 3, uid: 5, resourceVersion: 6, managedFields: 17 } as const;
const entry = { manager: 1, operation: 2, time: 4, subresource: 8 } as const;

/** @throws {Malformed} @param range of the whole object, whose first field is its metadata */
export function readIdentity(range: Range): Identity {
  const found = { uid: "", namespace: "", name: "", resourceVersion: "" };
  const managers: Manager[] = [];
  readFields(metadataOf(range), (number, wireType, cursor) => {
    switch (number) {
      case meta.name:
        found.name = identityText(readText(wireType, cursor));
        return true;
      case meta.namespace:
        found.namespace = identityText(readText(wireType, cursor));
        return true;
      case meta.uid:
        found.uid = identityText(readText(wireType, cursor));
        return true;
      case meta.resourceVersion:
        found.resourceVersion = identityText(readText(wireType, cursor));
        return true;
      case meta.managedFields:
        if (managers.length < managerCount) {
          managers.push(readManager(readRange(wireType, cursor)));
          return true;
        }
        return false;
      default:
        return false;
    }
  });
  return { ...found, managers };
}

/** The uid when at least that can be read; for objects whose bytes are broken further on. */
export function readUid(range: Range): string | undefined {
  let uid = "";
  try {
    readFields(metadataOf(range), (number, wireType, cursor) => {
      if (number !== meta.uid) return false;
      uid = identityText(readText(wireType, cursor));
      return true;
    });
  } catch {
    // What was read before the break still counts.
  }
  return uid === "" ? undefined : uid;
}

/** A manager's text as the protocol bounds it. */
export function managerText(text: string): string {
  return cutText(cleanText(text), managerChars);
}

function metadataOf(range: Range): Range {
  let metadata: Range = { ...range, end: range.start };
  try {
    readFields(range, (number, wireType, cursor) => {
      if (number !== 1) return false;
      metadata = readRange(wireType, cursor);
      return true;
    });
  } catch (error) {
    if (metadata.end === range.start) throw error;
  }
  return metadata;
}

function readManager(range: Range): Manager {
  const found: { manager: string; operation: string; time?: string; subresource?: string } = {
    manager: "",
    operation: "",
  };
  readFields(range, (number, wireType, cursor) => {
    switch (number) {
      case entry.manager:
        found.manager = managerText(readText(wireType, cursor));
        return true;
      case entry.operation:
        found.operation = managerText(readText(wireType, cursor));
        return true;
      case entry.time: {
        const time = readTime(readRange(wireType, cursor));
        if (time !== undefined) found.time = time;
        return true;
      }
      case entry.subresource: {
        const subresource = managerText(readText(wireType, cursor));
        if (subresource !== "") found.subresource = subresource;
        return true;
      }
      default:
        return false;
    }
  });
  return found;
}

function readTime(range: Range): string | undefined {
  if (range.start === range.end) return undefined;
  let seconds = 0;
  readFields(range, (number, wireType, cursor) => {
    if (number !== 1) return false;
    seconds = readInteger(wireType, cursor);
    return true;
  });
  if (!isWritableTime(seconds, 0)) return undefined;
  return timeText(seconds);
}

function identityText(text: string): string {
  return cutText(cleanText(text), 512);
}
