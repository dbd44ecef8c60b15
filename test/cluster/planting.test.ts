import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createCanaryFlock, openTestCluster, type TestCluster } from "@obsyk/testkit";
import { plantAnnotated, plantInEveryWay, tagOf } from "../proofs/planting.ts";

let plane: TestCluster;
let namespace: string;
before(async () => {
  plane = await openTestCluster({ signal: new AbortController().signal });
  namespace = `${plane.prefix}planting`;
  await plane.kubectl(["create", "namespace", namespace]);
});
after(async () => {
  await plane[Symbol.asyncDispose]();
});

const table = "application/json;as=Table;v=v1;g=meta.k8s.io";

test("plantInEveryWay: every value is a canary, and only kubectl apply copies it (I2)", async () => {
  const flock = createCanaryFlock();
  const planting = { plane, flock, namespace };
  const planted = [
    ...(await plantInEveryWay(planting, "each")),
    ...(await plantAnnotated(planting, "many", 5)),
  ];
  assert.equal(planted.length, 15);
  for (const { resource, name, keys } of planted) {
    const path = `/api/v1/namespaces/${namespace}/${resource}/${name}`;
    const object = (await plane.admin.json({ path })) as { [map: string]: object };
    const found = Object.keys({ ...object["data"], ...object["binaryData"] });
    assert.deepEqual(found.sort(), keys);
    const hits = flock.search(Buffer.from(JSON.stringify(object)));
    assert.ok(hits.length >= keys.length, name);
  }
  for (const resource of ["secrets", "configmaps"]) {
    const names = await plane.admin.send({
      path: `/api/v1/namespaces/${namespace}/${resource}?includeObject=Metadata`,
      accept: table,
    });
    const tags = flock.search(Buffer.from(names.text)).map(({ canary }) => tagOf(canary));
    assert.deepEqual([...new Set(tags)], ["K"], "annotation copies of kubectl apply alone");
    const counts = await plane.admin.send({
      path: `/api/v1/namespaces/${namespace}/${resource}?includeObject=None`,
      accept: table,
    });
    assert.match(counts.text, /"rows":\[\{/);
    assert.deepEqual(flock.search(Buffer.from(counts.text)), []);
  }
});
