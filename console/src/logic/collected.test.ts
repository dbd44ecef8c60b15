import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { resources } from "@obsyk/contract/allow-list";
import { keptByReason, keptFields, neverOf } from "./collected.ts";

const plain = (path: string): string => path.replaceAll(/\[\]|\{\}/g, "");

describe("neverOf", () => {
  it("neverOf: no path that is said to be never collected is in the allow-list, nor anything below it (I2)", () => {
    for (const { resource } of resources) {
      const kept = keptFields(resource).map(plain);
      for (const { fields, why } of neverOf(resource)) {
        assert.ok(why.length > 20);
        for (const field of fields.map(plain)) {
          const found = kept.filter((path) => path === field || path.startsWith(`${field}.`));
          assert.deepEqual(found, [], resource);
        }
      }
    }
  });

  it("neverOf: what stands beside a path of containers is kept, so that the paths are real", () => {
    for (const [resource, sibling] of [
      ["pods", "spec.containers[].image"],
      ["cronjobs.batch", "spec.jobTemplate.spec.template.spec.containers[].env[].name"],
    ] as const) {
      const parent = sibling.slice(0, sibling.indexOf("[]"));
      assert.ok(keptFields(resource).includes(sibling));
      assert.ok(neverOf(resource).some(({ fields }) => fields[0]?.startsWith(parent)));
    }
  });
});

it("keptFields: a secret has metadata, type and what is known of its keys; less by counts, nothing without a table", () => {
  const kept = keptFields("secrets");
  assert.ok(kept.includes("type"));
  assert.ok(kept.every((path) => /^(?:type$|metadata\.|obsyk\.)/.test(path)));
  assert.ok(!keptFields("secrets", "counts").some((path) => path.includes("labels")));
  assert.deepEqual(keptFields("widgets.example.com"), []);
});

it("keptByReason: every field once, each with a reason", () => {
  for (const { resource } of resources) {
    const groups = keptByReason(resource);
    const fields = groups.flatMap((group) => group.fields);
    assert.deepEqual([...fields].sort(), [...keptFields(resource)].sort());
    assert.equal(new Set(fields).size, fields.length, resource);
    assert.ok(groups.every(({ why }) => why.length > 10));
  }
});
