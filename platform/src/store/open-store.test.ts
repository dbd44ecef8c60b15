import assert from "node:assert/strict";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { createLog, Registry, systemClock } from "@obsyk/runtime";
import { createEvents } from "../events.ts";
import { createPartitions } from "../ingest/partitions.ts";
import { ensureFirstPerson } from "../tenancy/first-start.ts";
import { openPool } from "./database.ts";
import { openStore } from "./open-store.ts";
import { openTestServer } from "./test-database.ts";
import { lintIsolation } from "./test-schema-lint.ts";

test("openStore: two plain logins suffice, the owner's once, and what is missing is named", async (t) => {
  const dataDir = await mkdtemp(path.join(tmpdir(), "obsyk-test-"));
  await chmod(dataDir, 0o711);
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  await using server = await openTestServer(dataDir);
  const urlAs = (login: string): string =>
    `postgres:///shared?user=${login}&host=${encodeURIComponent(server.socketDir)}`;
  await using stack = new AsyncDisposableStack();
  const open = (url: string) =>
    stack.adopt(
      openPool({
        target: { kind: "url", url },
        maxConnections: 1,
        onConnectionLost: () => undefined,
      }),
      (pool) => pool.end(),
    );
  // As docs/operate/database.md says.
  const admin = open(urlAs(server.user).replace("shared", server.database));
  await admin.query("create role plain_owner login");
  await admin.query(`create role "plain-app" login`);
  await admin.query("create database shared owner plain_owner");
  const store = (ownerUrl: string | undefined, login = "plain-app") =>
    openStore({
      databaseUrl: urlAs(login),
      ownerUrl,
      dataDir,
      choice: "auto",
      clock: systemClock,
      random: () => 0.5,
      events: createEvents(
        createLog({ name: "test", level: "error", destination: { write: () => undefined } }),
        new Registry(),
      ),
    });
  await assert.rejects(store(undefined), {
    code: "MIGRATION",
    message: /OBSYK_DATABASE_OWNER_URL/,
  });
  await assert.rejects(store(undefined, "plain_owner"), {
    code: "DATABASE_ROLE",
    message: /plain_owner, which owns .*OBSYK_DATABASE_OWNER_URL/,
  });
  await using first = await store(urlAs("plain_owner"));
  const { orgId } = await ensureFirstPerson(first.db);
  assert((await createPartitions(first.db, Date.now())).length > 0);
  await using second = await store(undefined);
  assert.equal((await ensureFirstPerson(second.db)).orgId, orgId);
  assert.deepEqual(await lintIsolation(open(urlAs("plain_owner")), "plain-app"), []);
});
