/**
 * How many objects a second does the platform take in, over HTTPS, with history and feed, against COPY of the same rows
 * into a table without an index in the same server?
 *
 * @module
 */
import { canonicalize } from "@obsyk/contract";
import { BenchAgent } from "./agent.ts";
import { round, withReference, type Figure, type Size } from "./figures.ts";
import { copyInto, copyLine, openClient } from "./owner.ts";
import {
  changeAll,
  createPodRecords,
  prepareList,
  sendList,
  type PodRecord,
} from "./pod-records.ts";
import { openStack, type Stack } from "./stack.ts";

export async function ingest(size: Size): Promise<readonly Figure[]> {
  const records = createPodRecords(size === "tiny" ? 200 : 10_000);
  await using stack = await openStack();
  using agent = await BenchAgent.open(stack);
  const first = prepareList(records, { agent, resourceVersion: "1" });
  const again = prepareList(records, { agent, resourceVersion: "2" });
  const changed = prepareList(changeAll(records), { agent, resourceVersion: "3" });
  const seconds = {
    first: await sendList(agent, first),
    unchanged: await sendList(agent, again),
    changed: await sendList(agent, changed),
  };
  const copySeconds = await copyRows(stack, records);
  const rows = records.length;
  const work = { rows, recordBytes: Math.round(first.canonicalBytes / rows) };
  const rate = (name: string, taken: number): Figure => {
    const figure = { name, value: round(rows / taken), unit: "objects/s", work };
    const reference = { name: "index-free COPY", value: rows / copySeconds, unit: "rows/s" };
    return withReference(figure, reference);
  };
  return [
    rate("ingest-first", seconds.first),
    rate("ingest-unchanged", seconds.unchanged),
    rate("ingest-changed", seconds.changed),
  ];
}

/** Seconds that COPY takes, read from a file by the server itself: no client has a part in it. */
async function copyRows(stack: Stack, records: readonly PodRecord[]): Promise<number> {
  const owner = await openClient(stack, "obsyk");
  try {
    await owner.query(
      `create table bench_copy (org_id int, cluster_id uuid, resource text, uid uuid, namespace text, name text,
         labels jsonb, record jsonb)`,
    );
    const lines = records.map(lineOf);
    return await copyInto(owner, { stack, target: "bench_copy", lines });
  } finally {
    await owner.end();
  }
}

function lineOf({ uid, record }: PodRecord): string {
  const metadata = record["metadata"] as {
    readonly namespace: string;
    readonly name: string;
    readonly labels?: object;
  };
  return copyLine([
    "1",
    "00000000-0000-4000-8000-000000000000",
    "pods",
    uid,
    metadata.namespace,
    metadata.name,
    JSON.stringify(metadata.labels ?? {}),
    canonicalize(record),
  ]);
}
