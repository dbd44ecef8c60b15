/**
 * The calls of protocol v2, each with the session's identity (R1) and a token. What to do about an answer is decided
 * by the callers.
 *
 * @module
 */
import {
  agentHeaders,
  agentPaths,
  batchAnswerSchema,
  heartbeatAnswerSchema,
  mediaTypes,
  sessionAnswerSchema,
  type BatchAnswer,
  type Heartbeat,
  type HeartbeatAnswer,
  type SessionAnswer,
  type SessionRequest,
} from "@obsyk/contract";
import type { Secret } from "@obsyk/runtime";
import { PlatformAnswerError } from "../errors.ts";
import type { Batch } from "./batch.ts";
import { uidOfHex } from "./object-table.ts";
import {
  parseJson,
  refusalOf,
  type PlatformClient,
  type PlatformResponse,
} from "./platform-client.ts";
import type { TokenSource } from "./token-source.ts";

export type SessionIdentity = { readonly sessionId: string; readonly epoch: number };
export type Call = { readonly signal: AbortSignal };
export type Granted = Extract<SessionAnswer, { status: "granted" }>;

const maxJsonBytes = 4 * 1024 * 1024;
const maxIndexBytes = 128 * 1024 * 1024;
/** 16 bytes uid, 8 bytes hash. */
const indexEntryBytes = 24;

type Wanted = {
  readonly method?: "GET" | "POST";
  readonly path: string;
  readonly step: string;
  readonly identity?: SessionIdentity;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: Uint8Array;
  readonly maxAnswerBytes?: number;
  readonly signal: AbortSignal;
};

const jsonHeaders = { "content-type": "application/json" };

export class AgentCalls {
  readonly #client: PlatformClient;
  readonly #tokens: TokenSource;

  constructor(client: PlatformClient, tokens: TokenSource) {
    this.#client = client;
    this.#tokens = tokens;
  }

  async openSession(request: SessionRequest, { signal }: Call): Promise<SessionAnswer> {
    const step = "opening a session";
    const body = Buffer.from(JSON.stringify({ ...request, ...this.#roundTrip() }));
    const path = agentPaths.sessions;
    const response = await this.#call({ path, step, headers: jsonHeaders, body, signal });
    return parseAnswer(step, sessionAnswerSchema, response);
  }

  /** The platform's entries of one stream, and the sequence they belong to. */
  async readIndex(
    identity: SessionIdentity,
    stream: string,
    { signal }: Call,
  ): Promise<IndexAnswer> {
    const step = "reading an index";
    const response = await this.#call({
      method: "GET",
      path: `${agentPaths.index}?stream=${encodeURIComponent(stream)}`,
      step,
      identity,
      headers: { accept: mediaTypes.index },
      maxAnswerBytes: maxIndexBytes,
      signal,
    });
    return parseIndex(step, response);
  }

  /** One attempt; any status is an answer. */
  sendBatch(
    identity: SessionIdentity,
    batch: Batch,
    options: Call & { readonly sequence: number },
  ): Promise<PlatformResponse> {
    return this.#send({
      path: agentPaths.batches,
      step: "sending a batch",
      identity,
      headers: {
        "content-type": mediaTypes.lines,
        "content-encoding": batch.encoding,
        [agentHeaders.sequence]: String(options.sequence),
        [agentHeaders.digest]: batch.digest,
      },
      body: batch.body,
      signal: options.signal,
    });
  }

  async heartbeat(
    identity: SessionIdentity,
    beat: Heartbeat,
    { signal }: Call,
  ): Promise<HeartbeatAnswer> {
    const step = "sending a heartbeat";
    const body = Buffer.from(JSON.stringify({ ...beat, ...this.#roundTrip() }));
    const path = agentPaths.heartbeat;
    const response = await this.#call({ path, step, identity, headers: jsonHeaders, body, signal });
    return parseAnswer(step, heartbeatAnswerSchema, response);
  }

  async goodbye(identity: SessionIdentity, { signal }: Call): Promise<void> {
    const path = agentPaths.goodbye;
    await this.#call({ path, step: "saying goodbye", identity, body: Buffer.alloc(0), signal });
  }

  /** R19: half of it bounds the error of the clock comparison. */
  #roundTrip(): { readonly roundTripMs?: number } {
    const roundTripMs = this.#client.roundTripMs();
    return roundTripMs === undefined ? {} : { roundTripMs };
  }

  /** A refused token is forgotten, so that the next attempt brings a new one. */
  async #send(wanted: Wanted): Promise<PlatformResponse> {
    const token: Secret<string> = await this.#tokens.token(wanted.signal);
    const { identity } = wanted;
    const response = await this.#client.send({
      method: wanted.method ?? "POST",
      path: wanted.path,
      step: wanted.step,
      maxAnswerBytes: wanted.maxAnswerBytes ?? maxJsonBytes,
      signal: wanted.signal,
      headers: {
        authorization: `Bearer ${token.reveal()}`,
        ...(identity === undefined ? {} : identityHeaders(identity)),
        ...wanted.headers,
      },
      ...(wanted.body === undefined ? {} : { body: wanted.body }),
    });
    if (response.status === 401) this.#tokens.refused(token);
    return response;
  }

  /** Small idempotent calls: a refused token is replaced once, at once. */
  async #call(wanted: Wanted): Promise<PlatformResponse> {
    const first = await this.#send(wanted);
    const response = first.status === 401 ? await this.#send(wanted) : first;
    if (response.status < 200 || response.status > 299) throw refusalOf(wanted.step, response);
    return response;
  }
}

/** @throws {PlatformAnswerError} when the body is not what the schema says. */
export function parseBatchAnswer(response: PlatformResponse): BatchAnswer {
  return parseAnswer("sending a batch", batchAnswerSchema, response);
}

function parseAnswer<T>(
  step: string,
  schema: {
    safeParse(
      value: unknown,
    ): { readonly success: true; readonly data: T } | { readonly success: false };
  },
  response: PlatformResponse,
): T {
  const parsed = schema.safeParse(parseJson(response.body));
  if (parsed.success) return parsed.data;
  throw new PlatformAnswerError(step, { status: response.status, type: "unexpected-body" });
}

function identityHeaders(identity: SessionIdentity): { readonly [name: string]: string } {
  return {
    [agentHeaders.session]: identity.sessionId,
    [agentHeaders.epoch]: String(identity.epoch),
  };
}

export type IndexAnswer = {
  readonly appliedSequence: number;
  readonly entries: Iterable<{ readonly uid: string; readonly hash: string }>;
};

function parseIndex(step: string, { status, headers, body }: PlatformResponse): IndexAnswer {
  const count = numberOf(headers[agentHeaders.count]);
  const appliedSequence = numberOf(headers[agentHeaders.appliedSequence]);
  if (count === undefined || appliedSequence === undefined) {
    throw new PlatformAnswerError(step, { status, type: "index-headers-missing" });
  }
  if (body.length !== count * indexEntryBytes) {
    throw new PlatformAnswerError(step, { status, type: "index-length-differs" });
  }
  return { appliedSequence, entries: decodeIndex(body) };
}

function* decodeIndex(
  body: Buffer,
): Generator<{ readonly uid: string; readonly hash: string }, void> {
  for (let at = 0; at < body.length; at += indexEntryBytes) {
    const uid = uidOfHex(body.toString("hex", at, at + 16));
    yield { uid, hash: body.toString("hex", at + 16, at + indexEntryBytes) };
  }
}

function numberOf(header: string | string[] | undefined): number | undefined {
  return typeof header === "string" && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}
