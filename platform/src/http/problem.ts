/**
 * Refusals as problem details (RFC 9457), and the one place that turns whatever was thrown into one. Nothing of an
 * unexpected error is sent: its text may quote the request.
 *
 * @module
 */
import { mediaTypes, problemTypes, problemUri, type ProblemType } from "@obsyk/contract";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";

export type ProblemExtra = {
  readonly pointer?: string;
  readonly appliedSequence?: number;
  readonly retryAfterSeconds?: number;
  /** Sent with 401 (RFC 9110 §11.6.1). */
  readonly challenge?: string;
};

/** A refusal that explains itself; `detail` never repeats input. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly code: ProblemType;
  readonly extra: ProblemExtra;

  constructor(type: ProblemType, detail: string, extra: ProblemExtra = {}) {
    super(detail);
    this.code = type;
    this.extra = extra;
  }
}

const titles: { readonly [type in ProblemType]?: string } = {
  "bad-request": "The request is not valid",
  unauthorized: "Not signed in",
  forbidden: "Not allowed",
  "not-found": "Not found",
  internal: "Something went wrong here",
  unavailable: "Not available right now",
  "private-key-received": "A private key was sent",
};

export function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  problem: ProblemError,
): FastifyReply {
  const status = problemTypes[problem.code];
  const { pointer, appliedSequence, retryAfterSeconds, challenge } = problem.extra;
  if (retryAfterSeconds !== undefined) void reply.header("retry-after", String(retryAfterSeconds));
  if (challenge !== undefined) void reply.header("www-authenticate", challenge);
  return reply
    .code(status)
    .header("cache-control", "no-store")
    .type(mediaTypes.problem)
    .serializer((body) => JSON.stringify(body))
    .send({
      type: problemUri(problem.code),
      title: titles[problem.code] ?? problem.code.replaceAll("-", " "),
      status,
      detail: problem.message,
      ...(pointer === undefined ? {} : { pointer }),
      ...(appliedSequence === undefined ? {} : { appliedSequence }),
      requestId: request.id,
    });
}

/** What a thrown value means to the caller. `undefined`: a bug or a failure of ours, to be logged. */
export function asProblem(error: unknown): ProblemError | undefined {
  if (error instanceof ProblemError) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const [first] = error.validation;
    const where = error.validationContext ?? "request";
    return new ProblemError("bad-request", `The ${where} does not have the expected form`, {
      pointer: first?.instancePath ?? "",
    });
  }
  const { statusCode, code } = error as Partial<FastifyError>;
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    return new ProblemError("unsupported-media-type", "This content type is not accepted here");
  }
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    return new ProblemError("too-large", "The body is larger than allowed here");
  }
  if (statusCode === 429) {
    return new ProblemError("too-many-requests", "Too many requests: wait, then try again");
  }
  if (statusCode === 404) return new ProblemError("not-found", "There is nothing at this path");
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new ProblemError("bad-request", "The request could not be read");
  }
  if (isConnectionFailure(error)) {
    return new ProblemError("unavailable", "The database does not answer: try again", {
      retryAfterSeconds: 2,
    });
  }
  return undefined;
}

/** The database went away or is starting: SQLSTATE class 08, 57P0x, 53300, or the socket's own errors. */
function isConnectionFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return (
    /^(08|57P|53300|ECONNREFUSED|ECONNRESET|ENOENT|EPIPE)/.test(code) ||
    // The driver gives these no code.
    /^(Connection terminated|timeout exceeded when trying to connect)/.test(error.message)
  );
}
