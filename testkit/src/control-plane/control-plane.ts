/**
 * A real Kubernetes control plane for tests: etcd, kube-apiserver and, when asked, kube-controller-manager and
 * kube-scheduler, on free loopback ports and in a temporary folder. Nothing is left behind, also when the test dies.
 *
 * @module
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { waitFor } from "../wait-for.ts";
import { createApiClient, type ApiClient } from "./api-client.ts";
import { createAuthority, type Authority } from "../authority.ts";
import {
  ControlPlaneError,
  findBinary,
  type Component,
  type ControlPlaneBinary,
} from "./binary.ts";
import {
  createServiceAccount,
  runKubectl,
  type ServiceAccountAccess,
  type ServiceAccountRequest,
} from "./cluster-access.ts";
import {
  apiServerArguments,
  controllerManagerArguments,
  etcdArguments,
  findFreePorts,
  schedulerArguments,
  writeFiles,
  type Files,
  type Ports,
} from "./components.ts";
import { testEnvironment } from "./environment.ts";
import { openProcessGuard, type ProcessGuard } from "./process-guard.ts";

export type ControlPlaneOptions = {
  readonly signal: AbortSignal;
  /** Default: what `findBinary` finds in this process' environment. */
  readonly binary?: ControlPlaneBinary;
  /** Runs kube-controller-manager: default service accounts, ReplicaSets, garbage collection. Default false. */
  readonly controllers?: boolean;
  /** Runs kube-scheduler. Default false. */
  readonly scheduler?: boolean;
  /** More flags for kube-apiserver, for example `--watch-cache=false`. */
  readonly apiServerFlags?: readonly string[];
  /** At its end one JSON line {version, auditLines} is added to this file. Default: OBSYK_CONTROL_PLANE_REPORT. */
  readonly reportFile?: string | undefined;
};

export type AuditEvent = {
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly userAgent?: string;
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly apiGroup?: string;
  };
  readonly responseStatus?: { readonly code?: number };
};

const readyTimeoutMs = 90_000;
const stopTimeoutMs = 10_000;

/**
 * @throws {ControlPlaneError} when no binary is found or a component ends while it starts; KUBECONFIG is no stand-in
 *   here, since whoever calls this kills, configures or audits what it starts.
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const binary = options.binary ?? (await findBinary(testEnvironment()));
  const guard = await openProcessGuard("control-plane");
  try {
    const ports = await findFreePorts();
    const url = `https://127.0.0.1:${ports.apiServer}`;
    const authority = await createAuthority("obsyk-test");
    const admin = await authority.issueClient("obsyk-admin", "system:masters");
    const files = await writeFiles({ folder: guard.folder, authority, server: url, admin });
    const client = createApiClient({ server: url, ca: authority.cert, user: admin });
    const plane = new ControlPlane({ options, binary, guard, ports, files, authority, client });
    await plane.start();
    return plane;
  } catch (error) {
    await guard[Symbol.asyncDispose]();
    throw error;
  }
}

type Parts = {
  readonly options: ControlPlaneOptions;
  readonly binary: ControlPlaneBinary;
  readonly guard: ProcessGuard;
  readonly ports: Ports;
  readonly files: Files;
  readonly authority: Authority;
  readonly client: ApiClient;
};

export class ControlPlane implements AsyncDisposable {
  readonly kind = "own";
  /** Nobody else is here: names may be any. */
  readonly prefix = "";
  /** Base URL of the API server. */
  readonly url: string;
  /** PEM of the CA that signed the API server's certificate. */
  readonly ca: string;
  /** Path of a kubeconfig of group system:masters, with a client certificate. */
  readonly kubeconfig: string;
  /** A client of group system:masters. */
  readonly admin: ApiClient;
  readonly #parts: Parts;
  readonly #children = new Map<Component, ChildProcess>();
  #version = "";

  constructor(parts: Parts) {
    this.#parts = parts;
    this.url = `https://127.0.0.1:${parts.ports.apiServer}`;
    this.ca = parts.authority.cert;
    this.kubeconfig = parts.files.adminKubeconfig;
    this.admin = parts.client;
  }

  /** gitVersion as `/version` says it. */
  get version(): string {
    return this.#version;
  }

  /** The temporary folder; logs are `COMPONENT.log` in it. */
  get folder(): string {
    return this.#parts.guard.folder;
  }

  /** Called once by `startControlPlane`. */
  async start(): Promise<void> {
    const { options, ports, files } = this.#parts;
    this.#run("etcd", etcdArguments(ports, files));
    await this.#startApiServer();
    const version = (await this.admin.json({ path: "/version" })) as { gitVersion: string };
    this.#version = version.gitVersion;
    if (options.controllers === true) {
      this.#run("kube-controller-manager", controllerManagerArguments(ports, files));
      await this.#waitUntil("a default service account", async () => {
        const path = "/api/v1/namespaces/default/serviceaccounts/default";
        return (await this.admin.send({ path })).status === 200;
      });
    }
    if (options.scheduler === true) this.#run("kube-scheduler", schedulerArguments(ports, files));
  }

  /** All audit events so far, oldest first. */
  async auditLog(): Promise<AuditEvent[]> {
    const lines = (await readFile(this.#parts.files.auditLog, "utf8")).split("\n");
    // The last line may still be being written.
    return lines.slice(0, -1).map((line) => JSON.parse(line) as AuditEvent);
  }

  /** Runs kubectl as administrator, and answers its standard output. @throws with its standard error. */
  async kubectl(args: readonly string[], stdin = ""): Promise<string> {
    const { file, args: first } = this.#parts.binary.command("kubectl");
    const cache = `--cache-dir=${join(this.folder, "kubectl")}`;
    return runKubectl(
      { file, args: [...first, `--kubeconfig=${this.kubeconfig}`, cache, ...args] },
      {
        signal: this.#parts.options.signal,
        env: { HOME: this.folder, PATH: "/usr/bin:/bin" },
        stdin,
      },
    );
  }

  /** A service account that may do exactly what `rules` say, in all namespaces, and a kubeconfig with its token. */
  async createServiceAccountKubeconfig(
    account: ServiceAccountRequest,
  ): Promise<ServiceAccountAccess> {
    const { admin, folder, url, ca } = this;
    return createServiceAccount({ admin, folder, url, ca, labels: {} }, account);
  }

  /** Sends a signal to kube-apiserver: SIGKILL, SIGTERM, SIGSTOP (hang) or SIGCONT. */
  killApiServer(signal: NodeJS.Signals): void {
    this.#children.get("kube-apiserver")?.kill(signal);
  }

  /** Makes the API server accept connections and never answer, until `continueApiServer`. */
  stopApiServer(): void {
    this.killApiServer("SIGSTOP");
  }

  continueApiServer(): void {
    this.killApiServer("SIGCONT");
  }

  /** Ends kube-apiserver, if it still runs, and starts it again on the same port and data. */
  async restartApiServer(): Promise<void> {
    const child = this.#children.get("kube-apiserver");
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs);
      await exited;
      clearTimeout(timer);
    }
    await this.#startApiServer();
  }

  /** Forgets all but the present revision; the API server's own cache may still remember until it starts again. */
  async compactEtcd(): Promise<void> {
    const list = (await this.admin.json({ path: "/api/v1/namespaces?limit=1" })) as {
      readonly metadata: { readonly resourceVersion: string };
    };
    const url = `http://127.0.0.1:${this.#parts.ports.etcdClient}/v3/kv/compaction`;
    const body = JSON.stringify({ revision: list.metadata.resourceVersion, physical: true });
    const signal = AbortSignal.timeout(stopTimeoutMs);
    const answer = await fetch(url, { method: "POST", body, signal });
    if (!answer.ok) {
      throw new ControlPlaneError(`etcd does not compact: ${answer.status} ${await answer.text()}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.admin[Symbol.dispose]();
    const report =
      this.#parts.options.reportFile ?? testEnvironment()["OBSYK_CONTROL_PLANE_REPORT"];
    try {
      if (report !== undefined && report !== "") {
        const auditLines = (await this.auditLog()).length;
        await appendFile(report, `${JSON.stringify({ version: this.version, auditLines })}\n`);
      }
    } finally {
      await this.#parts.guard[Symbol.asyncDispose]();
    }
  }

  async #startApiServer(): Promise<void> {
    const { ports, files, options } = this.#parts;
    this.#run(
      "kube-apiserver",
      apiServerArguments(ports, files, {
        controllers: options.controllers === true,
        extra: options.apiServerFlags ?? [],
      }),
    );
    await this.#waitUntil("/readyz of kube-apiserver", async () => {
      return (await this.admin.send({ path: "/readyz" })).status === 200;
    });
  }

  #run(component: Component, args: readonly string[]): void {
    const { binary, guard } = this.#parts;
    const { file, args: first } = binary.command(component);
    const log = openSync(join(guard.folder, `${component}.log`), "a", 0o600);
    try {
      const child = spawn(file, [...first, ...args], {
        cwd: guard.folder,
        env: { HOME: guard.folder, PATH: "/usr/bin:/bin" },
        stdio: ["ignore", log, log],
      });
      // An `exit` does not follow when the program is missing; the wait for readiness then says so.
      child.on("error", () => undefined);
      guard.adopt(child);
      this.#children.set(component, child);
    } finally {
      closeSync(log);
    }
  }

  async #waitUntil(what: string, probe: () => Promise<boolean>): Promise<void> {
    const ended = new AbortController();
    const { signal } = this.#parts.options;
    await waitFor(
      what,
      async () => {
        for (const [component, child] of this.#children) {
          if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
            ended.abort(await this.#describeEnd(component, child));
          }
        }
        ended.signal.throwIfAborted();
        return probe();
      },
      {
        timeoutMs: readyTimeoutMs,
        intervalMs: 50,
        signal: AbortSignal.any([signal, ended.signal]),
      },
    );
  }

  async #describeEnd(component: Component, child: ChildProcess): Promise<ControlPlaneError> {
    const log = await readFile(join(this.folder, `${component}.log`), "utf8").catch(() => "");
    const how = child.pid === undefined ? "could not be started" : "ended while starting";
    return new ControlPlaneError(`${component} ${how}:\n${log.slice(-2000)}`);
  }
}
