/**
 * Credential plugins of a kubeconfig (client.authentication.k8s.io): a command that prints a token or a client
 * certificate.
 *
 * @module
 */
import { spawn } from "node:child_process";
import type { Clock } from "@obsyk/runtime";
import { KubeError } from "./errors.ts";

type PluginCredentials = {
  readonly token: string | undefined;
  readonly clientCertificate: string | undefined;
  readonly clientKey: string | undefined;
};

export type ExecPlugin = {
  /**
   * Runs the command when there are no credentials yet or they expire soon; callers at the same time share one run.
   *
   * @throws {KubeError} `credentials`
   */
  read(signal: AbortSignal): Promise<PluginCredentials>;
  forget(): void;
};

type PluginOptions = {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: { readonly [name: string]: string | undefined };
  readonly apiVersion: string;
  readonly clock: Clock;
  /** Present when the kubeconfig says `provideClusterInfo`. */
  readonly cluster:
    | {
        readonly server: string;
        readonly ca: { read(): Promise<Buffer> } | undefined;
        readonly servername: string | undefined;
      }
    | undefined;
};

/** New credentials are fetched this long before the old ones expire. */
const earlyMs = 60_000;
/** A plugin that needs longer waits for somebody who is not there. */
const runMs = 60_000;
const maxOutputBytes = 1024 * 1024;

type Held = { readonly credentials: PluginCredentials; readonly expires: number };

export function openExecPlugin(options: PluginOptions): ExecPlugin {
  let held: Held | undefined;
  let running: Promise<Held> | undefined;
  return {
    async read(signal) {
      signal.throwIfAborted();
      if (held !== undefined && options.clock.now() < held.expires - earlyMs) {
        return held.credentials;
      }
      const current = (running ??= run(options).finally(() => {
        running = undefined;
      }));
      held = await current;
      return held.credentials;
    },
    forget() {
      held = undefined;
    },
  };
}

async function run(options: PluginOptions): Promise<Held> {
  const output = await runCommand(options, await describeCaller(options));
  return parseCredential(options, output);
}

/** The content of KUBERNETES_EXEC_INFO. */
async function describeCaller(options: PluginOptions): Promise<string> {
  const { cluster } = options;
  const ca = await cluster?.ca?.read();
  return JSON.stringify({
    kind: "ExecCredential",
    apiVersion: options.apiVersion,
    spec: {
      interactive: false,
      ...(cluster === undefined
        ? {}
        : {
            cluster: {
              server: cluster.server,
              ...(cluster.servername === undefined
                ? {}
                : { "tls-server-name": cluster.servername }),
              ...(ca === undefined ? {} : { "certificate-authority-data": ca.toString("base64") }),
            },
          }),
    },
  });
}

function runCommand(options: PluginOptions, execInfo: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(options.command, options.args, {
      env: { ...options.env, KUBERNETES_EXEC_INFO: execInfo },
      // What it says on standard error may hold anything; it is not kept.
      stdio: ["ignore", "pipe", "ignore"],
    });
    const ended = new AbortController();
    options.clock.sleep(runMs, { signal: ended.signal }).then(
      () => child.kill("SIGKILL"),
      () => undefined,
    );
    const chunks: Buffer[] = [];
    let size = 0;
    child.stdout.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxOutputBytes) child.kill("SIGKILL");
      else chunks.push(chunk);
    });
    child.once("error", (error) => {
      ended.abort();
      const code = "code" in error ? String(error.code) : error.name;
      reject(failed(options, `it could not be started (${code}): check that it is installed`));
    });
    child.once("close", (code, signal) => {
      ended.abort();
      if (code === 0) resolve(Buffer.concat(chunks).toString("utf8"));
      else reject(failed(options, `it ended with ${signal ?? `exit code ${code ?? "unknown"}`}`));
    });
  });
}

function failed(options: PluginOptions, problem: string): KubeError {
  return new KubeError("credentials", `credential plugin ${options.command}: ${problem}`);
}

function parseCredential(options: PluginOptions, output: string): Held {
  let parsed: unknown;
  try {
    parsed = JSON.parse(output);
  } catch {
    // The parser's message would quote the output.
    throw failed(options, "it did not print JSON");
  }
  const credential = asObject(parsed);
  if (credential["kind"] !== "ExecCredential" || credential["apiVersion"] !== options.apiVersion) {
    throw failed(options, `it did not print an ExecCredential of ${options.apiVersion}`);
  }
  const status = asObject(credential["status"]);
  const credentials = {
    token: textOf(status["token"]),
    clientCertificate: textOf(status["clientCertificateData"]),
    clientKey: textOf(status["clientKeyData"]),
  };
  if (credentials.token === undefined && credentials.clientCertificate === undefined) {
    throw failed(options, "it printed neither a token nor a client certificate");
  }
  if ((credentials.clientCertificate === undefined) !== (credentials.clientKey === undefined)) {
    throw failed(options, "it printed a client certificate without its key, or the reverse");
  }
  const expires = Date.parse(textOf(status["expirationTimestamp"]) ?? "");
  return { credentials, expires: Number.isNaN(expires) ? Number.POSITIVE_INFINITY : expires };
}

function asObject(value: unknown): { readonly [name: string]: unknown } {
  // Any object that JSON.parse makes may be read by name.
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value.trim() : undefined;
}
