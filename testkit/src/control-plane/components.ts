/** The command lines and files of the control plane's components. */
import { generateKeyPairSync } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import type { Authority, IssuedCertificate } from "../authority.ts";
import { formatKubeconfig } from "./kubeconfig.ts";

export type Ports = {
  readonly etcdClient: number;
  readonly etcdPeer: number;
  readonly apiServer: number;
  readonly controllerManager: number;
  readonly scheduler: number;
};

/** Paths of everything the components read and write, all in one folder. */
export type Files = {
  readonly etcdData: string;
  readonly caCert: string;
  readonly serverCert: string;
  readonly serverKey: string;
  readonly accountKey: string;
  readonly accountPublicKey: string;
  readonly auditPolicy: string;
  readonly auditLog: string;
  readonly adminKubeconfig: string;
  readonly controllerManagerKubeconfig: string;
  readonly schedulerKubeconfig: string;
};

/** Ports that were free a moment ago; someone else may still take one before a component listens. */
export async function findFreePorts(): Promise<Ports> {
  const servers = Array.from({ length: 5 }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    // A listening TCP server always has an address record.
    ports.push((server.address() as AddressInfo).port);
  }
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  const [etcdClient = 0, etcdPeer = 0, apiServer = 0, controllerManager = 0, scheduler = 0] = ports;
  return { etcdClient, etcdPeer, apiServer, controllerManager, scheduler };
}

/** Keys, certificates, audit policy and kubeconfigs. */
export async function writeFiles(options: {
  readonly folder: string;
  readonly authority: Authority;
  readonly server: string;
  readonly admin: IssuedCertificate;
}): Promise<Files> {
  const { folder, authority, server, admin } = options;
  const path = (name: string): string => join(folder, name);
  const files: Files = {
    etcdData: path("etcd"),
    caCert: path("ca.crt"),
    serverCert: path("apiserver.crt"),
    serverKey: path("apiserver.key"),
    accountKey: path("service-account.key"),
    accountPublicKey: path("service-account.pub"),
    auditPolicy: path("audit-policy.json"),
    auditLog: path("audit.log"),
    adminKubeconfig: path("admin.kubeconfig"),
    controllerManagerKubeconfig: path("controller-manager.kubeconfig"),
    schedulerKubeconfig: path("scheduler.kubeconfig"),
  };
  const serving = await authority.issueServer();
  const accounts = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const kubeconfig = async (user: string): Promise<string> =>
    formatKubeconfig({ server, ca: authority.cert, user: await authority.issueClient(user) });
  await mkdir(files.etcdData, { mode: 0o700 });
  const texts: readonly (readonly [string, string | Buffer])[] = [
    [files.caCert, authority.cert],
    [files.serverCert, serving.cert],
    [files.serverKey, serving.key],
    [files.accountKey, accounts.privateKey.export({ type: "pkcs8", format: "pem" })],
    [files.accountPublicKey, accounts.publicKey.export({ type: "spki", format: "pem" })],
    [files.auditPolicy, JSON.stringify(auditPolicy)],
    [files.adminKubeconfig, formatKubeconfig({ server, ca: authority.cert, user: admin })],
    [files.controllerManagerKubeconfig, await kubeconfig("system:kube-controller-manager")],
    [files.schedulerKubeconfig, await kubeconfig("system:kube-scheduler")],
  ];
  await Promise.all(texts.map(([name, text]) => writeFile(name, text, { mode: 0o600 })));
  return files;
}

const auditPolicy = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  rules: [{ level: "Metadata" }],
};

export function etcdArguments(ports: Ports, files: Files): string[] {
  const client = `http://127.0.0.1:${ports.etcdClient}`;
  const peer = `http://127.0.0.1:${ports.etcdPeer}`;
  return [
    `--data-dir=${files.etcdData}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    "--unsafe-no-fsync",
    "--log-level=warn",
  ];
}

export function apiServerArguments(
  ports: Ports,
  files: Files,
  options: { readonly controllers: boolean; readonly extra: readonly string[] },
): string[] {
  const issuer = `https://127.0.0.1:${ports.apiServer}`;
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcdClient}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--secure-port=${ports.apiServer}`,
    `--tls-cert-file=${files.serverCert}`,
    `--tls-private-key-file=${files.serverKey}`,
    `--client-ca-file=${files.caCert}`,
    "--authorization-mode=RBAC",
    "--service-cluster-ip-range=10.0.0.0/24",
    "--allow-privileged=true",
    `--service-account-issuer=${issuer}`,
    `--service-account-key-file=${files.accountPublicKey}`,
    `--service-account-signing-key-file=${files.accountKey}`,
    `--audit-policy-file=${files.auditPolicy}`,
    `--audit-log-path=${files.auditLog}`,
    // Without the controller that makes default service accounts, every Pod would be refused.
    ...(options.controllers ? [] : ["--disable-admission-plugins=ServiceAccount"]),
    ...options.extra,
  ];
}

export function controllerManagerArguments(ports: Ports, files: Files): string[] {
  return [
    `--kubeconfig=${files.controllerManagerKubeconfig}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${ports.controllerManager}`,
    "--leader-elect=false",
    "--use-service-account-credentials=true",
    `--service-account-private-key-file=${files.accountKey}`,
    `--root-ca-file=${files.caCert}`,
  ];
}

export function schedulerArguments(ports: Ports, files: Files): string[] {
  return [
    `--kubeconfig=${files.schedulerKubeconfig}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${ports.scheduler}`,
    "--leader-elect=false",
  ];
}
