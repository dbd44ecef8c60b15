/**
 * Answers and errors as inputs of the state machine.
 *
 * @module
 */
import { KubeError } from "../kube/errors.ts";
import type { KubeStatus } from "../kube/status.ts";
import { ProjectError } from "../project/types.ts";
import { outcome, type Context, type Outcome } from "./context.ts";

/** What an answer other than 200, or an ERROR event, means. */
export function ofStatus(status: KubeStatus): Outcome {
  const detail = status.reason === "" ? `${status.code}` : `${status.code} ${status.reason}`;
  const { code, reason, retryAfter } = status;
  if (code === 410 || reason === "Expired" || reason === "Gone") {
    return outcome({ kind: "expired" }, detail);
  }
  // What an API server says that waits in vain for a version it has not seen.
  if (code === 504) return outcome({ kind: "future" }, detail);
  switch (code) {
    case 401:
      return outcome({ kind: "unauthorized" }, detail);
    case 403:
      return outcome({ kind: "forbidden" }, detail);
    case 404:
      return outcome({ kind: "notFound" }, detail);
    case 400:
    case 405:
    case 406:
    case 415:
    case 422:
      return outcome({ kind: "refused" }, detail);
    default:
      if (code >= 300 && code < 400) {
        return outcome({ kind: "refused" }, `${detail}: the API server answered with a redirect`);
      }
      return outcome({ kind: "failed", retryAfter, lost: false }, detail);
  }
}

/** What an error means that ended a request or its answer. */
export function ofError(
  error: unknown,
  context: Pick<Context, "stream" | "events">,
  call: "list" | "watch",
): Outcome {
  const { events, stream } = context;
  if (error instanceof ProjectError) {
    if (error.code === "guard") {
      events.guarded({ stream });
      return outcome({ kind: "guarded" }, "an answer was not the Table that was asked for");
    }
    events.undecodable({ stream, call });
    return outcome({ kind: "undecodable" }, "an answer could not be decoded");
  }
  if (error instanceof KubeError) {
    if (error.code === "watchdog") return outcome({ kind: "watchdog" }, error.message);
    return outcome(
      { kind: "failed", retryAfter: undefined, lost: error.code === "transport" },
      error.message,
    );
  }
  events.unexpected({ stream, error });
  return outcome({ kind: "failed", retryAfter: undefined, lost: false }, "internal error");
}
