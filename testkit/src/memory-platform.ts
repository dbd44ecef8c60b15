/**
 * A stand-in for the platform's agent listener: real HTTPS, protocol v2, state in memory, and strict: whatever an
 * operator does against the rules is written down in `violations`. It judges deliveries; it is no second platform.
 *
 * @module
 */
import { hash, randomBytes } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import {
  agentHeaders,
  agentPaths,
  heartbeatSchema,
  mediaTypes,
  parseStream,
  problemTypes,
  problemUri,
  sessionRequestSchema,
  type Heartbeat,
  type ProblemType,
  type SendAgain,
  type SessionRequest,
} from "@obsyk/contract";
import type { Certificates } from "./certificates.ts";
import { MemoryInventory } from "./memory-inventory.ts";
import { checkAssertion } from "./memory-token.ts";

/** What happens to one call instead of, or after, its answer. */
export type Fault =
  /** The socket breaks before anything is done. */
  | { readonly kind: "reset" }
  /** Everything is done, the answer never arrives. */
  | { readonly kind: "drop-reply" }
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly type?: ProblemType;
      readonly headers?: { readonly [name: string]: string };
    }
  /** Everything is done at once, the answer leaves later. */
  | { readonly kind: "late-reply"; readonly after: Promise<void> }
  /** The platform forgets its session, as after a restored backup. */
  | { readonly kind: "forget-session" };

export type Received = {
  readonly path: string;
  readonly sequence: number | undefined;
  readonly digest: string | undefined;
  readonly encoding: string | undefined;
  readonly bytes: number;
};

export type MemoryPlatform = AsyncDisposable & {
  readonly url: URL;
  /** Whom assertions must name: our own origin, unless something stands between us and the operator. */
  issuer: string;
  readonly inventory: MemoryInventory;
  /** Every request, in order. */
  readonly received: readonly Received[];
  readonly violations: readonly string[];
  readonly grants: number;
  readonly sessions: number;
  readonly goodbyes: number;
  /** Streams that the latest session request named. */
  readonly declared: readonly string[];
  readonly heartbeats: readonly Heartbeat[];
  /** Decides about each call before it is handled. */
  fault: (call: Received) => Fault | undefined;
  /** Decides about each batch by its text. */
  faultForBody: (text: string) => Fault | undefined;
  sendAgain: SendAgain[];
  /** Added to the platform's clock, and so to its Date header. */
  clockOffsetMs: number;
  standby: boolean;
  revokeTokens(): void;
  forgetSession(): void;
  /** As `forgetSession`, from a backup: the next session gets the same epoch again. */
  restoreBackup(): void;
};

export type MemoryPlatformOptions = {
  readonly certificates: Certificates;
  readonly clientId: string;
  /** SubjectPublicKeyInfo PEM. */
  readonly publicKey: string;
  readonly heartbeatSeconds?: number;
  readonly checkSeconds?: number;
  readonly tokenSeconds?: number;
  readonly maxBatchBytes?: number;
  /** 16 bytes, hexadecimal; random when absent. */
  readonly hashKey?: string;
};

export async function openMemoryPlatform(options: MemoryPlatformOptions): Promise<MemoryPlatform> {
  const platform = new Platform(options);
  const { cert, key } = options.certificates;
  const server = createServer({ cert, key, minVersion: "TLSv1.3" }, (request, response) => {
    platform.handle(request, response).catch((error: unknown) => {
      platform.violations.push(`stand-in failed: ${String(error)}`);
      response.destroy();
    });
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  platform.url = new URL(`https://localhost:${port}`);
  platform.issuer = platform.url.origin;
  platform.dispose = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return platform;
}

type Session = { readonly id: string; readonly epoch: number; readonly instanceId: string };
type Answer = {
  readonly status: number;
  readonly headers?: { readonly [name: string]: string };
  readonly body: string | Buffer;
};

class Platform implements MemoryPlatform {
  url = new URL("https://localhost");
  issuer = "";
  dispose: () => Promise<void> = async () => {};
  readonly received: Received[] = [];
  readonly violations: string[] = [];
  readonly inventory: MemoryInventory;
  grants = 0;
  sessions = 0;
  goodbyes = 0;
  declared: readonly string[] = [];
  readonly heartbeats: Heartbeat[] = [];
  fault: (call: Received) => Fault | undefined = () => undefined;
  faultForBody: (text: string) => Fault | undefined = () => undefined;
  sendAgain: SendAgain[] = [];
  clockOffsetMs = 0;
  standby = false;
  readonly #options: MemoryPlatformOptions;
  readonly #tokens = new Set<string>();
  readonly #jtis = new Set<string>();
  readonly #hashKey: string;
  #session: Session | undefined;
  /** R23: the cluster this client is bound to. */
  #clusterUid: string | undefined;
  #epoch = 0;
  #applied = 0;
  #appliedDigest: string | undefined;

  constructor(options: MemoryPlatformOptions) {
    this.#options = options;
    this.#hashKey = options.hashKey ?? randomBytes(16).toString("hex");
    this.inventory = new MemoryInventory(this.#hashKey, (text) => this.violations.push(text));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  revokeTokens(): void {
    this.#tokens.clear();
  }

  forgetSession(): void {
    this.#session = undefined;
    this.inventory.abortLists();
  }

  restoreBackup(): void {
    this.forgetSession();
    this.#epoch -= 1;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    if (body === undefined) return;
    const url = new URL(request.url ?? "/", this.url);
    const call: Received = {
      path: url.pathname,
      sequence: numberOf(request.headers[agentHeaders.sequence]),
      digest: textOf(request.headers[agentHeaders.digest]),
      encoding: request.headers["content-encoding"],
      bytes: body.length,
    };
    this.received.push(call);
    const fault = this.fault(call);
    if (fault?.kind === "reset") {
      request.socket.destroy();
      return;
    }
    if (fault?.kind === "forget-session") this.forgetSession();
    const answer =
      fault?.kind === "answer" ? refuse(fault) : this.#route(request, url, { ...call, body });
    if (fault?.kind === "late-reply") await fault.after;
    if (fault?.kind === "drop-reply") {
      request.socket.destroy();
      return;
    }
    response.writeHead(answer.status, {
      date: new Date(Date.now() + this.clockOffsetMs).toUTCString(),
      "content-type": answer.status >= 400 ? mediaTypes.problem : "application/json",
      ...answer.headers,
    });
    response.end(answer.body);
  }

  #route(request: IncomingMessage, url: URL, call: Received & { readonly body: Buffer }): Answer {
    if (url.pathname === agentPaths.token) return this.#grantToken(call.body);
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
    if (!this.#tokens.has(token)) return problem("unauthorized");
    if (url.pathname === agentPaths.sessions) return this.#openSession(call.body);
    const refused = this.#checkSession(request);
    if (refused !== undefined) return refused;
    switch (url.pathname) {
      case agentPaths.index:
        return this.#index(url.searchParams.get("stream") ?? "");
      case agentPaths.batches:
        return this.#batch(call);
      case agentPaths.heartbeat:
        return this.#heartbeat(call.body);
      case agentPaths.goodbye:
        this.goodbyes += 1;
        this.forgetSession();
        return json({});
      default:
        return problem("not-found");
    }
  }

  #grantToken(body: Buffer): Answer {
    const form = new URLSearchParams(body.toString());
    const wrong = checkAssertion(form, {
      issuer: this.issuer,
      clientId: this.#options.clientId,
      publicKey: this.#options.publicKey,
      nowMs: Date.now() + this.clockOffsetMs,
      usedIds: this.#jtis,
    });
    if (wrong !== undefined) {
      return { status: 400, body: JSON.stringify({ error: "invalid_grant" }) };
    }
    this.grants += 1;
    const token = randomBytes(24).toString("base64url");
    this.#tokens.add(token);
    const expires = this.#options.tokenSeconds ?? 3600;
    return json({ access_token: token, token_type: "Bearer", expires_in: expires });
  }

  #openSession(body: Buffer): Answer {
    const parsed = sessionRequestSchema.safeParse(JSON.parse(body.toString()));
    if (!parsed.success) {
      this.violations.push(`session request: ${parsed.error.message}`);
      return problem("bad-request");
    }
    this.declared = parsed.data.streams.map(({ stream }) => stream);
    const clock = Date.now() + this.clockOffsetMs;
    if (this.standby) return json({ status: "standby", retryAfterSeconds: 1, clock });
    const { instanceId, clusterUid } = parsed.data;
    this.#clusterUid ??= clusterUid;
    if (clusterUid !== this.#clusterUid) return problem("conflict");
    if (this.#session?.instanceId !== instanceId) {
      this.forgetSession();
      this.#epoch += 1;
      this.sessions += 1;
      this.#session = { id: randomBytes(16).toString("hex"), epoch: this.#epoch, instanceId };
    }
    return json({
      status: "granted",
      sessionId: this.#session?.id,
      epoch: this.#session?.epoch,
      hashKey: this.#hashKey,
      nextSequence: this.#applied + 1,
      maxBatchBytes: this.#options.maxBatchBytes ?? 4 * 1024 * 1024,
      heartbeatSeconds: this.#options.heartbeatSeconds ?? 30,
      checkSeconds: this.#options.checkSeconds ?? 60,
      sendAgain: this.sendAgain,
      held: this.#heldOf(parsed.data),
      clock,
    });
  }

  /** R14: streams of mode counts whose namespace this session has not named. */
  #heldOf({ scope }: SessionRequest): string[] {
    return [...this.inventory.streams]
      .filter(([name, { objects }]) => {
        const stream = parseStream(name);
        return (
          stream?.mode === "counts" &&
          objects.size > 0 &&
          !this.declared.includes(name) &&
          scope?.resources.some(
            ({ resource, mode }) => resource === stream.resource && mode === stream.mode,
          )
        );
      })
      .map(([name]) => name);
  }

  /** R1: both are compared for equality. */
  #checkSession(request: IncomingMessage): Answer | undefined {
    const session = this.#session;
    const id = textOf(request.headers[agentHeaders.session]);
    const epoch = numberOf(request.headers[agentHeaders.epoch]);
    if (session?.id === id && session?.epoch === epoch) return undefined;
    return problem("session-unknown");
  }

  #index(stream: string): Answer {
    const entries = this.inventory.index(stream);
    return {
      status: 200,
      headers: {
        "content-type": mediaTypes.index,
        [agentHeaders.count]: String(entries.length / 24),
        [agentHeaders.appliedSequence]: String(this.#applied),
      },
      body: entries,
    };
  }

  #batch(call: Received & { readonly body: Buffer }): Answer {
    const { sequence, digest, body } = call;
    const computed = `sha-256=:${hash("sha256", body, "base64")}:`;
    if (digest !== computed) this.violations.push("Content-Digest does not match the body");
    if (sequence === this.#applied) {
      if (digest === this.#appliedDigest) return this.#acknowledge();
      return problem("digest-differs");
    }
    if (sequence !== this.#applied + 1) return problem("sequence-gap");
    const text = call.encoding === "zstd" ? zstdDecompressSync(body) : gunzipSync(body);
    const fault = this.faultForBody(text.toString());
    if (fault?.kind === "answer") return refuse(fault);
    const done = this.inventory.apply(text.toString());
    this.sendAgain = this.sendAgain.filter(({ id }) => !done.includes(id));
    this.#applied = sequence;
    this.#appliedDigest = digest;
    return this.#acknowledge();
  }

  #acknowledge(): Answer {
    const clock = Date.now() + this.clockOffsetMs;
    return json({ appliedSequence: this.#applied, results: [], sendAgain: this.sendAgain, clock });
  }

  #heartbeat(body: Buffer): Answer {
    const parsed = heartbeatSchema.safeParse(JSON.parse(body.toString()));
    if (parsed.success) this.heartbeats.push(parsed.data);
    else this.violations.push(`heartbeat: ${parsed.error.message}`);
    return json({ sendAgain: this.sendAgain, clock: Date.now() + this.clockOffsetMs });
  }
}

/** `undefined` when the client broke off. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch {
    // A client that broke off gets no answer.
    return undefined;
  }
  return Buffer.concat(chunks);
}

function json(value: unknown): Answer {
  return { status: 200, body: JSON.stringify(value) };
}

function problem(type: ProblemType): Answer {
  return refuse({ status: problemTypes[type], type });
}

function refuse(refusal: {
  readonly status: number;
  readonly type?: ProblemType;
  readonly headers?: { readonly [name: string]: string };
}): Answer {
  const { status, type, headers } = refusal;
  const body = type === undefined ? "" : { type: problemUri(type), title: type, status };
  return { status, ...(headers === undefined ? {} : { headers }), body: JSON.stringify(body) };
}

function textOf(header: string | string[] | undefined): string | undefined {
  return typeof header === "string" ? header : undefined;
}

function numberOf(header: string | string[] | undefined): number | undefined {
  return typeof header === "string" && /^\d+$/.test(header) ? Number(header) : undefined;
}
