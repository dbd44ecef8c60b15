/** The cluster that is inventoried: a simulated one in this process, or a real one behind a kubeconfig. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { randomBytes } from "node:crypto";
import { resources } from "@obsyk/contract/allow-list";
import { systemClock } from "@obsyk/runtime";
import { churn, generateCluster, openKubeApi, shapeForObjects } from "@obsyk/testkit";
import { parse } from "yaml";
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

function openReal(options: Extract<StartOptions, { kind: "real" }>): ClusterSource {
  const kubeconfig = resolve(options.kubeconfig);
  if (!existsSync(kubeconfig)) throw new Error(`--kubeconfig: there is no file ${kubeconfig}`);
  const name = options.context ?? currentContext(kubeconfig) ?? "my-cluster";
  return {
    name,
    kubeconfig,
    context: options.context,
    description: `the cluster of ${options.kubeconfig}`,
    objects: undefined,
    live() {},
    async [Symbol.asyncDispose]() {},
  };
}

function currentContext(file: string): string | undefined {
  const config: unknown = parse(readFileSync(file, "utf8"));
  if (typeof config !== "object" || config === null || !("current-context" in config))
    return undefined;
  const name = config["current-context"];
  return typeof name === "string" && name !== "" ? name.slice(0, 253) : undefined;
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
