import assert from "node:assert/strict";
import { test } from "node:test";
import { liveBeat } from "@obsyk/contract";
import { newLink, silenceMs, stepLink, type LinkEvent } from "./live-link.ts";

/** State after each event, `+` where everything is asked anew, and the wait before a new connection. */
function play(...events: readonly LinkEvent[]): readonly string[] {
  let link = newLink;
  return events.map((event) => {
    const step = stepLink(link, event);
    ({ link } = step);
    return `${link.state}${step.askAnew ? "+" : ""}${step.reopenMs === undefined ? "" : ` ${step.reopenMs}`}`;
  });
}

test("stepLink: the first connection asks nothing anew, each later one does, once", () => {
  assert.deepEqual(play("opened", "heard", "broken", "opened", "heard", "opened"), [
    "live",
    "live",
    "lost",
    "live+",
    "live",
    "live",
  ]);
});

test("stepLink: silence is a loss, and a new connection is made at once (I3)", () => {
  assert.deepEqual(play("opened", "silent", "silent", "opened"), [
    "live",
    "lost 0",
    "lost 0",
    "live+",
  ]);
  assert.deepEqual(play("silent", "opened"), ["lost 0", "live+"]);
});

test("stepLink: a refused stream is asked for again after a pause", () => {
  assert.deepEqual(play("refused", "opened"), ["lost 3000", "live+"]);
});

test("silenceMs: one late beat is no silence", () => {
  assert(silenceMs >= 2 * liveBeat.everyMs);
});
