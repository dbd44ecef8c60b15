import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { parseSigningKey, SigningKeyError } from "@obsyk/runtime";
import { CliError, fileError } from "../errors.ts";
import type { Host } from "../host.ts";

export function addKeyCommands(program: Command, host: Host): void {
  const key = program.command("key").description("look at key files");
  key
    .command("inspect")
    .description("say whether an operator can use a key file; print its public key and thumbprint")
    .argument("<file>", "the private key: SEC1 or PKCS#8 PEM")
    .action((file: string) => inspectKey(file, host));
}

async function inspectKey(file: string, host: Host): Promise<void> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw fileError("read", file, error);
  }
  try {
    const { publicKey } = parseSigningKey(bytes);
    host.out.write(publicKey.pem);
    host.error.write(`thumbprint  ${publicKey.thumbprint}\n`);
  } catch (error) {
    if (!(error instanceof SigningKeyError)) throw error;
    throw new CliError("KEY_REFUSED", `${file}: ${error.message} (${error.code})`, {
      cause: error,
    });
  }
}
