/**
 * The database a process uses: the named one, or the embedded server. Whoever comes first as the owner brings the
 * schema up to date and grants the platform's login its rights; the platform itself works as that login.
 *
 * @module
 */
import type { Clock } from "@obsyk/runtime";
import type { Events } from "../events.ts";
import { openDatabase, openPool, type Database, type DatabaseTarget } from "./database.ts";
import { migrate, requireMigrated } from "./migrate.ts";
import type { PostgresChoice } from "./postgres-binaries.ts";
import { openPostgresServer } from "./postgres-server.ts";
import { grantPrivileges, requireHarmlessLogin } from "./privileges.ts";

export type StoreOptions = {
  readonly databaseUrl: string | undefined;
  /** `undefined` with `databaseUrl`: the schema must be up to date already. */
  readonly ownerUrl: string | undefined;
  readonly dataDir: string;
  readonly choice: PostgresChoice;
  readonly clock: Clock;
  readonly random: () => number;
  readonly events: Events;
};

const maxConnections = 16;

type Targets = { readonly app: DatabaseTarget; readonly owner: DatabaseTarget | undefined };

/**
 * @throws {DatabaseRoleError} when the platform's login could pass by row-level security.
 * @throws {MigrationError} when the schema is not this version's.
 */
export async function openStore(options: StoreOptions): Promise<Database> {
  await using stack = new AsyncDisposableStack();
  const targets = await openTargets(options, stack);
  await prepare(targets, options.events);
  const database = stack.use(
    openDatabase({
      target: targets.app,
      maxConnections,
      onConnectionLost: (error) => options.events.connectionLost({ error }),
    }),
  );
  const kept = stack.move();
  return {
    pool: database.pool,
    db: database.db,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function openTargets(options: StoreOptions, stack: AsyncDisposableStack): Promise<Targets> {
  const { databaseUrl, ownerUrl } = options;
  if (databaseUrl !== undefined) {
    return {
      app: { kind: "url", url: databaseUrl },
      owner: ownerUrl === undefined ? undefined : { kind: "url", url: ownerUrl },
    };
  }
  const { socketDir, user, appUser, database } = stack.use(await openPostgresServer(options));
  return {
    app: { kind: "socket", socketDir, user: appUser, database },
    owner: { kind: "socket", socketDir, user, database },
  };
}

/** Both logins for a moment, before the first query of anybody. */
async function prepare({ app, owner }: Targets, events: Events): Promise<void> {
  const onConnectionLost = (error: unknown): void => events.connectionLost({ error });
  await using stack = new AsyncDisposableStack();
  const open = (target: DatabaseTarget) =>
    stack.adopt(openPool({ target, maxConnections: 1, onConnectionLost }), (pool) => pool.end());
  const platform = open(app);
  const login = await requireHarmlessLogin(platform);
  if (owner !== undefined) {
    const schema = open(owner);
    const names = await migrate(schema);
    if (names.length > 0) events.migrated({ names });
    await grantPrivileges(schema, login);
  }
  await requireMigrated(platform);
}
