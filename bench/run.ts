/**
 * `npm run bench [-- NAME …]`: one JSON line a figure. Exit code 1 when one misses its bar, 2 for an unknown name.
 * `OBSYK_BENCH_TINY=1` runs everything small: whether it works, not how fast.
 *
 * @module
 */
import "../tools/end-with-parent.ts";
import { consolePaint } from "./console-paint.ts";
import { judge, readBars, type Figure, type Size } from "./figures.ts";
import { ingest } from "./ingest.ts";
import { latency } from "./latency.ts";
import { listPage } from "./list-page.ts";
import { operatorCpu, operatorMemory, operatorMemory50k } from "./operator.ts";

const benches: { readonly [name: string]: (size: Size) => Promise<readonly Figure[]> } = {
  "operator-memory": operatorMemory,
  "operator-memory-50k": operatorMemory50k,
  "operator-cpu": operatorCpu,
  ingest,
  "list-page": listPage,
  latency,
  "console-paint": consolePaint,
};

/** Left out of the small run of everything, which needs Node alone. */
const needBrowser: ReadonlySet<string> = new Set(["console-paint"]);

async function main(names: readonly string[], size: Size): Promise<number> {
  const unknown = names.filter((name) => !Object.hasOwn(benches, name));
  if (unknown.length > 0) {
    console.error(`no bench ${unknown.join(", ")}: there are ${Object.keys(benches).join(", ")}`);
    return 2;
  }
  const bars = readBars();
  let missed = 0;
  for (const [name, bench] of Object.entries(benches)) {
    if (names.length > 0 && !names.includes(name)) continue;
    if (names.length === 0 && size === "tiny" && needBrowser.has(name)) continue;
    for (const figure of await bench(size)) {
      const bar = size === "tiny" ? undefined : bars[figure.name];
      const reached = judge(figure, bar);
      if (reached === false) missed += 1;
      console.log(JSON.stringify({ ...figure, ...(bar === undefined ? {} : { bar, reached }) }));
    }
  }
  return missed > 0 ? 1 : 0;
}

process.exitCode = await main(
  process.argv.slice(2),
  process.env["OBSYK_BENCH_TINY"] === "1" ? "tiny" : "full",
);
