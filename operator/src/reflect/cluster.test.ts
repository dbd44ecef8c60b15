/** Readers whose API server may come to speak for another cluster (W21). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "@obsyk/runtime";
import { openClusterGuard } from "../kube/cluster-guard.ts";
import {
  event,
  ns,
  openHarness,
  page,
  stream,
  until,
  uidOf,
  type Harness,
  type Step,
} from "./reader-harness.test.ts";

/** The guard asks through the same server, so its questions are steps too. */
async function openDoubting(steps: readonly Step[]) {
  const changes: string[] = [];
  const lives = new AbortController();
  const harness = await openHarness({
    steps,
    cluster: (access) =>
      openClusterGuard({
        access,
        clock: systemClock,
        clusterUid: uidOf("kube-system"),
        changed: (found) => changes.push(found),
        signal: lives.signal,
      }),
  });
  return {
    harness,
    changes,
    async [Symbol.asyncDispose]() {
      lives.abort(new Error("done"));
      await harness[Symbol.asyncDispose]();
    },
  };
}

const same = page([ns("kube-system", "3")], { resourceVersion: "10" });
const other = page([ns("kube-system#2", "3")], { resourceVersion: "10" });

function questions(harness: Harness): number {
  return harness.requests().filter(({ query }) => query.get("fieldSelector") !== null).length;
}

test("startReader: a list from which deletions follow is confirmed at its end (W21)", async () => {
  await using world = await openDoubting([
    same,
    page([ns("a", "5")], { resourceVersion: "10" }),
    other,
  ]);
  const { harness, changes } = world;
  await until(() => changes.length > 0, "the other cluster was seen");
  await until(() => harness.sink.states().includes("waiting"), "the reader waits");
  assert.deepEqual(changes, [uidOf("kube-system#2")]);
  assert.deepEqual(harness.sink.of("finish"), []);
  assert.equal(harness.requests().length, 3);
});

test("startReader: after a lost connection nothing is read before the cluster is confirmed (W21)", async () => {
  await using world = await openDoubting([
    same,
    page([ns("a", "5")], { resourceVersion: "10" }),
    same,
    stream([event("ADDED", ns("b", "11"))], "reset"),
    other,
  ]);
  const { harness, changes } = world;
  await until(() => changes.length > 0, "the other cluster was seen");
  assert.equal(questions(harness), 3);
  assert.equal(harness.requests().length, 5);
  assert.ok(harness.sink.store.has(uidOf("a")));
  assert.deepEqual(harness.sink.deleted, []);
});

test("startReader: a watch that ends as agreed raises no doubt (W21)", async () => {
  await using world = await openDoubting([
    same,
    page([ns("a", "5")], { resourceVersion: "10" }),
    same,
    stream([event("ADDED", ns("b", "11"))], "end"),
    stream([event("ADDED", ns("c", "12"))]),
  ]);
  const { harness, changes } = world;
  await until(() => harness.sink.store.has(uidOf("c")), "the second watch");
  assert.equal(questions(harness), 2);
  assert.deepEqual(changes, []);
});
