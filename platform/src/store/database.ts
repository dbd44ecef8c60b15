/**
 * The connection pool and the typed query builder on it.
 *
 * Driver rules: JSON parameters are `JSON.stringify`ed and written `$n::jsonb`; `int8` arrives as a number and throws
 * outside the safe integers (cast to text what may be larger); `bytea` is a Buffer.
 *
 * @module
 */
import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import type { Tables } from "./tables.ts";

export type Db = Kysely<Tables>;

export type Database = AsyncDisposable & { readonly pool: pg.Pool; readonly db: Db };

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
  /** An idle connection broke; the pool replaces it. */
  readonly onConnectionLost: (error: unknown) => void;
};

const statementMs = 30_000;
const connectMs = 5000;

export function openDatabase({
  target,
  maxConnections,
  onConnectionLost,
}: DatabaseOptions): Database {
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
  pool.on("error", onConnectionLost);
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  return {
    pool,
    db,
    // Ends the pool too.
    [Symbol.asyncDispose]: () => db.destroy(),
  };
}

function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) {
    throw new RangeError("int8 from the database is no safe integer: cast it to text");
  }
  return value;
}
