import { readFile } from "node:fs/promises";
import { apiPaths, clientSchema, sessionSchema, type Client, type Session } from "@obsyk/contract";
import { parsePublicKey, SigningKeyError } from "@obsyk/runtime";
import type { Command } from "commander";
import { CliError, fileError } from "../errors.ts";
import type { Host } from "../host.ts";
import { parseAnswer, refusal } from "../platform/client.ts";
import { addConnectionOptions, connect, type ConnectionOptions } from "../platform/connection.ts";

type Options = ConnectionOptions & { readonly publicKey: string };

const help = `
Only the public key is read and sent; a file with a private key is refused before anything leaves.
Compare the thumbprint that is printed with the one that obsyk keygen printed.

Example:
  obsyk keygen --out obsyk-key.pem > public.pem
  obsyk register prod-eu --public-key public.pem`;

export function addRegisterCommand(program: Command, host: Host): void {
  const command = program
    .command("register")
    .description("register a cluster with its operator's public key")
    .argument("<name>", "name of the cluster")
    .requiredOption("--public-key <file>", "what obsyk keygen printed: a P-256 public key, PEM")
    .addHelpText("after", help);
  addConnectionOptions(command).action((name: string, options: Options) =>
    register(host, name, options),
  );
}

async function register(host: Host, name: string, options: Options): Promise<void> {
  const publicKey = await readPublicKey(options.publicKey);
  await using connection = await connect(host, options);
  const { client } = connection;
  const session = await client.get(sessionSchema, apiPaths.session);
  const body = { name, publicKey: publicKey.pem };
  const answer = await client.send({ method: "POST", path: apiPaths.clients, body });
  if (answer.status > 299) throw refusal(client.origin, answer);
  const registered = parseAnswer(clientSchema, answer, apiPaths.clients);
  if (registered.thumbprint !== publicKey.thumbprint) {
    throw new CliError(
      "UNEXPECTED_ANSWER",
      `the platform stored a key with another thumbprint (${registered.thumbprint}): remove this client in the console`,
    );
  }
  host.out.write(settingsText(registered, session));
  host.error.write(
    `registered  ${registered.name}\nthumbprint  ${registered.thumbprint}\n` +
      `next        start the operator with the settings above, and with OBSYK_PRIVATE_KEY_FILE and OBSYK_KUBECONFIG;\n` +
      `            obsyk clusters shows it as connected within seconds\n`,
  );
}

/** Lines of an environment file. */
function settingsText({ name, clientId }: Client, { agentUrl }: Session): string {
  return [
    `OBSYK_PLATFORM_URL=${agentUrl}`,
    `OBSYK_CLUSTER_NAME=${name}`,
    `OBSYK_CLIENT_ID=${clientId}`,
    "",
  ].join("\n");
}

async function readPublicKey(file: string): Promise<ReturnType<typeof parsePublicKey>> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw fileError("read", file, error);
  }
  try {
    return parsePublicKey(text);
  } catch (error) {
    if (!(error instanceof SigningKeyError)) throw error;
    throw new CliError("KEY_REFUSED", `${file}: ${error.message} (${error.code})`, {
      cause: error,
    });
  }
}
