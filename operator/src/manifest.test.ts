import assert from "node:assert/strict";
import { test } from "node:test";
import { resources } from "@obsyk/contract/allow-list";
import { readManifest } from "./manifest.ts";

const read = (...args: readonly string[]) => readManifest({ env: {}, args });

test("readManifest: names every resource in scope, and each field with a reason", () => {
  const { resources: read_, annotations } = read();
  assert.deepEqual(
    read_.map(({ resource }) => resource).sort(),
    resources
      .filter(({ defaultOn }) => defaultOn)
      .map(({ resource }) => resource)
      .sort(),
  );
  for (const { resource, fields } of read_) {
    assert.ok(fields.length > 3, resource);
    assert.ok(fields.every(({ path, why }) => path !== "" && why.length > 10));
  }
  assert.ok(annotations.length > 10);
  const why = new Map(
    read_.flatMap(({ fields }) => fields.map((field) => [field.path, field.why])),
  );
  assert.match(why.get("spec.containers[].image") ?? "", /image/);
  assert.match(why.get("rules[].verbs[]") ?? "", /who may do what/);
  assert.match(why.get("spec.containers[].env[].valueFrom.secretKeyRef.name") ?? "", /by name/);
  assert.match(why.get("spec.sessionAffinity") ?? "", /reached/);
});

test("readManifest: modes decide what is named of Secrets", () => {
  const paths = (...args: readonly string[]): readonly string[] =>
    read("--resources", "secrets", ...args).resources.flatMap(({ fields }) =>
      fields.map(({ path }) => path),
    );
  assert.ok(paths().includes("obsyk.dataKeys[]"));
  assert.deepEqual(paths("--secrets-mode", "counts").toSorted(), [
    "metadata.name",
    "metadata.namespace",
    "obsyk.dataCount",
    "type",
  ]);
  assert.deepEqual(paths("--secrets-mode", "off"), []);
  assert.ok(!paths().some((path) => /^(?:data|stringData|binaryData)\b/.test(path)));
});

test("readManifest: the digest follows what is in scope, not how it was asked for", () => {
  const digest = (...args: readonly string[]): string => read(...args).digest;
  assert.match(digest(), /^[0-9a-f]{64}$/);
  assert.equal(digest("--resources", "pods,nodes"), digest("--resources", "nodes,pods"));
  const different = [
    digest(),
    digest("--resources", "pods"),
    digest("--secrets-mode", "counts"),
    digest("--secrets-mode", "off"),
    digest("--configmaps-mode", "counts"),
  ];
  assert.equal(new Set(different).size, different.length);
});
