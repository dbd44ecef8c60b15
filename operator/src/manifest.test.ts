import assert from "node:assert/strict";
import { test } from "node:test";
import { resources } from "@obsyk/contract/allow-list";
import { readManifest } from "./manifest.ts";

const read = (...args: readonly string[]) => readManifest({ env: {}, args });

test("readManifest: names every resource in scope, and each field with a reason", async () => {
  const { resources: read_, annotations } = await read();
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
  assert.match(why.get("obsyk.embeddedCopies[]") ?? "", /not its content/);
  assert.match(why.get("obsyk.literalSecretEnv[].name") ?? "", /not the value/);
});

test("readManifest: modes decide what is named of Secrets", async () => {
  const paths = (...args: readonly string[]): Promise<readonly string[]> =>
    read("--resources", "namespaces,secrets", ...args).then(({ resources: chosen }) =>
      chosen
        .filter(({ resource }) => resource === "secrets")
        .flatMap(({ fields }) => fields.map(({ path }) => path)),
    );
  assert.ok((await paths()).includes("obsyk.dataKeys[]"));
  assert.deepEqual((await paths("--secrets-mode", "counts")).toSorted(), [
    "metadata.name",
    "metadata.namespace",
    "obsyk.dataCount",
    "type",
  ]);
  assert.deepEqual(await paths("--secrets-mode", "off"), []);
  assert.deepEqual(await paths("--secrets-mode", "references"), []);
  assert.ok(!(await paths()).some((path) => /^(?:data|stringData|binaryData)\b/.test(path)));
});

test("readManifest: the digest follows what is in scope, not how it was asked for", async () => {
  const digest = async (...args: readonly string[]): Promise<string> =>
    (await read(...args)).digest;
  assert.match(await digest(), /^[0-9a-f]{64}$/);
  assert.equal(
    await digest("--resources", "pods,nodes"),
    await digest("--resources", "nodes,pods"),
  );
  const different = [
    await digest(),
    await digest("--resources", "pods"),
    await digest("--secrets-mode", "counts"),
    await digest("--secrets-mode", "off"),
    await digest("--configmaps-mode", "counts"),
  ];
  assert.equal(new Set(different).size, different.length);
});
