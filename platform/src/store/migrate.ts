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

type Migration = {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
};

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

/**
 * For a login that cannot migrate: whether the schema is this version's.
 *
 * @throws {MigrationError}
 */
export async function requireMigrated(pool: pg.Pool, directory = migrationsDir): Promise<void> {
  const migrations = await readMigrations(directory);
  const applied = await readApplied(pool).catch((error: unknown) => {
    throw new MigrationError(
      "The schema is missing, or DATABASE_URL's login has no rights on it: start once with OBSYK_DATABASE_OWNER_URL",
      { cause: error },
    );
  });
  const missing = pending(migrations, applied);
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join(", ");
    throw new MigrationError(
      `The schema lacks ${names}: start once with OBSYK_DATABASE_OWNER_URL, whose login applies them`,
    );
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
    const checksum = createHash("sha256").update(sql).digest("hex");
    migrations.push({ number, name: file.slice(0, -".sql".length), sql, checksum });
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
  const missing = pending(migrations, await readApplied(client));
  for (const migration of missing) await apply(client, migration);
  return missing.map(({ name }) => name);
}

type Applied = { readonly number: number; readonly name: string; readonly checksum: string };

async function readApplied(client: pg.Pool | pg.PoolClient): Promise<readonly Applied[]> {
  const { rows } = await client.query<Applied>("select number, name, checksum from migration");
  return rows;
}

/** What is still to be applied, in order. */
function pending(
  migrations: readonly Migration[],
  applied: readonly Applied[],
): readonly Migration[] {
  const left = new Map(applied.map((row) => [row.number, row]));
  const missing = migrations.filter((migration) => {
    const before = left.get(migration.number);
    left.delete(migration.number);
    if (before !== undefined && before.checksum !== migration.checksum) {
      throw new MigrationError(
        `${migration.name} changed after it was applied: restore it and add a new migration`,
      );
    }
    return before === undefined;
  });
  const [unknown] = left.values();
  if (unknown !== undefined) {
    throw new MigrationError(
      `The database has migration ${unknown.name}, which this version lacks: it was made by a newer one`,
    );
  }
  return missing;
}

async function apply(client: pg.PoolClient, migration: Migration): Promise<void> {
  try {
    await client.query("begin");
    await client.query(migration.sql);
    await client.query("insert into migration (number, name, checksum) values ($1, $2, $3)", [
      migration.number,
      migration.name,
      migration.checksum,
    ]);
    await client.query("commit");
  } catch (error) {
    throw new MigrationError(`Migration ${migration.name} failed`, { cause: error });
  }
}
