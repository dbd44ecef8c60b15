/**
 * Who runs the embedded server, and where its files are. PostgreSQL refuses to run as root, so a platform started by
 * root runs it as another user, who must be able to reach both binaries and data.
 *
 * Files of a data directory D: `D/postgres` (data), `D/run` (socket). When the server's user cannot reach D (say, D is
 * below root's home folder), both are kept in `/var/lib/obsyk/HASH` instead, HASH being of D's path, and the file
 * `D/postgres-location` names that folder; the next start reads it there.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { chmod, chown, mkdir, mkdtemp, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { PostgresError } from "../errors.ts";

export type RunAs = { readonly user: string; readonly uid: number; readonly gid: number };

/** The user that runs the server: ourselves (`undefined`), or when we are root `postgres`, else `nobody`. */
async function readRunAs(): Promise<RunAs | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const lines = (await readFile("/etc/passwd", "utf8")).split("\n").map((line) => line.split(":"));
  for (const user of ["postgres", "nobody"]) {
    const [, , uid, gid] = lines.find(([name]) => name === user) ?? [];
    if (Number(uid) > 0 && Number(gid) > 0) return { user, uid: Number(uid), gid: Number(gid) };
  }
  throw new PostgresError(
    "POSTGRES_USER",
    "PostgreSQL cannot run as root and /etc/passwd has neither postgres nor nobody. " +
      "Start the platform as an ordinary user, or name a server in DATABASE_URL",
  );
}

/** Whether a user may pass every folder on the way to `target`, itself included when it is a folder that exists. */
export async function isReachable(target: string, runAs: RunAs): Promise<boolean> {
  for (let current = path.resolve(target); ; current = path.dirname(current)) {
    const found = await stat(current).catch(() => undefined);
    if (found?.isDirectory() === true) {
      const bit = found.uid === runAs.uid ? 0o100 : found.gid === runAs.gid ? 0o010 : 0o001;
      if ((found.mode & bit) === 0) return false;
    }
    if (current === path.dirname(current)) return true;
  }
}

export type PostgresPlace = {
  readonly pgData: string;
  readonly socketDir: string;
  /** Where copies of binaries go. */
  readonly keepDir: string;
  readonly runAs: RunAs | undefined;
};

/** Longest folder whose socket path every system takes (`sun_path` holds 108 bytes on Linux, 104 elsewhere). */
const maxSocketDirBytes = 100 - "/.s.PGSQL.5432".length;
const locationFile = "postgres-location";

/**
 * Makes the folders of a data directory, owned by the server's user, mode 0700.
 *
 * @param options.reachableDir used when the server's user cannot reach the data directory
 */
export async function openPlace(options: {
  readonly dataDir: string;
  readonly reachableDir: string;
}): Promise<PostgresPlace> {
  const runAs = await readRunAs();
  const dataDir = path.resolve(options.dataDir);
  // Others may pass, not look: the server's user must get to its folders below.
  await mkdir(dataDir, { recursive: true, mode: runAs === undefined ? 0o700 : 0o711 });
  const base = await chooseBase(dataDir, options.reachableDir, runAs);
  const own = async (folder: string): Promise<string> => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if (runAs !== undefined) await chown(folder, runAs.uid, runAs.gid);
    await chmod(folder, 0o700);
    return folder;
  };
  const socketDir = path.join(base, "run");
  const isShort = Buffer.byteLength(socketDir) <= maxSocketDirBytes;
  return {
    pgData: path.join(await own(path.join(base, "postgres")), "data"),
    socketDir: await own(isShort ? socketDir : await mkdtemp(path.join(tmpdir(), "obsyk-"))),
    keepDir: base === dataDir ? path.join(base, "binaries") : options.reachableDir,
    runAs,
  };
}

async function chooseBase(
  dataDir: string,
  reachableDir: string,
  runAs: RunAs | undefined,
): Promise<string> {
  const note = path.join(dataDir, locationFile);
  const kept = await readFile(note, "utf8").catch(() => undefined);
  if (kept !== undefined) return kept.trim();
  if (runAs === undefined || (await isReachable(dataDir, runAs))) return dataDir;
  const hash = createHash("sha256").update(dataDir).digest("hex").slice(0, 12);
  const base = path.join(reachableDir, hash);
  await mkdir(base, { recursive: true, mode: 0o755 });
  if (!(await isReachable(base, runAs))) {
    throw new PostgresError(
      "POSTGRES_PLACE",
      `PostgreSQL's user ${runAs.user} can reach neither the data directory nor ${reachableDir}. ` +
        "Choose another OBSYK_DATA_DIR, or name a server in DATABASE_URL",
    );
  }
  await writeFile(note, `${base}\n`);
  return base;
}
