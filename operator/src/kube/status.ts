/**
 * The answer of an API server that is no success: a `Status` object, or whatever a proxy puts there. Only its code and
 * its reason are taken; free text stays behind, since nobody vouches for what it quotes.
 *
 * @module
 */

export type KubeStatus = {
  /** HTTP status. */
  readonly code: number;
  /** Kubernetes' reason, `""` when the body was no Status in JSON. */
  readonly reason: string;
  /** Retry-After header as sent, else `details.retryAfterSeconds`. */
  readonly retryAfter: string | undefined;
};

/** Bodies of answers other than 200 are read up to here. */
export const maxStatusBytes = 64 * 1024;

const wordPattern = /^[A-Za-z0-9]{1,64}$/;

export function parseStatus(
  answer: { readonly code: number; readonly retryAfter: string | undefined },
  body: Uint8Array,
): KubeStatus {
  const status = asStatus(parseJson(body));
  const details = asObject(status["details"]);
  const seconds = details["retryAfterSeconds"];
  return {
    code: answer.code,
    reason: word(status["reason"]),
    retryAfter: answer.retryAfter ?? (typeof seconds === "number" ? String(seconds) : undefined),
  };
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString("utf8"));
  } catch {
    return undefined;
  }
}

function asStatus(value: unknown): { readonly [name: string]: unknown } {
  const object = asObject(value);
  return object["kind"] === "Status" ? object : {};
}

function asObject(value: unknown): { readonly [name: string]: unknown } {
  // Any object that JSON.parse makes may be read by name.
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function word(value: unknown): string {
  return typeof value === "string" && wordPattern.test(value) ? value : "";
}
