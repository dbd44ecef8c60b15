import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { test } from "node:test";
import { agentPaths, type SendAgain } from "@obsyk/contract";
import {
  deliver,
  FakeCluster,
  isCurrent,
  openSetting,
  podStream,
  podStreamName,
  readCluster,
  uidOf,
  waitFor,
  type Setting,
} from "./deliver-harness.test.ts";
import { SendAgainTracker } from "./send-again.ts";

async function running(setting: Setting) {
  const cluster = new FakeCluster();
  for (let number = 0; number < 5; number += 1) cluster.set(uidOf(number), "A");
  const delivering = deliver(setting, (session, signal) =>
    readCluster(cluster, session, podStream, signal),
  );
  const stored = setting.platform.inventory.stream(podStreamName);
  await waitFor(() => stored.ends === 1 && stored.checks === 1, "the first list");
  return { cluster, delivering, stored };
}

function ask(setting: Setting, full: boolean): void {
  setting.platform.sendAgain = [{ id: randomUUID(), stream: podStreamName, full }];
}

test("Session: a request makes it replace its index and heal what the platform lost or invented (R16)", async () => {
  await using setting = await openSetting({ heartbeatSeconds: 1 });
  const { cluster, delivering, stored } = await running(setting);
  await using _ = delivering;
  const first = stored.objects.get(uidOf(0))!;
  stored.objects.delete(uidOf(0));
  stored.objects.set(uidOf(77), first);
  stored.objects.set(uidOf(1), { ...first, hash: "00000000000000ff" });
  ask(setting, false);
  await waitFor(() => setting.platform.sendAgain.length === 0, "an end that names the request");
  await waitFor(() => stored.checks === 2, "its check");
  assert.ok(isCurrent(setting, cluster));
  const begin = setting.platform.inventory.lines.findLast((line) => line.op === "begin");
  assert.ok(begin?.op === "begin" && begin.reason === "send-again" && begin.request !== undefined);
  assert.deepEqual(setting.platform.violations, []);
});

test("Session: until records of a new shape are sent, what lists bring says so (R14)", async () => {
  await using setting = await openSetting({ heartbeatSeconds: 1 });
  const request = { id: randomUUID(), stream: podStreamName, full: true, reason: "schema" };
  setting.platform.sendAgain = [request];
  const cluster = new FakeCluster();
  for (let number = 0; number < 3; number += 1) cluster.set(uidOf(number), "A");
  await using _ = deliver(setting, (session, signal) =>
    readCluster(cluster, session, podStream, signal),
  );
  const { lines } = setting.platform.inventory;
  const puts = () => lines.filter((line) => line.op === "put");
  await waitFor(() => setting.platform.sendAgain.length === 0, "an end that names the request");
  const listed = puts().length;
  assert.ok(listed >= 3 && puts().every(({ reason }) => reason === "schema"));
  cluster.set(uidOf(3), "B");
  await waitFor(() => puts().length > listed, "a change");
  assert.equal(puts().at(-1)?.reason, undefined);
  assert.deepEqual(setting.platform.violations, []);
});

test("Session: a full request sends every object once (R16)", async () => {
  await using setting = await openSetting({ heartbeatSeconds: 1 });
  const { delivering, stored } = await running(setting);
  await using _ = delivering;
  const before = setting.platform.inventory.lines.length;
  ask(setting, true);
  await waitFor(() => setting.platform.sendAgain.length === 0, "an end that names the request");
  await waitFor(() => stored.checks === 2, "its check");
  const puts = setting.platform.inventory.lines
    .slice(before)
    .flatMap((line) => (line.op === "put" ? [line.uid] : []));
  assert.deepEqual(puts.toSorted(), [0, 1, 2, 3, 4].map(uidOf));
  assert.deepEqual(setting.platform.violations, []);
});

test("Session: a request that is repeated while it is worked on starts one list (R16)", async () => {
  await using setting = await openSetting({ heartbeatSeconds: 1 });
  const { cluster, delivering, stored } = await running(setting);
  await using _ = delivering;
  ask(setting, false);
  for (let number = 0; number < 20; number += 1) cluster.set(uidOf(100 + number), "B");
  await waitFor(() => setting.platform.sendAgain.length === 0, "an end that names the request");
  await waitFor(() => isCurrent(setting, cluster), "everything");
  assert.equal(stored.ends, 2);
});

const request = (full: boolean): SendAgain => ({ id: uidOf(1), stream: podStreamName, full });

test("SendAgainTracker: in vain, a request rests; in full and in vain, it is a mismatch (R16)", () => {
  const tracker = new SendAgainTracker();
  assert.equal(tracker.requested(request(false), 0), "list");
  assert.equal(tracker.requested(request(false), 1), "known");
  tracker.ended(uidOf(1), 2);
  assert.equal(tracker.requested(request(false), 3), "known");
  assert.equal(tracker.requested(request(true), 4), "list");
  assert.equal(tracker.isFull(uidOf(1)), true);
  tracker.ended(uidOf(1), 5);
  assert.equal(tracker.requested(request(true), 6), "mismatch");
  assert.equal(tracker.requested(request(true), 600_005), "list");
});

test("SendAgainTracker: a list for another reason does not answer a request (R16)", () => {
  const tracker = new SendAgainTracker();
  assert.equal(tracker.requested(request(false), 0), "list");
  tracker.ended(undefined, 1);
  assert.equal(tracker.requested(request(false), 2), "list");
});

test("Session: checks are sent regularly while objects change (R15)", async () => {
  await using setting = await openSetting({ checkSeconds: 1 });
  const { cluster, delivering, stored } = await running(setting);
  await using _ = delivering;
  for (let round = 0; stored.checks < 6; round += 1) {
    cluster.set(uidOf(round % 9), `content ${round}`);
    await waitFor(() => isCurrent(setting, cluster), "the change");
  }
  assert.deepEqual(setting.platform.violations, []);
});

test("Session: an epoch that is issued twice after a restored backup is another session (R1)", async () => {
  await using setting = await openSetting();
  const { cluster, delivering } = await running(setting);
  await using _ = delivering;
  setting.platform.restoreBackup();
  cluster.set(uidOf(0), "B");
  await waitFor(() => isCurrent(setting, cluster), "the change");
  const epochs = setting.log.flatMap(({ event, fields }) =>
    event === "sessionGranted" && "epoch" in fields ? [fields.epoch] : [],
  );
  assert.deepEqual(epochs, [1, 1]);
  assert.equal(setting.platform.sessions, 2);
  assert.deepEqual(setting.platform.violations, []);
});

test("Sender: sequences have no gaps and one batch is in flight (R2)", async () => {
  await using setting = await openSetting();
  const { cluster, delivering } = await running(setting);
  await using _ = delivering;
  for (let round = 0; round < 5; round += 1) {
    cluster.set(uidOf(0), `round ${round}`);
    await waitFor(() => isCurrent(setting, cluster), "the round");
  }
  const sequences = setting.platform.received.flatMap(({ path, sequence }) =>
    path === agentPaths.batches ? [sequence] : [],
  );
  assert.ok(sequences.length >= 7);
  assert.deepEqual(
    sequences,
    sequences.map((_, index) => index + 1),
  );
});

test("Session: heartbeat and lines carry our clock, and a call the last round trip (R19)", async () => {
  await using setting = await openSetting({ heartbeatSeconds: 1 });
  const { delivering } = await running(setting);
  await using _ = delivering;
  await waitFor(() => setting.platform.heartbeats.length >= 2, "two heartbeats");
  const beat = setting.platform.heartbeats.at(-1)!;
  assert.ok(Math.abs(beat.clock - Date.now()) < 60_000);
  assert.ok(beat.roundTripMs !== undefined && beat.roundTripMs < 60_000);
  assert.equal(beat.streams[0]?.objects, 5);
  const put = setting.platform.inventory.lines.find((line) => line.op === "put");
  assert.ok(put?.op === "put" && Math.abs(put.seen - Date.now()) < 60_000);
});

test("Session: an index answer that other streams' batches overtake is not a restored backup (R1)", async () => {
  await using setting = await openSetting();
  const cluster = new FakeCluster();
  const other = { resource: "services", namespace: "*", mode: "full" } as const;
  const release = Promise.withResolvers<void>();
  let indexes = 0;
  setting.platform.fault = ({ path }) => {
    if (path !== agentPaths.index) return undefined;
    indexes += 1;
    return indexes === 2 ? { kind: "late-reply", after: release.promise } : undefined;
  };
  await using _ = deliver(
    setting,
    async (session, signal) => {
      await Promise.all([
        readCluster(cluster, session, podStream, signal),
        readCluster(new FakeCluster(), session, other, signal),
      ]);
    },
    { streams: [podStream, other] },
  );
  await waitFor(() => indexes === 2, "both questions");
  cluster.set(uidOf(0), "A");
  await waitFor(() => isCurrent(setting, cluster), "the change");
  await waitFor(
    () => setting.log.filter(({ event }) => event === "batchAcknowledged").length > 0,
    "its acknowledgement",
  );
  release.resolve();
  await waitFor(() => setting.platform.inventory.stream("services/*/full").ends === 1, "the other");
  assert.ok(!setting.log.some(({ event }) => event === "sessionEnded"));
});

test("Session: names its streams, and adds further ones without another session (R14)", async () => {
  await using setting = await openSetting();
  const cluster = new FakeCluster();
  cluster.set(uidOf(0), "A");
  const stream = { resource: "secrets", namespace: "shop", mode: "counts" } as const;
  const recordVersion = "0123456789abcdef";
  await using _ = deliver(setting, async (session, signal) => {
    await session.addStreams([{ stream, recordVersion }], signal);
    await session.addStreams([{ stream, recordVersion }], signal);
    await readCluster(cluster, session, stream, signal);
  });
  await waitFor(() => isCurrent(setting, cluster, "secrets/shop/counts"), "the added stream");
  assert.deepEqual(setting.platform.declared, [podStreamName, "secrets/shop/counts"]);
  assert.equal(setting.platform.sessions, 1);
  const asked = setting.platform.received.filter(({ path }) => path === agentPaths.sessions);
  assert.equal(asked.length, 2);
  assert.deepEqual(setting.platform.violations, []);
});

test("Session: a list that its session's end cut off has no end; the next session begins anew (R11)", async () => {
  await using setting = await openSetting();
  const cluster = new FakeCluster();
  for (let number = 0; number < 5; number += 1) cluster.set(uidOf(number), "A");
  let ends = 0;
  setting.platform.faultForBody = (text) => {
    if (!text.includes('"op":"end"') || ends > 0) return undefined;
    ends += 1;
    setting.platform.forgetSession();
    return { kind: "answer", status: 409, type: "session-unknown" };
  };
  await using _ = deliver(setting, (session, signal) =>
    readCluster(cluster, session, podStream, signal),
  );
  const stored = setting.platform.inventory.stream(podStreamName);
  await waitFor(() => stored.ends === 1 && isCurrent(setting, cluster), "the second list");
  const ops = setting.platform.inventory.lines.map(({ op }) => op);
  assert.deepEqual(
    ops.filter((op) => op === "begin" || op === "end"),
    ["begin", "begin", "end"],
  );
  // What was acknowledged stands: the second list sends no object again.
  assert.equal(ops.filter((op) => op === "put").length, 5);
  assert.deepEqual(setting.platform.violations, []);
});

test("SPEC.md: every rule it calls tested is named by a test of this folder", async () => {
  const folder = new URL("./", import.meta.url);
  const spec = await readFile(new URL("SPEC.md", folder), "utf8");
  const rules = [...spec.matchAll(/^\| (R\d+) +\|.*\| yes +\|$/gm)].map((match) => match[1]!);
  const tests = (await readdir(folder)).filter((name) => name.endsWith(".test.ts"));
  const texts = await Promise.all(tests.map((name) => readFile(new URL(name, folder), "utf8")));
  const named = texts.join("\n");
  assert.ok(rules.length >= 14);
  assert.deepEqual(
    rules.filter((rule) => !new RegExp(`test\\([^\\n]*[( ]${rule}[,)]`).test(named)),
    [],
  );
});
