import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { agentPaths, type Line } from "@obsyk/contract";
import type { StreamSink } from "../reflect/sink.ts";
import { AgentCalls } from "./agent-calls.ts";
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

/** Delivers a cluster of `count` objects and waits until the platform has it. */
async function running(setting: Setting, count: number, options: { queueBytes?: number } = {}) {
  const cluster = new FakeCluster();
  for (let number = 0; number < count; number += 1) cluster.set(uidOf(number), "A");
  const delivering = deliver(
    setting,
    (session, signal) => readCluster(cluster, session, podStream, signal),
    options,
  );
  const ended = () => setting.platform.inventory.stream(podStreamName).ends > 0;
  await waitFor(() => ended() && isCurrent(setting, cluster), "the first list");
  return { cluster, delivering };
}

function linesOf(setting: Setting, op: Line["op"], uid?: string): Line[] {
  return setting.platform.inventory.lines.filter(
    (line) => line.op === op && (uid === undefined || ("uid" in line && line.uid === uid)),
  );
}

test("runDelivery: lists, watches, ends with a check and says goodbye (R10, R15)", async () => {
  await using setting = await openSetting();
  const { cluster, delivering } = await running(setting, 10);
  cluster.set(uidOf(3), "B");
  cluster.delete(uidOf(4));
  cluster.set(uidOf(20), "C");
  await waitFor(() => isCurrent(setting, cluster), "the changes");
  await delivering.stop();
  const ops = setting.platform.inventory.lines.map(({ op }) => op).filter((op) => op !== "state");
  assert.deepEqual(ops.slice(0, 13), [
    "begin",
    ...Array.from({ length: 10 }, () => "put"),
    "end",
    "check",
  ]);
  assert.equal(setting.platform.goodbyes, 1);
  assert.deepEqual(setting.platform.violations, []);
});

test("runDelivery: a restart with nothing changed sends no object (R8)", async () => {
  await using setting = await openSetting();
  const { cluster, delivering } = await running(setting, 10);
  await delivering.stop();
  const before = linesOf(setting, "put").length;
  cluster.delete(uidOf(1));
  await using again = deliver(setting, (session, signal) =>
    readCluster(cluster, session, podStream, signal),
  );
  await waitFor(() => linesOf(setting, "end").length === 2, "the second list");
  assert.ok(again.session() !== undefined);
  assert.equal(linesOf(setting, "put").length, before);
  assert.deepEqual(
    linesOf(setting, "delete").map((line) => line.op === "delete" && [line.uid, line.cause]),
    [[uidOf(1), "absent"]],
  );
  assert.deepEqual(setting.platform.violations, []);
});

test("Sender: a batch whose reply is lost goes again with the same bytes while its object changes (R3)", async () => {
  await using setting = await openSetting();
  const { cluster, delivering } = await running(setting, 1);
  await using _ = delivering;
  let dropped: string | undefined;
  setting.platform.fault = ({ path, digest }) => {
    if (path !== agentPaths.batches || dropped !== undefined) return undefined;
    dropped = digest;
    // The object changes while its first change is in flight with an unknown fate.
    cluster.set(uidOf(0), "C");
    return { kind: "drop-reply" };
  };
  cluster.set(uidOf(0), "B");
  await waitFor(() => isCurrent(setting, cluster), "the last content");
  const digests = setting.platform.received.map(({ digest }) => digest);
  assert.equal(digests.filter((digest) => digest === dropped).length, 2);
  assert.deepEqual(contents(setting, uidOf(0)), ["A", "B", "C"]);
  assert.deepEqual(setting.platform.violations, []);
});

function contents(setting: Setting, uid: string): unknown[] {
  return linesOf(setting, "put", uid).map((line) => line.op === "put" && line.record["content"]);
}

const stages = ["queued", "in flight", "in flight, acknowledgement lost"] as const;
for (const stage of stages) {
  test(`Ledger: A, B, A ends as A when B is ${stage} (R6)`, async () => {
    await using setting = await openSetting();
    const { cluster, delivering } = await running(setting, 1);
    await using _ = delivering;
    let faults = 0;
    setting.platform.fault = ({ path }) => {
      if (path !== agentPaths.batches || stage === "queued" || faults > 0) return undefined;
      faults += 1;
      cluster.set(uidOf(0), "A");
      return stage === "in flight" ? undefined : { kind: "drop-reply" };
    };
    cluster.set(uidOf(0), "B");
    if (stage === "queued") cluster.set(uidOf(0), "A");
    cluster.set(uidOf(1), "marker");
    const expected = stage === "queued" ? ["A"] : ["A", "B", "A"];
    await waitFor(
      () => isCurrent(setting, cluster) && contents(setting, uidOf(0)).length === expected.length,
      "A again",
    );
    assert.deepEqual(contents(setting, uidOf(0)), expected);
    assert.deepEqual(setting.platform.violations, []);
  });
}

test("Ledger: an object that is born and dies in the queue is sent as put and delete (R7)", async () => {
  await using setting = await openSetting();
  const { cluster, delivering } = await running(setting, 1);
  await using _ = delivering;
  cluster.set(uidOf(5), "short");
  cluster.delete(uidOf(5), "last words");
  await waitFor(() => linesOf(setting, "delete").length === 1, "the deletion");
  assert.deepEqual(contents(setting, uidOf(5)), ["short"]);
  const [gone] = linesOf(setting, "delete");
  assert.ok(gone?.op === "delete");
  assert.equal(gone.last?.record["content"], "last words");
  assert.deepEqual(setting.platform.violations, []);
});

test("Ledger: a deletion carries the last record only when it differs (R7)", async () => {
  await using setting = await openSetting();
  const { cluster, delivering } = await running(setting, 2);
  await using _ = delivering;
  cluster.delete(uidOf(0));
  cluster.delete(uidOf(1), "exit code 137");
  await waitFor(() => linesOf(setting, "delete").length === 2, "the deletions");
  const lasts = linesOf(setting, "delete").map((line) => line.op === "delete" && line.last?.record);
  assert.equal(lasts[0], undefined);
  assert.equal((lasts[1] as { content: string }).content, "exit code 137");
});

test("Session: after it is lost everything is listed again in a new one (R4)", async () => {
  await using setting = await openSetting();
  const { cluster, delivering } = await running(setting, 5);
  await using _ = delivering;
  let lost = false;
  setting.platform.fault = ({ path }) => {
    if (path !== agentPaths.batches || lost) return undefined;
    lost = true;
    return { kind: "forget-session" };
  };
  cluster.set(uidOf(0), "B");
  cluster.delete(uidOf(1));
  await waitFor(() => isCurrent(setting, cluster), "the new session's list");
  await waitFor(() => linesOf(setting, "end").length === 2, "its end");
  assert.equal(setting.platform.sessions, 2);
  assert.equal(linesOf(setting, "delete").length, 1);
  assert.deepEqual(setting.platform.violations, []);
});

const lostTypes = ["session-unknown", "sequence-gap", "digest-differs"] as const;
for (const type of lostTypes) {
  test(`Session: ${type} opens a new session, never an end for good (R4)`, async () => {
    await using setting = await openSetting();
    const { cluster, delivering } = await running(setting, 3);
    await using _ = delivering;
    let refused = 0;
    setting.platform.fault = ({ path }) => {
      if (path !== agentPaths.batches || refused > 0) return undefined;
      refused += 1;
      return { kind: "answer", status: 409, type };
    };
    cluster.set(uidOf(0), "B");
    await waitFor(() => isCurrent(setting, cluster), "the change");
    assert.equal(setting.log.filter(({ event }) => event === "sessionEnded").length, 1);
    assert.deepEqual(setting.platform.violations, []);
  });
}

/** Hears of the signal late, as a compressor does that cannot be interrupted. */
class SlowCalls extends AgentCalls {
  override async sendBatch(
    ...args: Parameters<AgentCalls["sendBatch"]>
  ): ReturnType<AgentCalls["sendBatch"]> {
    try {
      return await super.sendBatch(...args);
    } finally {
      await delay(50);
    }
  }
}

test("runDelivery: a stop with a batch under way leaves no failure that nobody hears", async () => {
  await using setting = await openSetting();
  const calls = new SlowCalls(setting.client, setting.tokens);
  const { cluster, delivering } = await running({ ...setting, calls }, 1);
  const answered = Promise.withResolvers<void>();
  setting.platform.fault = ({ path }) =>
    path === agentPaths.batches ? { kind: "late-reply", after: answered.promise } : undefined;
  const unheard: unknown[] = [];
  const hear = (reason: unknown): number => unheard.push(reason);
  process.on("unhandledRejection", hear);
  try {
    cluster.set(uidOf(0), "B");
    await waitFor(() => isCurrent(setting, cluster), "the change, whose answer is kept back");
    await delivering.stop();
    assert.deepEqual(unheard, []);
  } finally {
    process.off("unhandledRejection", hear);
    answered.resolve();
  }
});

test("Session: a superseded instance stands by, cold, and asks again (R4)", async () => {
  await using setting = await openSetting();
  const { cluster, delivering } = await running(setting, 3);
  await using _ = delivering;
  let superseded = false;
  setting.platform.fault = ({ path }) => {
    if (path !== agentPaths.batches || superseded) return undefined;
    superseded = true;
    return { kind: "answer", status: 409, type: "superseded" };
  };
  cluster.set(uidOf(0), "B");
  await waitFor(() => setting.log.some(({ event }) => event === "standingBy"), "standing by");
  assert.equal(delivering.session(), undefined);
  await waitFor(() => isCurrent(setting, cluster), "the next session");
});

test("Session: a standby lists nothing until it is granted a session", async () => {
  await using setting = await openSetting();
  setting.platform.standby = true;
  const cluster = new FakeCluster();
  cluster.set(uidOf(0), "A");
  await using _ = deliver(setting, (session, signal) =>
    readCluster(cluster, session, podStream, signal),
  );
  const asked = () =>
    setting.platform.received.filter(({ path }) => path === agentPaths.sessions).length;
  await waitFor(() => asked() > 2, "three questions");
  assert.equal(setting.platform.inventory.lines.length, 0);
  setting.platform.standby = false;
  await waitFor(() => isCurrent(setting, cluster), "the list");
});

test("StreamChannel: an unreadable item whose uid is known is not deleted (R12)", async () => {
  await using setting = await openSetting();
  const { delivering } = await running(setting, 3);
  await delivering.stop();
  const { object } = new FakeCluster().changes[0] ?? {
    object: new FakeCluster().set(uidOf(0), "A"),
  };
  await using _ = deliver(setting, async (session, signal) => {
    const sink = await session.openStream(podStream, signal);
    sink.begin({ attempt: 1, reason: "start", request: undefined });
    sink.listed(object, Date.now());
    sink.unreadable({ uid: uidOf(1).toUpperCase(), reason: "decode" });
    await sink.finish("9", Date.now(), signal);
  });
  await waitFor(() => linesOf(setting, "end").length === 2, "the end");
  const gone = linesOf(setting, "delete").map((line) => "uid" in line && line.uid);
  assert.deepEqual(gone, [uidOf(2)]);
  assert.deepEqual(setting.platform.violations, []);
});

test("StreamChannel: an item without identity suspends deletions and shows as degraded (R12)", async () => {
  await using setting = await openSetting();
  const { delivering } = await running(setting, 3);
  await delivering.stop();
  await using _ = deliver(setting, async (session, signal) => {
    const sink = await session.openStream(podStream, signal);
    sink.begin({ attempt: 1, reason: "start", request: undefined });
    sink.unreadable({ uid: undefined, reason: "decode" });
    await sink.finish("9", Date.now(), signal);
    sink.state("watching");
    sink.mark("10", Date.now());
  });
  const stream = setting.platform.inventory.stream(podStreamName);
  await waitFor(() => stream.state === "degraded", "degraded");
  assert.equal(stream.objects.size, 3);
  assert.equal(stream.ends, 1);
  assert.deepEqual(setting.platform.violations, []);
});

test("StreamChannel: degraded is shown until a complete list, asked for ever later (R12)", async () => {
  await using setting = await openSetting();
  const { cluster, delivering } = await running(setting, 3);
  await delivering.stop();
  const objects = [...cluster.objects.values()];
  const asked: (string | undefined)[] = [];
  const begun = linesOf(setting, "state").length;
  await using _ = deliver(setting, async (session, signal) => {
    const sink = await session.openStream(podStream, signal);
    let lists = 0;
    const list = async (): Promise<void> => {
      lists += 1;
      sink.state("listing");
      sink.begin({ attempt: 1, reason: "start", request: undefined });
      for (const object of objects.slice(1)) sink.listed(object, Date.now());
      if (lists < 3) sink.unreadable({ uid: undefined, reason: "decode" });
      await sink.finish("9", Date.now(), signal);
      for (const state of ["watching", "waiting", "watching"] as const) sink.state(state);
    };
    session.attach(podStream, {
      relist({ id }) {
        asked.push(id);
        void list();
      },
    });
    await list();
  });
  const stream = setting.platform.inventory.stream(podStreamName);
  await waitFor(() => stream.ends === 2, "the third list is complete");
  await waitFor(() => stream.state === "watching", "healed");
  assert.deepEqual(asked, [undefined, undefined]);
  assert.equal(stream.objects.size, 2);
  const states = linesOf(setting, "state")
    .slice(begun)
    .flatMap((line) => (line.op === "state" ? [line.state] : []));
  const shown = states.slice(states.indexOf("degraded"), states.lastIndexOf("degraded"));
  assert.ok(
    shown.every((state) => state === "degraded" || state === "waiting"),
    shown.join(),
  );
  assert.deepEqual(setting.platform.violations, []);
});

test("StreamChannel: health counts blind time until the stream is followed, and what collapsed (R6)", async () => {
  await using setting = await openSetting();
  const object = new FakeCluster().set(uidOf(0), "A");
  const other = new FakeCluster().set(uidOf(0), "B");
  const opened = Promise.withResolvers<StreamSink>();
  await using delivering = deliver(setting, async (session, signal) => {
    opened.resolve(await session.openStream(podStream, signal));
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  });
  const sink = await opened.promise;
  const health = () => delivering.session()!.streams[0]!;
  const blindAtFirst = health().blindMs;
  await waitFor(() => health().blindMs > blindAtFirst, "blind time that grows");
  sink.state("watching");
  const { blindMs } = health();
  assert.ok(blindMs > blindAtFirst);
  for (const turn of [object, other, object, other]) sink.watched("modified", turn, Date.now());
  assert.equal(health().collapsed, 3);
  await waitFor(() => linesOf(setting, "put").length === 1, "the last value");
  assert.equal(health().blindMs, blindMs, "no blind time while it watches");
  sink.state("waiting");
  await waitFor(() => health().blindMs > blindMs, "blind time that grows again");
});

test("StreamChannel: a continue token that expired begins again; no item of the first attempt is lost (R10)", async () => {
  await using setting = await openSetting();
  const { cluster, delivering } = await running(setting, 4);
  await delivering.stop();
  const objects = [...cluster.objects.values()];
  await using _ = deliver(setting, async (session, signal) => {
    const sink: StreamSink = await session.openStream(podStream, signal);
    sink.begin({ attempt: 1, reason: "start", request: undefined });
    sink.listed(objects[0]!, Date.now());
    sink.listed(objects[1]!, Date.now());
    sink.begin({ attempt: 2, reason: "start", request: undefined });
    for (const object of objects.slice(1)) sink.listed(object, Date.now());
    await sink.finish("9", Date.now(), signal);
  });
  await waitFor(() => linesOf(setting, "end").length === 2, "the end");
  const gone = linesOf(setting, "delete").map((line) => "uid" in line && line.uid);
  assert.deepEqual(gone, [uidOf(0)]);
  assert.deepEqual(setting.platform.violations, []);
});

test("StreamChannel: a watch that overflows drops its queue and lists again (R9)", async () => {
  await using setting = await openSetting();
  const { cluster, delivering } = await running(setting, 3, { queueBytes: 8_000 });
  await using _ = delivering;
  let isDown = true;
  setting.platform.fault = ({ path }) =>
    isDown && path === agentPaths.batches ? { kind: "answer", status: 503 } : undefined;
  for (let number = 0; number < 40; number += 1) cluster.set(uidOf(100 + number), "N");
  cluster.delete(uidOf(0));
  await waitFor(() => setting.log.some(({ event }) => event === "queueOverflowed"), "an overflow");
  isDown = false;
  await waitFor(() => isCurrent(setting, cluster), "everything");
  await waitFor(() => linesOf(setting, "delete", uidOf(0)).length === 1, "one deletion");
  assert.deepEqual(setting.platform.violations, []);
});

test("Session: a list waits for room and never overflows (R9)", async () => {
  await using setting = await openSetting();
  const { cluster, delivering } = await running(setting, 300, { queueBytes: 8_000 });
  await using _ = delivering;
  assert.ok(isCurrent(setting, cluster));
  assert.ok(!setting.log.some(({ event }) => event === "queueOverflowed"));
  assert.deepEqual(setting.platform.violations, []);
});
