/** Deadlines and slots: small parts, each with its order of events. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "@obsyk/runtime";
import { openActivity } from "./activity.ts";
import { openAlarms } from "./alarms.ts";
import { until } from "./reader-harness.test.ts";
import { createSemaphore } from "./semaphore.ts";

test("openAlarms: rings once each, earliest first, whatever the order they were set in", async () => {
  using alarms = openAlarms(systemClock);
  const rung: string[] = [];
  alarms.set("late", 60, () => rung.push("late"));
  alarms.set("early", 10, () => rung.push("early"));
  alarms.set("never", 20, () => rung.push("never"));
  alarms.clear("never");
  await until(() => rung.length === 2, "both rang");
  assert.deepEqual(rung, ["early", "late"]);
});

test("openAlarms: a deadline that keeps moving away does not ring", async () => {
  using alarms = openAlarms(systemClock);
  let rung = 0;
  for (let turn = 0; turn < 10; turn += 1) {
    alarms.set("idle", 200, () => (rung += 1));
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  assert.equal(rung, 0);
  await until(() => rung === 1, "it rang when it was left alone");
});

test("openAlarms: closed, nothing rings", async () => {
  let rung = 0;
  {
    using alarms = openAlarms(systemClock);
    alarms.set("a", 5, () => (rung += 1));
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(rung, 0);
});

test("createSemaphore: so many at a time, the others in line", async () => {
  const semaphore = createSemaphore(2);
  const { signal } = new AbortController();
  let inside = 0;
  let most = 0;
  const order: number[] = [];
  await Promise.all(
    Array.from({ length: 7 }, async (_, index) => {
      using _slot = await semaphore.acquire(signal);
      order.push(index);
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setTimeout(resolve, 2));
      inside -= 1;
    }),
  );
  assert.equal(most, 2);
  assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6]);
});

test("createSemaphore: who gives up leaves the line and takes no slot", async () => {
  const semaphore = createSemaphore(1);
  const { signal } = new AbortController();
  const held = await semaphore.acquire(signal);
  const giving = new AbortController();
  const given = semaphore.acquire(giving.signal);
  const next = semaphore.acquire(signal);
  const reason = new Error("no longer");
  giving.abort(reason);
  await assert.rejects(given, reason);
  held[Symbol.dispose]();
  held[Symbol.dispose]();
  using _slot = await next;
  await assert.rejects(semaphore.acquire(giving.signal), reason);
});

test("openActivity: follows its parent while it lasts, and ends by itself (W18)", () => {
  const parent = new AbortController();
  const followed = openActivity(parent.signal);
  const own = openActivity(parent.signal);
  const closed = openActivity(parent.signal);
  own.abort(new Error("own"));
  closed[Symbol.dispose]();
  parent.abort(new Error("parent"));
  assert.match(String(followed.signal.reason), /parent/);
  assert.match(String(own.signal.reason), /own/);
  assert.equal(closed.signal.aborted, false);
  assert.match(String(openActivity(parent.signal).signal.reason), /parent/);
});
