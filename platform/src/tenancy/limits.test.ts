import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { membersOf, openTestPlatform, type Answer, type TestPlatform } from "../test-platform.ts";
import { callAs, fillOrg, joinAs, type Caller, type FilledOrg } from "./test-people.ts";

let target: TestPlatform;
let org: FilledOrg;
before(async () => {
  target = await openTestPlatform();
  org = await fillOrg(target);
});
after(() => target[Symbol.asyncDispose]());

const get = (caller: Caller, path: string) =>
  callAs(target, caller, { method: "GET", path: `/api/v1/${path}` });
const namespacesOf = (answer: Answer): readonly unknown[] => {
  const { items } = membersOf(answer) as { items: readonly { namespace?: string }[] };
  return items.map(({ namespace }) => namespace ?? "").sort();
};

test("limits: a viewer of one namespace sees that alone, counts included", async () => {
  const { clusterId, uid } = org;
  const access = [{ clusterId, namespaces: ["one"] }];
  const viewer = await joinAs(target, org, { role: "viewer", access });
  const searches = ["objects", "objects?name=needle", "objects?labelSelector=app%3Dneedle"];
  for (const path of [...searches, `objects?cluster=${clusterId}&resource=pods`]) {
    assert.deepEqual(namespacesOf(await get(viewer, path)), ["one"], path);
    assert.deepEqual(namespacesOf(await get(org, path)), ["", "one", "two"], path);
  }
  assert.deepEqual(namespacesOf(await get(viewer, "objects?namespace=two")), []);
  assert.deepEqual(namespacesOf(await get(viewer, `clusters/${clusterId}/counts`)), ["one"]);
  const cluster = membersOf(await get(viewer, `clusters/${clusterId}`));
  assert.equal(cluster["objects"], 1);
  const streams = cluster["streams"] as readonly { objects: number }[];
  assert.deepEqual(
    streams.map(({ objects }) => objects),
    [1],
    "a stream's own counter is about all namespaces",
  );
  assert.equal((await get(viewer, `clusters/${clusterId}/objects/pods/${uid}`)).status, 200);
  const { rows } = {
    rows: await target.query<{ uid: string }>("select uid from object where namespace = 'two'"),
  };
  const hidden = `clusters/${clusterId}/objects/pods/`;
  const theirs = await get(viewer, hidden + String(rows[0]?.uid));
  const nobodys = await get(viewer, `${hidden}99999999-9999-4999-8999-999999999999`);
  const withoutId = ({ text }: Answer): string => text.replace(/"requestId":"[^"]+"/, "");
  assert.equal(theirs.status, 404);
  assert.equal(withoutId(theirs), withoutId(nobodys), "hidden and absent are one answer");
});

test("limits: a viewer of one cluster sees no other, and limits can be changed and lifted", async () => {
  const { clusterId } = org;
  const elsewhere = [{ clusterId: "99999999-9999-4999-8999-999999999999" }];
  const viewer = await joinAs(target, org, { role: "viewer", access: elsewhere });
  const clusters = async (): Promise<number> =>
    (membersOf(await get(viewer, "clusters")) as { items: readonly unknown[] }).items.length;
  const clients = async (): Promise<number> =>
    (membersOf(await get(viewer, "clients")) as { items: readonly unknown[] }).items.length;
  assert.deepEqual([await clusters(), await clients()], [0, 0]);
  assert.equal((await get(viewer, `clusters/${clusterId}`)).status, 404);
  assert.deepEqual(namespacesOf(await get(viewer, "objects?name=needle")), []);
  const change = async (grant: object): Promise<void> => {
    const path = `/api/v1/people/${viewer.personId}`;
    const answer = await callAs(target, org, { method: "PATCH", path, body: grant });
    assert.equal(answer.status, 204, answer.text);
  };
  await change({ role: "viewer", access: [...elsewhere, { clusterId }] });
  assert.deepEqual([await clusters(), await clients()], [1, 1]);
  assert.deepEqual(namespacesOf(await get(viewer, "objects")), ["", "one", "two"]);
  // A token of a limited person is limited, and stays so when it was made before.
  const made = membersOf(
    await callAs(target, viewer, {
      method: "POST",
      path: "/api/v1/tokens",
      body: { name: "t", role: "viewer", days: 1 },
    }),
  );
  const machine = { token: String(made["token"]) };
  await change({ role: "viewer", access: [{ clusterId, namespaces: ["two"] }] });
  assert.deepEqual(namespacesOf(await get(machine, "objects")), ["two"]);
  await change({ role: "viewer" });
  assert.deepEqual(namespacesOf(await get(viewer, "objects")), ["", "one", "two"]);
});
