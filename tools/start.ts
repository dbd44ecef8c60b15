/**
 * `npm start`: everything on this machine, from PostgreSQL to a page in the browser, on a simulated cluster or a real
 * one.
 *
 * @module
 */
import { resolve } from "node:path";
import { runProcess } from "@obsyk/runtime";
import { waitFor } from "@obsyk/testkit";
import { openChildren, type Children, type ChildSpec } from "./start/children.ts";
import { openClusterSource, type ClusterSource } from "./start/cluster-source.ts";
import { buildConsole, isConsoleFresh } from "./start/console-build.ts";
import { Identity, keepCertificates, makeFolder, type CertificateFiles } from "./start/data-dir.ts";
import { help, OptionError, parseOptions, type StartOptions } from "./start/options.ts";
import { PlatformApi } from "./start/platform-api.ts";
import { choosePort } from "./start/ports.ts";

const began = performance.now();

function say(text: string): void {
  console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s  ${text}`);
}

type Ports = {
  readonly agent: number;
  readonly console: number;
  readonly platformObserve: number;
  readonly operatorObserve: number;
};

async function choosePorts(options: StartOptions): Promise<Ports> {
  const ports = {
    agent: await choosePort(8443),
    console: await choosePort(options.port),
    platformObserve: await choosePort(9090),
    operatorObserve: await choosePort(8081),
  };
  if (ports.console !== options.port) {
    say(`port ${options.port} is taken: the console gets ${ports.console}`);
  }
  return ports;
}

function platformSpec(run: {
  readonly options: StartOptions;
  readonly dataDir: string;
  readonly consoleDir: string;
  readonly certificates: CertificateFiles;
  readonly ports: Ports;
}): ChildSpec {
  const { ports, options } = run;
  return {
    name: "platform",
    args: ["platform/src/main.ts"],
    env: {
      OBSYK_DATA_DIR: makeFolder(run.dataDir, "platform"),
      OBSYK_AGENT_PORT: String(ports.agent),
      OBSYK_AGENT_CERT_FILE: run.certificates.certFile,
      OBSYK_AGENT_KEY_FILE: run.certificates.keyFile,
      OBSYK_AGENT_URL: `https://127.0.0.1:${ports.agent}`,
      OBSYK_CONSOLE_PORT: String(ports.console),
      OBSYK_CONSOLE_URL: `http://127.0.0.1:${ports.console}`,
      OBSYK_CONSOLE_DIR: run.consoleDir,
      OBSYK_OBSERVE_PORT: String(ports.platformObserve),
      ...(options.postgres === undefined ? {} : { OBSYK_POSTGRES: options.postgres }),
    },
  };
}

function operatorSpec(run: {
  readonly source: ClusterSource;
  readonly identity: Identity;
  readonly clientId: string;
  readonly certificates: CertificateFiles;
  readonly ports: Ports;
}): ChildSpec {
  const { context } = run.source;
  return {
    name: "operator",
    args: ["--single-threaded", "--max-semi-space-size=1", "operator/src/main.ts"],
    env: {
      OBSYK_PLATFORM_URL: `https://127.0.0.1:${run.ports.agent}`,
      OBSYK_CLUSTER_NAME: run.source.name,
      OBSYK_CLIENT_ID: run.clientId,
      OBSYK_PRIVATE_KEY_FILE: run.identity.keyFile,
      OBSYK_CA_FILE: run.certificates.caFile,
      OBSYK_KUBECONFIG: run.source.kubeconfig,
      ...(context === undefined ? {} : { OBSYK_CONTEXT: context }),
      OBSYK_OBSERVE_HOST: "127.0.0.1",
      OBSYK_OBSERVE_PORT: String(run.ports.operatorObserve),
    },
  };
}

async function signInLink(children: Children, platform: ChildSpec, signal: AbortSignal) {
  const args = [...platform.args, "sign-in-link"];
  const printed = await children.run({ ...platform, name: "sign-in-link", args }, signal);
  const [link] = /https?:\/\/\S+\/sign-in\?token=\S+/.exec(printed) ?? [];
  if (link === undefined) throw new Error("the platform printed no sign-in link");
  return link;
}

async function ensureClient(api: PlatformApi, identity: Identity, name: string): Promise<string> {
  const publicKey = identity.publicKey();
  const known = identity.clientId;
  if (known !== undefined && (await api.hasClient(known))) return known;
  const clientId = await api.register({ name, publicKey });
  identity.remember({ clientId });
  return clientId;
}

/** Long for a laptop under load; a process that ends is reported at once. */
const startMs = 60_000;

async function isReady(port: number): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`, {
    signal: AbortSignal.timeout(2000),
  });
  return response.ok;
}

async function waitForObjects(
  api: PlatformApi,
  source: ClusterSource,
  signal: AbortSignal,
): Promise<number> {
  let shown = 0;
  return waitFor(
    "objects on the platform",
    async () => {
      const cluster = (await api.clusters()).find((one) => one.name === source.name);
      if (cluster === undefined || cluster.objects === 0) return undefined;
      const before = shown;
      shown = cluster.objects;
      const isAll =
        source.objects === undefined ? shown === before : shown >= source.objects * 0.98;
      return isAll ? shown : undefined;
    },
    { timeoutMs: startMs * 2, intervalMs: 300, signal },
  );
}

async function main(options: StartOptions, signal: AbortSignal): Promise<void> {
  const dataDir = resolve(options.dataDir);
  makeFolder(dataDir);
  const certificates = await keepCertificates(makeFolder(dataDir, "tls"));
  const ports = await choosePorts(options);
  await using children = await openChildren(makeFolder(dataDir, "logs"));
  const whileAlive = <T>(work: Promise<T>): Promise<T> => Promise.race([work, children.failure]);

  if (!isConsoleFresh()) say("building the console (once, until its sources change)");
  const consoleDir = resolve(await buildConsole(children, signal));
  const platform = platformSpec({ options, dataDir, consoleDir, certificates, ports });
  say("starting PostgreSQL and the platform");
  children.start(platform);
  await using source = await openClusterSource(options, {
    folder: makeFolder(dataDir, "cluster"),
    certificates,
  });
  const ready = waitFor("the platform's start", () => isReady(ports.platformObserve), {
    timeoutMs: startMs,
    intervalMs: 100,
    signal,
  });
  await whileAlive(ready);

  const api = new PlatformApi(`http://127.0.0.1:${ports.console}`);
  await api.signIn(await whileAlive(signInLink(children, platform, signal)));
  const identity = new Identity(makeFolder(dataDir, "operators"), source.name);
  const clientId = await ensureClient(api, identity, source.name);
  say(`starting the operator on ${source.description}`);
  children.start(operatorSpec({ source, identity, clientId, certificates, ports }));
  const objects = await whileAlive(waitForObjects(api, source, signal));
  source.live();
  say(`${objects} objects are on the platform`);

  const link = await whileAlive(signInLink(children, platform, signal));
  console.log(`
  Sign in (once, within 10 minutes):  ${link}

  Then look at Clusters, ${source.name}, and the pods of a namespace: changes arrive by themselves.
  Logs: ${options.dataDir}/logs   Metrics: http://127.0.0.1:${ports.operatorObserve}/metrics (operator), http://127.0.0.1:${ports.platformObserve}/metrics (platform)
  Ctrl-C stops everything; the data stays in ${options.dataDir}.
`);
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => stop(), { once: true });
  await whileAlive(stopped);
  say("stopping");
}

async function run(): Promise<void> {
  let options: StartOptions | undefined;
  try {
    options = parseOptions(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    console.error(`${error.message}\n\n${help}`);
    process.exitCode = 2;
    return;
  }
  if (options === undefined) {
    console.log(help);
    return;
  }
  const chosen = options;
  await runProcess(async (signal) => {
    await main(chosen, signal);
    say("stopped");
  });
}

await run();
