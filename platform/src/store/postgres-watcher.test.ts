import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { test, type TestContext } from "node:test";

const endWithParent = new URL("../../../tools/end-with-parent.ts", import.meta.url).href;
const module = new URL("./test-database.ts", import.meta.url).href;
const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Opens a server in a folder of ours, says so, and never ends by itself. */
function scriptFor(dataDir: string): string {
  return `
    import { openTestServer } from ${JSON.stringify(module)};
    console.log("opening");
    await openTestServer(${JSON.stringify(dataDir)});
    console.log("open");
    setInterval(() => {}, 1000);
  `;
}

async function folder(t: TestContext): Promise<string> {
  const made = await mkdtemp(path.join(tmpdir(), "obsyk-test-"));
  await chmod(made, 0o755);
  t.after(() => rm(made, { recursive: true, force: true, maxRetries: 5 }));
  return made;
}

function startNode(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, [...args], {
    cwd: root,
    // Without it a runner takes itself for a file of ours, and runs nothing.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...env },
    stdio: ["ignore", "pipe", "inherit"],
    // A group of its own, so that the whole group can be killed.
    detached: true,
  });
}

async function untilLine(child: ChildProcess, wanted: string): Promise<void> {
  assert(child.stdout !== null);
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === wanted) return;
  }
  assert.fail(`it ended without saying ${wanted}`);
}

type Found = { readonly pid: number; readonly words: readonly string[] };

/** Every process with the folder on its command line: server, watcher and initdb. */
async function processesOf(dataDir: string): Promise<Found[]> {
  const found: Found[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const text = await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "");
    const words = text.split("\0");
    const isOurs = words.some((word) => word.includes(dataDir)) && !words.includes("-e");
    if (isOurs) found.push({ pid: Number(name), words });
  }
  return found;
}

const isServer = ({ words }: Found): boolean => words[0]?.endsWith("/postgres") === true;
const isWatcher = ({ words }: Found): boolean => words.includes("obsyk-postgres-watcher");

async function untilNoneLeft(dataDir: string, what: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const left = await processesOf(dataDir);
    if (left.length === 0) return;
    if (Date.now() > deadline) {
      for (const { pid } of left) process.kill(pid, "SIGKILL");
      assert.fail(`${what}: ${left.map(({ words }) => words.join(" ").slice(0, 80)).join("; ")}`);
    }
    await delay(50);
  }
}

function inline(dataDir: string): string[] {
  return ["--input-type=module-typescript", "-e", scriptFor(dataDir)];
}

for (const waitMs of [0, 250, 1500]) {
  test(`openPostgresServer: Node killed ${waitMs} ms after it began leaves no server`, async (t) => {
    const dataDir = await folder(t);
    const child = startNode(inline(dataDir));
    await untilLine(child, "opening");
    await delay(waitMs);
    child.kill("SIGKILL");
    await once(child, "exit");
    await untilNoneLeft(dataDir, `${waitMs} ms`);
  });
}

test("openPostgresServer: the whole process group killed leaves no server", async (t) => {
  const dataDir = await folder(t);
  const child = startNode(inline(dataDir));
  await untilLine(child, "open");
  assert((await processesOf(dataDir)).some(isServer));
  process.kill(-child.pid!, "SIGKILL");
  await untilNoneLeft(dataDir, "the group");
});

test("openPostgresServer: Node and every watcher killed together leave no server", async (t) => {
  const dataDir = await folder(t);
  const child = startNode(inline(dataDir));
  await untilLine(child, "open");
  const watchers = (await processesOf(dataDir)).filter(isWatcher);
  assert(watchers.length > 0);
  for (const { pid } of watchers) process.kill(pid, "SIGKILL");
  child.kill("SIGKILL");
  await untilNoneLeft(dataDir, "watchers");
});

test("openPostgresServer: a stopped server ends with a killed Node too", async (t) => {
  const dataDir = await folder(t);
  const child = startNode(inline(dataDir));
  await untilLine(child, "open");
  for (const { pid } of (await processesOf(dataDir)).filter(isServer)) {
    process.kill(pid, "SIGSTOP");
  }
  child.kill("SIGKILL");
  await untilNoneLeft(dataDir, "a stopped server");
});

/** A test run whose only test has a server and never ends. */
async function startRun(dataDir: string, env: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const file = path.join(dataDir, "endless.mts");
  await writeFile(file, scriptFor(path.join(dataDir, "data")));
  const preload = `--import=${endWithParent}`;
  const runner = startNode([preload, "--test", "--test-reporter=tap", file], env);
  await untilLine(runner, "# opening");
  return runner;
}

for (const waitMs of [0, 1500]) {
  test(`npm test: a runner killed ${waitMs} ms after its test began leaves no server`, async (t) => {
    const dataDir = await folder(t);
    const runner = await startRun(dataDir, {});
    await delay(waitMs);
    runner.kill("SIGKILL");
    await untilNoneLeft(dataDir, `runner ${waitMs} ms`);
  });
}

test("npm test: a run ends with the process that OBSYK_RUN_PID names", async (t) => {
  const dataDir = await folder(t);
  const outer = spawn("sleep", ["60"], { stdio: "ignore" });
  await startRun(dataDir, { OBSYK_RUN_PID: String(outer.pid) });
  outer.kill("SIGKILL");
  await untilNoneLeft(dataDir, "the run");
});
