/**
 * Cursors of keyset paging: the key of the last row, opaque to callers. What comes back is checked like any input;
 * rows are bound to the caller's organisation by the query, never by the cursor.
 *
 * @module
 */
import { z } from "zod";
import { ProblemError } from "../http/problem.ts";

export type ObjectKey = {
  readonly clusterId: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
};

const storable = z
  .string()
  .max(512)
  .refine((text) => !text.includes("\0") && text.isWellFormed());
const keySchema = z.tuple([z.uuid(), storable, storable, storable, z.uuid()]);

export function encodeCursor(key: ObjectKey): string {
  const { clusterId, resource, namespace, name, uid } = key;
  return Buffer.from(JSON.stringify([clusterId, resource, namespace, name, uid])).toString(
    "base64url",
  );
}

/** @throws {ProblemError} `bad-request` for anything that is no cursor of ours. */
export function decodeCursor(cursor: string): ObjectKey {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    value = undefined;
  }
  const parsed = keySchema.safeParse(value);
  if (!parsed.success) {
    throw new ProblemError("bad-request", "This is no cursor: take `next` of the page before", {
      pointer: "cursor",
    });
  }
  const [clusterId, resource, namespace, name, uid] = parsed.data;
  return { clusterId, resource, namespace, name, uid };
}
