/**
 * How long does a person wait for the table of a cluster's 50,000 Pods, with nothing in the browser's cache, and how
 * much data comes for it? From the start of the navigation to the first row that is painted.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { apiPaths, clusterSchema } from "@obsyk/contract";
import { waitFor } from "@obsyk/testkit";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { z } from "zod";
import { BenchAgent } from "./agent.ts";
import { quantile, round, type Figure, type Size } from "./figures.ts";
import { createPodRecords, prepareList, sendList } from "./pod-records.ts";
import { openStack, type Stack } from "./stack.ts";

const clustersSchema = z.object({ items: z.array(clusterSchema) });

const executablePath = process.env["OBSYK_CHROMIUM"] ?? "/usr/bin/chromium";
const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"];

/** What the browser fetched: response bodies as they travelled, compressed or not. */
type Visit = { readonly paintMs: number; readonly dataBytes: number; readonly codeBytes: number };

export async function consolePaint(size: Size): Promise<readonly Figure[]> {
  if (!existsSync(executablePath))
    throw new Error(`no browser: install Chromium as ${executablePath}`);
  buildConsole();
  const records = createPodRecords(size === "tiny" ? 200 : 50_000);
  const visits = size === "tiny" ? 2 : 9;
  await using stack = await openStack("bench", "console/dist");
  using agent = await BenchAgent.open(stack);
  await sendList(agent, prepareList(records, { agent, resourceVersion: "1" }));
  await using browser = await chromium.launch({ executablePath, args });
  const state = await signIn(browser, await stack.signInLink());
  const url = `http://127.0.0.1:${stack.ports.console}/clusters/${await readClusterId(stack)}/pods`;
  const measure = async (slowdown: number): Promise<readonly Visit[]> => {
    const all: Visit[] = [];
    // The first visit warms the server's own caches, not the browser's: each has a new profile.
    for (let turn = 0; turn <= visits; turn += 1) {
      await using context = await browser.newContext({ storageState: state });
      const visit = await visitPods(context, url, slowdown);
      if (turn > 0) all.push(visit);
    }
    return all;
  };
  const fast = await measure(1);
  const slow = await measure(4);
  const work = { objects: records.length, visits };
  const paint = (name: string, seen: readonly Visit[]): Figure => ({
    name,
    value: round(
      quantile(
        seen.map(({ paintMs }) => paintMs),
        0.5,
      ),
    ),
    unit: "ms p50",
    work: {
      ...work,
      slowest: round(
        quantile(
          seen.map(({ paintMs }) => paintMs),
          1,
        ),
      ),
    },
  });
  const kilobytes = (bytes: readonly number[]): number => round(quantile(bytes, 1) / 1000);
  return [
    paint("console-paint", fast),
    paint("console-paint-slow-cpu", slow),
    {
      name: "console-data",
      value: kilobytes(fast.map(({ dataBytes }) => dataBytes)),
      unit: "kB",
      work: { ...work, codeKilobytes: kilobytes(fast.map(({ codeBytes }) => codeBytes)) },
    },
  ];
}

async function readClusterId(stack: Stack): Promise<string> {
  const { items } = clustersSchema.parse(await stack.api.get(apiPaths.clusters));
  const [cluster] = items;
  if (cluster === undefined) throw new Error("the platform has no cluster");
  return cluster.id;
}

function buildConsole(): void {
  const build = ["node_modules/vite/bin/vite.js", "build", "console", "--logLevel", "warn"];
  const { status } = spawnSync(process.execPath, build, { stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) throw new Error("the console could not be built");
}

async function signIn(browser: Browser, link: string) {
  await using context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(link);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Clusters", exact: true }).waitFor();
  return await context.storageState();
}

/** Rows are looked for in each frame of the page itself: waiting from outside would add its own period. */
const watchForRows = `
  const look = () => {
    if (document.querySelector("tbody th[scope=row]") === null) requestAnimationFrame(look);
    else requestAnimationFrame(() => { globalThis.paintedMs = performance.now(); });
  };
  requestAnimationFrame(look);
`;

async function visitPods(context: BrowserContext, url: string, slowdown: number): Promise<Visit> {
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: slowdown });
  await page.addInitScript(watchForRows);
  await page.goto(url, { waitUntil: "commit" });
  await page.getByRole("rowheader").first().waitFor({ timeout: 60_000 });
  const paintMs = await waitFor("the frame after the first row", () => paintedAt(page), {
    timeoutMs: 10_000,
  });
  const [dataBytes, codeBytes] = await fetchedBytes(page, paintMs);
  return { paintMs, dataBytes, codeBytes };
}

/** Milliseconds since the navigation began. */
async function paintedAt(page: Page): Promise<number | undefined> {
  const at = Number(await page.evaluate("globalThis.paintedMs"));
  return Number.isNaN(at) ? undefined : at;
}

type Fetched = {
  readonly name: string;
  readonly encodedBodySize: number;
  readonly startTime: number;
};

async function fetchedBytes(page: Page, beforeMs: number): Promise<readonly [number, number]> {
  const entries = await page.evaluate<readonly Fetched[]>(
    `performance.getEntriesByType("resource").map(
      ({ name, encodedBodySize, startTime }) => ({ name, encodedBodySize, startTime }))`,
  );
  const until = entries.filter(({ startTime }) => startTime <= beforeMs);
  const sum = (isData: boolean): number =>
    until
      .filter(({ name }) => new URL(name).pathname.startsWith("/api/") === isData)
      .reduce((total, { encodedBodySize }) => total + encodedBodySize, 0);
  return [sum(true), sum(false)];
}
