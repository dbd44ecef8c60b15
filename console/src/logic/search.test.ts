import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { addChange, isAffected, noChanges } from "./changes.ts";
import { recordYaml } from "./record-yaml.ts";
import { parseSearch, pickTexts, safeNext, stringifySearch } from "./search.ts";
import { parse } from "yaml";

describe("search", () => {
  it("parseSearch: gives back what stringifySearch was given, whatever the characters", () => {
    const values = fc.string({ unit: "grapheme", minLength: 1, maxLength: 253 });
    fc.assert(
      fc.property(values, values, (name, labels) => {
        assert.deepEqual({ ...parseSearch(stringifySearch({ name, labels })) }, { name, labels });
      }),
    );
  });

  it("stringifySearch: leaves out what is empty", () => {
    assert.equal(stringifySearch({ name: "", namespace: undefined }), "");
    assert.equal(stringifySearch({ name: "123" }), "?name=123");
  });

  it("pickTexts: takes named texts only", () => {
    assert.deepEqual(pickTexts({ name: "a", other: "b", labels: 3 }, ["name", "labels"]), {
      name: "a",
    });
  });

  it("safeNext: never leads to another origin", () => {
    assert.equal(safeNext("/clusters/1?namespace=a"), "/clusters/1?namespace=a");
    for (const next of [
      "//evil.example",
      "/\\evil.example",
      "https://evil.example",
      "/sign-in?next=/",
    ]) {
      assert.equal(safeNext(next), "/clusters", next);
    }
    assert.equal(safeNext(undefined), "/clusters");
  });
});

describe("isAffected", () => {
  const changes = addChange(
    addChange(noChanges, { clusterId: "c", changeNumber: 1, resources: ["pods"] }),
    { clusterId: "c", changeNumber: 2, resources: ["nodes"] },
  );

  it("isAffected: questions about the cluster and the changed resources only", () => {
    assert.equal(isAffected(["clusters"], changes), true);
    assert.equal(isAffected(["counts", "c"], changes), true);
    assert.equal(isAffected(["cluster", "other"], changes), false);
    assert.equal(isAffected(["objects", "c", "pods", "", "", ""], changes), true);
    assert.equal(isAffected(["object", "c", "nodes", "u"], changes), true);
    assert.equal(isAffected(["objects", "c", "services", "", "", ""], changes), false);
    assert.equal(isAffected(["session"], changes), false);
  });
});

describe("recordYaml", () => {
  it("recordYaml: the same object, in kubectl's order", () => {
    const record = { status: { phase: "Running" }, metadata: { labels: { a: "1" }, name: "p" } };
    const text = recordYaml("pods", record);
    assert.deepEqual(parse(text), { apiVersion: "v1", kind: "Pod", ...record });
    assert.deepEqual(text.match(/^\w+/gm), ["apiVersion", "kind", "metadata", "status"]);
    assert.match(text, /metadata:\n {2}name: p\n {2}labels:/);
  });
});
