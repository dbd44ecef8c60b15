/**
 * `npm start`: everything on this machine, from PostgreSQL to a page in the browser, on simulated clusters or a
 * real one.
 *
 * @module
 */
import { resolve } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { runProcess } from "@obsyk/runtime";
import { waitFor } from "@obsyk/testkit";
import { openChildren, type Children, type ChildSpec } from "./start/children.ts";
import { checkKubeconfig, openClusterSources, type ClusterSource } from "./start/cluster-source.ts";
import { buildConsole, isConsoleFresh } from "./start/console-build.ts";
import { Identity, keepCertificates, makeFolder, type CertificateFiles } from "./start/data-dir.ts";
import {
  choosePorts,
  ensureClient,
  isPlatformReady,
  operatorSpec,
  platformSpec,
  readOwnDatabase,
  signInLink,
  type Ports,
} from "./start/launch.ts";
import { loadAll } from "./start/loading.ts";
import { help, OptionError, parseOptions, type StartOptions } from "./start/options.ts";
import { PlatformApi } from "./start/platform-api.ts";
import { choosePort } from "./start/ports.ts";

const began = performance.now();
const beganMs = Date.now();

function say(text: string): void {
  console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(5)} s  ${text}`);
}

async function portsFor(options: StartOptions): Promise<Ports> {
  const ports = await choosePorts(options.port);
  if (options.port !== 0 && ports.console !== options.port) {
    say(`port ${options.port} is taken: the console gets ${ports.console}`);
  }
  return ports;
}

/** Long for a laptop under load; a process that ends is reported at once. */
const startMs = 60_000;

async function startOperators(
  sources: readonly ClusterSource[],
  run: {
    readonly api: PlatformApi;
    readonly children: Children;
    readonly dataDir: string;
    readonly certificates: CertificateFiles;
    readonly ports: Ports;
  },
): Promise<string> {
  const { api, children, certificates, ports } = run;
  const folder = makeFolder(run.dataDir, "operators");
  const metrics: string[] = [];
  for (const [index, source] of sources.entries()) {
    const identity = new Identity(folder, source.name);
    const clientId = await ensureClient(api, identity, source.name);
    const operatorObserve = await choosePort(ports.operatorObserve + index);
    say(`starting the operator of ${source.name}: ${source.description}`);
    const own = { agent: ports.agent, operatorObserve };
    children.start(operatorSpec({ source, identity, clientId, certificates, ports: own }));
    metrics.push(`http://127.0.0.1:${operatorObserve}/metrics`);
  }
  return metrics.join(" ");
}

async function main(options: StartOptions, signal: AbortSignal): Promise<void> {
  await checkKubeconfig(options);
  const dataDir = resolve(options.dataDir);
  makeFolder(dataDir);
  const certificates = await keepCertificates(makeFolder(dataDir, "tls"));
  await using children = await openChildren(makeFolder(dataDir, "logs"));
  const whileAlive = <T>(work: Promise<T>): Promise<T> => Promise.race([work, children.failure]);

  if (!isConsoleFresh()) say("building the console (once, until its sources change)");
  const { postgres } = options;
  const database = readOwnDatabase(process.env);
  const launch = async (): Promise<{ readonly platform: ChildSpec; readonly ports: Ports }> => {
    const consoleDir = resolve(await buildConsole(children, signal));
    // As late as can be: a port that is free now may be taken in a minute.
    const ports = await portsFor(options);
    const spec = platformSpec({
      postgres,
      database,
      dataDir,
      consoleDir,
      certificates,
      ports,
    });
    const which = database === undefined ? "PostgreSQL and the platform" : "the platform";
    say(`starting ${which}${database === undefined ? "" : " on the PostgreSQL of DATABASE_URL"}`);
    children.start(spec);
    return { platform: spec, ports };
  };
  const launching = launch();
  // Whoever awaits it below sees it fail.
  launching.catch(() => {});
  // Clusters are generated while the console is built, or while the platform starts.
  await nextTurn();
  const folder = makeFolder(dataDir, "cluster");
  await using sources = await openClusterSources(options, { folder, certificates });
  const { platform, ports } = await launching;
  const ready = waitFor("the platform's start", () => isPlatformReady(ports), {
    timeoutMs: startMs,
    intervalMs: 100,
    signal,
  });
  await whileAlive(ready);

  const link = await whileAlive(signInLink(children, platform, signal));
  // A person need not wait for the clusters: the page fills while they look.
  console.log(`
  Sign in (once, within 10 minutes):  ${link}

  Then look at Clusters, one of them, and the pods of a namespace: changes arrive by themselves.
  Ctrl-C stops everything; the data stays in ${options.dataDir}${database === undefined ? "" : " and in your database"}.
`);
  const api = new PlatformApi(`http://127.0.0.1:${ports.console}`);
  await api.signIn(await whileAlive(signInLink(children, platform, signal)));
  const run = { api, children, dataDir, certificates, ports };
  const metrics = await startOperators(sources.all, run);
  await whileAlive(loadAll(api, sources.all, { beganMs, say, signal }));
  console.log(`
  Logs: ${options.dataDir}/logs   Metrics: http://127.0.0.1:${ports.platformObserve}/metrics (platform), ${metrics} (operator)
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
