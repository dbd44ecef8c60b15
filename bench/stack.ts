/** A real platform process with its own PostgreSQL in a temporary folder, and a person signed in. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "@obsyk/testkit";
import { openChildren, type Children } from "../tools/start/children.ts";
import {
  Identity,
  keepCertificates,
  makeFolder,
  type CertificateFiles,
} from "../tools/start/data-dir.ts";
import {
  choosePorts,
  ensureClient,
  isPlatformReady,
  platformSpec,
  signInLink,
  type Ports,
} from "../tools/start/launch.ts";
import { PlatformApi } from "../tools/start/platform-api.ts";

export type Stack = AsyncDisposable & {
  readonly folder: string;
  readonly certificates: CertificateFiles;
  readonly ports: Ports;
  readonly children: Children;
  readonly api: PlatformApi;
  readonly identity: Identity;
  readonly clientId: string;
  readonly cluster: string;
  /** For one more person. */
  signInLink(): Promise<string>;
};

const startMs = 60_000;

/** @param consoleDir the built console, where pages are looked at */
export async function openStack(cluster = "bench", consoleDir?: string): Promise<Stack> {
  await using cleanup = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "obsyk-bench-"));
  chmodSync(folder, 0o711);
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }));
  // PostgreSQL runs as another user when we are root: that user must be able to pass.
  const dataDir = makeFolder(folder, "data");
  const certificates = await keepCertificates(makeFolder(dataDir, "tls"));
  const ports = await choosePorts(0);
  const children = cleanup.use(await openChildren(makeFolder(dataDir, "logs")));
  const { signal } = new AbortController();
  const platform = platformSpec({
    postgres: undefined,
    dataDir,
    consoleDir,
    certificates,
    ports,
  });
  children.start({ ...platform, env: { ...platform.env, OBSYK_LOG_LEVEL: "warn" } });
  const ready = waitFor("the platform's start", () => isPlatformReady(ports), {
    timeoutMs: startMs,
  });
  await Promise.race([ready, children.failure]);
  const api = new PlatformApi(`http://127.0.0.1:${ports.console}`);
  await api.signIn(await signInLink(children, platform, signal));
  const identity = new Identity(makeFolder(dataDir, "operators"), cluster);
  const clientId = await ensureClient(api, identity, cluster);
  const moved = cleanup.move();
  return {
    folder: dataDir,
    certificates,
    ports,
    children,
    api,
    identity,
    clientId,
    cluster,
    signInLink: () => signInLink(children, platform, signal),
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}
