/** Where requests go, and what discovery says. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { requestFor } from "@obsyk/contract/allow-list";
import { definitionOf } from "./reader-harness.test.ts";
import { collectionPath, isServed, type Body } from "./requests.ts";

test("collectionPath: core and named groups, everywhere and in one namespace", () => {
  assert.equal(collectionPath(definitionOf("pods"), "*"), "/api/v1/pods");
  assert.equal(collectionPath(definitionOf("pods"), "shop"), "/api/v1/namespaces/shop/pods");
  assert.equal(collectionPath(definitionOf("deployments.apps"), "*"), "/apis/apps/v1/deployments");
});

test("requestFor: Secrets are asked for with exactly one media type, a Table (W16, pitfall 24)", () => {
  for (const resource of ["secrets", "configmaps"]) {
    for (const call of ["list", "watch"] as const) {
      const { accept, query } = requestFor(definitionOf(resource), "keys", call);
      assert.match(accept, /^application\/json;as=Table;v=v1;g=meta\.k8s\.io$/);
      assert.deepEqual(query, { includeObject: "Metadata" });
    }
  }
});

test("requestFor: no watch asks for lists of metadata (pitfall 27)", () => {
  for (const mode of ["full", "keys"] as const) {
    const definition = definitionOf(mode === "full" ? "pods" : "secrets");
    assert.doesNotMatch(requestFor(definition, mode, "watch").accept, /List/);
  }
});

function bodyOf(...chunks: readonly string[]): Body {
  return {
    async read(use) {
      await Promise.resolve();
      for (const chunk of chunks) if (!use(Buffer.from(chunk))) return;
    },
  };
}

test("isServed: by name and verb; a broken document is an error, not an absence (W17)", async () => {
  const pods = definitionOf("pods");
  const yes = '{"resources":[{"name":"pods/log"},{"name":"pods","verbs":["get","list"]}]}';
  assert.equal(await isServed(bodyOf(yes.slice(0, 20), yes.slice(20)), pods), true);
  assert.equal(
    await isServed(bodyOf('{"resources":[null,{"name":"pods","verbs":["get"]}]}'), pods),
    false,
  );
  assert.equal(await isServed(bodyOf("{}"), pods), false);
  await assert.rejects(isServed(bodyOf("<html>"), pods), { code: "transport" });
});
