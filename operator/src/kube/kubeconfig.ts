/**
 * A kubeconfig file: one context of it, with its cluster and its user. What we do not support is refused by name, never
 * skipped.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Clock, OutboundTls } from "@obsyk/runtime";
import { KubeError } from "./errors.ts";
import { openExecPlugin, type ExecPlugin } from "./exec-plugin.ts";
import { entryAt, listAt, named, optionalText, type Entry } from "./kubeconfig-entry.ts";
import type { ClusterTarget, Credentials } from "./target.ts";
import { openChangingFile, openTokenFile } from "./watched-file.ts";

export type KubeconfigOptions = {
  readonly path: string;
  /** The file's `current-context` when absent. */
  readonly context?: string;
  /** For exec plugins: their environment and how they find their commands. */
  readonly env: { readonly [name: string]: string | undefined };
  readonly clock: Clock;
};

/** @throws {KubeError} `kubeconfig` that names the file, the entry and what to do. */
export async function openKubeconfigTarget(
  options: KubeconfigOptions,
): Promise<ClusterTarget & { readonly context: string }> {
  const root = await parseFile(options.path);
  const context = options.context ?? optionalText(root, "current-context") ?? "";
  if (context === "") {
    throw refuse(options.path, "it has no current-context: name the context to use");
  }
  const chosen = named(root, { list: "contexts", field: "context", name: context });
  const clusterName = optionalText(chosen, "cluster") ?? "";
  const userName = optionalText(chosen, "user") ?? "";
  const cluster = named(root, { list: "clusters", field: "cluster", name: clusterName });
  const user = named(root, { list: "users", field: "user", name: userName });
  const server = readServer(cluster);
  const sources = readSources(cluster, user);
  return {
    context,
    server,
    credentials: createCredentials({ ...options, cluster, user, server, sources }),
  };
}

function refuse(path: string, problem: string): KubeError {
  return new KubeError("kubeconfig", `cannot use kubeconfig ${path}: ${problem}`);
}

async function parseFile(path: string): Promise<Entry> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw refuse(path, code === "ENOENT" ? "ENOENT, there is no such file" : code);
  }
  const { parse } = await import("yaml");
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 100 });
  } catch {
    // The parser's message quotes the file, and the file holds credentials.
    throw refuse(path, "it is not valid YAML");
  }
  return entryAt({ path, where: "" }, value);
}

function readServer(cluster: Entry): URL {
  const server = optionalText(cluster, "server") ?? "";
  if (!URL.canParse(server)) throw cluster.refuse("server is not a URL");
  const url = new URL(server);
  if (url.protocol !== "https:") throw cluster.refuse("server must be an https:// URL");
  if (url.username !== "" || url.password !== "") {
    throw cluster.refuse("server carries a user name or password: remove it from the URL");
  }
  if (cluster.value["insecure-skip-tls-verify"] === true) {
    throw cluster.refuse(
      "insecure-skip-tls-verify is not supported: put the cluster's CA into certificate-authority-data instead",
    );
  }
  if (optionalText(cluster, "proxy-url") !== undefined) {
    throw cluster.refuse("proxy-url is not supported: the API server must be reachable directly");
  }
  return url;
}

/** Inline data wins over a file, as with kubectl. */
type Source = { readonly inline: Buffer } | { readonly path: string; readonly what: string };
type Sources = {
  readonly ca: Source | undefined;
  readonly cert: Source | undefined;
  readonly key: Source | undefined;
};

function readSources(cluster: Entry, user: Entry): Sources {
  for (const field of ["auth-provider", "username", "password", "as", "as-uid", "as-groups"]) {
    if (user.value[field] !== undefined) {
      throw user.refuse(
        `${field} is not supported: use a client certificate, a token, a token file or an exec plugin`,
      );
    }
  }
  const sources = {
    ca: readSource(cluster, "certificate-authority"),
    cert: readSource(user, "client-certificate"),
    key: readSource(user, "client-key"),
  };
  if ((sources.cert === undefined) !== (sources.key === undefined)) {
    throw user.refuse("client-certificate and client-key must come together");
  }
  return sources;
}

function readSource(entry: Entry, field: string): Source | undefined {
  const data = optionalText(entry, `${field}-data`);
  if (data !== undefined) {
    const inline = Buffer.from(data, "base64");
    if (inline.length === 0) throw entry.refuse(`${field}-data is not base64`);
    return { inline };
  }
  const file = optionalText(entry, field);
  if (file === undefined) return undefined;
  return { path: resolve(dirname(entry.path), file), what: field };
}

function createCredentials(
  options: KubeconfigOptions & {
    readonly cluster: Entry;
    readonly user: Entry;
    readonly server: URL;
    readonly sources: Sources;
  },
): Credentials {
  const { cluster, user, sources, clock } = options;
  const directory = dirname(user.path);
  const servername = optionalText(cluster, "tls-server-name");
  const ca = openSource(sources.ca);
  const cert = openSource(sources.cert);
  const key = openSource(sources.key);
  const inlineToken = optionalText(user, "token");
  const tokenPath = optionalText(user, "tokenFile");
  // kubectl prefers the file when both are there.
  const tokenFile =
    tokenPath === undefined ? undefined : openTokenFile(resolve(directory, tokenPath), clock);
  const plugin = openPlugin(options, ca);
  const assemble = createAssembler(servername);
  return {
    async authorization(signal) {
      const token = (await tokenFile?.read()) ?? inlineToken ?? (await plugin?.read(signal))?.token;
      return token === undefined ? undefined : `Bearer ${token}`;
    },
    async tls(signal) {
      const pair = cert === undefined ? await plugin?.read(signal) : undefined;
      return assemble({
        ca: await ca?.read(),
        cert: (await cert?.read()) ?? pair?.clientCertificate,
        key: (await key?.read()) ?? pair?.clientKey,
      });
    },
    renew() {
      tokenFile?.forget();
      for (const file of [ca, cert, key]) file?.forget();
      plugin?.forget();
    },
  };
}

type Pem = string | Buffer | undefined;

/** Builds TLS options, and hands out the same object while its parts are the same. */
function createAssembler(
  servername: string | undefined,
): (parts: { readonly ca: Pem; readonly cert: Pem; readonly key: Pem }) => OutboundTls {
  let current: OutboundTls | undefined;
  return (parts) => {
    const same =
      current?.ca === parts.ca && current?.cert === parts.cert && current?.key === parts.key;
    if (current !== undefined && same) return current;
    current = {
      ...(parts.ca === undefined ? {} : { ca: parts.ca }),
      ...(parts.cert === undefined ? {} : { cert: parts.cert }),
      ...(parts.key === undefined ? {} : { key: parts.key }),
      ...(servername === undefined ? {} : { servername }),
    };
    return current;
  };
}

type OpenSource = { read(): Promise<Buffer>; forget(): void };

function openSource(source: Source | undefined): OpenSource | undefined {
  if (source === undefined) return undefined;
  if ("path" in source) return openChangingFile(source.path, source.what);
  return { read: () => Promise.resolve(source.inline), forget: () => undefined };
}

function openPlugin(
  options: { readonly env: KubeconfigOptions["env"]; readonly clock: Clock } & {
    readonly cluster: Entry;
    readonly user: Entry;
    readonly server: URL;
  },
  ca: OpenSource | undefined,
): ExecPlugin | undefined {
  const value = options.user.value["exec"];
  if (value === undefined || value === null) return undefined;
  const exec = entryAt({ path: options.user.path, where: `${options.user.where}.exec` }, value);
  const servername = optionalText(options.cluster, "tls-server-name");
  const command = optionalText(exec, "command") ?? "";
  if (command === "") throw exec.refuse("command is missing");
  const apiVersion = optionalText(exec, "apiVersion") ?? "";
  if (!/^client\.authentication\.k8s\.io\/v1(beta1)?$/.test(apiVersion)) {
    throw exec.refuse("apiVersion must be client.authentication.k8s.io/v1 or /v1beta1");
  }
  if (optionalText(exec, "interactiveMode") === "Always") {
    throw exec.refuse("interactiveMode Always is not supported: nobody is there to answer");
  }
  return openExecPlugin({
    // As kubectl: a path with a slash is relative to the kubeconfig, a bare name is looked up in PATH.
    command: command.includes("/") ? resolve(dirname(exec.path), command) : command,
    args: listAt(exec, "args").map((argument) => String(argument)),
    env: { ...options.env, ...pluginEnvironment(exec) },
    apiVersion,
    clock: options.clock,
    cluster:
      exec.value["provideClusterInfo"] === true
        ? { server: options.server.href, ca, servername }
        : undefined,
  });
}

function pluginEnvironment(exec: Entry): { readonly [name: string]: string } {
  const entries = listAt(exec, "env").map((item, index): [string, string] => {
    const entry = entryAt({ path: exec.path, where: `${exec.where}.env[${index}]` }, item);
    return [optionalText(entry, "name") ?? "", optionalText(entry, "value") ?? ""];
  });
  return Object.fromEntries(entries.filter(([name]) => name !== ""));
}
