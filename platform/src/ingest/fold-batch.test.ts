import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { canonicalize, limits, type JsonObject } from "@obsyk/contract";
import { recordHash } from "@obsyk/runtime";
import fc from "fast-check";
import { parseLines } from "./parse-lines.ts";
import { checkRecord } from "./record-check.ts";

const key = "0".repeat(32);

function check(record: object, hash?: string) {
  return checkRecord(
    {
      resource: "pods",
      record,
      hash: hash ?? recordHash(key, "pods", canonicalize(record as JsonObject)),
    },
    key,
  );
}
const metadata = { name: "a", namespace: "b" };

test("checkRecord: keeps a record whose hash is its own", () => {
  const checked = check({ spec: { n: 1, t: true, l: ["x"] }, metadata });
  assert.deepEqual(checked, {
    canonical: '{"metadata":{"name":"a","namespace":"b"},"spec":{"l":["x"],"n":1,"t":true}}',
    namespace: "b",
    name: "a",
  });
  assert.equal(check({ metadata: { name: "node" } }).namespace, "");
  // An escaped backslash before "u0000" is ordinary text.
  assert.equal(check({ metadata, x: String.raw`\u0000 \ud800` }).stub, undefined);
  const prototype = JSON.parse('{"metadata":{"name":"a","labels":{"__proto__":"x"}}}') as object;
  assert.match(check(prototype).canonical, /"__proto__":"x"/);
});

test("checkRecord: what cannot be stored is a stub (R5)", () => {
  let deep: object = {};
  for (let depth = 0; depth < 100; depth += 1) deep = { deep };
  const stubs: readonly (readonly [object, RegExp])[] = [
    [{ metadata, x: "a\0" }, /NUL/],
    [{ metadata, ["k\0"]: "x" }, /NUL/],
    [{ metadata, x: "\ud800" }, /surrogate/],
    [{ metadata, deep }, /deeper/],
    [{ metadata, x: "y".repeat(limits.recordBytes) }, /larger/],
    [{ metadata: { name: "n".repeat(600) } }, /name/],
    [{ metadata: { namespace: "b" } }, /name/],
    [{ metadata: { name: "a", namespace: 1 } }, /namespace/],
  ];
  for (const [record, reason] of stubs) assert.match(check(record).stub ?? "", reason);
  for (const x of [null, 1.5, 2 ** 53]) {
    const { stub, canonical, name } = check({ metadata, x }, "0123456789abcdef");
    assert.deepEqual([typeof stub, canonical, name], ["string", "{}", "a"]);
  }
  assert.match(check({ metadata }, "0123456789abcdef").stub ?? "", /hash/);
});

test("parseLines: any bytes give one answer a line, in order", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary" })), (lines) => {
      const text = lines.map((line) => line.replaceAll("\n", "")).join("\n");
      const parsed = parseLines(text, 1);
      const count = text === "" ? 0 : text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
      assert.deepEqual(
        parsed.map(({ index }) => index),
        Array.from({ length: count }, (_, index) => index),
      );
      assert.ok(parsed.every(({ kind }) => kind === "ignored"));
    }),
  );
});

test("parseLines: a put or delete that is wrong elsewhere keeps uid and hash (R5)", () => {
  const uid = randomUUID();
  const put = { op: "put", stream: "pods/*/full", uid, hash: "0123456789abcdef", seen: 5 };
  const [stub, unnamed, removed, nul] = parseLines(
    [
      put,
      { ...put, uid: "x" },
      { op: "delete", stream: put.stream, uid, seen: 5, cause: "absent", last: 1 },
      { op: "state", stream: put.stream, state: "watching", detail: "a\0", seen: 1 },
    ]
      .map((line) => JSON.stringify(line))
      .join("\n"),
    9,
  );
  assert.equal(stub?.kind === "line" ? stub.line.op : "", "stub");
  assert.equal(unnamed?.kind, "ignored");
  assert.deepEqual(removed?.kind === "line" ? removed.line : {}, {
    op: "delete",
    stream: put.stream,
    uid,
    seen: 5,
    cause: "absent",
  });
  assert.equal(nul?.kind, "ignored");
});
