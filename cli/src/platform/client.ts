/**
 * Requests to the platform's API: TLS 1.3, no redirects, bounded answers, refusals in words.
 *
 * @module
 */
import { once } from "node:events";
import { request as requestHttp, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";
import { problemSchema, product } from "@obsyk/contract";
import {
  backoffMs,
  clampRetryAfter,
  createHttpsAgent,
  createLoopbackHttpAgent,
  type OutboundTls,
} from "@obsyk/runtime";
import type { z } from "zod";
import type { Credential } from "../config.ts";
import { CliError, systemCode } from "../errors.ts";
import type { Host } from "../host.ts";

export type Query = { readonly [name: string]: string | number | undefined };

export type ApiAnswer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
};

export type ApiRequest = {
  readonly method?: "GET" | "POST" | "DELETE";
  /** Without query. */
  readonly path: string;
  readonly query?: Query;
  readonly body?: object;
};

export type ApiClientOptions = {
  readonly server: URL;
  readonly tls: OutboundTls;
  readonly credential?: Credential;
  readonly host: Pick<Host, "clock" | "random" | "signal">;
};

/** A page of 500 records is far smaller. */
const maxAnswerBytes = 256 * 1024 * 1024;
const idleTimeoutMs = 60_000;
const attempts = 3;
const backoff = { firstMs: 300, maxMs: 5_000 };

export class ApiClient implements AsyncDisposable {
  readonly #options: ApiClientOptions;
  readonly #agent: ReturnType<typeof createHttpsAgent>;

  constructor(options: ApiClientOptions) {
    this.#options = options;
    this.#agent =
      options.server.protocol === "https:"
        ? createHttpsAgent(options.tls, { maxSockets: 4 })
        : // Both kinds are used alike; only the sockets differ.
          (createLoopbackHttpAgent({ maxSockets: 4 }) as ReturnType<typeof createHttpsAgent>);
  }

  get origin(): string {
    return this.#options.server.origin;
  }

  /**
   * Reads; a platform that is busy or briefly away is asked again.
   *
   * @throws {CliError} for every refusal, in words.
   */
  async get<T>(schema: z.ZodType<T>, path: string, query: Query = {}): Promise<T> {
    const { clock, random, signal } = this.#options.host;
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#try({ path, query }, attempt);
      if (answer !== undefined) {
        if (answer.status < 300) return parseAnswer(schema, answer, path);
        const isBusy = answer.status === 429 || answer.status === 503;
        if (!isBusy || attempt >= attempts) throw refusal(this.origin, answer);
      }
      const ownMs = backoffMs(attempt, random, backoff);
      await clock.sleep(clampRetryAfter(answer?.headers["retry-after"], ownMs), { signal });
    }
  }

  /** `undefined`: no answer, and another attempt is left. */
  async #try(request: ApiRequest, attempt: number): Promise<ApiAnswer | undefined> {
    try {
      return await this.send(request);
    } catch (error) {
      const isAway = error instanceof CliError && error.code === "UNREACHABLE";
      // The first request says at once when an address is wrong; later ones wait for a restart.
      if (!isAway || attempt >= attempts || isHopeless(error)) throw error;
      return undefined;
    }
  }

  /** One attempt; @throws {CliError} `UNREACHABLE` without a whole answer. Any status but a redirect is an answer. */
  async send(request: ApiRequest): Promise<ApiAnswer> {
    const { signal } = this.#options.host;
    try {
      const response = await this.open(request, signal);
      const body = await readBounded(response);
      return { status: response.statusCode ?? 0, headers: response.headers, body };
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof CliError ? error : unreachable(this.origin, error);
    }
  }

  /** The response as it begins; its body is the caller's. */
  async open(request: ApiRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const { server, credential } = this.#options;
    const url = new URL(request.path, server);
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const send = server.protocol === "https:" ? requestHttps : requestHttp;
    const outgoing = send(url, {
      method: request.method ?? "GET",
      agent: this.#agent,
      signal,
      headers: {
        "user-agent": `obsyk-cli/${product.version}`,
        accept: "application/json",
        // A request that changes something has to say where it comes from.
        origin: server.origin,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...credentialHeader(credential),
      },
    });
    outgoing.setTimeout(idleTimeoutMs, () => outgoing.destroy(new Error("no byte in time")));
    outgoing.end(body);
    const [response] = (await once(outgoing, "response")) as [IncomingMessage];
    const status = response.statusCode ?? 0;
    if (status < 300 || status > 399) return response;
    response.destroy();
    throw new CliError(
      "REFUSED",
      `${server.origin} redirects elsewhere, and redirects are not followed: use the address it leads to`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    await Promise.resolve();
  }
}

function credentialHeader(credential: Credential | undefined): { readonly [name: string]: string } {
  switch (credential?.kind) {
    case undefined:
      return {};
    case "session":
      return { cookie: credential.cookie };
    case "token":
      return { authorization: `Bearer ${credential.token}` };
  }
}

async function readBounded(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) {
      throw new CliError("UNEXPECTED_ANSWER", `an answer larger than ${maxAnswerBytes} bytes`);
    }
    chunks.push(chunk);
  }
  if (!response.complete) throw new Error("the answer was cut off");
  return Buffer.concat(chunks, bytes);
}

/** @throws {CliError} `UNEXPECTED_ANSWER` for what the schema does not allow. */
export function parseAnswer<T>(schema: z.ZodType<T>, answer: ApiAnswer, path: string): T {
  const parsed = schema.safeParse(parseJson(answer.body));
  if (parsed.success) return parsed.data;
  throw new CliError(
    "UNEXPECTED_ANSWER",
    `the answer to ${path} is not what obsyk ${product.version} expects: is this an Obsyk platform, and of this version?`,
  );
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    // The caller's schema refuses undefined.
    return undefined;
  }
}

/** A refusal in the platform's own words (RFC 9457), which say what to do. */
export function refusal(origin: string, answer: ApiAnswer): CliError {
  const problem = problemSchema.safeParse(parseJson(answer.body));
  const said = problem.success ? (problem.data.detail ?? problem.data.title) : undefined;
  const text = said ?? `status ${answer.status}`;
  switch (answer.status) {
    case 401:
      return new CliError(
        "NOT_SIGNED_IN",
        `not signed in to ${origin}, or no longer: run obsyk login ${origin}`,
      );
    case 403:
      return new CliError("FORBIDDEN", `${origin} refuses: ${text}`);
    case 404:
      return new CliError("NOT_FOUND", text);
    case 429:
    case 503:
      return new CliError("UNAVAILABLE", `${origin} cannot answer now: ${text}`);
    default: {
      const id = problem.success ? problem.data.requestId : undefined;
      return new CliError(
        "REFUSED",
        `${origin} refuses: ${text}${id === undefined ? "" : ` (request ${id})`}`,
      );
    }
  }
}

const untrusted =
  /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|CERT_UNTRUSTED)/;

function unreachable(origin: string, cause: unknown): CliError {
  const code = systemCode(cause);
  const what = untrusted.test(code)
    ? `${origin} shows a certificate that nobody we trust has signed (${code}): name its authority with --ca-file`
    : code.startsWith("ERR_TLS") || code.startsWith("CERT_")
      ? `${origin} shows a wrong certificate (${code})`
      : `${origin} does not answer (${code})`;
  return new CliError("UNREACHABLE", what, { cause });
}

/** Asking again will not help: nobody listens there, or it is not who we want. */
function isHopeless(error: CliError): boolean {
  return /^(?:ENOTFOUND|ECONNREFUSED|ERR_TLS|CERT_|DEPTH_|SELF_|UNABLE_)/.test(
    systemCode(error.cause),
  );
}
