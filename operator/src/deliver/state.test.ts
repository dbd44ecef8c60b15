import assert from "node:assert/strict";
import { test } from "node:test";
import { step, type Action, type Outcome, type SenderState } from "./state.ts";

const states = {
  fresh: { kind: "fresh" },
  renewed: { kind: "renewed", failures: 1 },
  failing: { kind: "failing", failures: 2 },
  refused: { kind: "refused", reason: "422 unprocessable", times: 2 },
  over: { kind: "over" },
} satisfies Record<SenderState["kind"], SenderState>;

const outcomes = {
  acknowledged: { kind: "acknowledged" },
  unauthorized: { kind: "unauthorized" },
  unavailable: { kind: "unavailable", retryAfter: "7" },
  refused: { kind: "refused", reason: "422 unprocessable" },
  "too-large": { kind: "too-large" },
  "encoding-refused": { kind: "encoding-refused" },
  "session-lost": { kind: "session-lost", reason: "sequence-gap" },
  superseded: { kind: "superseded" },
} satisfies Record<Outcome["kind"], Outcome>;

const fresh: SenderState = { kind: "fresh" };
const over: SenderState = { kind: "over" };
const wait = (failures: number, retryAfter?: string): Action => ({
  kind: "wait",
  failures,
  retryAfter,
});
const failing = (failures: number): SenderState => ({ kind: "failing", failures });
const cut: Action = { kind: "split", why: "too-large", reason: "too-large" };
const lost: Action = { kind: "end-session", reason: "sequence-gap" };
const none: readonly [SenderState, Action] = [over, { kind: "none" }];
/** What does not depend on the state. */
const always = {
  acknowledged: [fresh, { kind: "next" }],
  "too-large": [fresh, cut],
  "encoding-refused": [fresh, { kind: "reencode" }],
  "session-lost": [over, lost],
  superseded: [over, { kind: "stand-by" }],
} as const;
const firstRefusal = [{ kind: "refused", reason: "422 unprocessable", times: 1 }, wait(1)] as const;

/** Every cell of the table: a missing one does not compile. */
const table: Record<
  SenderState["kind"],
  Record<Outcome["kind"], readonly [SenderState, Action]>
> = {
  fresh: {
    ...always,
    unauthorized: [{ kind: "renewed", failures: 0 }, { kind: "renew-token" }],
    unavailable: [failing(1), wait(1, "7")],
    refused: firstRefusal,
  },
  renewed: {
    ...always,
    unauthorized: [failing(2), wait(2)],
    unavailable: [failing(2), wait(2, "7")],
    refused: firstRefusal,
  },
  failing: {
    ...always,
    unauthorized: [{ kind: "renewed", failures: 2 }, { kind: "renew-token" }],
    unavailable: [failing(3), wait(3, "7")],
    refused: firstRefusal,
  },
  refused: {
    ...always,
    unauthorized: [{ kind: "renewed", failures: 0 }, { kind: "renew-token" }],
    unavailable: [failing(1), wait(1, "7")],
    refused: [fresh, { kind: "split", why: "refused", reason: "422 unprocessable" }],
  },
  over: {
    acknowledged: none,
    unauthorized: none,
    unavailable: none,
    refused: none,
    "too-large": none,
    "encoding-refused": none,
    "session-lost": none,
    superseded: none,
  },
};

for (const [state, cells] of Object.entries(table)) {
  for (const [outcome, [next, action]] of Object.entries(cells)) {
    test(`step: ${state} and ${outcome} (R3, R4, R5)`, () => {
      const from = states[state as SenderState["kind"]];
      const input = outcomes[outcome as Outcome["kind"]];
      assert.deepEqual(step(from, input), { state: next, action });
    });
  }
}

test("step: another refusal than before starts counting anew (R5)", () => {
  const { state } = step(states.refused, { kind: "refused", reason: "400 bad-request" });
  assert.deepEqual(state, { kind: "refused", reason: "400 bad-request", times: 1 });
});
