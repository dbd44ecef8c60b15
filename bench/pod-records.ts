/** Pod records as an operator sends them, and the batches they travel in. */
import { canonicalize, type JsonObject, type Line } from "@obsyk/contract";
import { findResource, recordOf } from "@obsyk/contract/allow-list";
import { formatSetHash, memberHash, recordHash } from "@obsyk/runtime";
import { generateCluster, shapeForPods } from "@obsyk/testkit";
import { podStream, type BenchAgent } from "./agent.ts";

export type PodRecord = { readonly uid: string; readonly record: JsonObject };

export function createPodRecords(count: number): readonly PodRecord[] {
  const definition = findResource("pods");
  if (definition === undefined) throw new Error("there is no resource pods");
  const cluster = generateCluster({ seed: 5, shape: shapeForPods(count), now: () => Date.now() });
  return cluster.store.list("pods").map((pod) => ({
    uid: pod.uid,
    record: recordOf(definition, JSON.parse(pod.json), { mode: "full" }),
  }));
}

type Put = Extract<Line, { op: "put" }>;
export type PreparedList = {
  readonly batches: readonly (readonly Line[])[];
  readonly canonicalBytes: number;
};

const batchRows = 500;

/** One whole list, `begin` to `check`, so that sending measures the platform alone. */
export function prepareList(
  records: readonly PodRecord[],
  options: { readonly agent: BenchAgent; readonly resourceVersion: string },
): PreparedList {
  const { hashKey } = options.agent;
  let canonicalBytes = 0;
  let setHash = 0n;
  const seen = Date.now();
  const puts = records.map(({ uid, record }): Put => {
    const canonical = canonicalize(record);
    canonicalBytes += canonical.length;
    const hash = recordHash(hashKey, "pods", canonical);
    setHash ^= memberHash("pods", uid, hash);
    const { resourceVersion } = options;
    return { op: "put", stream: podStream, uid, hash, resourceVersion, record, seen };
  });
  const batches: Line[][] = [];
  for (let from = 0; from < puts.length; from += batchRows) {
    batches.push(puts.slice(from, from + batchRows));
  }
  const stream = podStream;
  batches.at(0)?.unshift({ op: "begin", stream, attempt: 1, reason: "start", seen });
  batches
    .at(-1)
    ?.push(
      { op: "end", stream, resourceVersion: options.resourceVersion, seen },
      { op: "check", stream, count: puts.length, setHash: formatSetHash(setHash) },
    );
  return { batches, canonicalBytes };
}

/** Every record as a restart of its first container would leave it. */
export function changeAll(records: readonly PodRecord[]): readonly PodRecord[] {
  return records.map(({ uid, record }) => {
    const status = record["status"] as JsonObject;
    return { uid, record: { ...record, status: { ...status, reason: "Restarted" } } };
  });
}

/** @returns seconds from the first batch to the last acknowledgement */
export async function sendList(agent: BenchAgent, list: PreparedList): Promise<number> {
  const started = performance.now();
  for (const batch of list.batches) await agent.send(batch);
  return (performance.now() - started) / 1000;
}
