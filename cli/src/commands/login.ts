import { apiPaths, sessionSchema, type Session } from "@obsyk/contract";
import type { Command } from "commander";
import { resolve } from "node:path";
import { configPath, readConfig, writeConfig, type Credential } from "../config.ts";
import { CliError } from "../errors.ts";
import type { Host } from "../host.ts";
import { ApiClient, parseAnswer, refusal } from "../platform/client.ts";
import {
  addCaFileOption,
  addConnectionOptions,
  connect,
  readTls,
  type ConnectionOptions,
} from "../platform/connection.ts";
import { parseServer } from "../platform/server-url.ts";

type LoginOptions = { readonly name?: string; readonly caFile?: string };

const help = `
SERVER is the platform's address, or a whole sign-in link. With an address alone, a sign-in link or an
API token is read from standard input; on a terminal it is not shown. A link works once and within
10 minutes, so it is no secret afterwards; a token is one, and is therefore never taken as an argument.

What signs you in is kept in a file of mode 0600 ($XDG_CONFIG_HOME/obsyk/config.json, or where
OBSYK_CONFIG says). Without that file, OBSYK_SERVER and OBSYK_TOKEN do the same.

Examples:
  obsyk login https://obsyk.example.com
  obsyk login 'http://127.0.0.1:8080/sign-in?token=...'
  obsyk login https://obsyk.example.com < token-file`;

export function addLoginCommands(program: Command, host: Host): void {
  const command = program
    .command("login")
    .description("sign in to a platform and make it the current context")
    .argument("<server>", "address of the platform, or a whole sign-in link")
    .option("--name <context>", "name of the context; the platform's host when absent")
    .addHelpText("after", help);
  addCaFileOption(command).action((server: string, options: LoginOptions) =>
    login(host, server, options),
  );
  const logout = program
    .command("logout")
    .description("end the session of a context and forget what signs in");
  addConnectionOptions(logout).action((options: ConnectionOptions) => logOut(host, options));
  const whoami = program
    .command("whoami")
    .description("show who is signed in, in which organisation, on which platform");
  addConnectionOptions(whoami).action((options: ConnectionOptions) => whoAmI(host, options));
}

async function login(host: Host, address: string, options: LoginOptions): Promise<void> {
  const given = parseServer(address);
  const inLink = given.searchParams.get("token");
  const secret = inLink ?? (await askForSecret(host, given.origin));
  const link = inLink === null ? readLink(secret, given) : secret;
  const tls = await readTls(host, options.caFile);
  const { credential, session } =
    link === undefined
      ? await useToken(host, { server: given, tls, token: secret })
      : await useLink(host, { server: given, tls, token: link });
  const name = options.name ?? given.host;
  const path = configPath(host.env);
  const config = await readConfig(path);
  const old = Object.hasOwn(config.contexts, name) ? config.contexts[name] : undefined;
  const context = {
    // Defaults of another platform's context say nothing about this one.
    ...(old?.server === given.origin ? old : {}),
    server: given.origin,
    credential,
    ...(options.caFile === undefined ? {} : { caFile: resolve(options.caFile) }),
  };
  await writeConfig(path, { current: name, contexts: { ...config.contexts, [name]: context } });
  host.error.write(
    `signed in to ${given.origin} as ${session.person.name} (${session.person.role} of ${session.org.name})\n` +
      `context ${name} is the current one; try: obsyk clusters\n`,
  );
}

async function askForSecret(host: Host, origin: string): Promise<string> {
  const line = await host.readSecretLine(`sign-in link or API token of ${origin}: `, host.signal);
  const secret = line.trim();
  if (secret !== "") return secret;
  throw new CliError("USAGE", "nothing was given: paste a sign-in link or an API token");
}

/** The one-time token of a link; `undefined` when the text is no link but a token. */
function readLink(text: string, server: URL): string | undefined {
  if (!/^https?:\/\//.test(text)) return undefined;
  const link = URL.canParse(text) ? new URL(text) : undefined;
  const token = link?.searchParams.get("token");
  if (link === undefined || token === null || token === undefined) {
    throw new CliError("USAGE", "this link holds no token: is it a sign-in link?");
  }
  if (link.origin === server.origin) return token;
  throw new CliError(
    "USAGE",
    `this link belongs to ${link.origin}, not to ${server.origin}: nothing was sent`,
  );
}

type SignIn = {
  readonly server: URL;
  readonly tls: Awaited<ReturnType<typeof readTls>>;
  readonly token: string;
};
type SignedIn = { readonly credential: Credential; readonly session: Session };

async function useLink(host: Host, { server, tls, token }: SignIn): Promise<SignedIn> {
  await using client = new ApiClient({ server, tls, host });
  const answer = await client.send({ method: "POST", path: apiPaths.signIn, body: { token } });
  if (answer.status === 401) {
    throw new CliError(
      "NOT_SIGNED_IN",
      "this sign-in link was used before or has expired: make a new one",
    );
  }
  if (answer.status > 299) throw refusal(server.origin, answer);
  const session = parseAnswer(sessionSchema, answer, apiPaths.signIn);
  const cookie = (answer.headers["set-cookie"] ?? [])
    .map((line) => line.split(";", 1)[0] ?? "")
    .join("; ");
  if (cookie === "") {
    throw new CliError("UNEXPECTED_ANSWER", `${server.origin} accepted the link without a session`);
  }
  return { credential: { kind: "session", cookie }, session };
}

async function useToken(host: Host, { server, tls, token }: SignIn): Promise<SignedIn> {
  if (!/^[\x21-\x7e]{8,512}$/.test(token)) {
    throw new CliError("USAGE", "this is neither a sign-in link nor an API token");
  }
  const credential: Credential = { kind: "token", token };
  await using client = new ApiClient({ server, tls, host, credential });
  const answer = await client.send({ path: apiPaths.session });
  if (answer.status === 401) {
    throw new CliError(
      "NOT_SIGNED_IN",
      `${server.origin} does not accept this token: it is unknown, expired or revoked`,
    );
  }
  if (answer.status > 299) throw refusal(server.origin, answer);
  return { credential, session: parseAnswer(sessionSchema, answer, apiPaths.session) };
}

async function logOut(host: Host, options: ConnectionOptions): Promise<void> {
  await using connection = await connect(host, options);
  const { client } = connection;
  const path = configPath(host.env);
  const config = await readConfig(path);
  const found = Object.entries(config.contexts).find(
    ([name, { server }]) =>
      server === client.origin && (options.context ?? config.current ?? name) === name,
  );
  if (found === undefined) {
    throw new CliError("NOT_FOUND", `nothing is kept for ${client.origin}`);
  }
  const [name, { credential, ...rest }] = found;
  // Forgotten here first: a platform that is away must not keep anyone signed in on this machine.
  await writeConfig(path, { ...config, contexts: { ...config.contexts, [name]: rest } });
  if (credential?.kind === "session") {
    const answer = await client.send({ method: "DELETE", path: apiPaths.session });
    if (answer.status > 299 && answer.status !== 401) throw refusal(client.origin, answer);
  }
  const still =
    credential?.kind === "token" ? "; the token itself is valid until it is revoked" : "";
  host.error.write(`signed out of ${client.origin}${still}\n`);
}

async function whoAmI(host: Host, options: ConnectionOptions): Promise<void> {
  await using connection = await connect(host, options);
  const { client } = connection;
  const { person, org, version } = await client.get(sessionSchema, apiPaths.session);
  host.out.write(
    `${person.name} (${person.role} of ${org.name}) on ${client.origin}, version ${version}\n`,
  );
}
