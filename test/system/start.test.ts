/** `npm start` as it is without options: three simulated clusters, an own PostgreSQL, one Ctrl-C. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { apiPaths } from "@obsyk/contract";
import { openPlatform, settingsTable } from "@obsyk/platform";
import { parseSettings, systemClock } from "@obsyk/runtime";
import { createCertificates, openProcessGuard, waitFor } from "@obsyk/testkit";
import { PlatformApi } from "../../tools/start/platform-api.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const names = ["batch-eu", "platform", "prod-eu-shops"];

async function openFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "obsyk-start-"));
  // PostgreSQL runs as another user when we are root, and must get through to its data.
  await chmod(path, 0o711);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Processes below another one, from the process table. */
async function descendants(pid: number): Promise<readonly number[]> {
  const childrenOf = new Map<number, number[]>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    // After the name, which may hold anything: state, parent.
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), Number(name)]);
  }
  const found = [...(childrenOf.get(pid) ?? [])];
  for (const one of found) found.push(...(childrenOf.get(one) ?? []));
  return found;
}

function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat[stat.lastIndexOf(")") + 2] !== "Z";
  } catch {
    return false;
  }
}

type Started = AsyncDisposable & {
  readonly api: PlatformApi;
  /** Milliseconds until the link was there. */
  readonly linkMs: number;
  /** As Ctrl-C does. @returns how it ended, and which processes it left */
  stop(): Promise<{ readonly exit: readonly unknown[]; readonly left: readonly number[] }>;
};

async function start(
  dataDir: string,
  env: { readonly [name: string]: string } = {},
): Promise<Started> {
  const guard = await openProcessGuard("start-test");
  const began = performance.now();
  const child = spawn(
    process.execPath,
    ["tools/start.ts", "--size", "300", "--port", "0", "--data", dataDir],
    {
      cwd: root,
      env: { PATH: process.env["PATH"], HOME: dataDir, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  guard.adopt(child);
  const exited = once(child, "exit");
  const errors = text(child.stderr);
  const said: string[] = [];
  const { promise: linked, resolve } = Promise.withResolvers<string>();
  const { promise: loaded, resolve: load } = Promise.withResolvers<void>();
  createInterface({ input: child.stdout })
    .on("line", (line) => {
      said.push(line);
      const [link] = /http:\/\/\S+\/sign-in\?token=\S+/.exec(line) ?? [];
      if (link !== undefined) resolve(link);
      if (line.includes("  Logs: ")) load();
    })
    .on("close", () => {
      resolve("");
      load();
    });
  const link = await linked;
  if (link === "") {
    await guard[Symbol.asyncDispose]();
    assert.fail(`no sign-in link:\n${said.join("\n")}\n${await errors}`);
  }
  const linkMs = performance.now() - began;
  const api = new PlatformApi(new URL(link).origin);
  await api.signIn(link);
  return {
    api,
    linkMs,
    async stop() {
      await loaded;
      const below = await descendants(child.pid ?? 0);
      // PostgreSQL's own are among them.
      assert.ok(below.length >= 5, `only ${below.length} processes below npm start`);
      child.kill("SIGINT");
      const exit = (await exited) as readonly unknown[];
      if (exit[0] !== 0) console.error(said.join("\n"));
      // A process that ended is in the table until its parent, or init, has heard of it.
      const left = () => below.filter((pid) => isRunning(pid));
      await waitFor("the end of all processes", async () => left().length === 0, {
        timeoutMs: 3000,
        intervalMs: 50,
      }).catch(() => undefined);
      return { exit, left: left() };
    },
    [Symbol.asyncDispose]: () => guard[Symbol.asyncDispose](),
  };
}

type Known = { readonly clusters: readonly string[]; readonly clients: readonly string[] };

/** Waits until every simulated cluster is connected. @returns the ids under which the platform knows all of it */
async function connected(api: PlatformApi, sinceMs: number): Promise<Known> {
  await waitFor(
    "every simulated cluster connected",
    async () => {
      const clusters = await api.clusters();
      return (
        clusters.length === names.length &&
        clusters.every(
          ({ state, objects, lastSeen }) =>
            state === "connected" && objects > 0 && Date.parse(lastSeen ?? "") > sinceMs,
        )
      );
    },
    { timeoutMs: 30_000, intervalMs: 200 },
  );
  const clusters = await api.clusters();
  assert.deepEqual(clusters.map(({ name }) => name).toSorted(), names);
  const { items } = (await api.get(apiPaths.clients)) as {
    readonly items: readonly { readonly name: string; readonly clientId: string }[];
  };
  return {
    clusters: clusters.map(({ name, id }) => `${name} ${id}`).toSorted(),
    clients: items.map(({ name, clientId }) => `${name} ${clientId}`).toSorted(),
  };
}

test("npm start: prints a sign-in link, connects three clusters, stops at Ctrl-C, finds it all again", async (t) => {
  await using folder = await openFolder();
  const seen: Known[] = [];
  for (const run of ["first", "second"]) {
    const beganMs = Date.now();
    await using started = await start(join(folder.path, "data"));
    t.diagnostic(`${run} run: link after ${(started.linkMs / 1000).toFixed(1)} s`);
    seen.push(await connected(started.api, beganMs));
    assert.deepEqual(await started.stop(), { exit: [0, null], left: [] });
  }
  assert.equal(seen[0]?.clients.length, names.length);
  assert.deepEqual(seen[1], seen[0]);
});

/** A platform of its own brings a PostgreSQL with both logins up; its socket lets everybody in. */
async function openPostgres(
  folder: string,
): Promise<AsyncDisposable & { url(login: string): string }> {
  const { cert, key } = await createCertificates();
  const [certFile, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  await writeFile(certFile, cert);
  await writeFile(keyFile, key, { mode: 0o600 });
  const env = {
    OBSYK_DATA_DIR: join(folder, "elsewhere"),
    OBSYK_AGENT_CERT_FILE: certFile,
    OBSYK_AGENT_KEY_FILE: keyFile,
    OBSYK_AGENT_PORT: "0",
    OBSYK_CONSOLE_PORT: "0",
    OBSYK_OBSERVE_PORT: "0",
  };
  const platform = await openPlatform({
    settings: parseSettings(settingsTable, { env, args: [] }),
    clock: systemClock,
    random: () => 0.5,
    logTo: { write: () => undefined },
  });
  const socket = encodeURIComponent(join(folder, "elsewhere", "run"));
  return {
    url: (login) => `postgres://${login}@/obsyk?host=${socket}`,
    [Symbol.asyncDispose]: () => platform[Symbol.asyncDispose](),
  };
}

test("npm start: DATABASE_URL is used instead of a PostgreSQL of its own, at the next start too", async () => {
  await using folder = await openFolder();
  await using postgres = await openPostgres(folder.path);
  const dataDir = join(folder.path, "data");
  const app = { DATABASE_URL: postgres.url("obsyk_app") };
  const seen: Known[] = [];
  for (const env of [{ ...app, OBSYK_DATABASE_OWNER_URL: postgres.url("obsyk") }, app]) {
    const beganMs = Date.now();
    await using started = await start(dataDir, env);
    seen.push(await connected(started.api, beganMs));
    assert.equal(existsSync(join(dataDir, "platform", "postgres")), false);
    assert.deepEqual(await started.stop(), { exit: [0, null], left: [] });
  }
  assert.deepEqual(seen[1], seen[0]);
});
