/**
 * `npm start`: everything on this machine, from PostgreSQL to a page in the browser, on a simulated cluster or a real
 * one.
 *
 * @module
 */
import { resolve } from "node:path";
import { runProcess } from "@obsyk/runtime";
import { waitFor } from "@obsyk/testkit";
import { openChildren } from "./start/children.ts";
import { checkKubeconfig, openClusterSource, type ClusterSource } from "./start/cluster-source.ts";
import { buildConsole, isConsoleFresh } from "./start/console-build.ts";
import { Identity, keepCertificates, makeFolder } from "./start/data-dir.ts";
import {
  choosePorts,
  ensureClient,
  isPlatformReady,
  operatorSpec,
  platformSpec,
  signInLink,
  type Ports,
} from "./start/launch.ts";
import { help, OptionError, parseOptions, type StartOptions } from "./start/options.ts";
import { PlatformApi } from "./start/platform-api.ts";

const began = performance.now();
const beganMs = Date.now();

function say(text: string): void {
  console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s  ${text}`);
}

async function portsFor(options: StartOptions): Promise<Ports> {
  const ports = await choosePorts(options.port);
  if (ports.console !== options.port) {
    say(`port ${options.port} is taken: the console gets ${ports.console}`);
  }
  return ports;
}

/** Long for a laptop under load; a process that ends is reported at once. */
const startMs = 60_000;

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
      // What an earlier run left there says nothing about this one.
      const isBack = Date.parse(cluster?.lastSeen ?? "") > beganMs;
      if (cluster === undefined || !isBack || cluster.objects === 0) return undefined;
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
  await checkKubeconfig(options);
  const dataDir = resolve(options.dataDir);
  makeFolder(dataDir);
  const certificates = await keepCertificates(makeFolder(dataDir, "tls"));
  const ports = await portsFor(options);
  await using children = await openChildren(makeFolder(dataDir, "logs"));
  const whileAlive = <T>(work: Promise<T>): Promise<T> => Promise.race([work, children.failure]);

  if (!isConsoleFresh()) say("building the console (once, until its sources change)");
  const consoleDir = resolve(await buildConsole(children, signal));
  const platform = platformSpec({
    postgres: options.postgres,
    dataDir,
    consoleDir,
    certificates,
    ports,
  });
  say("starting PostgreSQL and the platform");
  children.start(platform);
  await using source = await openClusterSource(options, {
    folder: makeFolder(dataDir, "cluster"),
    certificates,
  });
  const ready = waitFor("the platform's start", () => isPlatformReady(ports), {
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
    try {
      await main(chosen, signal);
    } catch (error) {
      // Whatever was under way when Ctrl-C came fails by that; it is no news.
      if (!signal.aborted) throw error;
    }
    say("stopped");
  });
}

await run();
