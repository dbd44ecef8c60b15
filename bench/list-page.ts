/**
 * How long does a page of a list take, alone, with a name search and with a label selector, over HTTP on loopback?
 *
 * @module
 */
import { apiPaths, objectPageSchema } from "@obsyk/contract";
import { BenchAgent } from "./agent.ts";
import { quantile, round, type Figure, type Size } from "./figures.ts";
import { createPodRecords, prepareList, sendList } from "./pod-records.ts";
import { openStack } from "./stack.ts";

const queries = {
  "list-page": { resource: "pods", limit: "100" },
  "list-page-name-search": { resource: "pods", limit: "100", name: "check" },
  "list-page-label-search": { resource: "pods", limit: "100", labelSelector: "app=checkout" },
};

export async function listPage(size: Size): Promise<readonly Figure[]> {
  const records = createPodRecords(size === "tiny" ? 200 : 10_000);
  const rounds = size === "tiny" ? 5 : 200;
  await using stack = await openStack();
  using agent = await BenchAgent.open(stack);
  await sendList(agent, prepareList(records, { agent, resourceVersion: "1" }));
  const figures: Figure[] = [];
  for (const [name, filters] of Object.entries(queries)) {
    const path = `${apiPaths.objects}?${new URLSearchParams(filters).toString()}`;
    const times: number[] = [];
    let rows = 0;
    for (let turn = 0; turn < rounds; turn += 1) {
      const started = performance.now();
      const page = objectPageSchema.parse(await stack.api.get(path));
      times.push(performance.now() - started);
      rows = page.items.length;
    }
    if (rows === 0) throw new Error(`${name} found nothing: it measures nothing`);
    figures.push({
      name,
      value: round(quantile(times, 0.95)),
      unit: "ms p95",
      work: { objects: records.length, rows, rounds, p50: round(quantile(times, 0.5)) },
    });
  }
  return figures;
}
