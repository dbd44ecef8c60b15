import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parse } from "yaml";
import { manifestOf, toJson, toYaml } from "./manifest.ts";

const object = {
  cluster: { id: "c1", name: "east" },
  resource: "pods",
  uid: "u1",
  namespace: "shop",
  name: "web-0",
  record: {
    spec: { b: 1, a: [{ d: 1, c: 2 }] },
    metadata: { name: "web-0" },
    obsyk: { truncated: ["/x"] },
  },
  resourceVersion: "7",
  seenAt: "2026-01-05T00:00:00.000Z",
  receivedAt: "2026-01-05T00:00:01.000Z",
  asOf: "2026-01-05T00:00:02.000Z",
};

test("manifestOf: a Kubernetes object in kubectl's order, with what the platform knows", () => {
  assert.deepEqual(
    JSON.stringify(manifestOf(object)),
    JSON.stringify({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "web-0" },
      obsyk: { asOf: object.asOf, cluster: "east", seenAt: object.seenAt, truncated: ["/x"] },
      spec: { a: [{ c: 2, d: 1 }], b: 1 },
    }),
  );
});

test("toJson, toYaml: nothing in them acts on a terminal, and they read back as they were", async () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom(
      "\u001b[2J",
      "\u009b31m",
      "a\u202eb",
      "\u007f",
      "yes",
      "2026-01-05T00:00:00Z",
      "0x1f",
      "- a",
      "null",
    ),
  );
  const value = fc.dictionary(text, fc.oneof(text, fc.integer(), fc.boolean(), fc.array(text)));
  const acting = /(?!\n)[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
  await fc.assert(
    fc.asyncProperty(value, async (one) => {
      const json = toJson(one);
      assert.doesNotMatch(json, acting);
      assert.deepEqual(JSON.parse(json), JSON.parse(JSON.stringify(one)));
      const yaml = await toYaml(one);
      assert.doesNotMatch(yaml, acting);
      assert.deepEqual(parse(yaml, { version: "1.1" }), JSON.parse(JSON.stringify(one)));
    }),
    { numRuns: 500 },
  );
});
