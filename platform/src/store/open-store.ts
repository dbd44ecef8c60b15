/** The database a process uses: the named one, or the embedded server. */
import type { Clock } from "@obsyk/runtime";
import type { Events } from "../events.ts";
import { openDatabase, type Database, type DatabaseTarget } from "./database.ts";
import type { PostgresChoice } from "./postgres-binaries.ts";
import { openPostgresServer } from "./postgres-server.ts";

export type StoreOptions = {
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
  readonly choice: PostgresChoice;
  readonly clock: Clock;
  readonly random: () => number;
  readonly events: Events;
};

const maxConnections = 16;

export async function openStore(options: StoreOptions): Promise<Database> {
  await using stack = new AsyncDisposableStack();
  const { databaseUrl, events } = options;
  let target: DatabaseTarget;
  if (databaseUrl === undefined) {
    const server = stack.use(await openPostgresServer(options));
    const { socketDir, user, database } = server;
    target = { kind: "socket", socketDir, user, database };
  } else {
    target = { kind: "url", url: databaseUrl };
  }
  const database = stack.use(
    openDatabase({
      target,
      maxConnections,
      onConnectionLost: (error) => events.connectionLost({ error }),
    }),
  );
  const kept = stack.move();
  return {
    pool: database.pool,
    db: database.db,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
