import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmod,
  chown,
  mkdtemp,
  readFile,
  readlink,
  readdir,
  rm,
  stat,
  writeFile,
  mkdir,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { findPostgres } from "./postgres-binaries.ts";
import { isReachable } from "./postgres-place.ts";
import { embeddedUser, initialiseData, readLockFile, startServer } from "./postgres-process.ts";
import type { PostgresServer } from "./postgres-server.ts";
import { openTestServer } from "./test-database.ts";

async function folder(t: TestContext): Promise<string> {
  const made = await mkdtemp(path.join(tmpdir(), "obsyk-test-"));
  await chmod(made, 0o755);
  t.after(() => rm(made, { recursive: true, force: true }));
  return made;
}

async function query(
  server: Pick<PostgresServer, "socketDir" | "user" | "database">,
  text: string,
): Promise<unknown[]> {
  const client = new pg.Client({
    host: server.socketDir,
    user: server.user,
    database: server.database,
  });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query<{ value: unknown }>(text)).rows.map((row) => row.value);
  } finally {
    await client.end();
  }
}

async function waitFor(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > deadline) assert.fail(`waited too long for ${what}`);
    await delay(50);
  }
}

/** Processes whose working folder is the data directory: the server and its children. */
async function processesIn(pgData: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => "");
    if (cwd === pgData) found.push(pid);
  }
  return found;
}

test("openPostgresServer: the npm package's server keeps its data over a restart", async (t) => {
  const dataDir = await folder(t);
  {
    await using server = await openTestServer(dataDir, { choice: "package" });
    assert.equal(server.binaries.kind, "package");
    await query(server, "create table kept as select 7 as value");
    assert.deepEqual(
      await query(
        server,
        "select setting as value from pg_settings where name = 'listen_addresses'",
      ),
      [""],
    );
  }
  // Automatic choice stays with the major version the data was made with.
  await using server = await openTestServer(dataDir);
  assert.equal(server.binaries.kind, "package");
  assert.deepEqual(await query(server, "select value from kept"), [7]);
});

test("openPostgresServer: a killed server is started again and nothing committed is lost", async (t) => {
  const started: boolean[] = [];
  let ended = 0;
  await using server = await openTestServer(await folder(t), {
    events: {
      postgresStarted: ({ adopted }) => started.push(adopted),
      postgresEnded: () => (ended += 1),
    },
  });
  await query(server, "create table kept as select 7 as value");
  const lock = await readLockFile(server.pgData);
  assert(lock.kind === "running" && lock.isWatched);
  process.kill(lock.pid, "SIGKILL");
  await waitFor("the second start", async () => started.length === 2);
  assert.deepEqual(await query(server, "select value from kept"), [7]);
  assert.equal(ended, 1);
  assert.deepEqual(started, [false, false]);
});

test("openPostgresServer: stops at whatever moment of a restart it is asked to", async (t) => {
  for (const waitMs of [0, 10, 40, 120]) {
    const server = await openTestServer(await folder(t));
    const lock = await readLockFile(server.pgData);
    assert(lock.kind === "running");
    process.kill(lock.pid, "SIGKILL");
    await delay(waitMs);
    await server[Symbol.asyncDispose]();
    await waitFor("the server's end", async () => (await processesIn(server.pgData)).length === 0);
  }
});

test("openPostgresServer: a second process adopts the server, and starts its own when the first goes", async (t) => {
  const dataDir = await folder(t);
  const adoptions: boolean[] = [];
  const first = await openTestServer(dataDir);
  await using second = await openTestServer(dataDir, {
    events: { postgresStarted: ({ adopted }) => adoptions.push(adopted) },
  });
  assert.deepEqual(adoptions, [true]);
  await first[Symbol.asyncDispose]();
  await waitFor("a server of its own", async () => adoptions.length === 2);
  assert.deepEqual(adoptions, [true, false]);
  assert.deepEqual(await query(second, "select 1 as value"), [1]);
});

test("openPostgresServer: a killed Node leaves no server behind", async (t) => {
  const dataDir = await folder(t);
  const script = `
    import { openTestServer } from ${JSON.stringify(new URL("./test-database.ts", import.meta.url).href)};
    const server = await openTestServer(${JSON.stringify(dataDir)});
    console.log(server.pgData);
    setInterval(() => {}, 1000);
  `;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const [pgData] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  assert((await processesIn(pgData)).length > 0);
  child.kill("SIGKILL");
  await once(child, "exit");
  await waitFor("the server's end", async () => (await processesIn(pgData)).length === 0);
  // And the data is whole: a clean shutdown removes the lock file.
  assert.deepEqual(await readLockFile(pgData), { kind: "none" });
});

test("openPostgresServer: a lock file that names another living process does not stop a start", async (t) => {
  const dataDir = await folder(t);
  const first = await openTestServer(dataDir);
  await first[Symbol.asyncDispose]();
  await writeFile(
    path.join(first.pgData, "postmaster.pid"),
    `${process.pid}\n${first.pgData}\n0\n5432\n`,
  );
  assert.deepEqual(await readLockFile(first.pgData), { kind: "stale" });
  await using server = await openTestServer(dataDir);
  assert.deepEqual(await query(server, "select 1 as value"), [1]);
});

test("initialiseData: a user without a passwd entry gets a data directory and a server", async (t) => {
  if (process.getuid?.() !== 0) return t.skip("only root can start it as another user");
  const runAs = { user: "nameless", uid: 1_000_710_000, gid: 0 };
  const parent = await folder(t);
  await chown(parent, runAs.uid, runAs.gid);
  const place = { pgData: path.join(parent, "data"), socketDir: parent, keepDir: parent, runAs };
  const dataMajor = undefined;
  const binaries = await findPostgres({ choice: "auto", dataMajor, runAs, keepDir: parent });
  await initialiseData(binaries, place);
  const running = startServer(binaries, place, () => undefined);
  const server = { socketDir: parent, user: embeddedUser, database: "postgres" };
  try {
    await waitFor("a connection", () =>
      query(server, "select 1 as value").then(
        () => true,
        () => false,
      ),
    );
    assert.equal((await stat(path.join(place.pgData, "PG_VERSION"))).uid, runAs.uid);
  } finally {
    await running.stop();
  }
});

test("openPostgresServer: an ordinary user's own process gets a server, from either source of binaries", async (t) => {
  if (process.getuid?.() !== 0) return t.skip("every other test shows it");
  const [, ids = "65534:65534"] =
    /^nobody:[^:]*:(\d+:\d+):/m.exec(await readFile("/etc/passwd", "utf8")) ?? [];
  const [uid = 65_534, gid = 65_534] = ids.split(":").map(Number);
  const main = new URL("../main.ts", import.meta.url);
  if (!(await isReachable(fileURLToPath(main), { user: "nobody", uid, gid }))) {
    return t.skip("nobody can reach no file of this folder");
  }
  for (const choice of ["auto", "package"] as const) {
    const dataDir = await folder(t);
    await chown(dataDir, uid, gid);
    const script = `
      import { openTestServer } from ${JSON.stringify(new URL("./test-database.ts", import.meta.url).href)};
      const server = await openTestServer(${JSON.stringify(dataDir)}, { choice: ${JSON.stringify(choice)} });
      console.log(JSON.stringify({ uid: process.getuid(), ...server }));
      process.stdin.resume();
      process.stdin.on("end", () => server[Symbol.asyncDispose]());
    `;
    const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
      cwd: dataDir,
      env: { PATH: "/usr/bin:/bin" },
      stdio: ["pipe", "pipe", "inherit"],
      uid,
      gid,
    });
    t.after(() => child.kill("SIGKILL"));
    const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
    const server = JSON.parse(line) as PostgresServer & { readonly uid: number };
    assert.equal(server.uid, uid);
    assert(server.pgData.startsWith(dataDir), "its data is where it was told to be");
    assert.equal((await stat(path.join(server.pgData, "PG_VERSION"))).uid, uid);
    assert.deepEqual(await query(server, "select 7 as value"), [7]);
    child.stdin.end();
    assert.deepEqual(await once(child, "exit"), [0, null]);
    assert.deepEqual(await readLockFile(server.pgData), { kind: "none" });
    // The platform's own program on the same data: it migrates and writes.
    const link = spawnSync(process.execPath, [fileURLToPath(main), "sign-in-link"], {
      env: { PATH: "/usr/bin:/bin", OBSYK_DATA_DIR: dataDir },
      encoding: "utf8",
      uid,
      gid,
    });
    assert.equal(link.status, 0, link.stderr);
    assert.match(link.stdout, /\/sign-in\?token=[\w-]{43}\n$/);
  }
});

test("initialiseData: where nothing helps a user without a passwd entry, it says what does", async (t) => {
  const parent = await folder(t);
  const binDir = path.join(parent, "bin");
  await mkdir(binDir);
  const said = "initdb: could not look up effective user ID 1000710000: user does not exist";
  await writeFile(path.join(binDir, "initdb"), `#!/bin/sh\necho "${said}" >&2\nexit 1\n`, {
    mode: 0o755,
  });
  const place = {
    pgData: path.join(parent, "data"),
    socketDir: parent,
    keepDir: parent,
    runAs: undefined,
  };
  await assert.rejects(initialiseData({ kind: "system", binDir, major: 15 }, place), {
    code: "POSTGRES_USER",
    message: /entry in \/etc\/passwd .* DATABASE_URL/,
  });
  assert.deepEqual(await readdir(parent), ["bin"]);
});

test("readLockFile: a zombie is told from a server", async (t) => {
  const dataDir = await folder(t);
  // The inner shell ends after its parent was replaced by sleep, which never reaps it.
  const parent = spawn("/bin/sh", ["-c", 'sh -c "sleep 0.3" & echo $!; exec sleep 60'], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  t.after(() => parent.kill("SIGKILL"));
  const [pid] = (await once(createInterface({ input: parent.stdout }), "line")) as [string];
  await writeFile(path.join(dataDir, "postmaster.pid"), `${pid}\n${dataDir}\n`);
  await waitFor("a zombie", async () => (await readLockFile(dataDir)).kind === "zombie");
});

test("openPostgresServer: as root, a folder the server's user cannot reach keeps its data elsewhere and finds it again", async (t) => {
  if (process.getuid?.() !== 0) return t.skip("needs root");
  const closed = await folder(t);
  await chmod(closed, 0o700);
  const dataDir = path.join(closed, "data");
  await mkdir(dataDir);
  const reachableDir = await folder(t);
  {
    await using server = await openTestServer(dataDir, { choice: "package", reachableDir });
    assert(server.pgData.startsWith(reachableDir));
    await query(server, "create table kept as select 7 as value");
  }
  const note = await readFile(path.join(dataDir, "postgres-location"), "utf8");
  assert(note.startsWith(reachableDir));
  await using server = await openTestServer(dataDir, { choice: "auto", reachableDir });
  assert.deepEqual(await query(server, "select value from kept"), [7]);
});
