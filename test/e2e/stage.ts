/**
 * What the browser tests play on: a platform with the built console, a simulated cluster, an operator that is started
 * when a test has registered it, and a browser.
 *
 * @module
 */
import { randomBytes, randomUUID } from "node:crypto";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSettings, runOperator } from "@obsyk/operator";
import { openPlatform, settingsTable } from "@obsyk/platform";
import { createLog, generateSigningKey, parseSettings, systemClock } from "@obsyk/runtime";
import {
  createCertificates,
  generateCluster,
  openKubeApi,
  shapeForObjects,
  type Cluster,
} from "@obsyk/testkit";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";

export type Stage = AsyncDisposable & {
  readonly consoleUrl: string;
  readonly agentUrl: string;
  /** What operators must trust, PEM. */
  readonly ca: string;
  readonly cluster: Cluster;
  /** SPKI PEM of the operator's key. */
  readonly publicKey: string;
  /** Of that key (RFC 7638). */
  readonly thumbprint: string;
  readonly privateKey: string;
  createSignInUrl(): Promise<string>;
  startOperator(clientId: string): void;
  /** A page in a profile of its own that records every breach of the content security policy. */
  openPage(options?: { readonly colorScheme: "light" | "dark" }): Promise<WatchedPage>;
};

export type WatchedPage = AsyncDisposable & {
  readonly page: Page;
  /** Breaches of the policy and errors of the page, over all documents it showed. */
  readonly complaints: string[];
};

const browserArguments = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A little over the smallest cluster that has a page of pods to scroll. */
const objects = 700;

export async function openStage(): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "obsyk-e2e-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  // PostgreSQL runs as another user when the tests run as root; it must be able to pass.
  await chmod(folder, 0o711);
  const files = await writeFiles(folder);
  const cluster = generateCluster({
    seed: 7,
    shape: shapeForObjects(objects),
    now: () => Date.now(),
  });
  const kube = stack.use(
    await openKubeApi({
      store: cluster.store,
      certificates: files.certificates,
      token: randomBytes(24).toString("base64url"),
    }),
  );
  const kubeconfig = join(folder, "kubeconfig.json");
  await writeFile(kubeconfig, kube.kubeconfig(), { mode: 0o600 });
  const platform = stack.use(await startPlatform(folder, files));
  const stop = new AbortController();
  const operators: Promise<void>[] = [];
  stack.defer(async () => {
    stop.abort(new Error("the tests end"));
    await Promise.all(operators);
  });
  const browser = await chromium.launch({
    executablePath: process.env["OBSYK_CHROMIUM"] ?? "/usr/bin/chromium",
    args: browserArguments,
  });
  stack.defer(() => browser.close());
  const kept = stack.move();
  return {
    consoleUrl: platform.consoleUrl,
    agentUrl: platform.agentUrl,
    ca: files.certificates.ca,
    cluster,
    publicKey: files.publicKey,
    thumbprint: files.thumbprint,
    privateKey: files.privateKey,
    createSignInUrl: () => platform.createSignInUrl(),
    startOperator(clientId) {
      const env = {
        OBSYK_PLATFORM_URL: platform.agentUrl,
        OBSYK_CLUSTER_NAME: "demo",
        OBSYK_CLIENT_ID: clientId,
        OBSYK_PRIVATE_KEY_FILE: files.operatorKeyFile,
        OBSYK_CA_FILE: files.caFile,
        OBSYK_KUBECONFIG: kubeconfig,
        OBSYK_OBSERVE_HOST: "127.0.0.1",
        OBSYK_OBSERVE_PORT: "0",
      };
      operators.push(startOperator(env, stop.signal));
    },
    openPage: async (options) => openPage(browser, options?.colorScheme ?? "light"),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

type Files = Awaited<ReturnType<typeof writeFiles>>;

async function writeFiles(folder: string) {
  const certificates = await createCertificates();
  const { privatePem, publicKey } = generateSigningKey();
  const caFile = join(folder, "ca.pem");
  const certFile = join(folder, "server.pem");
  const keyFile = join(folder, "server-key.pem");
  const operatorKeyFile = join(folder, "operator-key.pem");
  await writeFile(caFile, certificates.ca);
  await writeFile(certFile, certificates.cert);
  await writeFile(keyFile, certificates.key, { mode: 0o600 });
  await writeFile(operatorKeyFile, privatePem, { mode: 0o600 });
  const privateKey = privatePem.toString();
  return {
    certificates,
    caFile,
    certFile,
    keyFile,
    operatorKeyFile,
    publicKey: publicKey.pem,
    thumbprint: publicKey.thumbprint,
    privateKey,
  };
}

async function startPlatform(folder: string, { caFile, certFile, keyFile }: Files) {
  const env = {
    OBSYK_DATA_DIR: join(folder, "platform"),
    OBSYK_AGENT_PORT: "0",
    OBSYK_AGENT_CA_FILE: caFile,
    OBSYK_AGENT_CERT_FILE: certFile,
    OBSYK_AGENT_KEY_FILE: keyFile,
    OBSYK_CONSOLE_PORT: "0",
    OBSYK_CONSOLE_DIR: "console/dist",
    OBSYK_OBSERVE_PORT: "0",
  };
  return openPlatform({
    settings: parseSettings(settingsTable, { env, args: [] }),
    clock: systemClock,
    random: Math.random,
    logTo: { write: writeProblem },
  });
}

async function startOperator(env: Record<string, string>, signal: AbortSignal): Promise<void> {
  const log = createLog({
    name: "obsyk-operator",
    level: "warn",
    destination: { write: writeProblem },
  });
  await runOperator(
    {
      settings: readSettings({ env, args: [] }),
      env,
      log,
      clock: systemClock,
      random: Math.random,
      instanceId: randomUUID(),
    },
    signal,
  );
}

function writeProblem(line: string): void {
  if (/"level":"(?:error|fatal)"/.test(line)) process.stderr.write(line);
}

async function openPage(browser: Browser, colorScheme: "light" | "dark"): Promise<WatchedPage> {
  const context = await browser.newContext({ colorScheme, viewport: { width: 1360, height: 820 } });
  const complaints: string[] = [];
  await watchPolicy(context, complaints);
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (/Content Security Policy/i.test(message.text())) complaints.push(message.text());
  });
  return { page, complaints, [Symbol.asyncDispose]: () => context.close() };
}

/** The listener stands before the first script of each document; what it is told survives the document. */
async function watchPolicy(context: BrowserContext, complaints: string[]): Promise<void> {
  await context.exposeFunction("reportBreach", (text: string) => complaints.push(text));
  await context.addInitScript(`
    addEventListener("securitypolicyviolation", (event) => {
      reportBreach(event.violatedDirective + " " + event.blockedURI + " " + event.sample);
    });
  `);
}
