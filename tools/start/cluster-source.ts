/** The clusters that are inventoried: simulated ones in this process, or a real one behind a kubeconfig. */
import { join, resolve } from "node:path";
import { randomBytes } from "node:crypto";
import { resources } from "@obsyk/contract/allow-list";
import { openKubeconfigTarget } from "@obsyk/operator";
import { systemClock } from "@obsyk/runtime";
import { generateFleet, live, openKubeApi, type Scene } from "@obsyk/testkit";
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
/** A real API server lets a minute pass; here nobody should wait that long to see an as-of time move. */
const bookmarkMs = 15_000;

type Kept = { readonly folder: string; readonly certificates: CertificateFiles };

/** One real cluster, or three simulated ones. */
export async function openClusterSources(
  options: StartOptions,
  kept: Kept,
): Promise<AsyncDisposable & { readonly all: readonly ClusterSource[] }> {
  await using opened = new AsyncDisposableStack();
  const all: ClusterSource[] = [];
  if (options.kind === "real") all.push(opened.use(await openReal(options)));
  else {
    const time = new Timeline(keepBeginning(kept.folder));
    for (const scene of generateFleet({ seed, objects: options.objects, now: time.now })) {
      all.push(opened.use(await openSimulated(scene, { ...kept, time })));
    }
  }
  const stack = opened.move();
  return { all, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Stands still at the clusters' beginning until one of them lives: the same objects at each start. */
class Timeline {
  readonly #beganMs: number;
  #isLive = false;

  constructor(beganMs: number) {
    this.#beganMs = beganMs;
  }

  readonly now = (): number => (this.#isLive ? Date.now() : this.#beganMs);

  go(): void {
    this.#isLive = true;
  }
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
  scene: Scene,
  { folder, certificates, time }: Kept & { readonly time: Timeline },
): Promise<ClusterSource> {
  const { name, store } = scene;
  const token = randomBytes(24).toString("base64url");
  const api = await openKubeApi({ store, certificates, token, bookmarkMs });
  const kubeconfig = join(folder, `${name}.json`);
  writePrivate(kubeconfig, api.kubeconfig());
  const objects = resources.reduce((sum, one) => sum + store.count(one.resource), 0);
  const stop = new AbortController();
  let living: Promise<void> = Promise.resolve();
  return {
    name,
    kubeconfig,
    context: undefined,
    description: `a simulated cluster of ${objects} objects`,
    objects,
    live() {
      time.go();
      living = live(scene, { signal: stop.signal, clock: systemClock });
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await living;
      await api[Symbol.asyncDispose]();
    },
  };
}
