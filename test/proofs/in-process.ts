/** An operator within the proof's own process, between an API server and the stand-in platform, with its wire recorded. */
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readSettings, runOperator } from "@obsyk/operator";
import { createLog, type Clock } from "@obsyk/runtime";
import {
  createCertificates,
  openMemoryPlatform,
  openRecordingProxy,
  type MemoryPlatform,
  type RecordingProxy,
} from "@obsyk/testkit";

export type OperatorRun = AsyncDisposable & {
  readonly platform: MemoryPlatform;
  readonly wire: RecordingProxy;
  /** Uncompressed batches, in order. */
  readonly batches: readonly string[];
  readonly logged: readonly string[];
  metrics(): Promise<string>;
  /** Says goodbye and ends. */
  stop(): Promise<void>;
};

export type OperatorRunOptions = {
  /** An own, empty folder is made in it. */
  readonly folder: string;
  readonly name: string;
  /** A file. */
  readonly kubeconfig: string;
  /** kubectl's `resource.group` form. */
  readonly resources: readonly string[];
  readonly clock: Clock;
  readonly hashKey?: string;
};

const clientId = "client-1";

export async function runInProcess(options: OperatorRunOptions): Promise<OperatorRun> {
  const folder = join(options.folder, options.name);
  await mkdir(join(folder, "wire"), { recursive: true, mode: 0o700 });
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const publicKey = pair.publicKey.export({ type: "spki", format: "pem" }).toString();
  const certificates = await createCertificates();
  const { hashKey } = options;
  const platform = await openMemoryPlatform({
    certificates,
    clientId,
    publicKey,
    checkSeconds: 1,
    ...(hashKey === undefined ? {} : { hashKey }),
  });
  const upstream = { url: platform.url.origin, ca: certificates.ca };
  const wire = await openRecordingProxy({ folder: join(folder, "wire"), upstream });
  platform.issuer = wire.url;
  const batches: string[] = [];
  platform.faultForBody = (text) => {
    batches.push(text);
    return undefined;
  };
  await writeFile(
    join(folder, "key.pem"),
    pair.privateKey.export({ type: "pkcs8", format: "pem" }),
    { mode: 0o600 },
  );
  await writeFile(join(folder, "ca.pem"), wire.ca);
  const env = {
    OBSYK_PLATFORM_URL: wire.url,
    OBSYK_CLUSTER_NAME: options.name,
    OBSYK_CLIENT_ID: clientId,
    OBSYK_PRIVATE_KEY_FILE: join(folder, "key.pem"),
    OBSYK_CA_FILE: join(folder, "ca.pem"),
    OBSYK_KUBECONFIG: options.kubeconfig,
    OBSYK_RESOURCES: options.resources.join(","),
    OBSYK_OBSERVE_HOST: "127.0.0.1",
    OBSYK_OBSERVE_PORT: "0",
    OBSYK_LOG_LEVEL: "debug",
  };
  const running = start(env, options.clock);
  return {
    platform,
    wire,
    batches,
    logged: running.logged,
    async metrics() {
      const response = await fetch(`http://127.0.0.1:${await running.port}/metrics`);
      return response.text();
    },
    stop: running.stop,
    async [Symbol.asyncDispose]() {
      await running.stop();
      await wire[Symbol.asyncDispose]();
      await platform[Symbol.asyncDispose]();
    },
  };
}

function start(env: { readonly [name: string]: string }, clock: Clock) {
  const controller = new AbortController();
  const logged: string[] = [];
  const listening = Promise.withResolvers<number>();
  const done = runOperator(
    {
      settings: readSettings({ env, args: [] }),
      env: {},
      log: createLog({
        name: "operator",
        level: "debug",
        destination: { write: (line) => void logged.push(line) },
      }),
      clock,
      random: () => 0.5,
      instanceId: randomUUID(),
      onListening: (port) => listening.resolve(port),
    },
    controller.signal,
  );
  const stop = async (): Promise<void> => {
    controller.abort(new Error("stopped"));
    await done;
  };
  return { logged, port: listening.promise, stop };
}
