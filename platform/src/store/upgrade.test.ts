import assert from "node:assert/strict";
import { chmod, copyFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { openPool } from "./database.ts";
import { migrate } from "./migrate.ts";
import { grantPrivileges } from "./privileges.ts";
import { openTestServer } from "./test-database.ts";
import { lintIsolation } from "./test-schema-lint.ts";

const migrations = new URL("./migrations/", import.meta.url);

test("upgrade: the data of a schema without isolation is there afterwards, and isolated", async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), "obsyk-test-"));
  await chmod(folder, 0o711);
  t.after(() => rm(folder, { recursive: true, force: true }));
  const before = await mkdtemp(path.join(tmpdir(), "obsyk-test-"));
  t.after(() => rm(before, { recursive: true, force: true }));
  for (const file of await readdir(migrations)) {
    if (file < "0020") await copyFile(new URL(file, migrations), path.join(before, file));
  }
  await using server = await openTestServer(folder);
  const { socketDir, database, user, appUser } = server;
  await using stack = new AsyncDisposableStack();
  const open = (login: string) =>
    stack.adopt(
      openPool({
        target: { kind: "socket", socketDir, database, user: login },
        maxConnections: 2,
        onConnectionLost: () => undefined,
      }),
      (pool) => pool.end(),
    );
  const owner = open(user);
  await migrate(owner, pathToFileURL(`${before}/`));
  await owner.query(`
    insert into org (name) values ('default');
    insert into client (org_id, client_id, name, profile, created_at) values (1, 'c', 'c', 'v2', now());
    insert into cluster (org_id, name, client_id, created_at) values (1, 'shop', 'c', now());
    insert into used_assertion values ('c', 'j', now()), ('gone', 'j', now());
    create table history_2026_01 partition of history for values from ('2026-01-01') to ('2026-02-01')`);
  const applied = await migrate(owner);
  assert(applied.includes("0020-isolation"));
  await grantPrivileges(owner, appUser);
  assert.deepEqual(await lintIsolation(owner, appUser), []);
  const app = open(appUser);
  assert.deepEqual((await app.query("select from cluster")).rowCount, 0);
  const client = await app.connect();
  await client.query("begin; set local obsyk.org = '1'");
  const { rows } = await client.query("select name from cluster");
  const used = await client.query("select client_id, jti from used_assertion");
  await client.query("rollback");
  client.release();
  assert.deepEqual(rows, [{ name: "shop" }]);
  assert.deepEqual(used.rows, [{ client_id: "c", jti: "j" }]);
});
