/**
 * Connection pools. The platform's own sees data through a door only (door.ts); an owner's is for migrations.
 *
 * Driver rules: JSON parameters are `JSON.stringify`ed and written `$n::jsonb`; `int8` arrives as a number and throws
 * outside the safe integers (cast to text what may be larger); `bytea` is a Buffer.
 *
 * @module
 */
import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import { Door } from "./door.ts";
import type { Tables } from "./tables.ts";

export type Db = Door;

/** What the platform works with. `db` and `pool` are one door: the names say which of its sides a module uses. */
export type Database = AsyncDisposable & { readonly pool: Door; readonly db: Door };

export type DatabaseTarget =
  | { readonly kind: "url"; readonly url: string }
  | {
      readonly kind: "socket";
      readonly socketDir: string;
      readonly user: string;
      readonly database: string;
    };

export type DatabaseOptions = {
  readonly target: DatabaseTarget;
  readonly maxConnections: number;
  /** A connection broke; the pool replaces it. */
  readonly onConnectionLost: (error: unknown) => void;
};

const statementMs = 30_000;
const connectMs = 5000;

export function openDatabase(options: DatabaseOptions): Database {
  const pool = openPool(options);
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  const door = new Door(pool, db);
  return {
    pool: door,
    db: door,
    // Ends the pool too.
    [Symbol.asyncDispose]: () => db.destroy(),
  };
}

/** Connections without a scope: for this folder, and for tests. */
export function openPool({ target, maxConnections, onConnectionLost }: DatabaseOptions): pg.Pool {
  // Of this pool alone: other users of the driver keep its defaults.
  const types = new pg.TypeOverrides();
  types.setTypeParser(pg.types.builtins.INT8, parseInt8);
  const pool = new pg.Pool({
    ...(target.kind === "url"
      ? { connectionString: target.url }
      : { host: target.socketDir, user: target.user, database: target.database }),
    max: maxConnections,
    connectionTimeoutMillis: connectMs,
    statement_timeout: statementMs,
    idle_in_transaction_session_timeout: statementMs,
    application_name: "obsyk-platform",
    keepAlive: true,
    types,
  });
  // The pool listens to idle connections alone: one that breaks while a transaction holds it, between two
  // statements, would end the process.
  pool.on("connect", (client) => void client.on("error", onConnectionLost));
  pool.on("error", () => undefined);
  return pool;
}

function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) {
    throw new RangeError("int8 from the database is no safe integer: cast it to text");
  }
  return value;
}
