/**
 * Carries out what the state machine decides: does the one thing the state names, and feeds the result back. All
 * failures become states; nothing is thrown out of here.
 *
 * @module
 */
import type { StreamState } from "@obsyk/contract";
import { Interruption, openActivity, type Activity } from "./activity.ts";
import { outcome, type Context, type Outcome } from "./context.ts";
import { discover, list, probe } from "./list.ts";
import { ofError } from "./outcome.ts";
import { isDoubtful, start, step, type Goal, type Input, type State } from "./state.ts";
import { pauseMs } from "./timings.ts";
import { watch } from "./watch.ts";

export class Reflector {
  readonly #context: Context;
  readonly #signal: AbortSignal;
  #state: State;
  #reported: StreamState = "starting";
  #detail = "";
  #activity: Activity | undefined;
  /** One slot: the platform repeats its requests until they are met. */
  #wanted: { readonly request: string | undefined } | undefined;

  constructor(context: Context, goal: Goal, signal: AbortSignal) {
    this.#context = context;
    this.#signal = signal;
    this.#state = start(goal);
  }

  /** Lists again under this request, unless a list for it is already under way; without one any list will do. */
  relist(request: string | undefined): void {
    const ahead = this.#state.kind === "waiting" ? this.#state.resume : this.#state;
    if (ahead.kind === "listing" && (request === undefined || ahead.request === request)) return;
    if (request === undefined && this.#wanted !== undefined) return;
    this.#wanted = { request };
    if (isInterruptible(this.#state)) this.#activity?.abort(new Interruption("list again"));
  }

  /** One last list, then the end. */
  retire(): void {
    const next = step(this.#state, { kind: "retired" });
    if (next === this.#state) return;
    this.#state = next;
    this.#activity?.abort(new Interruption("retired"));
  }

  async run(): Promise<void> {
    this.#context.sink.state("starting");
    while (this.#state.kind !== "stopped") {
      if (!isConfirmedByAnswer(this.#state)) this.#report(streamStateOf(this.#state));
      const result = await this.#carryOut(this.#state);
      if (result !== undefined) this.#accept(result);
      this.#takeRequest();
    }
    this.#report("stopped");
  }

  #accept({ input, detail }: Outcome): void {
    this.#detail = detail;
    if (isDoubtful(input)) this.#context.cluster.doubt();
    this.#state = step(this.#state, input);
  }

  #takeRequest(): void {
    if (this.#wanted === undefined || !isInterruptible(this.#state)) return;
    const { request } = this.#wanted;
    this.#wanted = undefined;
    this.#state = step(this.#state, { kind: "relist", request });
  }

  #report(to: StreamState): void {
    const from = this.#reported;
    if (from === to) return;
    this.#reported = to;
    const detail = this.#detail;
    this.#context.sink.state(to, ...(detail === "" ? [] : [detail]));
    this.#context.events.stateChanged({ stream: this.#context.stream, from, to, detail });
  }

  /** `undefined` when the reader itself ended the activity. */
  async #carryOut(state: State): Promise<Outcome | undefined> {
    using activity = openActivity(this.#signal);
    this.#activity = activity;
    try {
      return await this.#perform(state, activity);
    } catch (error) {
      if (this.#signal.aborted) return outcome({ kind: "aborted" });
      if (activity.signal.reason instanceof Interruption) return undefined;
      return ofError(error, this.#context, state.kind === "watching" ? "watch" : "list");
    } finally {
      this.#activity = undefined;
    }
  }

  async #perform(state: State, activity: Activity): Promise<Outcome> {
    const context = this.#context;
    const { clock, timings, random } = context;
    const answered = (): void => {
      this.#detail = "";
      this.#report(streamStateOf(this.#state));
    };
    // W21: whatever is read becomes news of this cluster.
    if (isConfirmedByAnswer(state)) await context.cluster.confirm(activity.signal);
    switch (state.kind) {
      case "discover":
        return discover(state, context, activity);
      case "listing":
        return list(state, context, activity, answered);
      case "probe":
        return probe(state, context, activity);
      case "watching": {
        const current = (): typeof state => (this.#state.kind === "watching" ? this.#state : state);
        const feed = (input: Input): void => {
          this.#state = step(this.#state, input);
        };
        return watch({ current, feed, answered }, context, activity);
      }
      case "waiting":
        if (state.pause.kind === "renewal") context.access.renewCredentials();
        await clock.sleep(pauseMs(state, timings, random), { signal: activity.signal });
        return outcome({ kind: "elapsed" }, this.#detail);
      case "absent":
      case "forbidden":
      case "misconfigured":
      case "unsafe":
      case "polling":
        await clock.sleep(pauseMs(state, timings, random), { signal: activity.signal });
        return outcome({ kind: "elapsed" });
      case "stopped":
        return outcome({ kind: "aborted" });
    }
  }
}

/** States that a relist may end at once; in all others it waits its turn. */
function isInterruptible(state: State): boolean {
  return state.kind === "watching" || state.kind === "polling";
}

/** States that are known to be true only once the API server has answered. */
function isConfirmedByAnswer(state: State): boolean {
  return state.kind === "listing" || state.kind === "watching" || state.kind === "probe";
}

/** What others see of a state. A short pause between two watches is no news. */
function streamStateOf(state: State): StreamState {
  switch (state.kind) {
    case "discover":
      return "starting";
    case "listing":
      return state.goal === "watch" || state.reason !== "audit" ? "listing" : "polling";
    case "probe":
      return "waiting";
    case "waiting":
      return state.pause.kind === "backoff" || state.resume.kind !== "watching"
        ? "waiting"
        : "watching";
    case "watching":
    case "polling":
    case "absent":
    case "forbidden":
    case "misconfigured":
    case "unsafe":
    case "stopped":
      return state.kind;
  }
}
