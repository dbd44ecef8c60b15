/**
 * What the CLI remembers: the platforms a person signed in to, and what they look at by default. One JSON file of mode
 * 0600, since it holds what signs in.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { mkdir, open, rename, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { CliError, fileError, systemCode } from "./errors.ts";

const credentialSchema = z.discriminatedUnion("kind", [
  /** A person's session: the Cookie header as sent. */
  z.object({ kind: z.literal("session"), cookie: z.string().min(1) }),
  z.object({ kind: z.literal("token"), token: z.string().min(1) }),
]);
export type Credential = z.infer<typeof credentialSchema>;

const contextSchema = z.object({
  /** Origin of the platform. */
  server: z.string(),
  /** PEM bundle that replaces the system's certificate authorities. */
  caFile: z.string().optional(),
  credential: credentialSchema.optional(),
  cluster: z.string().optional(),
  namespace: z.string().optional(),
});
export type Context = z.infer<typeof contextSchema>;

const configSchema = z.object({
  current: z.string().optional(),
  contexts: z.record(z.string(), contextSchema),
});
export type Config = z.infer<typeof configSchema>;

/** Where the file is (XDG Base Directory Specification). */
export function configPath(env: { readonly [name: string]: string | undefined }): string {
  const named = env["OBSYK_CONFIG"] ?? "";
  if (named !== "") return named;
  const xdg = env["XDG_CONFIG_HOME"] ?? "";
  const home = env["HOME"] ?? "";
  // The specification has relative paths ignored.
  if (xdg.startsWith("/")) return join(xdg, "obsyk", "config.json");
  if (home === "") {
    throw new CliError("CONFIG_WRONG", "neither HOME nor OBSYK_CONFIG says where the file is");
  }
  return join(home, ".config", "obsyk", "config.json");
}

/** @throws {CliError} for a file that others may read, or that is no configuration of ours. */
export async function readConfig(path: string): Promise<Config> {
  const text = await readPrivately(path);
  if (text === undefined) return { contexts: {} };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const parsed = configSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new CliError(
    "CONFIG_WRONG",
    `${path} is not what obsyk wrote: remove it, then run obsyk login again`,
  );
}

async function readPrivately(path: string): Promise<string | undefined> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) {
      throw new CliError(
        "CONFIG_WRONG",
        `others may read ${path}, which holds what signs you in: chmod 600 ${path}`,
      );
    }
    await using handle = await open(path);
    return await handle.readFile("utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error instanceof CliError ? error : fileError("read", path, error);
  }
}

/** Whole or not at all: a new file beside the old one, moved over it. */
export async function writeConfig(path: string, config: Config): Promise<void> {
  const next = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await using handle = await open(next, "wx", 0o600);
    await handle.writeFile(`${JSON.stringify(config, null, 2)}\n`);
    await handle.sync();
    await rename(next, path);
  } catch (error) {
    await unlink(next).catch(() => {});
    throw fileError("write", path, error);
  }
}
