/** One API server that can be asked who it is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { findResource } from "@obsyk/contract/allow-list";
import { systemClock, type Clock } from "@obsyk/runtime";
import { createCertificates, encodeList, openScriptedServer } from "@obsyk/testkit";
import { targetOf } from "../reflect/reader-harness.test.ts";
import { openClusterAccess } from "./client.ts";
import { openClusterGuard } from "./cluster-guard.ts";

type Answer = { readonly uid: string } | { readonly status: number } | "hang";

async function openGuarded(first: Answer, clock: Clock = systemClock) {
  const { ca, cert, key } = await createCertificates();
  const world = { answer: first, asked: 0, tokens: [] as string[], changes: [] as string[] };
  const server = await openScriptedServer({
    tls: { cert, key },
    respond: ({ headers, reply }) => {
      world.asked += 1;
      world.tokens.push(headers.get("authorization") ?? "");
      const { answer } = world;
      if (answer === "hang") return;
      if ("status" in answer) return reply.send(answer.status, "{}");
      const item = { metadata: { name: "kube-system", uid: answer.uid, resourceVersion: "3" } };
      const list = encodeList(findResource("namespaces")!, [item], { resourceVersion: "5" });
      reply.send(200, list, { "content-type": "application/vnd.kubernetes.protobuf" });
    },
  });
  const access = openClusterAccess({ target: targetOf(server.url, ca), version: "0.0.0" });
  const lives = new AbortController();
  const guard = openClusterGuard({
    access,
    clock,
    clusterUid: "uid-1",
    changed: (found) => world.changes.push(found),
    signal: lives.signal,
  });
  return Object.assign(world, {
    guard,
    async [Symbol.asyncDispose]() {
      lives.abort(new Error("done"));
      await access[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  });
}

const { signal } = new AbortController();

test("openClusterGuard: asks once for all who wait, and again after a doubt or for a later moment (R23)", async () => {
  await using world = await openGuarded({ uid: "uid-1" });
  const { guard } = world;
  await Promise.all([guard.confirm(signal), guard.confirm(signal), guard.confirm(signal)]);
  await guard.confirm(signal);
  assert.equal(world.asked, 1);
  const before = guard.moment();
  guard.doubt();
  await guard.confirm(signal);
  await guard.confirm(signal, before);
  assert.equal(world.asked, 2);
  await guard.confirm(signal, guard.moment());
  assert.equal(world.asked, 3);
});

test("openClusterGuard: another uid is told once and never confirmed again (R23)", async () => {
  await using world = await openGuarded({ uid: "uid-2" });
  const another = { code: "cluster", message: /uid-2, not uid-1/ };
  await assert.rejects(world.guard.confirm(signal), another);
  world.answer = { uid: "uid-1" };
  await assert.rejects(world.guard.confirm(signal), another);
  assert.deepEqual(world.changes, ["uid-2"]);
});

test("openClusterGuard: who does not answer is asked again, after a 401 with new credentials", async () => {
  await using world = await openGuarded({ status: 401 });
  await assert.rejects(world.guard.confirm(signal), { code: "transport" });
  world.answer = { uid: "uid-1" };
  await world.guard.confirm(signal);
  assert.deepEqual(world.tokens, ["Bearer token-1", "Bearer token-2"]);
  assert.deepEqual(world.changes, []);
});

test("openClusterGuard: silence ends, for one who waits and for all", async () => {
  const clock: Clock = {
    ...systemClock,
    sleep: (ms, options) => systemClock.sleep(ms / 300, options),
  };
  await using world = await openGuarded("hang", clock);
  const leaving = new AbortController();
  const left = assert.rejects(world.guard.confirm(leaving.signal), /left/);
  const waited = assert.rejects(world.guard.confirm(signal), { code: "watchdog" });
  leaving.abort(new Error("left"));
  await left;
  await waited;
  assert.equal(world.asked, 1);
});
