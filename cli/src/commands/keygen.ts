import { open, rename, unlink } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import type { Command } from "commander";
import { generateSigningKey } from "@obsyk/runtime";
import { CliError, fileError } from "../errors.ts";
import type { Host } from "../host.ts";

type Options = { readonly out: string; readonly force?: true };

const help = `
The private key stays in FILE (PKCS#8 PEM, mode 0600) and is never printed. Register only
the public key, then compare the thumbprint that the console shows with the one printed here.

Example:
  obsyk keygen --out private.pem > public.pem`;

export function addKeygenCommand(program: Command, host: Host): void {
  program
    .command("keygen")
    .description("make an operator's ECDSA P-256 key pair")
    .option("-o, --out <file>", "where the private key is written", "private.pem")
    .option(
      "--force",
      "overwrite the file: an operator that still uses the old key stops signing in",
    )
    .addHelpText("after", help)
    .action((options: Options) => keygen(options, host));
}

async function keygen(options: Options, host: Host): Promise<void> {
  const { privatePem, publicKey } = generateSigningKey();
  try {
    await (options.force === true ? replaceFile : createFile)(options.out, privatePem);
  } finally {
    privatePem.fill(0);
  }
  host.out.write(publicKey.pem);
  host.error.write(
    `thumbprint  ${publicKey.thumbprint}\n` +
      `private key ${options.out} (mode 0600; keep it where the operator runs, send it nowhere)\n` +
      `next        register the public key above: obsyk register NAME --public-key FILE, or in the console\n`,
  );
}

async function createFile(file: string, bytes: Buffer): Promise<void> {
  let handle;
  try {
    handle = await open(file, "wx", 0o600);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") {
      throw new CliError(
        "FILE_EXISTS",
        `${file} exists: name another with --out, or overwrite it with --force`,
      );
    }
    throw fileError("create", file, error);
  }
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } catch (error) {
    throw fileError("write", file, error);
  } finally {
    await handle.close();
  }
}

/** A new file beside the old one, moved over it: mode 0600 whatever the old one had, and never half a key. */
async function replaceFile(file: string, bytes: Buffer): Promise<void> {
  const next = `${file}.${randomBytes(6).toString("hex")}`;
  await createFile(next, bytes);
  try {
    await rename(next, file);
  } catch (error) {
    await unlink(next);
    throw fileError("replace", file, error);
  }
}
