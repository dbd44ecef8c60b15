/**
 * Which platform a command talks to, and as whom: flags win over environment variables, those over what `obsyk login`
 * wrote down.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import type { OutboundTls } from "@obsyk/runtime";
import type { Command } from "commander";
import { configPath, readConfig, type Config, type Context, type Credential } from "../config.ts";
import { CliError, fileError } from "../errors.ts";
import type { Host } from "../host.ts";
import { ApiClient } from "./client.ts";
import { parseServer } from "./server-url.ts";

export type ConnectionOptions = {
  readonly server?: string;
  readonly context?: string;
  readonly caFile?: string;
};

export type Connection = AsyncDisposable & {
  readonly client: ApiClient;
  /** What the context looks at by default. */
  readonly defaults: { readonly cluster?: string; readonly namespace?: string };
};

export function addConnectionOptions(command: Command): Command {
  return addCaFileOption(
    command
      .option("--server <url>", "address of the platform; OBSYK_SERVER when absent")
      .option("--context <name>", "one of obsyk context list; the current one when absent"),
  );
}

export function addCaFileOption(command: Command): Command {
  return command.option(
    "--ca-file <file>",
    "certificates, PEM, to trust instead of the system's; OBSYK_CA_FILE when absent",
  );
}

/** @throws {CliError} that says how to sign in when nothing says where the platform is. */
export async function connect(host: Host, options: ConnectionOptions): Promise<Connection> {
  const config = await readConfig(configPath(host.env));
  const { env } = host;
  const context = chooseContext(config, {
    server: firstOf(options.server, env["OBSYK_SERVER"]),
    name: options.context,
  });
  const token = env["OBSYK_TOKEN"] ?? "";
  const credential: Credential | undefined =
    token === "" ? context.credential : { kind: "token", token };
  const client = new ApiClient({
    server: parseServer(context.server),
    tls: await readTls(host, options.caFile, context.caFile),
    host,
    ...(credential === undefined ? {} : { credential }),
  });
  return {
    client,
    defaults: {
      ...defaultOf("cluster", firstOf(env["OBSYK_CLUSTER"], context.cluster)),
      ...defaultOf("namespace", firstOf(env["OBSYK_NAMESPACE"], context.namespace)),
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

/** The first text that is there and not empty. */
function firstOf(...texts: readonly (string | undefined)[]): string | undefined {
  return texts.find((text) => text !== undefined && text !== "");
}

function defaultOf<K extends string>(
  key: K,
  text: string | undefined,
): { readonly [name in K]?: string } {
  return text === undefined ? {} : ({ [key]: text } as { readonly [name in K]?: string });
}

function chooseContext(
  config: Config,
  { server, name }: { readonly server: string | undefined; readonly name: string | undefined },
): Context {
  const named = name === undefined ? undefined : findContext(config, name);
  if (server === undefined) {
    const current =
      named ?? (config.current === undefined ? undefined : config.contexts[config.current]);
    if (current !== undefined) return current;
    throw new CliError(
      "NOT_SIGNED_IN",
      "no platform is chosen: run obsyk login https://your-platform, or set OBSYK_SERVER and OBSYK_TOKEN",
    );
  }
  const { origin } = parseServer(server);
  const candidates = named === undefined ? Object.values(config.contexts) : [named];
  // Credentials go to the platform they came from, and to no other.
  return candidates.find((known) => known.server === origin) ?? { server: origin };
}

/** @throws {CliError} with the names there are. */
export function findContext(config: Config, name: string): Context {
  const context = Object.hasOwn(config.contexts, name) ? config.contexts[name] : undefined;
  if (context !== undefined) return context;
  const known = Object.keys(config.contexts);
  const list =
    known.length === 0 ? "there is none yet: run obsyk login" : `there are ${known.join(", ")}`;
  throw new CliError("NOT_FOUND", `no context is named ${JSON.stringify(name)}: ${list}`);
}

/** The certificates that a flag, the environment or the context names; the first of these counts. */
export async function readTls(
  { env }: Host,
  flag: string | undefined,
  remembered?: string,
): Promise<OutboundTls> {
  const caFile = firstOf(flag, env["OBSYK_CA_FILE"], remembered);
  if (caFile === undefined) return {};
  try {
    return { ca: await readFile(caFile) };
  } catch (error) {
    throw fileError("read", caFile, error);
  }
}
