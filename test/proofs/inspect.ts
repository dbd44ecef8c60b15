/** Looking into running processes: descendants, heap snapshot, memory, and the embedded database's content. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, readlink, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { buffer, text } from "node:stream/consumers";
import { canaryChars, scanMemory, waitFor, type CanaryFlock } from "@obsyk/testkit";

/** Longest form of a canary: UTF-16 or hexadecimal. */
const overlapBytes = canaryChars * 4;

/** Flags of Node with which {@link readHeapSnapshot} works; strings are written whole. */
export const heapSnapshotFlags = [
  "--heapsnapshot-signal=SIGUSR2",
  "--heap-snapshot-string-limit=1000000000",
];

/** How often each canary is in a process' memory; the process is stopped meanwhile. */
export async function countInMemory(
  pid: number,
  flock: CanaryFlock,
): Promise<{ readonly bytes: number; readonly found: ReadonlyMap<string, number> }> {
  const found = new Map<string, number>();
  process.kill(pid, "SIGSTOP");
  try {
    const { bytes } = await scanMemory(pid, overlapBytes, (piece, newFrom) => {
      for (const { canary, offset } of flock.searchPlain(piece)) {
        // What lies wholly in the overlap was counted with the piece before.
        if (offset + overlapBytes <= newFrom) continue;
        found.set(canary, (found.get(canary) ?? 0) + 1);
      }
    });
    return { bytes, found };
  } finally {
    process.kill(pid, "SIGCONT");
  }
}

/** Asks a process started with {@link heapSnapshotFlags} for its heap; it writes into its working directory. */
export async function readHeapSnapshot(
  pid: number,
  options: { readonly folder: string; readonly signal: AbortSignal },
): Promise<Buffer> {
  const { folder, signal } = options;
  const find = async (): Promise<string | undefined> =>
    (await readdir(folder)).find((name) => name.endsWith(".heapsnapshot"));
  process.kill(pid, "SIGUSR2");
  const name = await waitFor("a heap snapshot", find, { timeoutMs: 60_000, signal });
  const file = join(folder, name);
  let size = -1;
  await waitFor(
    "the whole heap snapshot",
    async () => {
      const before = size;
      size = (await stat(file)).size;
      return size === before && (await endsAsJson(file));
    },
    { timeoutMs: 60_000, intervalMs: 200, signal },
  );
  const bytes = await readFile(file);
  await rm(file);
  return bytes;
}

async function endsAsJson(file: string): Promise<boolean> {
  const bytes = await readFile(file);
  return bytes.subarray(-16).toString("latin1").trimEnd().endsWith("}");
}

export type EmbeddedPostgres = {
  readonly pid: number;
  readonly binDir: string;
  readonly socketDir: string;
};

/** The platform's own server, by its lock file. */
export async function findPostgres(dataDir: string): Promise<EmbeddedPostgres> {
  const lock = (await readFile(join(dataDir, "postgres/data/postmaster.pid"), "utf8")).split("\n");
  const pid = Number(lock[0]);
  const socketDir = lock[4] ?? "";
  if (!(pid > 1) || socketDir === "") throw new Error("PostgreSQL's lock file is not whole yet");
  return { pid, socketDir, binDir: dirname(await readlink(`/proc/${pid}/exe`)) };
}

/** Owner and database of the embedded server. */
const databaseUser = "obsyk";

/** Everything in the database as SQL text. */
export async function dumpDatabase(dataDir: string): Promise<Buffer> {
  const { binDir, socketDir } = await findPostgres(dataDir);
  const child = spawn(
    join(binDir, "pg_dump"),
    ["--host", socketDir, "--username", databaseUser, "--inserts", databaseUser],
    { env: {}, stdio: ["ignore", "pipe", "pipe"] },
  );
  const [out, err, [code]] = await Promise.all([
    buffer(child.stdout),
    text(child.stderr),
    once(child, "close") as Promise<[number | null]>,
  ]);
  if (code !== 0 || out.length === 0) throw new Error(`pg_dump: ${err.slice(0, 500)}`);
  return out;
}

/** One value from the database; as the owner of everything, or as the login that the platform works as. */
export async function queryDatabase(
  dataDir: string,
  sql: string,
  user: typeof databaseUser | "obsyk_app" = databaseUser,
): Promise<string> {
  const { binDir, socketDir } = await findPostgres(dataDir);
  const child = spawn(
    join(binDir, "psql"),
    ["-X", "-A", "-t", "-q", "--host", socketDir, "--username", user, "-c", sql, databaseUser],
    { env: {}, stdio: ["ignore", "pipe", "pipe"] },
  );
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close") as Promise<[number | null]>,
  ]);
  if (code !== 0) throw new Error(`psql: ${err.slice(0, 500)}`);
  return out.trim();
}
