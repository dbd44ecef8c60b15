/**
 * One thing in flight: it ends with the reader's signal, or for a reason of its own.
 *
 * @module
 */

export type Activity = Disposable & {
  readonly signal: AbortSignal;
  abort(reason: Error): void;
};

/** Closing it lets go of the parent; it aborts nothing. */
export function openActivity(parent: AbortSignal): Activity {
  const controller = new AbortController();
  const follow = (): void => controller.abort(parent.reason);
  if (parent.aborted) follow();
  else parent.addEventListener("abort", follow, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    [Symbol.dispose]: () => parent.removeEventListener("abort", follow),
  };
}

/** Why an activity ended although nothing went wrong: the reader has something else to do. */
export class Interruption extends Error {
  override readonly name = "Interruption";
  readonly code = "interrupted";
}
