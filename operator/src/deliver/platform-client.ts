/**
 * Requests to the platform: one keep-alive agent, TLS 1.3, no redirects, bounded answers. What an answer means is
 * decided elsewhere.
 *
 * @module
 */
import { once } from "node:events";
import type {
  ClientRequest,
  IncomingHttpHeaders,
  IncomingMessage,
  OutgoingHttpHeaders,
} from "node:http";
import { request as requestHttps } from "node:https";
import { TLSSocket } from "node:tls";
import { problemSchema, product } from "@obsyk/contract";
import {
  createHttpsAgent,
  createLoopbackHttpAgent,
  requestHttp,
  type Clock,
  type OutboundTls,
} from "@obsyk/runtime";
import { PlatformAnswerError, PlatformUnreachableError } from "../errors.ts";

type PlatformRequest = {
  readonly method: "GET" | "POST";
  /** Path and query, beginning with a slash. */
  readonly path: string;
  readonly headers: { readonly [name: string]: string };
  readonly body?: Uint8Array;
  /** What the caller is doing, for error messages: "sending a batch". */
  readonly step: string;
  /** Bound of the answer's body; more is an error. */
  readonly maxAnswerBytes: number;
  readonly signal: AbortSignal;
};

export type PlatformResponse = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
};

export type PlatformClient = AsyncDisposable & {
  /** Issuer: scheme, host and port without a trailing slash. */
  readonly origin: string;
  /**
   * Sends once; nothing is retried here. Any status is an answer, redirects too.
   *
   * @throws {PlatformUnreachableError} when no whole answer arrived in time.
   */
  send(request: PlatformRequest): Promise<PlatformResponse>;
  /** Platform's clock minus ours in milliseconds, from the last Date header (RFC 9110 §6.6.1: whole seconds). */
  clockOffsetMs(): number;
  /** How long the last whole call took; `undefined` before the first (R19). */
  roundTripMs(): number | undefined;
};

/** Silence after which a request is given up. */
const idleTimeoutMs = 30_000;
const maxSockets = 4;
/** What the protocol takes. */
const maxRoundTripMs = 600_000;

export function createPlatformClient(options: {
  readonly url: URL;
  readonly tls: OutboundTls;
  readonly clock: Clock;
  readonly idleTimeoutMs?: number;
  /** A connection was secured. */
  readonly onSecured?: OnSecured;
}): PlatformClient {
  const { url, clock } = options;
  const secure = url.protocol === "https:";
  const sockets = { maxSockets };
  const agent = secure ? createHttpsAgent(options.tls, sockets) : createLoopbackHttpAgent(sockets);
  let offsetMs = 0;
  let roundTripMs: number | undefined;

  async function exchange(wanted: PlatformRequest, signal: AbortSignal): Promise<PlatformResponse> {
    const startedAt = clock.now();
    const outgoing = (secure ? requestHttps : requestHttp)(new URL(wanted.path, url), {
      method: wanted.method,
      agent,
      signal,
      headers: headersOf(wanted),
    });
    tellSecured(outgoing, options.onSecured);
    outgoing.setTimeout(options.idleTimeoutMs ?? idleTimeoutMs, () => {
      outgoing.destroy(new Error("no byte in time"));
    });
    // An answer may come before the whole body is taken (413), and the socket may break after it.
    outgoing.on("error", () => {});
    outgoing.end(wanted.body);
    const [response] = (await once(outgoing, "response")) as [IncomingMessage];
    offsetMs = offsetOf(response.headers.date, startedAt, clock.now()) ?? offsetMs;
    roundTripMs = Math.min(Math.max(0, Math.ceil(clock.now() - startedAt)), maxRoundTripMs);
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      body: await readBounded(response, wanted.maxAnswerBytes),
    };
  }

  return {
    origin: url.origin,
    clockOffsetMs: () => offsetMs,
    roundTripMs: () => roundTripMs,
    async send(wanted) {
      wanted.signal.throwIfAborted();
      try {
        return await exchange(wanted, wanted.signal);
      } catch (error) {
        wanted.signal.throwIfAborted();
        throw new PlatformUnreachableError(wanted.step, { cause: error });
      }
    },
    async [Symbol.asyncDispose]() {
      agent.destroy();
      await Promise.resolve();
    },
  };
}

function headersOf({ body, headers }: PlatformRequest): OutgoingHttpHeaders {
  return {
    "user-agent": `obsyk-operator/${product.version}`,
    "accept-encoding": "identity",
    ...(body === undefined ? {} : { "content-length": String(body.length) }),
    ...headers,
  };
}

/** What a handshake agreed on: `TLSv1.3` and a group such as `X25519MLKEM768`. */
export type SecuredConnection = { readonly protocol: string; readonly group: string };

type OnSecured = (connection: SecuredConnection) => void;

function tellSecured(outgoing: ClientRequest, onSecured: OnSecured | undefined): void {
  if (onSecured === undefined) return;
  outgoing.once("socket", (socket) => {
    if (!(socket instanceof TLSSocket) || outgoing.reusedSocket) return;
    socket.once("secureConnect", () => onSecured(describeConnection(socket)));
  });
}

function describeConnection(socket: TLSSocket): SecuredConnection {
  const key = socket.getEphemeralKeyInfo();
  const group = key !== null && "name" in key ? (key.name ?? "unknown") : "unknown";
  return { protocol: socket.getProtocol() ?? "unknown", group };
}

/** Half a second is added: the header cuts fractions off. `undefined` without a readable date. */
function offsetOf(
  date: string | undefined,
  startedAt: number,
  receivedAt: number,
): number | undefined {
  const at = date === undefined ? Number.NaN : Date.parse(date);
  return Number.isNaN(at) ? undefined : at + 500 - (startedAt + receivedAt) / 2;
}

async function readBounded(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`an answer larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  if (!response.complete) throw new Error("the answer was cut off");
  return Buffer.concat(chunks, bytes);
}

/** What a refusal says about itself: the last part of its problem type's URN, or an OAuth error code. */
export function problemOf(response: PlatformResponse): string | undefined {
  const body = parseJson(response.body);
  const problem = problemSchema.safeParse(body);
  if (problem.success) return problem.data.type.replace(/^urn:obsyk:problem:/, "").slice(0, 64);
  if (typeof body === "object" && body !== null && "error" in body) {
    const { error } = body;
    return typeof error === "string" && /^[a-z_]{1,64}$/.test(error) ? error : undefined;
  }
  return undefined;
}

export function refusalOf(step: string, response: PlatformResponse): PlatformAnswerError {
  return new PlatformAnswerError(step, {
    status: response.status,
    type: problemOf(response),
    retryAfter: response.headers["retry-after"],
  });
}

/** `undefined` for anything that is no JSON. */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    // The caller's schema refuses undefined and names the step.
    return undefined;
  }
}
