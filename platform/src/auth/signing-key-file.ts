/** The platform's own signing key: read from its file, or made once beside the embedded database. */
import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, unlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { generateSigningKey, parseSigningKey, type SigningKey } from "@obsyk/runtime";
import { SigningKeyFileError } from "../errors.ts";
import { hasCode } from "../store/postgres-binaries.ts";

const ownFile = "signing-key.pem";

/** @throws {SigningKeyFileError} when a named file is not readable or no P-256 key. */
export async function readSigningKeyFile(file: string): Promise<SigningKey> {
  try {
    return parseSigningKey(await readFile(file));
  } catch (error) {
    throw new SigningKeyFileError(`The signing key ${file} cannot be used`, { cause: error });
  }
}

/** The key in the data directory, mode 0600; made when there is none. */
export async function ensureSigningKey(dataDir: string): Promise<SigningKey> {
  const file = path.join(dataDir, ownFile);
  await mkdir(dataDir, { recursive: true, mode: 0o711 });
  const fresh = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    return parseSigningKey(await readFile(file));
  } catch (error) {
    if (!hasCode(error, "ENOENT")) {
      throw new SigningKeyFileError(`The signing key ${file} cannot be used`, { cause: error });
    }
  }
  const { privatePem } = generateSigningKey();
  try {
    await writeFile(fresh, privatePem, { mode: 0o600, flag: "wx", flush: true });
    // Whole or not at all, and never over one that another process made meanwhile.
    await link(fresh, file).catch((error: unknown) => {
      if (!hasCode(error, "EEXIST")) throw error;
    });
  } finally {
    privatePem.fill(0);
    await unlink(fresh);
  }
  return readSigningKeyFile(file);
}
