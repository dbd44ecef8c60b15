/**
 * A cluster that exists already, behind KUBECONFIG, as a stand-in on a stranger's machine. Everything that is made in it
 * has a name that begins with one prefix and a label, and is deleted at the end; nothing else is touched.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { waitFor } from "../wait-for.ts";
import { createProxiedApiClient, type ApiClient } from "./api-client.ts";
import { ControlPlaneError } from "./binary.ts";
import {
  createServiceAccount,
  runKubectl,
  type ServiceAccountAccess,
  type ServiceAccountRequest,
} from "./cluster-access.ts";
import { testEnvironment } from "./environment.ts";
import { openProcessGuard, type ProcessGuard } from "./process-guard.ts";

/** How the names of everything begin that tests make in somebody's cluster. */
const testNamePrefix = "obsyk-test-";
const label = "obsyk-test";
const deleteTimeoutMs = 60_000;
/** To read the warning and press Ctrl-C. */
const graceMs = 5000;

/** Says what is about to be done to the cluster of KUBECONFIG, and leaves time to stop it. */
export async function warnOfStandIn(): Promise<void> {
  process.stderr
    .write(`WARNING: no control plane was built, so this runs on the cluster of KUBECONFIG.
  It makes namespaces, cluster roles and bindings whose names begin with ${testNamePrefix}, writes objects into those
  namespaces, Secrets and ConfigMaps among them, and deletes all of it at the end; a killed run leaves it. Nothing else
  is changed. Ctrl-C within ${graceMs / 1000} s stops this; \`npm run controlplane\` builds a control plane instead.
`);
  await delay(graceMs);
}

type Access = { readonly url: string; readonly ca: string; readonly kubeconfig: string };

/** @throws {ControlPlaneError} when kubectl is missing, or the kubeconfig has no CA or does not work. */
export async function openExistingCluster(options: {
  readonly signal: AbortSignal;
}): Promise<ExistingCluster> {
  const guard = await openProcessGuard("existing-cluster");
  try {
    const access = await readAccess(guard, options.signal);
    const cluster = new ExistingCluster({ ...options, ...access, guard });
    await cluster.start();
    return cluster;
  } catch (error) {
    await guard[Symbol.asyncDispose]();
    throw error;
  }
}

/** kubectl reads KUBECONFIG as its user is used to: several files, relative paths, the current context. */
async function readAccess(guard: ProcessGuard, signal: AbortSignal): Promise<Access> {
  const args = ["config", "view", "--raw", "--minify", "--flatten", "--output=json"];
  const json = await runKubectl(
    { file: "kubectl", args },
    { env: testEnvironment(), signal },
  ).catch((cause: unknown) => {
    throw new ControlPlaneError(
      "KUBECONFIG could not be read with kubectl, which must be in PATH",
      { cause },
    );
  });
  const config = JSON.parse(json) as {
    readonly clusters: readonly {
      readonly cluster: { readonly server: string; readonly "certificate-authority-data"?: string };
    }[];
  };
  const cluster = config.clusters[0]?.cluster;
  const ca = cluster?.["certificate-authority-data"];
  if (cluster === undefined || ca === undefined) {
    throw new ControlPlaneError("KUBECONFIG's cluster must name its certificate authority");
  }
  const kubeconfig = join(guard.folder, "kubeconfig");
  await writeFile(kubeconfig, json, { mode: 0o600 });
  return { url: cluster.server, ca: Buffer.from(ca, "base64").toString(), kubeconfig };
}

export class ExistingCluster implements AsyncDisposable {
  readonly kind = "existing";
  /** Base URL of the API server. */
  readonly url: string;
  /** PEM of the CA that signed the API server's certificate. */
  readonly ca: string;
  /** The kubeconfig's current context, in one file. */
  readonly kubeconfig: string;
  /** Acts as the kubeconfig's user. */
  readonly admin: ApiClient;
  /** Names of namespaces and of other objects without one must begin with it. */
  readonly prefix: string;
  readonly #options: Access & { readonly signal: AbortSignal; readonly guard: ProcessGuard };
  readonly #socket: string;
  #version = "";

  constructor(options: Access & { readonly signal: AbortSignal; readonly guard: ProcessGuard }) {
    this.#options = options;
    this.url = options.url;
    this.ca = options.ca;
    this.kubeconfig = options.kubeconfig;
    this.prefix = `${testNamePrefix}${randomBytes(3).toString("hex")}-`;
    this.#socket = join(options.guard.folder, "api.sock");
    this.admin = createProxiedApiClient(this.#socket);
  }

  /** gitVersion as `/version` says it. */
  get version(): string {
    return this.#version;
  }

  get folder(): string {
    return this.#options.guard.folder;
  }

  /** Called once by `openExistingCluster`. */
  async start(): Promise<void> {
    const { guard, signal } = this.#options;
    const args = [`--kubeconfig=${this.kubeconfig}`, "proxy", `--unix-socket=${this.#socket}`];
    const proxy = spawn("kubectl", args, { env: testEnvironment(), stdio: "ignore" });
    proxy.on("error", () => undefined);
    guard.adopt(proxy);
    const answer = await waitFor(
      `an answer of ${this.url}`,
      () => this.admin.json({ path: "/version" }),
      { timeoutMs: 30_000, signal },
    );
    this.#version = (answer as { readonly gitVersion: string }).gitVersion;
  }

  async kubectl(args: readonly string[], stdin = ""): Promise<string> {
    const { signal } = this.#options;
    return runKubectl(
      {
        file: "kubectl",
        args: [
          `--kubeconfig=${this.kubeconfig}`,
          `--cache-dir=${join(this.folder, "kubectl")}`,
          ...args,
        ],
      },
      { env: testEnvironment(), signal, stdin },
    );
  }

  async createServiceAccountKubeconfig(
    account: ServiceAccountRequest,
  ): Promise<ServiceAccountAccess> {
    const namespace = `${this.prefix}${account.namespace}`;
    const { admin, folder, url, ca } = this;
    const labels = { [label]: this.#run };
    return createServiceAccount({ admin, folder, url, ca, labels }, { ...account, namespace });
  }

  get #run(): string {
    return this.prefix.slice(testNamePrefix.length, -1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#deleteOurs();
      const report = testEnvironment()["OBSYK_CONTROL_PLANE_REPORT"] ?? "";
      if (report !== "") {
        const { version, url } = this;
        await appendFile(report, `${JSON.stringify({ version, existing: url })}\n`);
      }
    } finally {
      this.admin[Symbol.dispose]();
      await this.#options.guard[Symbol.asyncDispose]();
    }
  }

  /** Also after a test that failed half way: what is ours is found by prefix and label, not remembered. */
  async #deleteOurs(): Promise<void> {
    const rbac = "/apis/rbac.authorization.k8s.io/v1";
    for (const kind of ["clusterrolebindings", "clusterroles"]) {
      const path = `${rbac}/${kind}?labelSelector=${label}%3D${this.#run}`;
      await this.admin.json({ method: "DELETE", path });
    }
    for (const name of await this.#namespaces()) {
      await this.admin.json({ method: "DELETE", path: `/api/v1/namespaces/${name}` });
    }
    await waitFor(
      `the namespaces ${this.prefix}… are deleted`,
      async () => (await this.#namespaces()).length === 0,
      { timeoutMs: deleteTimeoutMs, intervalMs: 250 },
    );
  }

  async #namespaces(): Promise<string[]> {
    const list = (await this.admin.json({ path: "/api/v1/namespaces" })) as {
      readonly items: readonly { readonly metadata: { readonly name: string } }[];
    };
    return list.items
      .map(({ metadata }) => metadata.name)
      .filter((name) => name.startsWith(this.prefix));
  }
}
