/** How the parts are started and introduced to each other. */
import { nodeFlags } from "@obsyk/operator";
import type { Children, ChildSpec } from "./children.ts";
import type { ClusterSource } from "./cluster-source.ts";
import { keepTokenKey, makeFolder, type CertificateFiles, type Identity } from "./data-dir.ts";
import type { PlatformApi } from "./platform-api.ts";
import { choosePort } from "./ports.ts";

export type Ports = {
  readonly agent: number;
  readonly console: number;
  readonly platformObserve: number;
  /** The first operator's; others take the next free ones. */
  readonly operatorObserve: number;
};

/**
 * The usual ports, or free ones when they are taken. With port 0 for the console all are free ones: several
 * installations that start at once must not choose the same.
 */
export async function choosePorts(consolePort: number): Promise<Ports> {
  const usual = (port: number): number => (consolePort === 0 ? 0 : port);
  return {
    agent: await choosePort(usual(8443)),
    console: await choosePort(consolePort),
    platformObserve: await choosePort(usual(9090)),
    operatorObserve: await choosePort(usual(8081)),
  };
}

/** A PostgreSQL of one's own, by the URLs of its two logins (docs/operate/database.md). */
export type OwnDatabase = { readonly url: string; readonly ownerUrl: string | undefined };

export function readOwnDatabase(env: NodeJS.ProcessEnv): OwnDatabase | undefined {
  const url = env["DATABASE_URL"];
  return url === undefined || url === ""
    ? undefined
    : { url, ownerUrl: env["OBSYK_DATABASE_OWNER_URL"] };
}

function databaseEnvironment(
  { url, ownerUrl }: OwnDatabase,
  dataDir: string,
): { readonly [name: string]: string } {
  return {
    DATABASE_URL: url,
    ...(ownerUrl === undefined ? {} : { OBSYK_DATABASE_OWNER_URL: ownerUrl }),
    OBSYK_SIGNING_KEY_FILE: keepTokenKey(dataDir),
  };
}

export function platformSpec(run: {
  readonly postgres: string | undefined;
  /** Instead of the embedded one. */
  readonly database?: OwnDatabase | undefined;
  readonly dataDir: string;
  readonly consoleDir: string | undefined;
  readonly certificates: CertificateFiles;
  readonly ports: Ports;
}): ChildSpec {
  const { ports, postgres, database, consoleDir } = run;
  return {
    name: "platform",
    args: ["platform/src/main.ts"],
    env: {
      OBSYK_DATA_DIR: makeFolder(run.dataDir, "platform"),
      OBSYK_AGENT_PORT: String(ports.agent),
      OBSYK_AGENT_CERT_FILE: run.certificates.certFile,
      OBSYK_AGENT_KEY_FILE: run.certificates.keyFile,
      OBSYK_AGENT_CA_FILE: run.certificates.caFile,
      OBSYK_AGENT_URL: `https://127.0.0.1:${ports.agent}`,
      OBSYK_CONSOLE_PORT: String(ports.console),
      OBSYK_CONSOLE_URL: `http://127.0.0.1:${ports.console}`,
      ...(consoleDir === undefined ? {} : { OBSYK_CONSOLE_DIR: consoleDir }),
      OBSYK_OBSERVE_PORT: String(ports.platformObserve),
      ...(postgres === undefined ? {} : { OBSYK_POSTGRES: postgres }),
      ...(database === undefined ? {} : databaseEnvironment(database, run.dataDir)),
    },
  };
}

export function operatorSpec(run: {
  readonly source: Pick<ClusterSource, "name" | "kubeconfig" | "context">;
  readonly identity: Identity;
  readonly clientId: string;
  readonly certificates: CertificateFiles;
  readonly ports: Pick<Ports, "agent" | "operatorObserve">;
}): ChildSpec {
  const { context } = run.source;
  return {
    name: `operator-${encodeURIComponent(run.source.name)}`,
    args: [...nodeFlags, "operator/src/main.ts"],
    env: {
      OBSYK_PLATFORM_URL: `https://127.0.0.1:${run.ports.agent}`,
      OBSYK_CLUSTER_NAME: run.source.name,
      OBSYK_CLIENT_ID: run.clientId,
      OBSYK_PRIVATE_KEY_FILE: run.identity.keyFile,
      OBSYK_CA_FILE: run.certificates.caFile,
      OBSYK_KUBECONFIG: run.source.kubeconfig,
      ...(context === undefined ? {} : { OBSYK_CONTEXT: context }),
      OBSYK_OBSERVE_HOST: "127.0.0.1",
      OBSYK_OBSERVE_PORT: String(run.ports.operatorObserve),
    },
  };
}

export async function signInLink(children: Children, platform: ChildSpec, signal: AbortSignal) {
  const args = [...platform.args, "sign-in-link"];
  const printed = await children.run({ ...platform, name: "sign-in-link", args }, signal);
  const [link] = /https?:\/\/\S+\/sign-in\?token=\S+/.exec(printed) ?? [];
  if (link === undefined) throw new Error("the platform printed no sign-in link");
  return link;
}

/** The client this operator is known under; registered at its first start. */
export async function ensureClient(
  api: PlatformApi,
  identity: Identity,
  name: string,
): Promise<string> {
  const publicKey = identity.publicKey();
  const known = identity.clientId;
  if (known !== undefined && (await api.hasClient(known))) return known;
  const clientId = await api.register({ name, publicKey });
  identity.remember({ clientId });
  return clientId;
}

export async function isPlatformReady(ports: Ports): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${ports.platformObserve}/readyz`, {
    signal: AbortSignal.timeout(2000),
  });
  return response.ok;
}
