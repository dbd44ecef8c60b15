import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { openTestDatabase } from "../store/test-database.ts";
import { endSession, recordHeartbeat } from "./heartbeat.ts";
import { openIndexSnapshot } from "./index-snapshot.ts";
import { measureClock, openSession } from "./open-session.ts";
import { createPartitions } from "./partitions.ts";
import { pod } from "./test-agent.ts";
import { openTestInventory, type ClusterAgent } from "./test-inventory.ts";

const stream = "pods/*/full";
const inventory = openTestInventory(await openTestDatabase());
after(() => inventory[Symbol.asyncDispose]());

const contextOf = (agent: ClusterAgent) => ({ ...agent.context, ...agent.holder });

test("openSession: asking twice gives the same session (R1)", async () => {
  const agent = await inventory.openAgent();
  agent.now += 60_000;
  const instanceId = randomUUID();
  const first = await agent.open({ instanceId });
  const second = await agent.open({ instanceId });
  assert.deepEqual(second, first);
  assert.equal(first.epoch, 2);
});

test("openSession: another instance waits until the holder is silent, says goodbye, or is the same pod (R21)", async () => {
  const agent = await inventory.openAgent();
  const ask = () => openSession(agent.request({ podUid: "pod" }), agent.context);
  agent.now += 29_999;
  assert.equal((await ask()).status, "standby");
  await agent.send({ op: "mark", stream, resourceVersion: "1", seen: agent.now });
  agent.now += 29_999;
  assert.equal((await ask()).status, "standby");
  const beat = { clock: agent.now, lastAck: 0, queuedBytes: 0, residentBytes: 0, streams: [] };
  await recordHeartbeat(beat, contextOf(agent));
  agent.now += 29_999;
  assert.equal((await ask()).status, "standby");
  agent.now += 1;
  assert.equal((await ask()).status, "granted");
  assert.equal((await ask()).status, "granted", "the same pod takes over at once");
  await agent.open({ podUid: "pod" });
  await endSession(contextOf(agent));
  const next = await openSession(agent.request(), agent.context);
  assert.equal(next.status, "granted");
  await assert.rejects(recordHeartbeat(beat, contextOf(agent)), { code: "superseded" });
});

test("openSession: a stream that is no longer named is not collected, and nothing of it is deleted (R14)", async () => {
  const agent = await inventory.openAgent([stream, "nodes/*/full"]);
  const uid = randomUUID();
  await agent.send(agent.put(stream, uid, pod("a")), {
    op: "mark",
    stream,
    resourceVersion: "3",
    seen: agent.now,
  });
  const marked = inventory.at(agent);
  agent.now += 60_000;
  const versions = { recordVersion: "00000000000000aa" };
  await agent.open({ streams: [{ stream: "nodes/*/full", ...versions }] });
  assert.equal((await inventory.objects(agent.clusterId)).length, 1);
  assert.deepEqual(await inventory.history(agent.clusterId), []);
  const [, pods] = await inventory.streams(agent.clusterId);
  assert.deepEqual([pods?.["collected"], pods?.["not_collected_since"]], [false, marked]);
  const refused = await agent.send(inventory.remove(agent, uid));
  assert.equal(refused.results[0]?.status, "ignored");
  agent.now += 60_000;
  await agent.open();
  assert.equal((await inventory.streams(agent.clusterId))[1]?.["collected"], true);
});

test("openSession: a changed record version asks for everything in full (R16)", async () => {
  const agent = await inventory.openAgent();
  await agent.send(agent.put(stream, randomUUID(), pod("a")));
  agent.now += 60_000;
  const streams = [{ stream, recordVersion: "00000000000000bb" }];
  const { sendAgain } = await agent.open({ streams });
  assert.deepEqual([sendAgain.length, sendAgain[0]?.full], [1, true]);
  agent.now += 60_000;
  assert.deepEqual((await agent.open({ streams })).sendAgain, sendAgain);
});

test("openSession: a client stays with its cluster (R23)", async () => {
  const agent = await inventory.openAgent();
  agent.now += 60_000;
  await assert.rejects(agent.open({ clusterUid: "another" }), { code: "conflict" });
});

test("openIndexSnapshot: entries sorted by uid, of one snapshot (R1, R8)", async () => {
  const agent = await inventory.openAgent([stream, "nodes/*/full"]);
  const puts = Array.from({ length: 9000 }, (_, index) =>
    agent.put(stream, randomUUID(), pod(`pod-${index}`)),
  );
  await agent.send(...puts, agent.put("nodes/*/full", randomUUID(), pod("node")));
  const snapshot = await openIndexSnapshot(stream, contextOf(agent));
  // Applied after the snapshot: it must not show.
  await agent.send(inventory.remove(agent, puts[8999]!.uid));
  const chunks: Buffer[] = [];
  for await (const chunk of snapshot.chunks) chunks.push(chunk);
  const expected = puts
    .map(({ uid, hash }) => uid.replaceAll("-", "") + hash)
    .sort()
    .join("");
  assert.equal(Buffer.concat(chunks).toString("hex"), expected);
  assert.deepEqual([snapshot.count, snapshot.appliedSequence], [9000, 1]);
  const stranger = { ...contextOf(agent), sessionId: "0".repeat(32) };
  await assert.rejects(openIndexSnapshot(stream, stranger), { code: "session-unknown" });
});

test("openIndexSnapshot: a reader that gives up gives its connection back", async () => {
  const agent = await inventory.openAgent();
  // More than the pool has: a connection that is not given back would be missed.
  for (let round = 0; round < 20; round += 1) {
    const { chunks } = await openIndexSnapshot(stream, contextOf(agent));
    await chunks.return();
  }
});

test("measureClock: the offset is half a round trip uncertain (R19)", () => {
  assert.deepEqual(measureClock({ clock: 1000 }, 5000), { offsetMs: 4000, errorMs: undefined });
  assert.deepEqual(measureClock({ clock: 1000, roundTripMs: 81 }, 5000), {
    offsetMs: 3959,
    errorMs: 41,
  });
});

test("createPartitions: makes three months once, by several processes at once", async () => {
  const { db, owner } = inventory.database;
  const now = Date.UTC(2031, 11, 15);
  const made = await Promise.all([createPartitions(db, now), createPartitions(db, now)]);
  assert.deepEqual(made.flat().sort(), [
    "change_feed_2031_12",
    "change_feed_2032_01",
    "change_feed_2032_02",
    "history_2031_12",
    "history_2032_01",
    "history_2032_02",
  ]);
  const agent = await inventory.openAgent();
  agent.now = now;
  const uid = randomUUID();
  await agent.open({ podUid: "x" });
  await agent.send(agent.put(stream, uid, pod("a")), inventory.remove(agent, uid));
  const { rows } = await owner.query("select from history_2031_12 where cluster_id = $1", [
    agent.clusterId,
  ]);
  assert.equal(rows.length, 1);
});
