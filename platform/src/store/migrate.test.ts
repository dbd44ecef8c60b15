import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { MigrationError } from "../errors.ts";
import { migrate } from "./migrate.ts";
import { openTestDatabase } from "./test-database.ts";

test("migrate: applies once, side by side too, and refuses what changed", async (t) => {
  await using database = await openTestDatabase();
  const { owner: pool } = database;
  assert.deepEqual(await migrate(pool), [], "the second run has nothing to do");

  const folder = await mkdtemp(path.join(tmpdir(), "obsyk-test-"));
  t.after(() => rm(folder, { recursive: true }));
  const directory = pathToFileURL(`${folder}/`);
  await pool.query("drop table migration");
  await writeFile(path.join(folder, "0001-one.sql"), "create table one (id int)");
  await writeFile(path.join(folder, "0002-two.sql"), "create table two (id int)");
  const runs = await Promise.all([1, 2, 3].map(() => migrate(pool, directory)));
  assert.deepEqual(runs.flat(), ["0001-one", "0002-two"]);

  await writeFile(path.join(folder, "0003-three.sql"), "create table three (id int); select 1/0");
  await assert.rejects(migrate(pool, directory), MigrationError);
  const { rows } = await pool.query("select to_regclass('three') as three");
  assert.deepEqual(rows, [{ three: null }], "a failed migration leaves nothing");

  await rm(path.join(folder, "0003-three.sql"));
  await writeFile(path.join(folder, "0002-two.sql"), "create table two (id bigint)");
  await assert.rejects(migrate(pool, directory), /0002-two changed after it was applied/);
  await rm(path.join(folder, "0002-two.sql"));
  await assert.rejects(
    migrate(pool, directory),
    /has migration 0002-two, which this version lacks/,
  );
});

test("openDatabase: int8 is a number, and an error where it would lose digits", async () => {
  await using database = await openTestDatabase();
  const { rows } = await database.owner.query("select 9007199254740991::int8 as value");
  assert.deepEqual(rows, [{ value: 9007199254740991 }]);
  await assert.rejects(database.owner.query("select 9007199254740993::int8"), RangeError);
});

test("openDatabase: a connection that breaks in the middle of a transaction fails that alone", async () => {
  await using database = await openTestDatabase();
  const client = await database.owner.connect();
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  await client.query("begin");
  // Between two statements nobody waits for an answer that could carry the error.
  const gone = new Promise((resolve) => client.once("end", resolve));
  await database.owner.query("select pg_terminate_backend($1)", [rows[0]?.pid]);
  await gone;
  await assert.rejects(client.query("select 1"));
  client.release(true);
  await database.owner.query("select 1");
});
