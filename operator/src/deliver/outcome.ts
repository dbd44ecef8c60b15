/**
 * What an answer to a batch means (PROTOCOL: Errors).
 *
 * @module
 */
import { PlatformAnswerError } from "../errors.ts";
import { problemOf, type PlatformResponse } from "./platform-client.ts";
import type { Outcome } from "./state.ts";

/** R4: these end the session; a new one reads the index and lists everything. */
const sessionLost = new Set([
  "session-unknown",
  "sequence-gap",
  "digest-differs",
  "record-version-unknown",
  "cluster-held-by-other-client",
]);

export function outcomeOf(response: PlatformResponse): Outcome {
  const { status, headers } = response;
  if (status >= 200 && status < 300) return { kind: "acknowledged" };
  const problem = problemOf(response);
  if (problem === "superseded") return { kind: "superseded" };
  if (problem !== undefined && sessionLost.has(problem)) {
    return { kind: "session-lost", reason: problem };
  }
  switch (status) {
    case 401:
      return { kind: "unauthorized" };
    case 413:
      return { kind: "too-large" };
    case 415:
      return { kind: "encoding-refused" };
    case 409:
      return { kind: "session-lost", reason: problem ?? "conflict" };
    // A batch that breaks the platform must not stop a cluster: 500 counts as a refusal, 502 to 504 do not.
    case 400:
    case 422:
    case 500:
      return { kind: "refused", reason: `${status} ${problem ?? "without a problem type"}` };
    default:
      return { kind: "unavailable", retryAfter: headers["retry-after"] };
  }
}

/** What a failed call of another kind (index, heartbeat) means for the session; `undefined`: nothing. */
export function sessionEndOf(
  error: unknown,
): Extract<Outcome, { kind: "session-lost" | "superseded" }> | undefined {
  if (!(error instanceof PlatformAnswerError)) return undefined;
  if (error.type === "superseded") return { kind: "superseded" };
  if (error.type !== undefined && sessionLost.has(error.type)) {
    return { kind: "session-lost", reason: error.type };
  }
  return undefined;
}
