/**
 * Goal: whatever fails, the platform ends with the truth and hears of every deletion exactly once.
 * Method: random histories of a few objects, with random faults of the platform between them (lost replies, broken
 * sockets, refusals, a forgotten session, send-again requests, corrupted content), over real sockets. The stand-in
 * platform judges every line. OBSYK_MODEL_RUNS raises the number of histories.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { env } from "node:process";
import { test } from "node:test";
import { agentPaths } from "@obsyk/contract";
import type { Fault } from "@obsyk/testkit";
import fc from "fast-check";
import {
  deliver,
  FakeCluster,
  isCurrent,
  openSetting,
  podStream,
  podStreamName,
  quickClock,
  readCluster,
  waitFor,
  type Setting,
} from "./deliver-harness.test.ts";

type Step =
  | { readonly kind: "set"; readonly name: number; readonly content: string }
  | { readonly kind: "delete"; readonly name: number; readonly last: string | undefined }
  | { readonly kind: "fault"; readonly fault: Fault }
  | { readonly kind: "send-again"; readonly full: boolean }
  | { readonly kind: "pause"; readonly ms: number };

const name = fc.integer({ min: 0, max: 5 });
const content = fc.constantFrom("A", "B", "C");
const fault = fc.constantFrom<Fault>(
  { kind: "reset" },
  { kind: "drop-reply" },
  { kind: "forget-session" },
  { kind: "answer", status: 500, type: "internal" },
  { kind: "answer", status: 503 },
  { kind: "answer", status: 401, type: "unauthorized" },
  { kind: "answer", status: 409, type: "sequence-gap" },
  { kind: "answer", status: 413, type: "too-large" },
);
const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant("set" as const), name, content }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("delete" as const),
        name,
        last: fc.option(content, { nil: undefined }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("fault" as const), fault }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("send-again" as const), full: fc.boolean() }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("pause" as const),
        ms: fc.constantFrom(0, 20, 60, 150),
      }),
    },
  ),
  { minLength: 5, maxLength: 40 },
);

/** A deleted name comes back under another uid, as in Kubernetes. */
class Names {
  readonly #uids = new Map<number, string>();

  uid(number: number): string {
    const uid = this.#uids.get(number) ?? randomUUID();
    this.#uids.set(number, uid);
    return uid;
  }

  forget(number: number): void {
    this.#uids.delete(number);
  }
}

async function play(setting: Setting, cluster: FakeCluster, history: readonly Step[]) {
  const names = new Names();
  const deleted: string[] = [];
  let armed: Fault | undefined;
  setting.platform.fault = ({ path }) => {
    if (path === agentPaths.token || path === agentPaths.sessions) return undefined;
    const now = armed;
    armed = undefined;
    return now;
  };
  const signal = AbortSignal.timeout(60_000);
  for (const step of history) {
    switch (step.kind) {
      case "set":
        cluster.set(names.uid(step.name), step.content);
        break;
      case "delete": {
        const uid = names.uid(step.name);
        if (cluster.objects.has(uid)) deleted.push(uid);
        cluster.delete(uid, step.last);
        names.forget(step.name);
        break;
      }
      case "fault":
        armed = step.fault;
        break;
      case "send-again":
        setting.platform.sendAgain = [{ id: randomUUID(), stream: podStreamName, full: step.full }];
        break;
      case "pause":
        await quickClock.sleep(step.ms * 10, { signal });
    }
  }
  armed = undefined;
  return deleted;
}

async function check(history: readonly Step[], queueBytes: number): Promise<void> {
  await using setting = await openSetting({ heartbeatSeconds: 1, checkSeconds: 1 });
  const cluster = new FakeCluster();
  await using delivering = deliver(
    setting,
    (session, signal) => readCluster(cluster, session, podStream, signal),
    { queueBytes },
  );
  const deleted = await play(setting, cluster, history);
  const { inventory } = setting.platform;
  const stored = () => inventory.stream(podStreamName);
  await waitFor(
    () =>
      isCurrent(setting, cluster) &&
      stored().ends > 0 &&
      stored().list === undefined &&
      setting.platform.sendAgain.length === 0,
    "the truth",
    20_000,
  );
  await delivering.stop();
  assert.ok(isCurrent(setting, cluster));
  // The stand-in complains about a second deletion and about checks that differ.
  assert.deepEqual(setting.platform.violations, []);
  const heard = inventory.lines.flatMap((line) => (line.op === "delete" ? [line.uid] : []));
  assert.equal(new Set(heard).size, heard.length);
  const known = new Set(inventory.lines.flatMap((line) => (line.op === "put" ? [line.uid] : [])));
  for (const uid of deleted)
    if (known.has(uid)) assert.ok(heard.includes(uid), `deletion of ${uid}`);
}

test("runDelivery: random histories and faults end with the truth, every deletion heard once (I1, R3, R6, R7, R16)", async () => {
  await fc.assert(fc.asyncProperty(steps, fc.constantFrom(2_500, 1_000_000), check), {
    numRuns: Number(env["OBSYK_MODEL_RUNS"] ?? 25),
    endOnFailure: true,
  });
});
