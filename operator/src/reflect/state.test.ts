/**
 * The reflector's states: every state with every input, then each invariant of SPEC.md by its number.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  isNews,
  maxWatchFailures,
  maxWidened,
  start,
  step,
  type Input,
  type Listing,
  type Probe,
  type State,
  type Waiting,
  type Watching,
} from "./state.ts";

type Kind = State["kind"];

const listing: Listing = {
  kind: "listing",
  reason: "start",
  attempt: 1,
  widened: 0,
  request: undefined,
  goal: "watch",
  failures: 0,
  renewed: false,
  denied: 0,
  watchFailures: 0,
};
const watching: Watching = {
  kind: "watching",
  resourceVersion: "10",
  uid: "",
  failures: 0,
  renewed: false,
  undecoded: false,
};
const probe: Probe = {
  kind: "probe",
  resourceVersion: "10",
  failures: 1,
  renewed: false,
  paced: false,
};

const states: { readonly [K in Kind]: Extract<State, { kind: K }> } = {
  discover: { kind: "discover", failures: 0, renewed: false, reason: "start", goal: "watch" },
  absent: { kind: "absent", goal: "watch" },
  listing,
  watching,
  probe,
  polling: { kind: "polling" },
  waiting: {
    kind: "waiting",
    pause: { kind: "backoff", failures: 1, retryAfter: undefined },
    resume: watching,
  },
  forbidden: { kind: "forbidden", denied: 1, goal: "watch" },
  misconfigured: { kind: "misconfigured", goal: "watch" },
  unsafe: { kind: "unsafe", goal: "watch" },
  stopped: { kind: "stopped" },
};

const inputs: { readonly [K in Input["kind"]]: Extract<Input, { kind: K }> } = {
  served: { kind: "served" },
  unserved: { kind: "unserved" },
  listed: { kind: "listed", resourceVersion: "20" },
  progressed: { kind: "progressed", resourceVersion: "20", uid: "a" },
  settled: { kind: "settled" },
  outdated: { kind: "outdated" },
  expired: { kind: "expired" },
  future: { kind: "future" },
  undecodable: { kind: "undecodable" },
  overflowed: { kind: "overflowed" },
  ended: { kind: "ended", how: "normal" },
  watchdog: { kind: "watchdog" },
  failed: { kind: "failed", retryAfter: undefined, lost: true },
  unauthorized: { kind: "unauthorized" },
  forbidden: { kind: "forbidden" },
  notFound: { kind: "notFound" },
  refused: { kind: "refused" },
  guarded: { kind: "guarded" },
  probed: { kind: "probed", rolledBack: false },
  elapsed: { kind: "elapsed" },
  relist: { kind: "relist", request: "r1" },
  retired: { kind: "retired" },
  aborted: { kind: "aborted" },
};

// Every cell is written out: a new state or input does not compile until somebody has decided each of its cells.
const table: { readonly [S in Kind]: { readonly [I in Input["kind"]]: Kind } } = {
  discover: {
    served: "listing",
    unserved: "absent",
    listed: "discover",
    progressed: "discover",
    settled: "discover",
    outdated: "discover",
    expired: "waiting",
    future: "waiting",
    undecodable: "waiting",
    overflowed: "discover",
    ended: "discover",
    watchdog: "waiting",
    failed: "waiting",
    unauthorized: "waiting",
    forbidden: "listing",
    notFound: "absent",
    refused: "misconfigured",
    guarded: "unsafe",
    probed: "discover",
    elapsed: "discover",
    relist: "discover",
    retired: "discover",
    aborted: "stopped",
  },
  absent: {
    served: "absent",
    unserved: "absent",
    listed: "absent",
    progressed: "absent",
    settled: "absent",
    outdated: "absent",
    expired: "absent",
    future: "absent",
    undecodable: "absent",
    overflowed: "absent",
    ended: "absent",
    watchdog: "absent",
    failed: "absent",
    unauthorized: "absent",
    forbidden: "absent",
    notFound: "absent",
    refused: "absent",
    guarded: "absent",
    probed: "absent",
    elapsed: "discover",
    relist: "absent",
    retired: "absent",
    aborted: "stopped",
  },
  listing: {
    served: "listing",
    unserved: "listing",
    listed: "watching",
    progressed: "listing",
    settled: "listing",
    outdated: "listing",
    expired: "waiting",
    future: "waiting",
    undecodable: "waiting",
    overflowed: "listing",
    ended: "listing",
    watchdog: "waiting",
    failed: "waiting",
    unauthorized: "waiting",
    forbidden: "forbidden",
    notFound: "absent",
    refused: "misconfigured",
    guarded: "unsafe",
    probed: "listing",
    elapsed: "listing",
    relist: "listing",
    retired: "listing",
    aborted: "stopped",
  },
  watching: {
    served: "watching",
    unserved: "watching",
    listed: "watching",
    progressed: "watching",
    settled: "watching",
    outdated: "probe",
    expired: "waiting",
    future: "probe",
    undecodable: "waiting",
    overflowed: "listing",
    ended: "waiting",
    watchdog: "probe",
    failed: "waiting",
    unauthorized: "waiting",
    forbidden: "forbidden",
    notFound: "absent",
    refused: "misconfigured",
    guarded: "unsafe",
    probed: "watching",
    elapsed: "watching",
    relist: "listing",
    retired: "watching",
    aborted: "stopped",
  },
  probe: {
    served: "probe",
    unserved: "probe",
    listed: "probe",
    progressed: "probe",
    settled: "probe",
    outdated: "probe",
    expired: "listing",
    future: "waiting",
    undecodable: "waiting",
    overflowed: "probe",
    ended: "probe",
    watchdog: "waiting",
    failed: "waiting",
    unauthorized: "waiting",
    forbidden: "forbidden",
    notFound: "absent",
    refused: "misconfigured",
    guarded: "unsafe",
    probed: "watching",
    elapsed: "probe",
    relist: "probe",
    retired: "probe",
    aborted: "stopped",
  },
  polling: {
    served: "polling",
    unserved: "polling",
    listed: "polling",
    progressed: "polling",
    settled: "polling",
    outdated: "polling",
    expired: "polling",
    future: "polling",
    undecodable: "polling",
    overflowed: "polling",
    ended: "polling",
    watchdog: "polling",
    failed: "polling",
    unauthorized: "polling",
    forbidden: "polling",
    notFound: "polling",
    refused: "polling",
    guarded: "polling",
    probed: "polling",
    elapsed: "listing",
    relist: "listing",
    retired: "listing",
    aborted: "stopped",
  },
  waiting: {
    served: "waiting",
    unserved: "waiting",
    listed: "waiting",
    progressed: "waiting",
    settled: "waiting",
    outdated: "waiting",
    expired: "waiting",
    future: "waiting",
    undecodable: "waiting",
    overflowed: "waiting",
    ended: "waiting",
    watchdog: "waiting",
    failed: "waiting",
    unauthorized: "waiting",
    forbidden: "waiting",
    notFound: "waiting",
    refused: "waiting",
    guarded: "waiting",
    probed: "waiting",
    elapsed: "watching",
    relist: "waiting",
    retired: "waiting",
    aborted: "stopped",
  },
  forbidden: {
    served: "forbidden",
    unserved: "forbidden",
    listed: "forbidden",
    progressed: "forbidden",
    settled: "forbidden",
    outdated: "forbidden",
    expired: "forbidden",
    future: "forbidden",
    undecodable: "forbidden",
    overflowed: "forbidden",
    ended: "forbidden",
    watchdog: "forbidden",
    failed: "forbidden",
    unauthorized: "forbidden",
    forbidden: "forbidden",
    notFound: "forbidden",
    refused: "forbidden",
    guarded: "forbidden",
    probed: "forbidden",
    elapsed: "listing",
    relist: "forbidden",
    retired: "forbidden",
    aborted: "stopped",
  },
  misconfigured: {
    served: "misconfigured",
    unserved: "misconfigured",
    listed: "misconfigured",
    progressed: "misconfigured",
    settled: "misconfigured",
    outdated: "misconfigured",
    expired: "misconfigured",
    future: "misconfigured",
    undecodable: "misconfigured",
    overflowed: "misconfigured",
    ended: "misconfigured",
    watchdog: "misconfigured",
    failed: "misconfigured",
    unauthorized: "misconfigured",
    forbidden: "misconfigured",
    notFound: "misconfigured",
    refused: "misconfigured",
    guarded: "misconfigured",
    probed: "misconfigured",
    elapsed: "discover",
    relist: "misconfigured",
    retired: "misconfigured",
    aborted: "stopped",
  },
  unsafe: {
    served: "unsafe",
    unserved: "unsafe",
    listed: "unsafe",
    progressed: "unsafe",
    settled: "unsafe",
    outdated: "unsafe",
    expired: "unsafe",
    future: "unsafe",
    undecodable: "unsafe",
    overflowed: "unsafe",
    ended: "unsafe",
    watchdog: "unsafe",
    failed: "unsafe",
    unauthorized: "unsafe",
    forbidden: "unsafe",
    notFound: "unsafe",
    refused: "unsafe",
    guarded: "unsafe",
    probed: "unsafe",
    elapsed: "discover",
    relist: "unsafe",
    retired: "unsafe",
    aborted: "stopped",
  },
  stopped: {
    served: "stopped",
    unserved: "stopped",
    listed: "stopped",
    progressed: "stopped",
    settled: "stopped",
    outdated: "stopped",
    expired: "stopped",
    future: "stopped",
    undecodable: "stopped",
    overflowed: "stopped",
    ended: "stopped",
    watchdog: "stopped",
    failed: "stopped",
    unauthorized: "stopped",
    forbidden: "stopped",
    notFound: "stopped",
    refused: "stopped",
    guarded: "stopped",
    probed: "stopped",
    elapsed: "stopped",
    relist: "stopped",
    retired: "stopped",
    aborted: "stopped",
  },
};

for (const [from, row] of Object.entries(table)) {
  test(`step: every input in state ${from} (W1)`, () => {
    for (const [kind, to] of Object.entries(row)) {
      // Both are keys of the tables above.
      const state = states[from as Kind];
      const next = step(state, inputs[kind as Input["kind"]]);
      assert.equal(next.kind, to, `${from} and ${kind}`);
    }
  });
}

/** Feeds one input after the other. */
function walk(from: State, ...steps: readonly Input[]): State {
  return steps.reduce(step, from);
}

function asWaiting(state: State): Waiting {
  assert.ok(state.kind === "waiting");
  return state;
}

const lost: Input = { kind: "failed", retryAfter: undefined, lost: true };
const overloaded: Input = { kind: "failed", retryAfter: "3", lost: false };

test("step: an input that a state does not expect leaves the very same state (W1)", () => {
  for (const state of Object.values(states)) {
    assert.equal(step(state, inputs.served).kind === state.kind, state.kind !== "discover");
    if (state.kind !== "discover") assert.equal(step(state, inputs.served), state);
  }
});

test("step: whatever a request can come to leads out of its state (W1)", () => {
  const any = [
    "expired",
    "future",
    "undecodable",
    "watchdog",
    "failed",
    "unauthorized",
    "forbidden",
    "notFound",
    "refused",
    "guarded",
  ] as const;
  const own = {
    discover: ["served", "unserved"],
    listing: ["listed"],
    watching: ["ended", "outdated", "overflowed"],
    probe: ["probed"],
  } as const;
  for (const kind of ["discover", "listing", "watching", "probe"] as const) {
    for (const result of [...any, ...own[kind]]) {
      assert.notEqual(step(states[kind], inputs[result]).kind, kind, `${kind} and ${result}`);
    }
  }
});

test("step: nothing leads out of stopped (W1)", () => {
  for (const input of Object.values(inputs)) {
    assert.equal(step(states.stopped, input), states.stopped);
  }
});

test("isNews: only newer versions, or another object at the same one (W2)", () => {
  const at = { ...watching, resourceVersion: "9007199254740993", uid: "a" };
  const verdicts: readonly (readonly [string, string | undefined, boolean])[] = [
    ["9007199254740994", "a", true],
    ["9007199254740993", "a", false],
    ["9007199254740993", "b", true],
    ["9007199254740993", undefined, true],
    ["9007199254740992", "b", false],
    ["9007199254740992", undefined, false],
    ["99999999999999999999", "a", true],
    ["999", "b", false],
    ["opaque", "a", true],
  ];
  for (const [resourceVersion, uid, expected] of verdicts) {
    assert.equal(isNews(at, { resourceVersion, uid }), expected, `${resourceVersion} ${uid}`);
  }
});

test("step: only listed and progressed move the version (W3)", () => {
  for (const input of Object.values(inputs)) {
    const next = step(watching, input);
    if (next.kind !== "watching" || input.kind === "progressed") continue;
    assert.equal(next.resourceVersion, "10", input.kind);
  }
  assert.deepEqual(step(watching, inputs.progressed), {
    ...watching,
    resourceVersion: "20",
    uid: "a",
  });
});

test("step: a list that expired begins anew with larger pages, three times at most (W5)", () => {
  let state: State = listing;
  for (let widened = 1; widened <= maxWidened; widened += 1) {
    const waiting = asWaiting(step(state, inputs.expired));
    assert.deepEqual(waiting.pause, { kind: "spread", over: "relist" });
    state = step(waiting, inputs.elapsed);
    assert.deepEqual(state, { ...listing, attempt: widened + 1, widened });
  }
  const waiting = asWaiting(step(state, inputs.expired));
  assert.equal(waiting.pause.kind, "backoff");
  assert.deepEqual(waiting.resume, {
    ...listing,
    attempt: maxWidened + 2,
    widened: maxWidened,
    failures: 1,
  });
});

test("step: a list that failed under way begins anew as the next attempt, for the same request (W5)", () => {
  const asked = { ...listing, request: "r1", reason: "send-again" } as const;
  for (const input of [lost, inputs.watchdog, inputs.undecodable, inputs.unauthorized]) {
    const { resume } = asWaiting(step(asked, input));
    assert.ok(resume.kind === "listing");
    assert.deepEqual([resume.attempt, resume.request, resume.reason], [2, "r1", "send-again"]);
  }
});

test("step: 401 renews the credentials once at once, then backs off (W7)", () => {
  for (const state of [states.discover, listing, watching, probe]) {
    const first = asWaiting(step(state, inputs.unauthorized));
    assert.deepEqual(first.pause, { kind: "renewal" });
    const second = asWaiting(walk(first, inputs.elapsed, inputs.unauthorized));
    assert.equal(second.pause.kind, "backoff");
  }
  const renewed = { ...watching, renewed: true };
  const progressed = step(renewed, inputs.progressed);
  assert.deepEqual(asWaiting(step(progressed, inputs.unauthorized)).pause, { kind: "renewal" });
});

test("step: an event that cannot be decoded is looked at twice, then listed (W8)", () => {
  const first = walk(watching, inputs.undecodable, inputs.elapsed);
  assert.deepEqual(first, { ...watching, undecoded: true });
  const second = walk(first, inputs.undecodable, inputs.elapsed);
  assert.ok(second.kind === "listing" && second.reason === "decode");
  const healed = walk(first, inputs.progressed, inputs.undecodable, inputs.elapsed);
  assert.ok(healed.kind === "watching" && healed.resourceVersion === "20");
});

test("step: what fails in silence is probed before the next watch (W9)", () => {
  const silent = { kind: "ended", how: "silent" } as const;
  for (const input of [inputs.watchdog, inputs.outdated, inputs.future, silent]) {
    assert.deepEqual(step(watching, input), { ...probe, failures: 1 }, input.kind);
  }
  assert.deepEqual(walk(watching, lost, inputs.elapsed), { ...probe, failures: 1, paced: true });
  assert.equal(walk(watching, overloaded, inputs.elapsed).kind, "watching");
  assert.deepEqual(step(probe, inputs.probed), { ...watching, failures: 1 });
});

test("step: a rolled back store is listed with that reason (W13)", () => {
  const next = step(probe, { kind: "probed", rolledBack: true });
  assert.ok(next.kind === "listing" && next.reason === "rollback");
});

test("step: every failure in a row waits longer, the fifth of a watch lists (W10)", () => {
  let state: State = watching;
  for (let failures = 1; failures < maxWatchFailures; failures += 1) {
    const waiting = asWaiting(step(state, overloaded));
    assert.deepEqual(waiting.pause, { kind: "backoff", failures, retryAfter: "3" });
    state = step(waiting, inputs.elapsed);
    assert.deepEqual(state, { ...watching, failures });
  }
  const { resume } = asWaiting(step(state, overloaded));
  assert.ok(resume.kind === "listing" && resume.reason === "expired");
  // The list alone proves nothing about the watch: its failures still count.
  const after = walk(resume, inputs.listed);
  assert.ok(after.kind === "watching" && after.failures === maxWatchFailures);
  assert.deepEqual(walk(after, inputs.settled), { ...after, failures: 0 });
});

test("step: a stream that is probed again and again pauses, then lists (W10)", () => {
  let state: State = watching;
  const reached: string[] = [];
  for (let turn = 0; turn < 20 && state.kind !== "listing"; turn += 1) {
    reached.push(state.kind);
    const input = {
      watching: inputs.watchdog,
      probe: inputs.probed,
      waiting: inputs.elapsed,
    }[state.kind as string];
    state = step(state, input ?? inputs.aborted);
  }
  assert.equal(state.kind, "listing");
  assert.equal(reached.filter((kind) => kind === "waiting").length, maxWatchFailures - 1);
});

test("step: very short watches count as failures, normal ends do not (W10)", () => {
  const short = asWaiting(step(watching, { kind: "ended", how: "short" }));
  assert.deepEqual(short.pause, { kind: "backoff", failures: 1, retryAfter: undefined });
  const normal = asWaiting(step({ ...watching, failures: 2 }, inputs.ended));
  assert.deepEqual(normal, {
    kind: "waiting",
    pause: { kind: "spread", over: "reconnect" },
    resume: { ...watching, failures: 2 },
  });
});

test("step: 403 keeps what is known and tries again ever later (W11)", () => {
  let state: State = watching;
  for (let denied = 1; denied <= 3; denied += 1) {
    state = step(state, inputs.forbidden);
    assert.deepEqual(state, { kind: "forbidden", denied, goal: "watch" });
    state = step(state, inputs.elapsed);
    assert.ok(state.kind === "listing" && state.reason === "regained");
  }
  assert.equal(step(state, inputs.listed).kind, "watching");
});

test("step: an expired watch lists from nothing, spread over time (W12)", () => {
  const waiting = asWaiting(step(watching, inputs.expired));
  assert.deepEqual(waiting.pause, { kind: "spread", over: "relist" });
  assert.deepEqual(waiting.resume, { ...listing, reason: "expired" });
});

test("step: an overflow lists (W14)", () => {
  const next = step(watching, inputs.overflowed);
  assert.ok(next.kind === "listing" && next.reason === "overflow");
});

test("step: a send-again request is named by its list (W15)", () => {
  for (const [state, goal] of [
    [watching, "watch"],
    [states.polling, "poll"],
  ] as const) {
    const next = step(state, inputs.relist);
    assert.deepEqual(next, { ...listing, reason: "send-again", request: "r1", goal });
  }
});

test("step: absent, misconfigured and unsafe start over from discovery (W16, W17)", () => {
  for (const kind of ["absent", "misconfigured", "unsafe"] as const) {
    const next = step(states[kind], inputs.elapsed);
    assert.deepEqual(next, { ...states.discover, reason: "regained" });
  }
});

test("step: a namespace that is gone is listed once more, after it was gone, then ended (W19)", () => {
  const poll = { ...listing, goal: "poll" } as const;
  const underWay = step(poll, inputs.retired);
  assert.deepEqual(underWay, { ...poll, goal: "stop", attempt: 2 });
  assert.equal(step(underWay, inputs.listed).kind, "stopped");
  for (const end of [inputs.forbidden, inputs.notFound, inputs.refused, inputs.guarded]) {
    assert.equal(step(underWay, end).kind, "stopped", end.kind);
  }
  assert.equal(walk(states.polling, inputs.retired, inputs.listed).kind, "stopped");
  const waiting = step(poll, lost);
  const retired = walk(waiting, inputs.retired, inputs.elapsed);
  assert.ok(retired.kind === "listing" && retired.goal === "stop");
  const denied = { kind: "forbidden", denied: 1, goal: "poll" } as const;
  assert.equal(step(denied, inputs.retired).kind, "stopped");
  assert.equal(step({ kind: "unsafe", goal: "poll" }, inputs.retired).kind, "stopped");
});

test("step: a poll that was listed is polled again, never watched (W19)", () => {
  const polled = walk(start("poll"), inputs.listed);
  assert.equal(polled.kind, "polling");
  const again = step(polled, inputs.elapsed);
  assert.ok(again.kind === "listing" && again.goal === "poll");
});

test("step: any walk: a version never moves without news, attempts only grow (W3, W5)", () => {
  const anyInput = fc.constantFrom(...Object.values(inputs));
  fc.assert(
    fc.property(fc.array(anyInput, { maxLength: 60 }), (walked) => {
      let state: State = start("watch");
      for (const input of walked) {
        const next = step(state, input);
        if (next.kind === "watching" && state.kind === "watching" && next !== state) {
          const moved = next.resourceVersion !== state.resourceVersion;
          assert.ok(!moved || input.kind === "progressed");
        }
        if (next.kind === "listing" && state.kind === "listing" && next !== state) {
          assert.ok(next.attempt >= state.attempt);
        }
        state = next;
      }
      assert.equal(step(state, inputs.aborted).kind, "stopped");
    }),
  );
});
