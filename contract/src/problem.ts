/**
 * Problem details (RFC 9457): every refusal has a stable type, says what was wrong, where, and what to do.
 *
 * @module
 */
import { z } from "zod";

export const problemTypes = {
  "bad-request": 400,
  unauthorized: 401,
  forbidden: 403,
  "not-found": 404,
  conflict: 409,
  "too-large": 413,
  "unsupported-media-type": 415,
  unprocessable: 422,
  "too-many-requests": 429,
  internal: 500,
  unavailable: 503,
  /** PROTOCOL R4: open a new session. */
  "session-unknown": 409,
  /** PROTOCOL R4, R21: another instance holds the cluster; go to standby. */
  superseded: 409,
  "sequence-gap": 409,
  "digest-differs": 409,
  "record-version-unknown": 409,
  "cluster-held-by-other-client": 409,
  "over-quota": 429,
  /** A private key was sent where a public one belongs. */
  "private-key-received": 422,
} as const satisfies Record<string, number>;

export type ProblemType = keyof typeof problemTypes;

/** The URI of a problem type; relative to nothing, so that it stays the same on every host. */
export function problemUri(type: ProblemType): string {
  return `urn:obsyk:problem:${type}`;
}

export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  /** What was wrong and what to do, for a person. Never holds input that may be secret. */
  detail: z.string().optional(),
  /** Where in the request, as a JSON Pointer or a parameter name. */
  pointer: z.string().optional(),
  /** Request id, also in the platform's log. */
  requestId: z.string().optional(),
  /** PROTOCOL R3, R4: the sequence the platform has applied. */
  appliedSequence: z.number().int().optional(),
});
export type ProblemDetails = z.infer<typeof problemSchema>;
