/**
 * The embedded PostgreSQL: a real server as our child, reachable through a socket in a private folder only. It is
 * started again when it dies and stopped when we go, however we go.
 *
 * @module
 */
import { rm } from "node:fs/promises";
import path from "node:path";
import { reflectorBackoff, backoffMs, type Clock } from "@obsyk/runtime";
import pg from "pg";
import { PostgresError } from "../errors.ts";
import {
  findPostgres,
  readDataMajor,
  type PostgresBinaries,
  type PostgresChoice,
} from "./postgres-binaries.ts";
import { openPlace, type PostgresPlace } from "./postgres-place.ts";
import {
  embeddedAppUser,
  embeddedUser,
  initialiseData,
  readLockFile,
  startServer,
  type RunningServer,
  type ServerProcess,
} from "./postgres-process.ts";

export type PostgresEvents = {
  postgresStarted(fields: {
    readonly binaries: string;
    readonly elapsedMs: number;
    readonly adopted: boolean;
  }): void;
  postgresEnded(fields: { readonly said: string }): void;
  postgresStartFailed(fields: { readonly error: unknown }): void;
  postgresLine(fields: { readonly line: string }): void;
};

export type PostgresOptions = {
  readonly dataDir: string;
  readonly choice: PostgresChoice;
  /** Where data and binaries go when the server's user cannot reach `dataDir`. */
  readonly reachableDir?: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly events: PostgresEvents;
};

export type PostgresServer = AsyncDisposable & {
  readonly socketDir: string;
  /** Owns everything. */
  readonly user: string;
  /** Owns nothing. */
  readonly appUser: string;
  readonly database: string;
  readonly binaries: PostgresBinaries;
  readonly pgData: string;
};

const defaultReachableDir = "/var/lib/obsyk";
/** Crash recovery of a large log takes its time; a server that says nothing for longer does not come. */
const startMs = 120_000;
const pollMs = 50;
/** How long a zombie or a server that is shutting down may keep the lock file. */
const lockMs = 10_000;

/** @throws {PostgresError} when no server can be brought up; later deaths are healed and logged. */
export async function openPostgresServer(options: PostgresOptions): Promise<PostgresServer> {
  if (process.platform !== "linux") {
    throw new PostgresError(
      "POSTGRES_UNSUPPORTED_PLATFORM",
      "The embedded PostgreSQL runs on Linux only; name a server in DATABASE_URL",
    );
  }
  const place = await openPlace({
    dataDir: options.dataDir,
    reachableDir: options.reachableDir ?? defaultReachableDir,
  });
  const binaries = await findPostgres({
    choice: options.choice,
    dataMajor: await readDataMajor(place.pgData),
    runAs: place.runAs,
    keepDir: place.keepDir,
  });
  await initialiseData(binaries, place);
  const supervisor = new Supervisor({ ...options, binaries, place });
  await supervisor.start();
  return {
    socketDir: supervisor.socketDir,
    user: embeddedUser,
    appUser: embeddedAppUser,
    database: embeddedUser,
    binaries,
    pgData: place.pgData,
    [Symbol.asyncDispose]: () => supervisor.stop(),
  };
}

type SupervisorOptions = PostgresOptions & {
  readonly binaries: PostgresBinaries;
  readonly place: PostgresPlace;
};

/** One server that somebody runs: ours, or another platform process' on the same data directory. */
type Serving = { readonly ended: Promise<string>; stop(): Promise<void> };

class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #stopping = new AbortController();
  /** Where the first server listens; later ones are told to listen there too, so that pools find them. */
  #socketDir: string;
  #serving: Serving | undefined;
  #watching: Promise<void> | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#socketDir = options.place.socketDir;
  }

  get socketDir(): string {
    return this.#socketDir;
  }

  async start(): Promise<void> {
    const running = await this.#clearLock();
    if (running !== undefined) this.#socketDir = running.socketDir;
    this.#serving = await this.#bringUp();
    this.#watching = this.#watch(this.#serving);
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error("PostgreSQL is being stopped"));
    await this.#serving?.stop();
    await this.#watching;
  }

  /** Waits for the server's end and starts it again, until we stop. */
  async #watch(first: Serving): Promise<void> {
    const { clock, events, random } = this.#options;
    const { signal } = this.#stopping;
    let serving: Serving | undefined = first;
    for (let failures = 0; !signal.aborted;) {
      if (serving !== undefined) {
        const said = await serving.ended;
        if (signal.aborted) return;
        events.postgresEnded({ said });
      }
      try {
        serving = await this.#bringUp();
        this.#serving = serving;
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        serving = undefined;
        failures += 1;
        events.postgresStartFailed({ error });
        const waitMs = backoffMs(failures, random, { ...reflectorBackoff, firstMs: 200 });
        await clock.sleep(waitMs, { signal }).catch(() => undefined);
      }
    }
  }

  async #bringUp(): Promise<Serving> {
    const { clock, events, binaries } = this.#options;
    const started = clock.monotonic();
    const running = await this.#clearLock();
    const serving = running === undefined ? this.#spawn() : this.#adopt(running);
    // A stop during the wait must find it.
    this.#serving = serving;
    const socketDir = this.#socketDir;
    try {
      await this.#connectable(socketDir, serving);
      await ensureDatabase(socketDir);
      // A stop that came meanwhile knew nothing of this server.
      this.#stopping.signal.throwIfAborted();
    } catch (error) {
      await serving.stop();
      throw error;
    }
    events.postgresStarted({
      binaries: `${binaries.kind} ${binaries.major}`,
      elapsedMs: Math.round(clock.monotonic() - started),
      adopted: running !== undefined,
    });
    return serving;
  }

  #spawn(): ServerProcess {
    const { binaries, place, events } = this.#options;
    const listening = { ...place, socketDir: this.#socketDir };
    return startServer(binaries, listening, (line) => events.postgresLine({ line }));
  }

  /** Another process watches over this server: we use it, see its end, and leave stopping it to its owner. */
  #adopt(running: RunningServer): Serving {
    const stopped = new AbortController();
    const { clock, place } = this.#options;
    const ended = (async () => {
      for (;;) {
        await clock.sleep(500, { signal: stopped.signal }).catch(() => undefined);
        if (stopped.signal.aborted) return "";
        const lock = await readLockFile(place.pgData);
        if (lock.kind !== "running" || lock.pid !== running.pid) return "its owner stopped it";
      }
    })();
    return {
      ended,
      async stop() {
        stopped.abort();
        await ended;
      },
    };
  }

  /** The running server that may be used, or `undefined` once nothing holds the data directory. */
  async #clearLock(): Promise<RunningServer | undefined> {
    const { clock, place } = this.#options;
    const deadline = clock.monotonic() + lockMs;
    for (;;) {
      const lock = await readLockFile(place.pgData);
      switch (lock.kind) {
        case "none":
          return undefined;
        case "running":
          if (lock.isWatched && (await isConnectable(lock.socketDir))) return lock;
          // Abandoned: a server that nobody would stop is stopped here, and started under our watch.
          if (!lock.isWatched) process.kill(lock.pid, "SIGINT");
          break;
        case "stale":
          await rm(path.join(place.pgData, "postmaster.pid"), { force: true });
          return undefined;
        case "zombie":
          break;
      }
      if (clock.monotonic() > deadline) {
        if (lock.kind === "running") {
          throw new PostgresError(
            "POSTGRES_START",
            `Another PostgreSQL (process ${lock.pid}) holds ${place.pgData} and does not answer. Stop it first`,
          );
        }
        await rm(path.join(place.pgData, "postmaster.pid"), { force: true });
        return undefined;
      }
      await clock.sleep(pollMs * 4, { signal: this.#stopping.signal });
    }
  }

  async #connectable(socketDir: string, serving: Serving): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stopping;
    const deadline = clock.monotonic() + startMs;
    let said: string | undefined;
    void serving.ended.then((text) => (said = text));
    while (!(await isConnectable(socketDir))) {
      signal.throwIfAborted();
      if (said !== undefined || clock.monotonic() > deadline) {
        throw new PostgresError(
          "POSTGRES_START",
          `PostgreSQL did not start: ${said ?? `no connection in ${startMs / 1000} s`}`,
        );
      }
      await clock.sleep(pollMs, { signal });
    }
  }
}

async function isConnectable(socketDir: string): Promise<boolean> {
  const client = new pg.Client({
    host: socketDir,
    user: embeddedUser,
    database: "postgres",
    connectionTimeoutMillis: 5000,
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    // Not there, starting up or shutting down: the caller asks again until its deadline.
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function ensureDatabase(socketDir: string): Promise<void> {
  const client = new pg.Client({ host: socketDir, user: embeddedUser, database: "postgres" });
  client.on("error", () => undefined);
  await client.connect();
  try {
    const found = await client.query("select 1 from pg_database where datname = $1", [
      embeddedUser,
    ]);
    if (found.rowCount === 0) await client.query(`create database ${embeddedUser}`);
    // Another process may make it at the same moment.
    await client.query(
      `do $$ begin
         if not exists (select from pg_roles where rolname = '${embeddedAppUser}') then
           create role ${embeddedAppUser} login;
         end if;
       exception when duplicate_object or unique_violation then null; end $$`,
    );
  } finally {
    await client.end();
  }
}
