/**
 * Which send-again request of one stream is being worked on (R16). A request stays in every answer until the platform
 * is content, so the same one must not start twice, and one that was worked off in vain must rest.
 *
 * @module
 */
import type { SendAgain } from "@obsyk/contract";

/** After every object was sent in full and the platform still differs. */
const mismatchRestMs = 600_000;
/** After an ordinary list; the platform is expected to ask for everything next. */
const ordinaryRestMs = 60_000;

export class SendAgainTracker {
  #active: SendAgain | undefined;
  #rest: { readonly request: SendAgain; readonly untilMs: number } | undefined;

  /** Whether the stream has to be listed again for this request. `mismatch`: everything was sent in vain. */
  requested(request: SendAgain, nowMs: number): "list" | "mismatch" | "known" {
    if (same(this.#active, request)) return "known";
    const rest = same(this.#rest?.request, request) ? this.#rest : undefined;
    if (rest !== undefined && nowMs < rest.untilMs) return request.full ? "mismatch" : "known";
    this.#active = request;
    return "list";
  }

  /** Whether the list that names this request has to send every object once. */
  isFull(requestId: string | undefined): boolean {
    return requestId !== undefined && this.#active?.id === requestId && this.#active.full;
  }

  /** The `end` of a list was acknowledged; `requestId` is what its `begin` named. */
  ended(requestId: string | undefined, nowMs: number): void {
    const active = this.#active;
    this.#active = undefined;
    // A list for another reason does not answer the request: the next answer starts it anew.
    if (active === undefined || active.id !== requestId) return;
    const restMs = active.full ? mismatchRestMs : ordinaryRestMs;
    this.#rest = { request: active, untilMs: nowMs + restMs };
  }
}

function same(one: SendAgain | undefined, other: SendAgain): boolean {
  return one?.id === other.id && one.full === other.full;
}
