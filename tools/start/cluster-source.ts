/** The cluster that is inventoried: a simulated one in this process, or a real one behind a kubeconfig. */
import { join, resolve } from "node:path";
import { randomBytes } from "node:crypto";
import { resources } from "@obsyk/contract/allow-list";
import { openKubeconfigTarget } from "@obsyk/operator";
import { systemClock } from "@obsyk/runtime";
import { churn, generateCluster, openKubeApi, shapeForObjects } from "@obsyk/testkit";
import { keepBeginning, writePrivate, type CertificateFiles } from "./data-dir.ts";
import type { StartOptions } from "./options.ts";

export type ClusterSource = AsyncDisposable & {
  readonly name: string;
  readonly kubeconfig: string;
  readonly context: string | undefined;
  /** For people. */
  readonly description: string;
  /** Objects there are to see; `undefined` when nobody knows. */
  readonly objects: number | undefined;
  /** Begins to change; nothing for a real cluster, which does so by itself. */
  live(): void;
};

const seed = 20_260_101;
const changesPerSecond = 2;

export async function openClusterSource(
  options: StartOptions,
  kept: { readonly folder: string; readonly certificates: CertificateFiles },
): Promise<ClusterSource> {
  if (options.kind === "real") return openReal(options);
  return openSimulated(options.objects, kept);
}

/**
 * Reads the kubeconfig as the operator will, before anything is started for it.
 *
 * @throws {Error} that names the file and says what is wrong with it
 */
export async function checkKubeconfig(options: StartOptions): Promise<void> {
  if (options.kind === "real") await openTarget(options);
}

function openTarget({ kubeconfig, context }: Extract<StartOptions, { kind: "real" }>) {
  return openKubeconfigTarget({
    path: resolve(kubeconfig),
    env: process.env,
    clock: systemClock,
    ...(context === undefined ? {} : { context }),
  });
}

async function openReal(options: Extract<StartOptions, { kind: "real" }>): Promise<ClusterSource> {
  const { context } = await openTarget(options);
  return {
    name: context.slice(0, 253),
    kubeconfig: resolve(options.kubeconfig),
    context: options.context,
    description: `the cluster of ${options.kubeconfig}`,
    objects: undefined,
    live() {},
    async [Symbol.asyncDispose]() {},
  };
}

async function openSimulated(
  objects: number,
  { folder, certificates }: { readonly folder: string; readonly certificates: CertificateFiles },
): Promise<ClusterSource> {
  const beganMs = keepBeginning(folder);
  let isLive = false;
  const cluster = generateCluster({
    seed,
    shape: shapeForObjects(objects),
    now: () => (isLive ? Date.now() : beganMs),
  });
  const token = randomBytes(24).toString("base64url");
  const api = await openKubeApi({ store: cluster.store, certificates, token });
  const kubeconfig = join(folder, "kubeconfig.json");
  writePrivate(kubeconfig, api.kubeconfig());
  const total = resources.reduce((sum, one) => sum + cluster.store.count(one.resource), 0);
  const stop = new AbortController();
  let changing: Promise<void> = Promise.resolve();
  return {
    name: "demo",
    kubeconfig,
    context: undefined,
    description: `a simulated cluster of ${total} objects that changes ${changesPerSecond} times a second`,
    objects: total,
    live() {
      isLive = true;
      changing = churn(cluster, {
        ratePerSecond: changesPerSecond,
        signal: stop.signal,
        clock: systemClock,
      });
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await changing;
      await api[Symbol.asyncDispose]();
    },
  };
}
