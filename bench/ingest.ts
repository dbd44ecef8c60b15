/**
 * How many objects a second does the platform take in, over HTTPS, with history and feed, against COPY of the same rows
 * into a table without an index in the same server?
 *
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { canonicalize } from "@obsyk/contract";
import { BenchAgent } from "./agent.ts";
import { round, withReference, type Figure, type Size } from "./figures.ts";
import {
  changeAll,
  createPodRecords,
  prepareList,
  sendList,
  type PodRecord,
} from "./pod-records.ts";
import { openStack } from "./stack.ts";

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
  const socketDir = join(stack.folder, "platform", "run");
  const copySeconds = await copyRows(socketDir, records);
  const rows = records.length;
  const work = { rows, recordBytes: Math.round(first.canonicalBytes / rows) };
  const rate = (name: string, taken: number): Figure => {
    const figure = { name, value: round(rows / taken), unit: "objects/s", work };
    if (copySeconds === undefined) return figure;
    const reference = { name: "index-free COPY", value: rows / copySeconds, unit: "rows/s" };
    return withReference(figure, reference);
  };
  return [
    rate("ingest-first", seconds.first),
    rate("ingest-unchanged", seconds.unchanged),
    rate("ingest-changed", seconds.changed),
  ];
}

/** PostgreSQL's own client; there is none beside the binaries of the npm package. */
function findPsql(): string | undefined {
  return [18, 17, 16, 15]
    .map((version) => `/usr/lib/postgresql/${version}/bin/psql`)
    .find((file) => existsSync(file));
}

/** Seconds that COPY takes; `undefined` without psql, which leaves the figure without a ratio. */
async function copyRows(
  socketDir: string,
  records: readonly PodRecord[],
): Promise<number | undefined> {
  const psql = findPsql();
  if (psql === undefined) return undefined;
  const lines = records.map(({ uid, record }) => copyLine(uid, record));
  await runSql(psql, socketDir, {
    sql: "create table bench_copy (org_id int, cluster_id uuid, resource text, uid uuid, namespace text, name text, labels jsonb, record jsonb)",
  });
  const secondsOf = async (statement: Parameters<typeof runSql>[2]): Promise<number> => {
    const started = performance.now();
    await runSql(psql, socketDir, statement);
    return (performance.now() - started) / 1000;
  };
  const copying = await secondsOf({
    sql: "copy bench_copy from stdin",
    input: `${lines.join("\n")}\n`,
  });
  // What starting psql and connecting take is no part of COPY.
  return copying - (await secondsOf({ sql: "set application_name = 'bench'" }));
}

function copyLine(uid: string, record: PodRecord["record"]): string {
  const metadata = record["metadata"] as {
    readonly namespace: string;
    readonly name: string;
    readonly labels?: object;
  };
  const columns = [
    "1",
    "00000000-0000-4000-8000-000000000000",
    "pods",
    uid,
    metadata.namespace,
    metadata.name,
    JSON.stringify(metadata.labels ?? {}),
    canonicalize(record),
  ];
  return columns.map((column) => column.replaceAll("\\", "\\\\")).join("\t");
}

async function runSql(
  psql: string,
  socketDir: string,
  statement: { readonly sql: string; readonly input?: string },
): Promise<void> {
  const child = spawn(
    psql,
    [
      "-X",
      "-q",
      "-v",
      "ON_ERROR_STOP=1",
      "-h",
      socketDir,
      "-U",
      "obsyk",
      "-d",
      "obsyk",
      "-c",
      statement.sql,
    ],
    { stdio: ["pipe", "inherit", "pipe"] },
  );
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  child.stdin.end(statement.input ?? "");
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`psql failed: ${said.slice(0, 500)}`);
}
