/** The catalogue of this process' error classes, each with a stable code. */

/** The platform could not be reached, or its answer did not arrive whole; `cause` says why. Always retried. */
export class PlatformUnreachableError extends Error {
  override readonly name = "PlatformUnreachableError";
  readonly code = "PLATFORM_UNREACHABLE";

  constructor(step: string, options: { readonly cause: unknown }) {
    super(`the platform did not answer while ${step}`, options);
  }
}

/** The platform answered, but not with what this call may answer. */
export class PlatformAnswerError extends Error {
  override readonly name = "PlatformAnswerError";
  readonly code = "PLATFORM_ANSWER";
  readonly status: number;
  /** Problem type (RFC 9457) or OAuth error code, when there was one. */
  readonly type: string | undefined;
  /** Retry-After as sent. */
  readonly retryAfter: string | undefined;

  constructor(
    step: string,
    answer: {
      readonly status: number;
      readonly type?: string | undefined;
      readonly retryAfter?: string | undefined;
      readonly cause?: unknown;
    },
  ) {
    const type = answer.type === undefined ? "" : ` ${answer.type}`;
    super(`the platform answered ${answer.status}${type} while ${step}`, { cause: answer.cause });
    this.status = answer.status;
    this.type = answer.type;
    this.retryAfter = answer.retryAfter;
  }
}

/** The private key file could not be read or is not a P-256 key; `cause` says which. */
export class KeyFileError extends Error {
  override readonly name = "KeyFileError";
  readonly code = "KEY_FILE";

  constructor(path: string, options: { readonly cause: unknown }) {
    super(`reading the private key file ${path} failed`, options);
  }
}

/** A setting of this process is wrong; ends the process with exit code 2. */
export class OperatorSettingError extends Error {
  override readonly name = "OperatorSettingError";
  readonly code = "OPERATOR_SETTING";
  readonly exitCode = 2;
}
