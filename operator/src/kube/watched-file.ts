/**
 * Files that are replaced while we run: service-account tokens and CA bundles.
 *
 * @module
 */
import { readFile, stat } from "node:fs/promises";
import type { Clock } from "@obsyk/runtime";
import { KubeError } from "./errors.ts";

/** A token older than this is read again; the same age client-go allows. */
const tokenAgeMs = 60_000;

/** More than any token or bundle has; larger files are mistakes. */
const maxFileBytes = 1024 * 1024;

export type RereadFile<T> = {
  read(): Promise<T>;
  /** The next read goes to the disk. */
  forget(): void;
};

/**
 * A bearer token in a file: read again when older than 60 s, without its surrounding white space. While the file
 * cannot be read, the token from before stays in use, unless it was forgotten.
 */
export function openTokenFile(path: string, clock: Clock): RereadFile<string> {
  let cached: { readonly token: string; readonly at: number } | undefined;
  return {
    async read() {
      if (cached !== undefined && clock.monotonic() - cached.at < tokenAgeMs) return cached.token;
      try {
        cached = { token: await readToken(path), at: clock.monotonic() };
      } catch (error) {
        if (cached === undefined) throw error;
      }
      return cached.token;
    },
    forget() {
      cached = undefined;
    },
  };
}

async function readToken(path: string): Promise<string> {
  const token = (await readBounded(path, "token file")).toString("latin1").trim();
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new KubeError(
      "credentials",
      `token file ${path} does not hold one token: expected one line of printable characters`,
    );
  }
  return token;
}

/** A file whose content is read again when its modification time, size or inode changed. */
export function openChangingFile(path: string, what: string): RereadFile<Buffer> {
  let cached: { readonly content: Buffer; readonly version: string } | undefined;
  return {
    async read() {
      const version = await versionOf(path);
      if (cached !== undefined && (version === undefined || version === cached.version)) {
        return cached.content;
      }
      const content = await readBounded(path, what);
      // An equal content keeps its identity, so that nobody opens new connections for nothing.
      const same = cached?.content.equals(content) === true ? cached.content : content;
      cached = { content: same, version: version ?? "" };
      return same;
    },
    forget() {
      if (cached !== undefined) cached = { content: cached.content, version: "" };
    },
  };
}

async function versionOf(path: string): Promise<string | undefined> {
  try {
    const found = await stat(path);
    return `${found.mtimeMs}/${found.size}/${found.ino}`;
  } catch {
    return undefined;
  }
}

/** @throws {KubeError} `credentials` */
async function readBounded(path: string, what: string): Promise<Buffer> {
  let content: Buffer;
  try {
    content = await readFile(path);
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw new KubeError(
      "credentials",
      `cannot read ${what} ${path}: ${reason}. Check that it exists and that this user may read it`,
    );
  }
  if (content.length > maxFileBytes) {
    throw new KubeError("credentials", `${what} ${path} is larger than ${maxFileBytes} bytes`);
  }
  return content;
}
