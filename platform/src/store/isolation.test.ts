import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { after, test } from "node:test";
import { createTestOrg, pod } from "../ingest/test-agent.ts";
import { openTestInventory } from "../ingest/test-inventory.ts";
import { createPartitions } from "../ingest/partitions.ts";
import { withScope } from "../tenancy/scope.ts";
import { requireHarmlessLogin } from "./privileges.ts";
import type { OrgScope } from "./org-scope.ts";
import { openTestDatabase } from "./test-database.ts";
import { lintIsolation } from "./test-schema-lint.ts";

const database = await openTestDatabase();
const inventory = openTestInventory(database);
after(() => inventory[Symbol.asyncDispose]());
const { owner, raw, server } = database;
const login = server.appUser;
await createPartitions(database.db, Date.now());

/** What `work` did is undone. */
async function undone<T>(text: string, work: () => Promise<T>, undo: string): Promise<T> {
  await owner.query(text);
  try {
    return await work();
  } finally {
    await owner.query(undo);
  }
}

test("schema: every table, key, function and grant is isolated, partitions included (I6, PLAT-1)", async () => {
  assert.deepEqual(await lintIsolation(owner, login), []);
});

test("lintIsolation: finds what a later migration could forget", async () => {
  const lint = () => lintIsolation(owner, login);
  const month = new Date().toISOString().slice(0, 7).replace("-", "_");
  const cases: readonly (readonly [string, string, RegExp])[] = [
    [
      "create table forgotten (org_id int not null)",
      "drop table forgotten",
      /forgotten: row-level/,
    ],
    ["create table ownerless (id int)", "drop table ownerless", /ownerless: has no org_id/],
    [
      "create table keyed (org_id int not null, id int primary key); select isolate('keyed')",
      "drop table keyed",
      /keyed: the key keyed_pkey/,
    ],
    [
      "create table later partition of history for values from ('2040-01-01') to ('2040-02-01')",
      "drop table later",
      /later: row-level security is off/,
    ],
    [
      `alter table history_${month} disable row level security`,
      `alter table history_${month} enable row level security`,
      /history_\d+_\d+: row-level/,
    ],
    [
      "create policy everything on object using (true)",
      "drop policy everything on object",
      /object: is not bound/,
    ],
    [
      "create table clustered (org_id int not null, cluster_id uuid); select isolate('clustered')",
      "drop table clustered",
      /clustered: limits of viewers/,
    ],
    ["drop policy of_org on stream", "select isolate('stream')", /stream: is not bound/],
    [
      "grant select on object to public",
      "revoke select on object from public",
      /granted to public/,
    ],
    [
      `grant select on history_default to ${login}`,
      `revoke select on history_default from ${login}`,
      /history_default: a partition is granted/,
    ],
    [
      "create function leak() returns bigint language sql security definer as 'select count(*) from object'",
      "drop function leak",
      /leak\(\): anybody may execute it/,
    ],
    ["create view peek as select * from object", "drop view peek", /peek: /],
  ];
  for (const [text, undo, complaint] of cases) {
    const found = await undone(text, lint, undo);
    assert.match(found.join("\n"), complaint, text);
  }
  assert.deepEqual(await lint(), [], "all was undone");
});

/** Every table, partitions too, with the columns that a row of another organisation would be found by. */
async function tenantTables(): Promise<readonly { name: string; isPartition: boolean }[]> {
  const { rows } = await owner.query<{ name: string; partition: boolean }>(
    `select relname as name, relispartition as partition from pg_class
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relname <> 'migration' order by 1`,
  );
  return rows.map(({ name, partition }) => ({ name, isPartition: partition }));
}

test("app login: without a scope there are no rows, and with one only its own, in every table (I6)", async () => {
  const agent = await inventory.openAgent();
  const uid = "11111111-1111-4111-8111-111111111111";
  const put = agent.put("pods/*/full", uid, pod("mine"));
  await agent.send(inventory.begin(agent), put, inventory.end(agent));
  await agent.send(agent.put("pods/*/full", uid, pod("mine", { phase: "Running" })));
  const mine = await inventory.scope;
  const other = await createTestOrg(database, "other");
  let seen = 0;
  for (const { name, isPartition } of await tenantTables()) {
    const count = `select count(*)::int as n from ${name}`;
    if (isPartition) {
      await assert.rejects(raw.query(count), { code: "42501" }, `${name} is nobody's by itself`);
      continue;
    }
    const without = await raw.query<{ n: number }>(count);
    assert.equal(without.rows[0]?.n, 0, `${name} without a scope`);
    const countIn = (scope: OrgScope): Promise<number> =>
      database.pool.client(scope, async (client) => {
        const { rows } = await client.query<{ n: number }>(`${count} where org_id = $1`, [
          mine.orgId,
        ]);
        return rows[0]?.n ?? 0;
      });
    assert.equal(await countIn(other), 0, `${name} of another organisation`);
    seen += await countIn(mine);
    await assert.rejects(raw.query(`alter table ${name} disable row level security`), {
      code: "42501",
    });
  }
  assert(seen >= 8, `the owner of the rows sees them: ${seen}`);
  await assert.rejects(
    database.pool.client(other, (client) =>
      client.query(
        "insert into cluster (org_id, name, client_id, created_at) values ($1, 'x', 'y', now())",
        [mine.orgId],
      ),
    ),
    { code: "42501" },
    "nor can it write there",
  );
  const touched = await database.pool.client(other, (client) =>
    client.query("update object set name = 'theirs' where org_id = $1", [mine.orgId]),
  );
  assert.equal(touched.rowCount, 0);
  // A connection that was used with a scope before is as blind as a new one.
  const again = await raw.query<{ n: number }>("select count(*)::int as n from object");
  assert.equal(again.rows[0]?.n, 0);
});

test("search_objects: finds keys of the named organisation alone, whoever calls it (I6)", async () => {
  const agent = await inventory.openAgent();
  await agent.send(
    agent.put(
      "pods/*/full",
      "22222222-2222-4222-8222-222222222222",
      pod("needle", { labels: { a: "b" } }),
    ),
  );
  const other = await createTestOrg(database, "another");
  const search = `select count(*)::int as n from search_objects(null, null, null, '%needle%', null, null,
    null, null, null, null, null, 10, 'exclude')`;
  const countIn = (scope: OrgScope) =>
    database.pool.client(
      scope,
      async (client) => (await client.query<{ n: number }>(search)).rows[0],
    );
  assert.deepEqual(await countIn(await inventory.scope), { n: 1 });
  assert.deepEqual(await countIn(other), { n: 0 });
  assert.deepEqual((await raw.query(search)).rows, [{ n: 0 }]);
});

test("door: a scope cannot be made up", async () => {
  // @ts-expect-error an object with the same members is no scope
  const forged: OrgScope = { orgId: 1, role: "owner" };
  await assert.rejects(
    withScope(database.db, forged, async () => 1),
    /without a scope/,
  );
  await assert.rejects(
    database.pool.client(forged, async () => 1),
    /without a scope/,
  );
  await assert.rejects(database.pool.snapshot(forged), /without a scope/);
});

/** Only these prove who someone is. */
const provers = [
  "auth/access-token.ts",
  "auth/sessions.ts",
  "auth/token-endpoint.ts",
  "tenancy/api-tokens.ts",
  "tenancy/invitations.ts",
  "tenancy/oidc.ts",
  "tenancy/orgs.ts",
  "tenancy/scope.ts",
];

test("sources: only code that authenticates makes scopes, and only the store opens connections", async () => {
  const root = new URL("../", import.meta.url);
  const files = (await readdir(root, { recursive: true })).filter(
    (file) => file.endsWith(".ts") && !/(^|\/)test-|\.test\.ts$/.test(file),
  );
  assert(files.length > 40);
  for (const file of files) {
    const text = await readFile(new URL(file, root), "utf8");
    if (/\bcreateScope\(|\bnew OrgScope\(/.test(text)) {
      assert(provers.includes(file), `${file} makes a scope`);
    }
    if (file.startsWith("store/")) continue;
    assert.doesNotMatch(text, /openPool|openDatabase|new Door|new pg\.|new Kysely/, file);
    assert.doesNotMatch(text, /^import pg\b/m, `${file} takes the driver for more than its types`);
  }
});

test("requireHarmlessLogin: refuses whom row-level security would not bind, and says what to do", async () => {
  assert.equal(await requireHarmlessLogin(raw), login);
  await assert.rejects(requireHarmlessLogin(owner), /is a superuser.*OBSYK_DATABASE_OWNER_URL/);
  const cases: readonly (readonly [string, string, RegExp])[] = [
    [`alter role ${login} bypassrls`, `alter role ${login} nobypassrls`, /has BYPASSRLS/],
    [
      `create table own (org_id int); alter table own owner to ${login}`,
      "drop table own",
      /owns own/,
    ],
    [
      `create role landlord; create table rented (org_id int); alter table rented owner to landlord; grant landlord to ${login}`,
      "drop table rented; drop role landlord",
      /owns rented/,
    ],
    [
      `grant create on schema public to ${login}`,
      `revoke create on schema public from ${login}`,
      /may create tables/,
    ],
  ];
  for (const [text, undo, why] of cases) {
    await undone(text, () => assert.rejects(requireHarmlessLogin(raw), why), undo);
  }
  assert.equal(await requireHarmlessLogin(raw), login);
});
