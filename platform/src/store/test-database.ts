/** For tests: a throw-away embedded server with all migrations applied. */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { systemClock } from "@obsyk/runtime";
import { openDatabase, type Database } from "./database.ts";
import { migrate } from "./migrate.ts";
import type { PostgresChoice } from "./postgres-binaries.ts";
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

export type TestDatabase = Database & { readonly server: PostgresServer };

/** A database in a folder of its own; disposing it removes everything. */
export async function openTestDatabase(): Promise<TestDatabase> {
  const dataDir = await mkdtemp(path.join(tmpdir(), "obsyk-test-"));
  // So that the server's own user, when we are root, keeps its data in here.
  await chmod(dataDir, 0o711);
  const server = await openTestServer(dataDir);
  const database = openDatabase({
    target: { kind: "socket", ...server },
    maxConnections: 10,
    onConnectionLost: () => undefined,
  });
  await migrate(database.pool);
  return {
    pool: database.pool,
    db: database.db,
    server,
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
