import assert from "node:assert/strict";
import { test } from "node:test";
import { isNamespaceIn, namespaceFilterSchema, scopeFileSchema } from "./scope.ts";

test("isNamespaceIn: include names some, exclude wins, and the whole cluster's objects are always in (R14)", () => {
  const filter = { include: ["shop", "team-*"], exclude: ["team-secret", "team-x-*"] };
  const names = ["", "shop", "shops", "team-a", "team-", "team-secret", "team-x-1", "other"];
  assert.deepEqual(
    names.filter((name) => isNamespaceIn(filter, name)),
    ["", "shop", "team-a", "team-"],
  );
  assert.ok(isNamespaceIn({ include: [], exclude: ["a"] }, "b"));
  assert.ok(!isNamespaceIn({ include: [], exclude: ["*"] }, "b"));
  assert.ok(isNamespaceIn({ include: [], exclude: ["*"] }, ""));
});

test("namespaceFilterSchema: takes names and beginnings only", () => {
  const isTaken = (name: string): boolean =>
    namespaceFilterSchema.safeParse({ include: [name], exclude: [] }).success;
  for (const name of ["*", "a", "a-b", "kube-*", "a".repeat(63), "1"])
    assert.ok(isTaken(name), name);
  for (const name of ["", "-a", "a-", "A", "a*b", "*a", "a_b", "a%", "a".repeat(64), "a\n"]) {
    assert.ok(!isTaken(name), name);
  }
});

test("scopeFileSchema: refuses what it does not know", () => {
  const isTaken = (file: unknown): boolean => scopeFileSchema.safeParse(file).success;
  assert.ok(isTaken({}));
  assert.ok(isTaken({ resources: { pods: "on", secrets: "counts", configmaps: false } }));
  assert.ok(!isTaken({ resource: { pods: "on" } }));
  const other = { group: "a.io", version: "v1", resource: "b-s", kind: "B", namespaced: true };
  assert.ok(isTaken({ others: [other] }));
  for (const wrong of [{ group: "" }, { resource: "a/b" }, { version: "V1" }, { kind: "" }]) {
    assert.ok(!isTaken({ others: [{ ...other, ...wrong }] }), JSON.stringify(wrong));
  }
  assert.ok(!isTaken({ resources: { secrets: "values" } }));
  assert.ok(!isTaken({ namespaces: { only: ["a"] } }));
});
