/** For tests: a throw-away embedded server with all migrations applied. */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { systemClock } from "@obsyk/runtime";
import { openDatabase, openPool, type Database } from "./database.ts";
import type pg from "pg";
import { migrate } from "./migrate.ts";
import type { PostgresChoice } from "./postgres-binaries.ts";
import { grantPrivileges } from "./privileges.ts";
import { openPostgresServer, type PostgresEvents, type PostgresServer } from "./postgres-server.ts";

export const silentPostgresEvents: PostgresEvents = {
  postgresStarted: () => undefined,
  postgresEnded: () => undefined,
  postgresStartFailed: () => undefined,
  postgresLine: () => undefined,
};

/** Opens a server on a data directory; all that is not said is for tests. */
export async function openTestServer(
  dataDir: string,
  options: {
    readonly choice?: PostgresChoice;
    readonly reachableDir?: string;
    readonly events?: Partial<PostgresEvents>;
  } = {},
): Promise<PostgresServer> {
  return openPostgresServer({
    dataDir,
    choice: options.choice ?? "auto",
    reachableDir: options.reachableDir ?? "/var/lib/obsyk",
    clock: systemClock,
    random: () => 0.5,
    events: { ...silentPostgresEvents, ...options.events },
  });
}

export type TestDatabase = Database & {
  readonly server: PostgresServer;
  /** Sees and does everything. */
  readonly owner: pg.Pool;
  /** The platform's login without a scope. */
  readonly raw: pg.Pool;
};

/** A database in a folder of its own; disposing it removes everything. */
export async function openTestDatabase(): Promise<TestDatabase> {
  const dataDir = await mkdtemp(path.join(tmpdir(), "obsyk-test-"));
  // So that the server's own user, when we are root, keeps its data in here.
  await chmod(dataDir, 0o711);
  const server = await openTestServer(dataDir);
  const { socketDir, user, appUser } = server;
  const onConnectionLost = (): void => undefined;
  const target = { kind: "socket", socketDir, database: server.database } as const;
  const owner = openPool({ target: { ...target, user }, maxConnections: 10, onConnectionLost });
  await migrate(owner);
  await grantPrivileges(owner, appUser);
  const app = { target: { ...target, user: appUser }, maxConnections: 10, onConnectionLost };
  const raw = openPool(app);
  const database = openDatabase(app);
  return {
    pool: database.pool,
    db: database.db,
    server,
    owner,
    raw,
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      await raw.end();
      await owner.end();
      await server[Symbol.asyncDispose]();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
