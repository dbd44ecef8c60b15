/** What tests do with a cluster whoever runs it: kubectl, and service accounts with rights of their own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { ApiClient } from "./api-client.ts";
import { ControlPlaneError } from "./binary.ts";
import type { Environment } from "./environment.ts";
import { formatKubeconfig } from "./kubeconfig.ts";

/** RBAC rule, as in a ClusterRole. */
export type PolicyRule = {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly verbs: readonly string[];
};

export type ServiceAccountRequest = {
  /** Made when it does not exist. On an existing cluster its name begins with the cluster's prefix. */
  readonly namespace: string;
  readonly name: string;
  readonly rules: readonly PolicyRule[];
  /** Default: this API server; a proxy's URL and CA otherwise. */
  readonly through?: { readonly url: string; readonly ca: string };
};

export type ServiceAccountAccess = {
  /** Path of a kubeconfig with a bearer token. */
  readonly kubeconfig: string;
  readonly token: string;
  /** As RBAC and the audit log name it. */
  readonly username: string;
};

/** Runs kubectl and answers its standard output. @throws {ControlPlaneError} with its standard error. */
export async function runKubectl(
  command: { readonly file: string; readonly args: readonly string[] },
  options: { readonly env: Environment; readonly signal: AbortSignal; readonly stdin?: string },
): Promise<string> {
  const { env, signal, stdin = "" } = options;
  const child = spawn(command.file, [...command.args], { signal, env });
  child.stdin.on("error", () => undefined);
  child.stdin.end(stdin);
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close") as Promise<[number | null]>,
  ]);
  if (code !== 0) {
    const asked = command.args.filter((arg) => !arg.startsWith("--kubeconfig="));
    throw new ControlPlaneError(`kubectl ${asked.join(" ")}: ${err.trim()}`);
  }
  return out;
}

/** A service account that may do exactly what `rules` say, in all namespaces, and a kubeconfig with its token. */
export async function createServiceAccount(
  cluster: {
    readonly admin: ApiClient;
    readonly folder: string;
    readonly url: string;
    readonly ca: string;
    /** Put on everything that is made. */
    readonly labels: { readonly [key: string]: string };
  },
  account: ServiceAccountRequest,
): Promise<ServiceAccountAccess> {
  const { namespace, name, rules } = account;
  const { admin, labels } = cluster;
  const role = `${namespace}:${name}`;
  const rbac = "/apis/rbac.authorization.k8s.io/v1";
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  const post = (path: string, body: unknown): Promise<unknown> =>
    admin.json({ method: "POST", path, body });
  if ((await admin.send({ path: `/api/v1/namespaces/${namespace}` })).status === 404) {
    await post("/api/v1/namespaces", { metadata: { name: namespace, labels } });
  }
  await post(accounts, { metadata: { name, labels } });
  await post(`${rbac}/clusterroles`, { metadata: { name: role, labels }, rules });
  await post(`${rbac}/clusterrolebindings`, {
    metadata: { name: role, labels },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
    subjects: [{ kind: "ServiceAccount", namespace, name }],
  });
  const issued = (await post(`${accounts}/${name}/token`, {
    spec: { expirationSeconds: 3600 },
  })) as { status: { token: string } };
  const { token } = issued.status;
  const kubeconfig = join(cluster.folder, `${namespace}-${name}.kubeconfig`);
  const { url, ca } = account.through ?? cluster;
  await writeFile(kubeconfig, formatKubeconfig({ server: url, ca, user: { token } }), {
    mode: 0o600,
  });
  return { kubeconfig, token, username: `system:serviceaccount:${namespace}:${name}` };
}
