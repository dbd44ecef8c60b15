import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededRandom } from "./encode/random-object.ts";
import { ObjectStore } from "./store.ts";

function configMap(name: string, data: { readonly [key: string]: string }, namespace = "default") {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data };
}

function newStore(): ObjectStore {
  return new ObjectStore({ now: () => 1_700_000_000_000, random: seededRandom(1) });
}

describe("ObjectStore", () => {
  const keysOwned = (store: ObjectStore): { [manager: string]: string[] } => {
    const [stored] = store.list("configmaps");
    const { metadata } = JSON.parse(stored?.json ?? "{}") as {
      metadata: { managedFields: { manager: string; fieldsV1: { "f:data"?: object } }[] };
    };
    return Object.fromEntries(
      metadata.managedFields.map((entry) => [
        entry.manager,
        Object.keys(entry.fieldsV1["f:data"] ?? {}).sort(),
      ]),
    );
  };

  it("tracks who owns which key; a removed key leaves every set", () => {
    const store = newStore();
    const ref = { namespace: "default", name: "a" };
    store.apply("configmaps", configMap("a", { one: "1", two: "2" }), { manager: "first" });
    assert.deepEqual(keysOwned(store), { first: [".", "f:one", "f:two"] });
    store.patch("configmaps", ref, { data: { two: "changed", three: "3" } }, { manager: "second" });
    assert.deepEqual(keysOwned(store), { first: [".", "f:one"], second: ["f:three", "f:two"] });
    store.patch("configmaps", ref, { data: { two: null } }, { manager: "third" });
    assert.deepEqual(keysOwned(store), { first: [".", "f:one"], second: ["f:three"] });
  });

  it("writes nothing when nothing changes, and goes back to a backup", () => {
    const store = newStore();
    store.apply("configmaps", configMap("a", { k: "1" }));
    const version = store.resourceVersion;
    store.apply("configmaps", configMap("a", { k: "1" }));
    assert.equal(store.resourceVersion, version);
    const backup = store.backup();
    store.apply("configmaps", configMap("b", {}));
    store.restore(backup);
    assert.equal(store.resourceVersion, version);
    assert.deepEqual(
      store.list("configmaps").map((one) => one.name),
      ["a"],
    );
  });
});
