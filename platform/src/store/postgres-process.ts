/**
 * One PostgreSQL server process: making its data directory, starting it under a shell that outlives us just long
 * enough to stop it, and judging what a `postmaster.pid` left behind means.
 *
 * @module
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp, readFile, readdir, readlink, rename, rm } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { PostgresError } from "../errors.ts";
import { hasCode, isFolder, type PostgresBinaries } from "./postgres-binaries.ts";
import type { PostgresPlace } from "./postgres-place.ts";

/** Name and owner of everything in the embedded server. */
export const embeddedUser = "obsyk";

/** What the platform works as: a login that owns nothing. */
export const embeddedAppUser = "obsyk_app";

/** How the shell appears in the list of processes; tells a watched server from an abandoned one. */
const watcherName = "obsyk-postgres-watcher";

/**
 * Starts the server and waits for it. When our end of standard input closes, because we were killed or because we
 * closed it, the server gets SIGINT (fast shutdown); one that still runs after 30 s SIGQUIT (its log is replayed at the
 * next start), after 45 s SIGKILL. Being its parent, the shell also reaps it: no zombie keeps the lock file alive. Where
 * the system has util-linux's setpriv, the server gets SIGINT as well when the shell is killed. A background command's
 * standard input would be /dev/null, hence descriptor 3; it ignores SIGINT until the server sets its own handlers, hence
 * the repetition; and a stopped one hears nothing before SIGCONT.
 */
const watcherScript = `
exec 3<&0
setpriv --pdeathsig INT true 2>/dev/null && set -- setpriv --pdeathsig INT "$@"
"$@" </dev/null 3<&- &
server=$!
(
  cat <&3 >/dev/null
  turns=0
  while kill -INT "$server"; do
    kill -CONT "$server"
    if [ "$turns" -ge 90 ]; then kill -KILL "$server"; elif [ "$turns" -ge 60 ]; then kill -QUIT "$server"; fi
    turns=$((turns + 1))
    sleep 0.5
  done
) 2>/dev/null &
watch=$!
exec 3<&-
wait "$server"
code=$?
kill "$watch" 2>/dev/null
exit "$code"
`;

/** Set on the command line so that no file decides. Sockets alone: the npm package carries an old OpenSSL. */
const serverSettings: readonly string[] = [
  "listen_addresses=",
  "ssl=off",
  "unix_socket_permissions=0700",
  "max_connections=40",
  "shared_buffers=128MB",
  "max_wal_size=1GB",
  "jit=off",
  "autovacuum_naptime=15s",
  "random_page_cost=1.1",
  "log_destination=stderr",
  "logging_collector=off",
  // Lines go to our log: neither rows nor statements may be in them.
  "log_error_verbosity=terse",
  "log_min_error_statement=panic",
];

export type ServerProcess = {
  /** Resolves with what the server said last when it has ended. */
  readonly ended: Promise<string>;
  /** Asks for a fast shutdown and waits for its end. */
  stop(): Promise<void>;
};

export function startServer(
  binaries: PostgresBinaries,
  place: PostgresPlace,
  onLine: (line: string) => void,
): ServerProcess {
  const server = [
    path.join(binaries.binDir, "postgres"),
    "-D",
    place.pgData,
    "-k",
    place.socketDir,
    ...serverSettings.flatMap((setting) => ["-c", setting]),
  ];
  const child = spawn("/bin/sh", ["-c", watcherScript, watcherName, ...server], {
    ...spawnOptions(place),
    // A group of its own: Ctrl-C in a terminal reaches us, and we stop it in order.
    detached: true,
    stdio: ["pipe", "ignore", "pipe"],
  });
  const ended = readEnd(child, onLine);
  return {
    ended,
    async stop() {
      child.stdin?.end();
      await ended;
    },
  };
}

async function readEnd(child: ChildProcess, onLine: (line: string) => void): Promise<string> {
  const last: string[] = [];
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on("line", (line) => {
      last.push(line.slice(0, 512));
      if (last.length > 8) last.shift();
      onLine(line.slice(0, 512));
    });
  }
  // Written to by nobody, but closed under us when the shell is killed.
  child.stdin?.on("error", () => undefined);
  try {
    await once(child, "close");
    // Ends the watcher's wait on it when the shell was killed.
    child.stdin?.destroy();
  } catch (error) {
    return error instanceof Error ? error.message : "could not be started";
  }
  return last.join("\n");
}

/** Variables such as PGDATA or LD_LIBRARY_PATH of our own environment are not the server's business. */
function spawnOptions(place: PostgresPlace): {
  readonly cwd: string;
  readonly env: { readonly [name: string]: string };
  readonly uid?: number;
  readonly gid?: number;
} {
  const { runAs } = place;
  return {
    cwd: "/",
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" },
    ...(runAs === undefined ? {} : { uid: runAs.uid, gid: runAs.gid }),
  };
}

/**
 * Makes a data directory unless there is one: beside its final place, then renamed, so that one that exists is whole.
 *
 * @throws {PostgresError} with what initdb said.
 */
export async function initialiseData(
  binaries: PostgresBinaries,
  place: PostgresPlace,
): Promise<void> {
  if (await isFolder(place.pgData)) return;
  const parent = path.dirname(place.pgData);
  for (const entry of await readdir(parent)) {
    // Left by an initdb that was killed.
    if (entry.startsWith("new-")) await rm(path.join(parent, entry), { recursive: true });
  }
  const fresh = await mkdtemp(path.join(parent, "new-"));
  if (place.runAs !== undefined) await chown(fresh, place.runAs.uid, place.runAs.gid);
  const locale =
    binaries.major >= 17
      ? ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
      : ["--locale=C.UTF-8"];
  const command = [
    path.join(binaries.binDir, "initdb"),
    `--pgdata=${fresh}`,
    `--username=${embeddedUser}`,
    "--encoding=UTF8",
    "--auth=trust",
    "--data-checksums",
    ...locale,
  ];
  let said = await runOnce(command, place);
  const isNameless = said?.includes("could not look up effective user ID") === true;
  if (isNameless) said = await runOnce([...namedUser, ...command], place);
  if (said !== undefined) {
    await rm(fresh, { recursive: true, force: true });
    throw isNameless ? namelessRefusal(said) : initRefusal(parent, said);
  }
  await rename(fresh, place.pgData);
}

/**
 * initdb, unlike the server, insists on a passwd entry for its user, which a container with an arbitrary uid lacks. In a
 * user namespace it is `nobody` (by its usual number), and what it writes is still ours.
 */
const namedUser = ["unshare", "--user", "--map-user=65534", "--map-group=65534"];

/** @returns what it said when it failed */
async function runOnce(
  [file = "", ...args]: readonly string[],
  place: PostgresPlace,
): Promise<string | undefined> {
  const child = spawn(file, args, { ...spawnOptions(place), stdio: ["ignore", "ignore", "pipe"] });
  const said = await readEnd(child, () => undefined);
  return child.exitCode === 0 ? undefined : said;
}

function initRefusal(parent: string, said: string): PostgresError {
  return new PostgresError(
    "POSTGRES_INIT",
    `PostgreSQL's data directory could not be made in ${parent}: ${said}`,
  );
}

function namelessRefusal(said: string): PostgresError {
  return new PostgresError(
    "POSTGRES_USER",
    "PostgreSQL's initdb needs an entry in /etc/passwd for the user we run as, there is none, and a user namespace " +
      `cannot stand in (${said.split("\n", 1)[0] ?? ""}). Add the entry, run as a user that has one, or name a server ` +
      "in DATABASE_URL; a data directory that exists already needs none",
  );
}

export type RunningServer = {
  readonly kind: "running";
  readonly pid: number;
  readonly socketDir: string;
  /** Whether another platform process watches over it. */
  readonly isWatched: boolean;
};

/**
 * What a data directory's `postmaster.pid` stands for. A killed server stays a zombie until its parent reaps it, and
 * in a container its old pid may be someone else's; PostgreSQL would refuse to start in both cases.
 */
export async function readLockFile(
  pgData: string,
): Promise<RunningServer | { readonly kind: "none" | "zombie" | "stale" }> {
  let lines: readonly string[];
  try {
    lines = (await readFile(path.join(pgData, "postmaster.pid"), "utf8")).split("\n");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return { kind: "none" };
    throw error;
  }
  const pid = Number.parseInt(lines[0] ?? "", 10);
  const state = Number.isSafeInteger(pid) && pid > 0 ? await readProcess(pid) : undefined;
  if (state === undefined) return { kind: "stale" };
  if (state.letter === "Z") return { kind: "zombie" };
  // The server changes into its data directory; any other process has another folder.
  const folder = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  if (folder !== pgData) return { kind: "stale" };
  const parent = await readFile(`/proc/${state.parent}/cmdline`, "utf8").catch(() => "");
  return {
    kind: "running",
    pid,
    socketDir: lines[4] ?? "",
    isWatched: parent.includes(watcherName),
  };
}

/** State letter and parent of a process, from `/proc/PID/stat` (proc(5)): they follow the name in parentheses. */
async function readProcess(
  pid: number,
): Promise<{ readonly letter: string; readonly parent: number } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  const [letter, parent] = text?.slice(text.lastIndexOf(")") + 2).split(" ") ?? [];
  return letter === undefined ? undefined : { letter, parent: Number(parent) };
}
