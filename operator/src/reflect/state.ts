/**
 * The reflector's states: what is in flight now, and what comes next. Pure: no clock, no socket, no sink. SPEC.md
 * beside this file numbers the invariants (W1…); `loop.ts` carries the states out and feeds the results back.
 *
 * @module
 */
import type { ListReason } from "@obsyk/contract";
import { compareVersions } from "./resource-version.ts";

/** Is the resource served at all? */
export type Discover = {
  readonly kind: "discover";
  readonly failures: number;
  readonly renewed: boolean;
  readonly reason: ListReason;
  readonly goal: Goal;
};
/** Not served: the objects stay as they were, and their stream says so. */
export type Absent = { readonly kind: "absent"; readonly goal: Goal };
/** One attempt of a paged list without resourceVersion. */
export type Listing = {
  readonly kind: "listing";
  readonly reason: ListReason;
  /** 1 for the first; a list that broke off is begun anew, never continued. */
  readonly attempt: number;
  /** How often a list expired under way: each time pages grow, the last has no limit. */
  readonly widened: number;
  /** The send-again request this list answers. */
  readonly request: string | undefined;
  readonly goal: Goal;
  readonly failures: number;
  /** Whether this request was already repeated with new credentials. */
  readonly renewed: boolean;
  /** 403 answers in a row before this list; spaces the next try. */
  readonly denied: number;
  /** Failures of the watch that led to this list; a list alone does not heal a watch. */
  readonly watchFailures: number;
};
/** What follows a list: a watch, the next poll (mode `counts`), or nothing (the namespace is gone). */
export type Goal = "watch" | "poll" | "stop";
export type Watching = {
  readonly kind: "watching";
  /** Everything up to here was accepted by the sink. */
  readonly resourceVersion: string;
  /** uid of the event that set the version; `""` after a list or a bookmark. */
  readonly uid: string;
  readonly failures: number;
  readonly renewed: boolean;
  /** The last stream stopped at an event that could not be decoded. */
  readonly undecoded: boolean;
};
/** `LIST limit=1`: does the API server still know our version, or was its store rolled back? */
export type Probe = {
  readonly kind: "probe";
  readonly resourceVersion: string;
  readonly failures: number;
  readonly renewed: boolean;
  /** Whether we waited before asking; if not, a repeated probe is followed by a pause. */
  readonly paced: boolean;
};
/** The next poll is due later. */
export type Polling = { readonly kind: "polling" };
export type Waiting = {
  readonly kind: "waiting";
  readonly pause: Pause;
  readonly resume: Discover | Listing | Watching | Probe;
};
export type Pause =
  | {
      readonly kind: "backoff";
      readonly failures: number;
      /** Seconds as the server wished, unchecked. */
      readonly retryAfter: string | undefined;
    }
  /** New credentials are read; no time passes. */
  | { readonly kind: "renewal" }
  /** A random moment, so that all readers don't come back at once. */
  | { readonly kind: "spread"; readonly over: "reconnect" | "relist" };
/** 403: only this stream stops; its objects stay. */
export type Forbidden = {
  readonly kind: "forbidden";
  readonly denied: number;
  readonly goal: Goal;
};
/** The API server does not understand the request. */
export type Misconfigured = { readonly kind: "misconfigured"; readonly goal: Goal };
/** Something other than a Table came where only a Table may come. */
export type Unsafe = { readonly kind: "unsafe"; readonly goal: Goal };
type Stopped = { readonly kind: "stopped" };

export type State =
  | Discover
  | Absent
  | Listing
  | Watching
  | Probe
  | Polling
  | Waiting
  | Forbidden
  | Misconfigured
  | Unsafe
  | Stopped;

export type Input =
  | { readonly kind: "served" }
  | { readonly kind: "unserved" }
  /** The sink has finished with a complete list. */
  | { readonly kind: "listed"; readonly resourceVersion: string }
  /** An event or bookmark was accepted by the sink. */
  | { readonly kind: "progressed"; readonly resourceVersion: string; readonly uid: string }
  /** A watch has been open for long enough to forget earlier failures. */
  | { readonly kind: "settled" }
  /** An event or bookmark from before our version, or twice the same. */
  | { readonly kind: "outdated" }
  /** 410 in any form, or pages of one list with different versions. */
  | { readonly kind: "expired" }
  /** 504: the server has not seen our version yet, or never will. */
  | { readonly kind: "future" }
  | { readonly kind: "undecodable" }
  | { readonly kind: "overflowed" }
  /** The server ended a watch: `short` below a second without a byte, `silent` without a byte where bookmarks were due. */
  | { readonly kind: "ended"; readonly how: "normal" | "short" | "silent" }
  | { readonly kind: "watchdog" }
  /** 429, 5xx or no answer; `lost` when the connection failed, so that another server may answer next. */
  | { readonly kind: "failed"; readonly retryAfter: string | undefined; readonly lost: boolean }
  | { readonly kind: "unauthorized" }
  | { readonly kind: "forbidden" }
  | { readonly kind: "notFound" }
  /** 400, 406, 415, 422, a redirect, or a media type we did not ask for. */
  | { readonly kind: "refused" }
  | { readonly kind: "guarded" }
  | { readonly kind: "probed"; readonly rolledBack: boolean }
  | { readonly kind: "elapsed" }
  /** `undefined`: nobody's request; the sink could not make anything of the last list. */
  | { readonly kind: "relist"; readonly request: string | undefined }
  /** The namespace of a polled stream is gone: one last list, then the end. */
  | { readonly kind: "retired" }
  | { readonly kind: "aborted" };

/** Failures in a row after which a watch is given up for a list. */
export const maxWatchFailures = 5;
/** Page sizes: 500, 5000, no limit. A list without limit cannot expire under way. */
export const maxWidened = 2;

export function start(goal: Goal): State {
  return goal === "watch" ? discover({ reason: "start", goal }) : list({ reason: "start", goal });
}

/** The state after `input`; an input that a state does not expect leaves it unchanged (W1). */
export function step(state: State, input: Input): State {
  if (state.kind === "stopped") return state;
  if (input.kind === "aborted") return { kind: "stopped" };
  switch (state.kind) {
    case "discover":
      return stepDiscover(state, input);
    case "absent":
    case "misconfigured":
    case "unsafe":
      return stepResting(state, input, discover({ reason: "regained", goal: state.goal }));
    case "forbidden":
      return stepResting(
        state,
        input,
        list({ reason: "regained", goal: state.goal, denied: state.denied }),
      );
    case "listing":
      return stepListing(state, input);
    case "watching":
      return stepWatching(state, input);
    case "probe":
      return stepProbe(state, input);
    case "polling":
      return stepPolling(state, input);
    case "waiting":
      return stepWaiting(state, input);
  }
}

function stepDiscover(state: Discover, input: Input): State {
  switch (input.kind) {
    case "served":
    // Discovery may be forbidden where the list is not: the list will tell.
    case "forbidden":
      return list({ reason: state.reason, goal: state.goal });
    case "unserved":
      return { kind: "absent", goal: state.goal };
    case "retired":
      return state.goal === "poll" ? { ...state, goal: "stop" } : state;
    default:
      return stepRequest(state, input);
  }
}

/** States that hold still until their next try. */
function stepResting(
  state: Absent | Misconfigured | Unsafe | Forbidden,
  input: Input,
  next: Discover | Listing,
): State {
  if (input.kind === "elapsed") return next;
  // Nothing more can be learned of a namespace that is gone.
  return input.kind === "retired" && state.goal === "poll" ? { kind: "stopped" } : state;
}

function stepListing(state: Listing, input: Input): State {
  switch (input.kind) {
    case "listed":
      return afterList(state, input.resourceVersion);
    case "expired": {
      // W5: what the earlier pages said is not continued at another version.
      if (state.widened >= maxWidened) return backOff(state);
      const { attempt, widened } = state;
      return spread("relist", { ...state, attempt: attempt + 1, widened: widened + 1 });
    }
    case "retired":
      // What is being listed may have been read before the namespace was gone.
      return state.goal === "poll" ? { ...again(state), goal: "stop" } : state;
    case "forbidden":
      return forbid(state.goal, state.denied + 1);
    default:
      return stepRequest(state, input);
  }
}

function afterList(state: Listing, resourceVersion: string): State {
  switch (state.goal) {
    case "watch":
      return watch(resourceVersion, state.watchFailures);
    case "poll":
      return { kind: "polling" };
    case "stop":
      return { kind: "stopped" };
  }
}

function stepWatching(state: Watching, input: Input): State {
  switch (input.kind) {
    case "progressed":
      // W3: the only input that moves the version of a watch.
      return {
        ...state,
        resourceVersion: input.resourceVersion,
        uid: input.uid,
        renewed: false,
        undecoded: false,
      };
    case "settled":
      return { ...state, failures: 0 };
    case "expired":
      return spread("relist", list({ reason: "expired", goal: "watch" }));
    case "relist":
      return listAgain("watch", input.request);
    case "overflowed":
      return list({ reason: "overflow", goal: "watch" });
    case "undecodable":
      // W8: transport damage heals on a second look; anything else needs a list.
      return state.undecoded
        ? spread("relist", list({ reason: "decode", goal: "watch" }))
        : spread("reconnect", { ...state, undecoded: true });
    case "ended":
      return stepEnded(state, input.how);
    case "outdated":
    case "future":
    case "watchdog":
      // W9: what went wrong in silence is looked into, never waited out.
      return probe(state, { failures: state.failures + 1, paced: false });
    case "failed":
      return stepWatchFailed(state, input);
    case "forbidden":
      return forbid("watch", 1);
    default:
      return stepRequest(state, input);
  }
}

function stepEnded(state: Watching, how: "normal" | "short" | "silent"): State {
  switch (how) {
    case "normal":
      return spread("reconnect", state);
    case "short":
      return stepWatchFailed(state, { kind: "failed", retryAfter: undefined, lost: false });
    case "silent":
      return probe(state, { failures: state.failures + 1, paced: false });
  }
}

function stepWatchFailed(state: Watching, input: Extract<Input, { kind: "failed" }>): State {
  const failures = state.failures + 1;
  const pause = { kind: "backoff", failures, retryAfter: input.retryAfter } as const;
  if (failures >= maxWatchFailures) return { kind: "waiting", pause, resume: giveUp(failures) };
  // W9: whoever answers the next connection may be a server with another history.
  const resume = input.lost ? probe(state, { failures, paced: true }) : { ...state, failures };
  return { kind: "waiting", pause, resume };
}

/** A watch that fails again and again is replaced by a list. */
function giveUp(watchFailures: number): Listing {
  return list({ reason: "expired", goal: "watch", watchFailures });
}

function stepProbe(state: Probe, input: Input): State {
  if (input.kind === "forbidden") return forbid("watch", 1);
  if (input.kind === "expired" || (input.kind === "probed" && input.rolledBack)) {
    return list({ reason: input.kind === "expired" ? "expired" : "rollback", goal: "watch" });
  }
  if (input.kind !== "probed") return stepRequest(state, input);
  const { resourceVersion, failures } = state;
  const watching = watch(resourceVersion, failures);
  // W10: a stream that needs looking into again and again comes back slower each time.
  if (state.paced || failures < 2) return watching;
  return {
    kind: "waiting",
    pause: { kind: "backoff", failures, retryAfter: undefined },
    resume: failures >= maxWatchFailures ? giveUp(failures) : watching,
  };
}

function stepPolling(state: Polling, input: Input): State {
  if (input.kind === "retired") return list({ reason: "audit", goal: "stop" });
  if (input.kind === "elapsed") return list({ reason: "audit", goal: "poll" });
  if (input.kind !== "relist") return state;
  return listAgain("poll", input.request);
}

function listAgain(goal: Goal, request: string | undefined): Listing {
  return list({ reason: request === undefined ? "decode" : "send-again", goal, request });
}

function stepWaiting(state: Waiting, input: Input): State {
  if (input.kind === "elapsed") return state.resume;
  const { resume } = state;
  if (input.kind !== "retired" || goalOf(resume) !== "poll") return state;
  if (resume.kind !== "listing" && resume.kind !== "discover") return state;
  return { ...state, resume: { ...resume, goal: "stop" } };
}

/** After these another cluster may be what answers (W21): the connection broke, or what we know is not known there. */
export function isDoubtful(input: Input): boolean {
  switch (input.kind) {
    case "failed":
      return input.lost;
    case "probed":
      return input.rolledBack;
    case "watchdog":
    case "outdated":
    case "future":
    case "expired":
    case "unauthorized":
      return true;
    default:
      return false;
  }
}

/** What any request can meet. */
function stepRequest(state: InFlight, input: Input): State {
  switch (input.kind) {
    case "failed":
      return backOff(state, input.retryAfter);
    case "watchdog":
    case "future":
    case "expired":
    case "undecodable":
      return backOff(state);
    case "unauthorized":
      // W7: once at once, with what is in the files now; then like any failure.
      return state.renewed
        ? backOff({ ...state, renewed: false })
        : {
            kind: "waiting",
            pause: { kind: "renewal" },
            resume: again({ ...state, renewed: true }),
          };
    case "notFound":
      return rest("absent", goalOf(state));
    case "refused":
      return rest("misconfigured", goalOf(state));
    case "guarded":
      return rest("unsafe", goalOf(state));
    default:
      return state;
  }
}

type InFlight = Discover | Listing | Watching | Probe;

function goalOf(state: InFlight): Goal {
  return state.kind === "discover" || state.kind === "listing" ? state.goal : "watch";
}

function rest(kind: "absent" | "misconfigured" | "unsafe", goal: Goal): State {
  return goal === "stop" ? { kind: "stopped" } : { kind, goal };
}

function discover(wanted: Pick<Discover, "reason" | "goal">): Discover {
  return { kind: "discover", failures: 0, renewed: false, ...wanted };
}

function list(
  wanted: Pick<Listing, "reason" | "goal"> &
    Partial<Pick<Listing, "request" | "denied" | "watchFailures">>,
): Listing {
  return {
    kind: "listing",
    attempt: 1,
    widened: 0,
    renewed: false,
    request: undefined,
    failures: 0,
    denied: 0,
    watchFailures: 0,
    ...wanted,
  };
}

function watch(resourceVersion: string, failures: number): Watching {
  return {
    kind: "watching",
    resourceVersion,
    uid: "",
    failures,
    renewed: false,
    undecoded: false,
  };
}

function probe(state: Watching, how: Pick<Probe, "failures" | "paced">): Probe {
  return { kind: "probe", resourceVersion: state.resourceVersion, renewed: false, ...how };
}

function forbid(goal: Goal, denied: number): State {
  return goal === "stop" ? { kind: "stopped" } : { kind: "forbidden", denied, goal };
}

function backOff(state: InFlight, retryAfter?: string): Waiting {
  const failures = state.failures + 1;
  const pause = { kind: "backoff", failures, retryAfter } as const;
  const resume = again({ ...state, failures });
  return {
    kind: "waiting",
    pause,
    resume: resume.kind === "probe" ? { ...resume, paced: true } : resume,
  };
}

/** The same request once more; a list that may have begun begins anew (W5). */
function again<S extends InFlight>(state: S): S {
  return state.kind === "listing" ? { ...state, attempt: state.attempt + 1 } : state;
}

function spread(over: "reconnect" | "relist", resume: Listing | Watching): Waiting {
  return { kind: "waiting", pause: { kind: "spread", over }, resume };
}

/**
 * Whether an event may be applied (W2): newer than our version, or at our version but of another object, as some
 * aggregated API servers send. `uid` is `undefined` for bookmarks, which may repeat our version.
 */
export function isNews(
  state: Watching,
  event: { readonly resourceVersion: string; readonly uid: string | undefined },
): boolean {
  const order = compareVersions(event.resourceVersion, state.resourceVersion);
  if (order === undefined || order > 0) return true;
  return order === 0 && (event.uid === undefined || event.uid !== state.uid || event.uid === "");
}
