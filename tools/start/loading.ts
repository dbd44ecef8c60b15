/** Waits until every cluster is known to the platform, says how far it is, and lets each live from then on. */
import type { StreamState } from "@obsyk/contract";
import { waitFor } from "@obsyk/testkit";
import type { ClusterSource } from "./cluster-source.ts";
import type { PlatformApi } from "./platform-api.ts";

export type Loading = {
  /** When this start began: what an earlier one left at the platform says nothing about it. */
  readonly beganMs: number;
  readonly signal: AbortSignal;
  say(text: string): void;
};

/** A stream in one of these is still on its way to what it will know. */
const onTheWay: ReadonlySet<StreamState> = new Set<StreamState>(["starting", "listing", "waiting"]);
/** Long for the largest simulated cluster on a small machine. */
const loadMs = 600_000;
const sayEveryMs = 2000;

type Known = { readonly objects: number; readonly isAll: boolean };

export async function loadAll(
  api: PlatformApi,
  sources: readonly ClusterSource[],
  loading: Loading,
): Promise<void> {
  const left = new Set(sources);
  let saidAtMs = performance.now();
  await waitFor(
    "every cluster on the platform",
    async () => {
      const clusters = await api.clusters();
      const progress: string[] = [];
      for (const source of left) {
        const id = clusters.find((one) => one.name === source.name)?.id;
        const known = id === undefined ? undefined : await look(api, id, loading);
        if (known?.isAll === true) {
          left.delete(source);
          loading.say(`${source.name}: ${known.objects} objects are on the platform`);
          source.live();
        } else progress.push(progressOf(source, known));
      }
      if (performance.now() - saidAtMs >= sayEveryMs && progress.length > 0) {
        saidAtMs = performance.now();
        loading.say(`loading ${progress.join(", ")}`);
      }
      return left.size === 0;
    },
    { timeoutMs: loadMs, intervalMs: 300, signal: loading.signal },
  );
}

async function look(api: PlatformApi, id: string, { beganMs }: Loading): Promise<Known> {
  const { streams, objects, lastSeen } = await api.cluster(id);
  const isBack = Date.parse(lastSeen ?? "") > beganMs;
  const isAll = streams.length > 0 && !streams.some(({ state }) => onTheWay.has(state));
  return { objects, isAll: isBack && isAll };
}

function progressOf({ name, objects: all }: ClusterSource, known: Known | undefined): string {
  const objects = known?.objects ?? 0;
  if (all === undefined) return `${name} ${objects}`;
  // What an earlier start left there is compared, not added to.
  return objects > all
    ? `${name} comparing ${objects} with ${all}`
    : `${name} ${objects} of ${all}`;
}
