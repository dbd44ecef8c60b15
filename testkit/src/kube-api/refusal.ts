/** A Status that ends a request. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: number;
  readonly reason: string;
  readonly retryAfterSeconds: number | undefined;
  /** A continue token that goes on at another resourceVersion: what a 410 on a list offers. */
  readonly continueToken: string | undefined;

  constructor(
    status: { readonly code: number; readonly reason: string; readonly message: string },
    extra: { readonly retryAfterSeconds?: number; readonly continueToken?: string } = {},
  ) {
    super(status.message);
    this.code = status.code;
    this.reason = status.reason;
    this.retryAfterSeconds = extra.retryAfterSeconds;
    this.continueToken = extra.continueToken;
  }
}

export function refuse(code: number, reason: string, message: string): Refusal {
  return new Refusal({ code, reason, message });
}

/** The body of a non-200 answer: indented over several lines, as the real server writes it. */
export function formatRefusal(refusal: Refusal): string {
  const { code, reason, message, retryAfterSeconds, continueToken } = refusal;
  const status = {
    kind: "Status",
    apiVersion: "v1",
    metadata: continueToken === undefined ? {} : { continue: continueToken },
    status: "Failure",
    message,
    reason,
    ...(retryAfterSeconds === undefined ? {} : { details: { retryAfterSeconds } }),
    code,
  };
  return `${JSON.stringify(status, null, 2)}\n`;
}
