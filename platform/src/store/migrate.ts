/**
 * Migrations: `NNNN-name.sql` in order of their number, each in one transaction, under one advisory lock. A file that
 * was applied never changes; its checksum is compared at every start.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import type pg from "pg";
import { MigrationError } from "../errors.ts";

type Migration = { readonly number: number; readonly name: string; readonly sql: string };

const migrationsDir = new URL("./migrations/", import.meta.url);

/** Names the lock; any number that nothing else in the database uses. */
const lockId = 0x6f62_7379;

/**
 * @returns the names that were applied now
 * @throws {MigrationError} when a file changed after it was applied, is missing, or cannot run.
 */
export async function migrate(pool: pg.Pool, directory = migrationsDir): Promise<string[]> {
  const migrations = await readMigrations(directory);
  const client = await pool.connect();
  let failure: Error | undefined;
  try {
    await client.query("set statement_timeout = 0");
    await client.query("select pg_advisory_lock($1)", [lockId]);
    return await applyAll(client, migrations);
  } catch (error) {
    failure = error instanceof Error ? error : new Error("migration failed");
    throw error;
  } finally {
    if (failure === undefined) {
      await client.query("select pg_advisory_unlock($1)", [lockId]);
      await client.query("reset statement_timeout");
    }
    // After a failure the connection is closed, which frees the lock.
    client.release(failure);
  }
}

async function readMigrations(directory: URL): Promise<readonly Migration[]> {
  const migrations: Migration[] = [];
  for (const file of (await readdir(directory)).sort()) {
    const [, digits] = /^(\d{4})-[a-z0-9-]+\.sql$/.exec(file) ?? [];
    if (digits === undefined) throw new MigrationError(`${file} is no name for a migration`);
    const number = Number(digits);
    if (migrations.at(-1)?.number === number) {
      throw new MigrationError(`Two migrations have the number ${digits}`);
    }
    const sql = await readFile(new URL(file, directory), "utf8");
    migrations.push({ number, name: file.slice(0, -".sql".length), sql });
  }
  return migrations;
}

async function applyAll(
  client: pg.PoolClient,
  migrations: readonly Migration[],
): Promise<string[]> {
  await client.query(`create table if not exists migration (
    number int primary key,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default now()
  )`);
  const { rows } = await client.query<{ number: number; name: string; checksum: string }>(
    "select number, name, checksum from migration",
  );
  const applied = new Map(rows.map((row) => [row.number, row]));
  const names: string[] = [];
  for (const migration of migrations) {
    const checksum = createHash("sha256").update(migration.sql).digest("hex");
    const before = applied.get(migration.number);
    applied.delete(migration.number);
    if (before === undefined) {
      await apply(client, migration, checksum);
      names.push(migration.name);
    } else if (before.checksum !== checksum) {
      throw new MigrationError(
        `${migration.name} changed after it was applied: restore it and add a new migration`,
      );
    }
  }
  const [unknown] = applied.values();
  if (unknown !== undefined) {
    throw new MigrationError(
      `The database has migration ${unknown.name}, which this version lacks: it was made by a newer one`,
    );
  }
  return names;
}

async function apply(client: pg.PoolClient, migration: Migration, checksum: string): Promise<void> {
  try {
    await client.query("begin");
    await client.query(migration.sql);
    await client.query("insert into migration (number, name, checksum) values ($1, $2, $3)", [
      migration.number,
      migration.name,
      checksum,
    ]);
    await client.query("commit");
  } catch (error) {
    throw new MigrationError(`Migration ${migration.name} failed`, { cause: error });
  }
}
