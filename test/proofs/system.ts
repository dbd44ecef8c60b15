/** The whole product as real processes: platform with its embedded PostgreSQL, one client, one operator. */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { generateSigningKey } from "@obsyk/runtime";
import { createCertificates, waitFor, type ProcessGuard, type ProofContext } from "@obsyk/testkit";
import { ConsoleClient } from "./console-client.ts";
import { Supervised } from "./supervised.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const platformMain = join(root, "platform/src/main.ts");
const operatorMain = join(root, "operator/src/main.ts");
const startTimeoutMs = 30_000;
const tailLines = 12;

/** A server's base URL, and the PEM of the CA behind it. */
export type Endpoint = { readonly url: string; readonly ca: string };

export type Platform = AsyncDisposable & {
  readonly process: Supervised;
  /** Base URL of API and console. */
  readonly url: string;
  /** Where operators reach it. */
  readonly agent: Endpoint;
  readonly observeUrl: string;
  readonly logFile: string;
  readonly dataDir: string;
  readonly api: ConsoleClient;
  /** A new one-time link for the first owner. */
  signInLink(): Promise<string>;
};

/** Runs a proof; when it fails, the last lines of all logs in the guard's folder are said before they are gone. */
export async function withLogs<T>(
  context: ProofContext,
  guard: ProcessGuard,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    for (const name of await readdir(guard.folder)) {
      if (!name.endsWith(".log")) continue;
      const lines = (await readFile(join(guard.folder, name), "utf8")).trimEnd().split("\n");
      for (const line of lines.slice(-tailLines)) context.say(`${name}: ${line.slice(0, 500)}`);
    }
    throw error;
  }
}

/** Builds the console from its sources as they are now. @returns the folder */
export async function buildConsole(context: ProofContext, guard: ProcessGuard): Promise<string> {
  const folder = join(guard.folder, "console");
  const sources = join(root, "console");
  const vite = join(root, "node_modules/vite/bin/vite.js");
  const options = ["--outDir", folder, "--emptyOutDir", "--logLevel", "error"];
  const child = spawn(process.execPath, [vite, "build", sources, ...options], {
    cwd: sources,
    signal: context.signal,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const [err, [code]] = await Promise.all([
    text(child.stderr),
    once(child, "close") as Promise<[number | null]>,
  ]);
  if (code !== 0) throw new Error(`the console does not build: ${err.slice(-2000)}`);
  return folder;
}

/** Starts the platform and signs its first person in. */
export async function startPlatform(
  context: ProofContext,
  guard: ProcessGuard,
  options: {
    readonly consoleDir?: string;
    /** Puts something between operators and the listener; tokens are then for the URL it answers. */
    readonly before?: (listener: Endpoint) => Promise<Endpoint>;
  } = {},
): Promise<Platform> {
  // PostgreSQL runs as another user when we are root, and must get through to its data.
  await chmod(guard.folder, 0o711);
  const dataDir = join(guard.folder, "platform");
  await mkdir(dataDir, { mode: 0o711 });
  const certificates = await createCertificates();
  const certFile = join(guard.folder, "agent.crt");
  const keyFile = join(guard.folder, "agent.key");
  await writeFile(certFile, certificates.cert);
  await writeFile(keyFile, certificates.key, { mode: 0o600 });
  const [agentPort = 0, consolePort = 0, observePort = 0] = await findFreePorts(3);
  const url = `http://127.0.0.1:${consolePort}`;
  const listener = { url: `https://127.0.0.1:${agentPort}`, ca: certificates.ca };
  const agent = (await options.before?.(listener)) ?? listener;
  const env = {
    OBSYK_DATA_DIR: dataDir,
    OBSYK_AGENT_HOST: "127.0.0.1",
    OBSYK_AGENT_PORT: String(agentPort),
    OBSYK_AGENT_URL: agent.url,
    OBSYK_AGENT_CERT_FILE: certFile,
    OBSYK_AGENT_KEY_FILE: keyFile,
    OBSYK_CONSOLE_HOST: "127.0.0.1",
    OBSYK_CONSOLE_PORT: String(consolePort),
    OBSYK_CONSOLE_URL: url,
    ...(options.consoleDir === undefined ? {} : { OBSYK_CONSOLE_DIR: options.consoleDir }),
    OBSYK_OBSERVE_HOST: "127.0.0.1",
    OBSYK_OBSERVE_PORT: String(observePort),
    ...context.nodeEnvironment,
  };
  const logFile = join(guard.folder, "platform.log");
  const args = [...context.nodeArguments, platformMain];
  const supervised = new Supervised({ guard, args, env, logFile });
  const observeUrl = `http://127.0.0.1:${observePort}`;
  try {
    await waitUntilReady("the platform", observeUrl, context.signal);
    const api = new ConsoleClient(url);
    await api.signIn(await askSignInLink(args, env));
    return {
      process: supervised,
      url,
      agent,
      observeUrl,
      logFile,
      dataDir,
      api,
      signInLink: () => askSignInLink(args, env),
      [Symbol.asyncDispose]: () => supervised[Symbol.asyncDispose](),
    };
  } catch (error) {
    await supervised[Symbol.asyncDispose]();
    throw error;
  }
}

/** What a person does once for a cluster: a key pair, and its public half registered. */
export type Registration = {
  readonly name: string;
  readonly clientId: string;
  readonly clusterId: string;
  readonly keyFile: string;
};

export async function registerCluster(
  platform: Platform,
  guard: ProcessGuard,
  name: string,
): Promise<Registration> {
  const key = generateSigningKey();
  const keyFile = join(guard.folder, `${name}.pem`);
  await writeFile(keyFile, key.privatePem, { mode: 0o600 });
  const { clientId, clusterId } = await platform.api.registerClient(name, key.publicKey.pem);
  return { name, clientId, clusterId, keyFile };
}

export type Operator = AsyncDisposable & {
  readonly process: Supervised;
  readonly observeUrl: string;
  readonly logFile: string;
};

export type OperatorOptions = {
  readonly context: ProofContext;
  readonly guard: ProcessGuard;
  readonly registration: Registration;
  readonly kubeconfig: string;
  readonly platform: Endpoint;
  /** More settings, for example OBSYK_SECRETS_MODE. */
  readonly env?: { readonly [name: string]: string };
  /** More flags of Node. */
  readonly nodeArguments?: readonly string[];
  /** The operator as one bundled file; its sources when absent. */
  readonly bundle?: string | undefined;
};

/** Starts an operator; does not wait for its first list. */
export async function startOperator(options: OperatorOptions): Promise<Operator> {
  const { context, guard, registration, platform } = options;
  const caFile = join(guard.folder, `${registration.name}-platform-ca.crt`);
  await writeFile(caFile, platform.ca);
  const [observePort = 0] = await findFreePorts(1);
  const logFile = join(guard.folder, `${registration.name}.log`);
  const supervised = new Supervised({
    guard,
    args: [
      ...context.nodeArguments,
      ...(options.nodeArguments ?? []),
      options.bundle ?? operatorMain,
    ],
    env: {
      OBSYK_PLATFORM_URL: platform.url,
      OBSYK_CA_FILE: caFile,
      OBSYK_CLUSTER_NAME: registration.name,
      OBSYK_CLIENT_ID: registration.clientId,
      OBSYK_PRIVATE_KEY_FILE: registration.keyFile,
      OBSYK_KUBECONFIG: options.kubeconfig,
      // A container that the kubelet starts again stays in its Pod.
      OBSYK_POD_UID: randomUUID(),
      OBSYK_OBSERVE_HOST: "127.0.0.1",
      OBSYK_OBSERVE_PORT: String(observePort),
      ...options.env,
      ...context.nodeEnvironment,
    },
    logFile,
  });
  return {
    process: supervised,
    observeUrl: `http://127.0.0.1:${observePort}`,
    logFile,
    [Symbol.asyncDispose]: () => supervised[Symbol.asyncDispose](),
  };
}

/** The operator as the image has it: what it needs of memory is not what its sources need. @returns the file */
export async function bundleOperator(guard: ProcessGuard): Promise<string> {
  const bundle = await rolldown({ input: operatorMain, platform: "node" });
  const file = join(guard.folder, "operator.mjs");
  await bundle.write({ file, format: "esm", minify: true, codeSplitting: false });
  await bundle.close();
  return file;
}

/** Waits until every stream of the operator watches. */
export async function waitUntilWatching(
  platform: Platform,
  clusterId: string,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<void> {
  await waitFor(
    "every stream watches",
    async () => {
      const { streams } = await platform.api.cluster(clusterId);
      return (
        streams.length > 0 &&
        streams.every(({ state }) => state === "watching" || state === "polling")
      );
    },
    { ...options, intervalMs: 100 },
  );
}

async function waitUntilReady(what: string, url: string, signal: AbortSignal): Promise<void> {
  await waitFor(`${what} is ready`, async () => (await fetchText(`${url}/readyz`)) !== "", {
    timeoutMs: startTimeoutMs,
    intervalMs: 100,
    signal,
  });
}

async function askSignInLink(
  args: readonly string[],
  env: { readonly [name: string]: string },
): Promise<string> {
  const child = spawn(process.execPath, [...args, "sign-in-link"], {
    env: { PATH: "/usr/bin:/bin", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  const link = /https?:\/\/\S+\/sign-in\?token=\S+/.exec(out)?.[0];
  if (link === undefined) throw new Error(`sign-in-link printed no link: ${err.slice(-1000)}`);
  return link;
}

/** @throws on any status but 200. */
export async function fetchText(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
  if (response.status !== 200) throw new Error(`${url}: ${response.status}`);
  return response.text();
}

async function findFreePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  for (const server of servers) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  }
  // A listening TCP server always has an address record.
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}
