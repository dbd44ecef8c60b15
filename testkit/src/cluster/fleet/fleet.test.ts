import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { resources } from "@obsyk/contract/allow-list";
import { encodeObject } from "../../kube-api/encode/answers.ts";
import { listAt, objectAt, parseObject, stringAt } from "../../kube-api/object.ts";
import { generateFleet } from "./build.ts";
import { Life } from "./life.ts";
import type { Scene } from "./scene.ts";

const now = (): number => 1_700_000_000_000;
const make = (seed: number, objects?: number): readonly Scene[] =>
  generateFleet({ seed, now, canary: "CANARY", ...(objects === undefined ? {} : { objects }) });
const contents = (scene: Scene): string[] =>
  scene.store.resources().flatMap((one) => scene.store.list(one).map(({ json }) => json));
const total = (scenes: readonly Scene[]): number =>
  scenes.reduce((sum, scene) => sum + contents(scene).length, 0);
const all = (scene: Scene, resource: string) =>
  scene.store.list(resource).map(({ json }) => parseObject(json));

/** Objects whose owner does not exist. */
function orphans(scene: Scene): string[] {
  const uids = new Set(
    scene.store.resources().flatMap((one) => scene.store.list(one).map(({ uid }) => uid)),
  );
  return ["pods", "replicasets.apps", "jobs.batch"].flatMap((resource) =>
    all(scene, resource)
      .filter((object) => {
        const [owner] = listAt(object, "metadata", "ownerReferences");
        return !uids.has(stringAt({ owner: owner ?? {} }, "owner", "uid"));
      })
      .map((object) => stringAt(object, "metadata", "name")),
  );
}

/** The life of a cluster for so many of its own seconds. @returns steps taken */
function liveFor(scene: Scene, seconds: number): number {
  const life = new Life(scene);
  let steps = 0;
  for (let at = 0; at < seconds; steps += 1) {
    at += life.waitSeconds;
    life.step();
  }
  return steps;
}

describe("generateFleet", () => {
  const fleet = make(7);

  it("makes the same bytes for the same seed, after five minutes of life too", () => {
    const [other, again] = [make(7, 1500), make(7, 1500)];
    assert.deepEqual(other.map(contents), again.map(contents));
    for (const scenes of [other, again]) for (const scene of scenes) liveFor(scene, 300);
    assert.deepEqual(other.map(contents), again.map(contents));
    assert.notDeepEqual(make(8, 1500).map(contents), make(7, 1500).map(contents));
  });

  it("is about as large as asked, and what is more than usual goes to the shops", () => {
    assert.deepEqual(
      fleet.map(({ name }) => name),
      ["prod-eu-shops", "batch-eu", "platform"],
    );
    assert.ok(Math.abs(total(fleet) - 6000) < 600, String(total(fleet)));
    const large = make(7, 7500);
    assert.ok(Math.abs(total(large) - 7500) < 600, String(total(large)));
    assert.deepEqual(contents(large[1] as Scene), contents(fleet[1] as Scene));
    const small = make(7, 1000);
    assert.ok(total(small) < 2000, String(total(small)));
  });

  it("makes only what the API server can encode, with owners that exist", () => {
    for (const scene of fleet) {
      assert.deepEqual(orphans(scene), []);
      for (const definition of resources) {
        for (const object of all(scene, definition.resource)) {
          assert.ok(encodeObject(definition, object).length > 0);
        }
      }
    }
  });

  it("shows every trouble that people look for", () => {
    const found = fleet.map((scene) => {
      const pods = all(scene, "pods");
      const text = pods.map((pod) => JSON.stringify(objectAt(pod, "status"))).join("\n");
      return { text, count: pods.length };
    });
    const everything = found.map(({ text }) => text).join("\n");
    for (const word of [
      '"CrashLoopBackOff"',
      '"OOMKilled"',
      '"exitCode":137',
      '"ImagePullBackOff"',
      '"Evicted"',
      '"Unschedulable"',
      '"Completed"',
    ]) {
      assert.ok(everything.includes(word), word);
    }
  });

  it("plants leaks where other tools leave them, and canaries in values", () => {
    const [shops, batch] = fleet as readonly [Scene, Scene, Scene];
    const secrets = [...all(shops, "secrets"), ...all(batch, "secrets")];
    const applied = secrets.filter((secret) =>
      Object.hasOwn(
        objectAt(secret, "metadata", "annotations"),
        "kubectl.kubernetes.io/last-applied-configuration",
      ),
    );
    assert.equal(applied.length, 2);
    const open = fleet.flatMap((scene) =>
      all(scene, "deployments.apps").filter((one) =>
        JSON.stringify(one).includes('{"name":"DB_PASSWORD","value":"'),
      ),
    );
    assert.equal(open.length, 6);
    for (const scene of fleet) {
      assert.ok(all(scene, "pods").every((pod) => JSON.stringify(pod).includes("CANARY")));
    }
  });
});

describe("Life", () => {
  it("tells every story, about once a second, and leaves counts about where they were", () => {
    for (const scene of make(11, 1500)) {
      const before = contents(scene).length;
      const nodes = scene.nodes.length;
      const version = scene.store.resourceVersion;
      const seen = watchAll(scene);
      const seconds = 900;
      liveFor(scene, seconds);
      const writes = scene.store.resourceVersion - version;
      assert.ok(writes > seconds / 4 && writes < seconds * 4, `${writes} writes`);
      const after = contents(scene).length;
      assert.ok(Math.abs(after - before) < before * 0.1, `${before} -> ${after}`);
      assert.ok(Math.abs(scene.nodes.length - nodes) <= 1);
      assert.deepEqual(orphans(scene), []);
      for (const event of [
        "DELETED nodes",
        "ADDED nodes",
        "ADDED clusterrolebindings.rbac.authorization.k8s.io",
        "DELETED clusterrolebindings.rbac.authorization.k8s.io",
        "MODIFIED secrets",
        "ADDED replicasets.apps",
        "MODIFIED deployments.apps",
        "DELETED pods",
        ...(scene.cronJobs.length > 0 ? ["ADDED jobs.batch", "DELETED jobs.batch"] : []),
      ]) {
        assert.ok(seen.has(event), `${scene.name}: ${event}`);
      }
    }
  });
});

function watchAll(scene: Scene): ReadonlySet<string> {
  const seen = new Set<string>();
  for (const resource of scene.store.resources()) {
    scene.store.subscribe(resource, ({ type }) => seen.add(`${type} ${resource}`));
  }
  return seen;
}
