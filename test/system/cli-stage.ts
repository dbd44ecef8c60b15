/**
 * What the CLI's tests play on: a platform with its own PostgreSQL behind TLS, two simulated clusters with an operator
 * each, and command lines run as a person would.
 *
 * @module
 */
import { randomBytes, randomUUID } from "node:crypto";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCli, type Host } from "@obsyk/cli";
import { readSettings, runOperator } from "@obsyk/operator";
import { openPlatform, settingsTable } from "@obsyk/platform";
import { createLog, parseSettings, systemClock } from "@obsyk/runtime";
import {
  createCertificates,
  generateCluster,
  openKubeApi,
  shapeForObjects,
  waitFor,
  type Cluster,
} from "@obsyk/testkit";

type Ran = { readonly code: number; readonly out: string; readonly err: string };

type RunOptions = {
  readonly env?: { readonly [name: string]: string };
  /** First line of standard input. */
  readonly input?: string;
  /** Whether a person reads standard output and standard error. */
  readonly isTTY?: boolean;
  readonly signal?: AbortSignal;
  /** Hears each piece of standard output. */
  readonly onOut?: (text: string) => void;
};

export type CliStage = AsyncDisposable & {
  /** Origin of the platform. */
  readonly server: string;
  /** What the CLI has to trust, PEM. */
  readonly caFile: string;
  readonly folder: string;
  /** By name: `east` and `west`. */
  readonly clusters: ReadonlyMap<string, Cluster>;
  /** Environment of a person with a home folder of their own, signed in as the owner. */
  readonly env: { readonly [name: string]: string };
  readonly createSignInUrl: () => Promise<string>;
  /** Registers one more cluster, for which no operator runs. @returns its client id */
  readonly register: (name: string) => Promise<string>;
  readonly stopOperator: (name: string) => Promise<void>;
  readonly obsyk: (args: readonly string[], options?: RunOptions) => Promise<Ran>;
};

const objects = 260;

export async function openCliStage(): Promise<CliStage> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "obsyk-cli-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  // PostgreSQL runs as another user when the tests run as root; it must be able to pass.
  await chmod(folder, 0o711);
  const certificates = await createCertificates();
  const caFile = join(folder, "ca.pem");
  const certFile = join(folder, "server.pem");
  const keyFile = join(folder, "server-key.pem");
  await writeFile(caFile, certificates.ca);
  await writeFile(certFile, certificates.cert);
  await writeFile(keyFile, certificates.key, { mode: 0o600 });
  const platform = stack.use(await startPlatform(folder, { caFile, certFile, keyFile }));
  const home = join(folder, "home");
  const env = { HOME: home, OBSYK_CA_FILE: caFile };
  const obsyk = (args: readonly string[], options: RunOptions = {}): Promise<Ran> =>
    run(args, { ...options, env: { ...env, ...options.env } });
  await must(obsyk(["login", await platform.createSignInUrl(), "--name", "stage"]));
  /** As a person does it: a key pair, and its public half. */
  const register = async (name: string): Promise<{ clientId: string; keyFile: string }> => {
    const privateFile = join(folder, `${name}-key.pem`);
    const publicFile = join(folder, `${name}-public.pem`);
    await writeFile(publicFile, (await must(obsyk(["keygen", "--out", privateFile]))).out);
    const { out } = await must(obsyk(["register", name, "--public-key", publicFile]));
    const clientId = /^OBSYK_CLIENT_ID=(.+)$/m.exec(out)?.[1] ?? "";
    return { clientId, keyFile: privateFile };
  };
  const clusters = new Map<string, Cluster>();
  const stops = new Map<string, () => Promise<void>>();
  for (const [index, name] of ["east", "west"].entries()) {
    const now = () => Date.now();
    const cluster = generateCluster({ seed: index + 3, shape: shapeForObjects(objects), now });
    const token = randomBytes(24).toString("base64url");
    const kube = stack.use(await openKubeApi({ store: cluster.store, certificates, token }));
    const kubeconfig = join(folder, `${name}.kubeconfig`);
    await writeFile(kubeconfig, kube.kubeconfig(), { mode: 0o600 });
    const registered = await register(name);
    const stop = startOperator({
      OBSYK_PLATFORM_URL: platform.agentUrl,
      OBSYK_CLUSTER_NAME: name,
      OBSYK_CLIENT_ID: registered.clientId,
      OBSYK_PRIVATE_KEY_FILE: registered.keyFile,
      OBSYK_CA_FILE: caFile,
      OBSYK_KUBECONFIG: kubeconfig,
      OBSYK_OBSERVE_HOST: "127.0.0.1",
      OBSYK_OBSERVE_PORT: "0",
    });
    stack.defer(stop);
    stops.set(name, stop);
    clusters.set(name, cluster);
  }
  const kept = stack.move();
  return {
    server: platform.consoleUrl,
    caFile,
    folder,
    clusters,
    env,
    createSignInUrl: () => platform.createSignInUrl(),
    register: async (name) => (await register(name)).clientId,
    stopOperator: async (name) => stops.get(name)?.(),
    obsyk,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** @throws when the command did not do it */
async function must(ran: Promise<Ran>): Promise<Ran> {
  const done = await ran;
  if (done.code !== 0) throw new Error(`exit code ${done.code}: ${done.err}`);
  return done;
}

async function run(args: readonly string[], options: RunOptions): Promise<Ran> {
  const texts = { out: "", err: "" };
  const isTTY = options.isTTY ?? false;
  const host: Host = {
    out: {
      isTTY,
      write: (text) => {
        texts.out += text;
        options.onOut?.(text);
      },
    },
    error: { isTTY, write: (text) => void (texts.err += text) },
    env: options.env ?? {},
    clock: systemClock,
    random: Math.random,
    readSecretLine: async () => options.input ?? "",
    signal: options.signal ?? new AbortController().signal,
  };
  const code = await runCli(args, host);
  return { code, ...texts };
}

async function startPlatform(
  folder: string,
  files: { readonly caFile: string; readonly certFile: string; readonly keyFile: string },
) {
  const env = {
    OBSYK_DATA_DIR: join(folder, "platform"),
    OBSYK_AGENT_PORT: "0",
    OBSYK_AGENT_CA_FILE: files.caFile,
    OBSYK_AGENT_CERT_FILE: files.certFile,
    OBSYK_AGENT_KEY_FILE: files.keyFile,
    OBSYK_CONSOLE_PORT: "0",
    OBSYK_CONSOLE_CERT_FILE: files.certFile,
    OBSYK_CONSOLE_KEY_FILE: files.keyFile,
    OBSYK_OBSERVE_PORT: "0",
  };
  return openPlatform({
    settings: parseSettings(settingsTable, { env, args: [] }),
    clock: systemClock,
    random: Math.random,
    logTo: { write: writeProblem },
  });
}

function startOperator(env: { readonly [name: string]: string }): () => Promise<void> {
  const stopping = new AbortController();
  const log = createLog({
    name: "operator",
    level: "warn",
    destination: { write: writeProblem },
  });
  const running = runOperator(
    {
      settings: readSettings({ env, args: [] }),
      env,
      log,
      clock: systemClock,
      random: Math.random,
      instanceId: randomUUID(),
    },
    stopping.signal,
  );
  return async () => {
    stopping.abort(new Error("the test ends"));
    await running;
  };
}

function writeProblem(line: string): void {
  if (/"level":"(?:error|fatal)"/.test(line)) process.stderr.write(line);
}

/** Waits until the platform has every object of both clusters. */
export async function waitUntilCurrent({ obsyk, clusters }: CliStage): Promise<void> {
  for (const [name, { store }] of clusters) {
    for (const resource of ["pods", "secrets", "deployments.apps", "services"]) {
      const expected = store.list(resource).length;
      await waitFor(
        `${resource} of ${name}`,
        async () => {
          const { out } = await obsyk(["get", resource, "-A", "-c", name, "-o", "name"]);
          return out.split("\n").length - 1 === expected;
        },
        { timeoutMs: 30_000, intervalMs: 200 },
      );
    }
  }
}
