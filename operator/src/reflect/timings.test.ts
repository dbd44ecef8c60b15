/** How long each state rests, at both ends of the randomness. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { Pause, Watching } from "./state.ts";
import { defaultTimings, pauseMs } from "./timings.ts";

const watching: Watching = {
  kind: "watching",
  resourceVersion: "10",
  uid: "",
  failures: 0,
  renewed: false,
  undecoded: false,
};

function waitingMs(pause: Pause, random: number): number {
  return pauseMs({ kind: "waiting", pause, resume: watching }, defaultTimings, () => random);
}

test("pauseMs: backoff doubles from 0.8 s to 30 s, times 1 to 2 (W10)", () => {
  const failures = [1, 2, 3, 4, 5, 6, 7, 50];
  const pause = (count: number): Pause => ({
    kind: "backoff",
    failures: count,
    retryAfter: undefined,
  });
  assert.deepEqual(
    failures.map((count) => waitingMs(pause(count), 0)),
    [800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000],
  );
  assert.equal(waitingMs(pause(50), 0.5), 45_000);
});

test("pauseMs: Retry-After counts between our own backoff and 60 s (W10)", () => {
  const wish = (retryAfter: string): Pause => ({ kind: "backoff", failures: 3, retryAfter });
  assert.deepEqual(
    ["0", "5", "86400", "soon", ""].map((text) => waitingMs(wish(text), 0)),
    [3200, 5000, 60_000, 3200, 3200],
  );
});

test("pauseMs: readers come back spread over time (W12)", () => {
  assert.equal(waitingMs({ kind: "spread", over: "relist" }, 0.5), 2500);
  assert.equal(waitingMs({ kind: "spread", over: "reconnect" }, 0.5), 500);
  assert.equal(waitingMs({ kind: "renewal" }, 0.5), 0);
});

test("pauseMs: resting states (W11, W16, W17)", () => {
  const rest = (state: Parameters<typeof pauseMs>[0], random: number): number =>
    pauseMs(state, defaultTimings, () => random);
  const denied = [1, 2, 3, 4, 100].map((count) =>
    rest({ kind: "forbidden", denied: count, goal: "watch" }, 0),
  );
  assert.deepEqual(denied, [2000, 8000, 32_000, 128_000, 300_000]);
  assert.equal(rest({ kind: "absent", goal: "watch" }, 0.5), 90_000);
  assert.equal(rest({ kind: "misconfigured", goal: "watch" }, 0.5), 600_000);
  assert.equal(rest({ kind: "unsafe", goal: "watch" }, 0.5), 600_000);
  assert.equal(rest({ kind: "polling" }, 0.5), 60_000);
});

test("SPEC.md: every invariant stands in the name of a test", () => {
  const folder = import.meta.dirname;
  const names = readdirSync(folder)
    .filter((file) => file.endsWith(".test.ts"))
    .flatMap(
      (file) => readFileSync(`${folder}/${file}`, "utf8").match(/\btest\(\s*["`][^"`]*/g) ?? [],
    );
  const named = new Set(names.flatMap((name) => name.match(/\bW\d+\b/g) ?? []));
  const spec = readFileSync(`${folder}/SPEC.md`, "utf8");
  const stated: readonly string[] = spec.match(/(?<=^- \*\*)W\d+/gm) ?? [];
  assert.ok(stated.length >= 20);
  assert.deepEqual(
    stated.filter((number) => !named.has(number)),
    [],
  );
  assert.deepEqual(
    [...named].filter((number) => !stated.includes(number)),
    [],
  );
});
