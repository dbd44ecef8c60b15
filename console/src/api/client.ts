/**
 * Calls of the platform's API. Every answer is checked against its schema; every refusal becomes an ApiError that
 * keeps the problem details.
 *
 * @module
 */
import { problemSchema, type ProblemDetails } from "@obsyk/contract";
import type { z } from "zod";
import type { PlatformClock } from "../clock.ts";

type ApiErrorCode = "refused" | "unreachable" | "unreadable";

/** `refused` carries the platform's problem details; `unreachable` and `unreadable` say what happened. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: ApiErrorCode;
  readonly problem: ProblemDetails | undefined;
  readonly status: number | undefined;

  constructor(
    code: ApiErrorCode,
    message: string,
    more: { status?: number; problem?: ProblemDetails; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.code = code;
    this.status = more.status;
    this.problem = more.problem;
  }
}

type Query = Readonly<Record<string, string | number | undefined>>;

type Call = {
  readonly path: string;
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly query?: Query;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
};

export type Api = {
  /** @throws {ApiError} */
  readonly read: <T>(schema: z.ZodType<T>, call: Call) => Promise<T>;
  /** The answer's body is of no interest. @throws {ApiError} */
  readonly send: (call: Call) => Promise<void>;
};

/** Fills `:name` segments of a contract path. */
export function fillPath(path: string, names: Readonly<Record<string, string>>): string {
  return path.replaceAll(/:([a-zA-Z]+)/g, (_, name: string) =>
    encodeURIComponent(names[name] ?? ""),
  );
}

function urlOf(call: Call): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(call.query ?? {})) {
    if (value !== undefined && value !== "") query.set(name, String(value));
  }
  const text = query.toString();
  return text === "" ? call.path : `${call.path}?${text}`;
}

async function request(call: Call, clock: PlatformClock): Promise<Response> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (call.body !== undefined) headers["content-type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(urlOf(call), {
      method: call.method ?? "GET",
      headers,
      credentials: "same-origin",
      redirect: "error",
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      ...(call.signal === undefined ? {} : { signal: call.signal }),
    });
  } catch (cause) {
    if (call.signal?.aborted === true) throw cause;
    throw new ApiError("unreachable", "The platform did not answer.", { cause });
  }
  clock.observe(response.headers.get("date"));
  if (!response.ok) throw await refusal(response);
  return response;
}

async function refusal(response: Response): Promise<ApiError> {
  const { status } = response;
  const body: unknown = await response.json().catch(() => undefined);
  const problem = problemSchema.safeParse(body);
  if (!problem.success) {
    return new ApiError("refused", `The platform answered ${status}.`, { status });
  }
  const { title, detail } = problem.data;
  return new ApiError("refused", detail ?? title, { status, problem: problem.data });
}

export function createApi(clock: PlatformClock): Api {
  return {
    read: async (schema, call) => {
      const response = await request(call, clock);
      const body: unknown = await response.json().catch(() => undefined);
      const parsed = schema.safeParse(body);
      if (parsed.success) return parsed.data;
      const where = parsed.error.issues[0]?.path.join(".") ?? "";
      throw new ApiError(
        "unreadable",
        `The answer of ${call.path} has an unexpected shape (${where}).`,
      );
    },
    send: async (call) => {
      await request(call, clock);
    },
  };
}
