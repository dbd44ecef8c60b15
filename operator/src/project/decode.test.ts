import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalize } from "@obsyk/contract";
import { metadataOnly, recordOf, resources } from "@obsyk/contract/allow-list";
import {
  canaryText,
  encodeList,
  encodePartialList,
  encodeWatchError,
  encodeWatchEvent,
  randomObject,
  seededRandom,
  type KubeObject,
} from "@obsyk/testkit";
import fc from "fast-check";
import { createListDecoder, createWatchDecoder } from "./decode.ts";
import { keepRecord, type ListEvent, type ProjectedObject, type WatchEvent } from "./types.ts";

const protobufResources = resources.filter((definition) => definition.modes.includes("full"));
const anyResource = fc.constantFrom(...protobufResources);
const seed = fc.integer({ min: 0, max: 0xffff_ffff });

function chunksOf(bytes: Buffer, random: () => number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = 1 + Math.floor(random() * random() * 3000);
    chunks.push(Buffer.from(bytes.subarray(at, at + size)));
    at += size;
  }
  return chunks;
}

function objectsOf(events: readonly (ListEvent | WatchEvent)[]): readonly ProjectedObject[] {
  return events.flatMap((event) => ("object" in event ? [event.object] : []));
}

/** With records that outlive the next chunk. */
function kept<Event extends ListEvent | WatchEvent>(events: readonly Event[]): Event[] {
  return events.map((event) =>
    "object" in event ? { ...event, object: keepRecord(event.object) } : event,
  );
}

/** Events with their records as text, so that nothing hides in bytes. */
function textOf(events: readonly object[]): string {
  return JSON.stringify(
    events.map((event) =>
      "object" in event
        ? [event, (event.object as { canonical: Buffer }).canonical.toString()]
        : event,
    ),
  );
}

test("createListDecoder: the record is the pruned JSON of the same object, whatever the chunks (I2)", () => {
  fc.assert(
    fc.property(anyResource, seed, (definition, seed) => {
      const random = seededRandom(seed);
      const items = Array.from({ length: 1 + Math.floor(random() * 3) }, () =>
        randomObject(definition, random),
      );
      const meta = { resourceVersion: "42", continue: "next", remainingItemCount: 7 };
      const decoder = createListDecoder({ definition, mode: "full" });
      const events = chunksOf(encodeList(definition, items, meta), random).flatMap((chunk) =>
        kept(decoder.push(chunk)),
      );
      assert.deepEqual(decoder.end(), []);
      assert.deepEqual(events[0], {
        kind: "meta",
        resourceVersion: "42",
        continueToken: "next",
        remainingItems: 7,
      });
      assert.deepEqual(
        objectsOf(events).map((object) => object.canonical.toString()),
        items.map((item) => canonicalize(recordOf(definition, item, { mode: "full" }))),
      );
      assert.ok(!textOf(events).includes(canaryText));
    }),
    { numRuns: 150 },
  );
});

test("createWatchDecoder: added, modified, deleted, bookmark and error frames", () => {
  const definition = protobufResources[0]!;
  const object: KubeObject = {
    metadata: { name: "shop", uid: "u1", resourceVersion: "7" },
    spec: {},
    status: { phase: "Active" },
  };
  const decoder = createWatchDecoder({ definition, mode: "full" });
  const bytes = Buffer.concat([
    encodeWatchEvent(definition, "ADDED", object),
    encodeWatchEvent(definition, "BOOKMARK", { metadata: { resourceVersion: "9" } }),
    encodeWatchEvent(definition, "DELETED", object),
    encodeWatchError({ code: 410, reason: "Expired", message: "x", retryAfterSeconds: 3 }),
  ]);
  const events = chunksOf(bytes, seededRandom(1)).flatMap((chunk) => kept(decoder.push(chunk)));
  const projected = {
    uid: "u1",
    namespace: "",
    name: "shop",
    resourceVersion: "7",
    managers: [],
    canonical: Buffer.from(
      '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop","uid":"u1"},"spec":{},"status":{"phase":"Active"}}',
    ),
  };
  assert.deepEqual(events, [
    { kind: "added", object: projected },
    { kind: "bookmark", resourceVersion: "9" },
    { kind: "deleted", object: projected },
    { kind: "error", code: 410, reason: "Expired", retryAfterSeconds: 3 },
  ]);
});

test("createListDecoder: of a custom resource its metadata alone, as from a real server (I2)", () => {
  const definition = metadataOnly({
    group: "example.com",
    version: "v1",
    resource: "widgets",
    kind: "Widget",
    namespaced: true,
  });
  const items = [1, 2].map((index) => ({
    metadata: {
      name: `w${index}`,
      namespace: "shop",
      uid: `u${index}`,
      resourceVersion: "5",
      labels: { app: "w" },
      annotations: { [canaryText]: canaryText, "meta.helm.sh/release-name": "w" },
      ownerReferences: [{ apiVersion: "v1", kind: "Node", name: "n", uid: "o" }],
    },
    spec: { token: canaryText },
  }));
  const decoder = createListDecoder({ definition, mode: "metadata" });
  const events = chunksOf(
    encodePartialList(items, { resourceVersion: "9" }),
    seededRandom(3),
  ).flatMap((chunk) => kept(decoder.push(chunk)));
  decoder.end();
  assert.deepEqual(
    objectsOf(events).map((object) => object.canonical.toString()),
    items.map((item) => canonicalize(recordOf(definition, item, { mode: "metadata" }))),
  );
  assert.ok(!textOf(events).includes(canaryText));
});
