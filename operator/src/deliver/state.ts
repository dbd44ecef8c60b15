/**
 * What the sender does after each answer to a frozen batch, as a pure table. States name what has happened to this
 * batch so far; every outcome has one action in every state.
 *
 * @module
 */

export type SenderState =
  /** Nothing went wrong with this batch yet. */
  | { readonly kind: "fresh" }
  /** A new token was asked for on its behalf. */
  | { readonly kind: "renewed"; readonly failures: number }
  /** It could not be judged: the same bytes are sent again after a wait. */
  | { readonly kind: "failing"; readonly failures: number }
  /** The platform refused it, for the same reason each time. */
  | { readonly kind: "refused"; readonly reason: string; readonly times: number }
  | { readonly kind: "over" };

export type Outcome =
  | { readonly kind: "acknowledged" }
  | { readonly kind: "unauthorized" }
  /** Network, timeout, 429, 5xx: the batch was not judged. */
  | { readonly kind: "unavailable"; readonly retryAfter: string | undefined }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "too-large" }
  | { readonly kind: "encoding-refused" }
  /** R4. */
  | { readonly kind: "session-lost"; readonly reason: string }
  /** R4, R21. */
  | { readonly kind: "superseded" };

export type Action =
  | { readonly kind: "next" }
  | { readonly kind: "renew-token" }
  | { readonly kind: "wait"; readonly failures: number; readonly retryAfter: string | undefined }
  /** Half of the lines each; a single line is given up, visibly. */
  | { readonly kind: "split"; readonly why: "too-large" | "refused"; readonly reason: string }
  | { readonly kind: "reencode" }
  | { readonly kind: "end-session"; readonly reason: string }
  | { readonly kind: "stand-by" }
  | { readonly kind: "none" };

export type Step = { readonly state: SenderState; readonly action: Action };

export const freshState: SenderState = { kind: "fresh" };
const over: SenderState = { kind: "over" };
/** R5: identical refusals of a whole batch before it is cut in two. */
const refusalsBeforeSplit = 3;

export function step(state: SenderState, outcome: Outcome): Step {
  if (state.kind === "over") return { state, action: { kind: "none" } };
  switch (outcome.kind) {
    case "acknowledged":
      return { state: freshState, action: { kind: "next" } };
    case "unauthorized":
      return afterUnauthorized(state);
    case "unavailable":
      return waitAgain(state, outcome.retryAfter);
    case "refused":
      return afterRefusal(state, outcome.reason);
    case "too-large":
      return {
        state: freshState,
        action: { kind: "split", why: "too-large", reason: "too-large" },
      };
    case "encoding-refused":
      return { state: freshState, action: { kind: "reencode" } };
    case "session-lost":
      return { state: over, action: { kind: "end-session", reason: outcome.reason } };
    case "superseded":
      return { state: over, action: { kind: "stand-by" } };
  }
}

/** One new token at once; if that one is refused too, the wait grows like any other. */
function afterUnauthorized(state: SenderState): Step {
  if (state.kind === "renewed") return waitAgain(state, undefined);
  return {
    state: { kind: "renewed", failures: failuresOf(state) },
    action: { kind: "renew-token" },
  };
}

function waitAgain(state: SenderState, retryAfter: string | undefined): Step {
  const failures = failuresOf(state) + 1;
  return { state: { kind: "failing", failures }, action: { kind: "wait", failures, retryAfter } };
}

function afterRefusal(state: SenderState, reason: string): Step {
  const times = state.kind === "refused" && state.reason === reason ? state.times + 1 : 1;
  if (times === refusalsBeforeSplit) {
    return { state: freshState, action: { kind: "split", why: "refused", reason } };
  }
  return {
    state: { kind: "refused", reason, times },
    action: { kind: "wait", failures: times, retryAfter: undefined },
  };
}

function failuresOf(state: SenderState): number {
  return state.kind === "failing" || state.kind === "renewed" ? state.failures : 0;
}
