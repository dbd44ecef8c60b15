import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  callConsole,
  membersOf,
  openTestPlatform,
  signInOwner,
  type TestPlatform,
} from "../test-platform.ts";
import { exported, notExported } from "./export-org.ts";
import { callAs, created, fillOrg, joinAs, type FilledOrg } from "./test-people.ts";

let target: TestPlatform;
let doomed: FilledOrg;
let other: FilledOrg;
before(async () => {
  target = await openTestPlatform();
  other = await fillOrg(target);
  doomed = await fillOrg(target, "doomed");
  for (const owner of [other, doomed]) {
    await joinAs(target, owner, { role: "viewer" });
    await created(target, owner, {
      method: "POST",
      path: "/api/v1/invitations",
      body: { role: "viewer" },
    });
    await created(target, owner, {
      method: "POST",
      path: "/api/v1/tokens",
      body: { name: "t", role: "viewer", days: 1 },
    });
    await created(target, owner, {
      method: "POST",
      path: `/api/v1/people/${owner.personId}/sign-in-link`,
    });
  }
  await target.query(
    `insert into used_assertion (org_id, client_id, jti, expires_at) select org_id, client_id, 'jti', now() + interval '1 hour' from client`,
  );
});
after(() => target[Symbol.asyncDispose]());

/** Every table that has rows of organisations, the partitions by themselves. */
async function tenantTables(): Promise<readonly { name: string; isPartition: boolean }[]> {
  return target.query(
    `select c.relname as name, c.relispartition as "isPartition" from pg_class c
     join pg_attribute a on a.attrelid = c.oid and a.attname = 'org_id'
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') order by 1`,
  );
}

async function countRows(orgId: string): Promise<ReadonlyMap<string, number>> {
  const [org] = await target.query<{ org_id: number }>(
    "select org_id from org where public_id = $1",
    [orgId],
  );
  const counts = new Map<string, number>();
  for (const { name } of await tenantTables()) {
    const [row] = await target.query<{ n: number }>(
      `select count(*)::int as n from ${name} where org_id = $1`,
      [org?.org_id ?? -1],
    );
    counts.set(name, row?.n ?? 0);
  }
  return counts;
}

test("export: every table is in it or is named as left out, and no secret's hash", async () => {
  const tables = (await tenantTables()).filter(({ isPartition }) => !isPartition);
  assert.deepEqual(
    tables.map(({ name }) => name),
    [...Object.keys(exported), ...notExported].sort(),
  );
  const answer = await callConsole(target, {
    path: "/api/v1/org/export",
    cookie: doomed.cookie,
  });
  assert.equal(answer.status, 200);
  const lines = answer.text.trimEnd().split("\n");
  const counts = await countRows(doomed.orgId);
  type Line = { table: string; row: { [column: string]: unknown } };
  const rows = lines.map((line) => JSON.parse(line) as Line);
  for (const table of Object.keys(exported)) {
    const found = rows.filter((row) => row.table === table);
    assert.equal(found.length, counts.get(table), table);
    assert(found.length > 0, `${table} was tried`);
  }
  assert(!/(token|secret|id)_hash"|hash_key/.test(answer.text), "no hashes of secrets");
  assert(!answer.text.includes(other.clusterId), "nothing of another organisation");
});

test("deletion: nothing of the organisation is left in any table, and all of the other is", async () => {
  const before = await countRows(doomed.orgId);
  for (const [table, count] of before) {
    // Ingest of these tests' rows is in this month.
    if (!/_(default|\d{4}_\d{2})$/.test(table)) assert(count > 0, `${table} was tried`);
  }
  const kept = await countRows(other.orgId);
  const erase = (name: string) =>
    callAs(target, doomed, { method: "DELETE", path: "/api/v1/org", body: { name } });
  assert.equal((await erase("something")).status, 409);
  assert.equal(
    (await callConsole(target, { path: "/api/v1/org", cookie: doomed.cookie })).status,
    200,
  );
  const [org] = await target.query<{ org_id: number }>(
    "select org_id from org where public_id = $1",
    [doomed.orgId],
  );
  assert.equal((await erase("doomed")).status, 204);
  for (const { name } of await tenantTables()) {
    const [row] = await target.query<{ n: number }>(
      `select count(*)::int as n from ${name} where org_id = $1`,
      [org?.org_id],
    );
    assert.equal(row?.n, 0, name);
  }
  assert.deepEqual(await countRows(other.orgId), kept);
  assert.equal(
    (await callConsole(target, { path: "/api/v1/org", cookie: doomed.cookie })).status,
    401,
  );
});

test("deletion: what a stop left over goes with the next housekeeping", async () => {
  const left = await fillOrg(target, "left over");
  await target.query("update org set erased_at = now() where public_id = $1", [left.orgId]);
  await target.query("select erase_marked(1)");
  const [org] = await target.query("select from org where public_id = $1", [left.orgId]);
  assert.notEqual(org, undefined, "one batch is not all");
  const rows = await target.query<{ erase_marked: number }>("select erase_marked(5000)");
  assert((rows[0]?.erase_marked ?? 0) > 0);
  await target.query("select erase_marked(5000)");
  assert.deepEqual(await target.query("select from org where public_id = $1", [left.orgId]), []);
  assert.deepEqual(await target.query("select erase_marked(5000)"), [{ erase_marked: "0" }]);
});

test("deletion: after the only organisation, a link signs a new owner in to a new one", async () => {
  const erased = await callAs(target, other, {
    method: "DELETE",
    path: "/api/v1/org",
    body: { name: "default" },
  });
  assert.equal(erased.status, 204, erased.text);
  const cookie = await signInOwner(target);
  const { items } = membersOf(await callConsole(target, { path: "/api/v1/clusters", cookie })) as {
    items: readonly unknown[];
  };
  assert.deepEqual(items, []);
});
