import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { it } from "node:test";
import { promisify } from "node:util";

const run = promisify(execFile);

it(
  "bench: every bench runs, small, and prints one figure a line",
  { timeout: 110_000 },
  async (context) => {
    const { stdout } = await run(process.execPath, ["bench/run.ts"], {
      env: { ...process.env, OBSYK_BENCH_TINY: "1" },
      signal: context.signal,
    });
    const figures = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { readonly name: string; readonly value: number });
    assert.deepEqual(
      figures.map((figure) => figure.name),
      [
        "operator-memory",
        "operator-memory-50k",
        "operator-cpu",
        "ingest-first",
        "ingest-unchanged",
        "ingest-changed",
        "list-page",
        "list-page-name-search",
        "list-page-rare-name-search",
        "list-page-label-search",
        "list-page-limited",
        "list-page-limited-name-search",
        "latency-p50",
        "latency-p99",
      ],
    );
    for (const { name, value } of figures) assert.ok(value > 0, name);
  },
);
