/**
 * GET requests to one API server over HTTP/1.1: lists share at most four connections, each watch has its own, so that
 * a fault hits one stream only.
 *
 * @module
 */
import type { Agent } from "node:https";
import { request as httpsRequest } from "node:https";
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { createHttpsAgent, keepAliveMs, type OutboundTls } from "@obsyk/runtime";
import { KubeError } from "./errors.ts";
import { maxStatusBytes, parseStatus, type KubeStatus } from "./status.ts";
import type { ClusterTarget } from "./target.ts";

export type KubeRequest = {
  /** Below the server's URL, with a leading slash. */
  readonly path: string;
  readonly query: { readonly [name: string]: string };
  /** One media type. */
  readonly accept: string;
  /** `watch` opens a connection of its own that lives as long as the answer. */
  readonly connection: "shared" | "watch";
  /** Ends the request and the answer; its reason is what reading then throws. */
  readonly signal: AbortSignal;
};

export type KubeAnswer =
  | {
      readonly kind: "ok";
      /** Media type with its parameters, lower case, without white space. */
      readonly contentType: string;
      /** Not read ahead: whoever does not iterate holds the server back. */
      readonly body: AsyncIterable<Uint8Array>;
      /** Ends the connection unless the body was read to its end. */
      close(): void;
    }
  | { readonly kind: "status"; readonly status: KubeStatus };

/** Access to one API server; closing it ends every request. */
export type ClusterAccess = AsyncDisposable & {
  /** For people: host, port and path prefix of the API server. */
  readonly server: string;
  /**
   * @throws {KubeError} `credentials` or `transport`
   * @throws the signal's reason
   */
  get(request: KubeRequest): Promise<KubeAnswer>;
  /** After a 401: the next request reads its credentials anew. */
  renewCredentials(): void;
};

const maxListSockets = 4;

export function openClusterAccess(options: {
  readonly target: ClusterTarget;
  /** Version of the operator, for the User-Agent. */
  readonly version: string;
  /** TLS 1.2 is for API servers that offer nothing newer. */
  readonly minTls?: "1.2" | "1.3";
}): ClusterAccess {
  const client = new KubeClient(options);
  return {
    server: options.target.server.href,
    get: (request) => client.get(request),
    renewCredentials: () => options.target.credentials.renew(),
    async [Symbol.asyncDispose]() {
      client.close();
      await Promise.resolve();
    },
  };
}

class KubeClient {
  readonly #target: ClusterTarget;
  readonly #userAgent: string;
  readonly #minVersion: "TLSv1.2" | undefined;
  readonly #open = new Set<ClientRequest>();
  #lists: { readonly tls: OutboundTls; readonly agent: Agent } | undefined;
  #closed = false;

  constructor(options: Parameters<typeof openClusterAccess>[0]) {
    this.#target = options.target;
    this.#userAgent = `obsyk-operator/${options.version}`;
    this.#minVersion = options.minTls === "1.2" ? "TLSv1.2" : undefined;
  }

  async get(request: KubeRequest): Promise<KubeAnswer> {
    request.signal.throwIfAborted();
    const { credentials } = this.#target;
    const tls = await credentials.tls(request.signal);
    const authorization = await credentials.authorization(request.signal);
    if (this.#closed) throw new KubeError("transport", "access to the API server is closed");
    const agent = request.connection === "watch" ? this.#agent(tls, 1) : this.#listAgent(tls);
    const response = await this.#send(request, agent, authorization);
    if (request.connection === "watch") response.once("close", () => agent.destroy());
    if (response.statusCode === 200) return answerOf(response, request.signal);
    return { kind: "status", status: await readStatus(response) };
  }

  close(): void {
    this.#closed = true;
    for (const request of this.#open) {
      request.destroy(new KubeError("transport", "access to the API server is closed"));
    }
    this.#lists?.agent.destroy();
  }

  #agent(tls: OutboundTls, maxSockets: number): Agent {
    const minVersion = this.#minVersion;
    return createHttpsAgent(tls, {
      maxSockets,
      ...(minVersion === undefined ? {} : { minVersion }),
    });
  }

  #listAgent(tls: OutboundTls): Agent {
    const current = this.#lists;
    if (current?.tls === tls) return current.agent;
    // Connections made with other credentials finish what they do; they are not used again.
    if (current !== undefined) retire(current.agent);
    const agent = this.#agent(tls, maxListSockets);
    this.#lists = { tls, agent };
    return agent;
  }

  #send(
    request: KubeRequest,
    agent: Agent,
    authorization: string | undefined,
  ): Promise<IncomingMessage> {
    const { server } = this.#target;
    const query = new URLSearchParams(request.query).toString();
    const headers: OutgoingHttpHeaders = {
      accept: request.accept,
      "accept-encoding": "identity",
      "user-agent": this.#userAgent,
    };
    if (authorization !== undefined) headers["authorization"] = authorization;
    return new Promise((resolve, reject) => {
      const call = httpsRequest({
        agent,
        method: "GET",
        host: server.hostname.replace(/^\[|\]$/g, ""),
        port: server.port === "" ? 443 : Number(server.port),
        path: `${server.pathname.replace(/\/$/, "")}${request.path}${query === "" ? "" : `?${query}`}`,
        headers: { ...headers, host: server.host },
      });
      const abort = (): void => {
        call.destroy(asError(request.signal.reason));
      };
      request.signal.addEventListener("abort", abort, { once: true });
      this.#open.add(call);
      call.once("close", () => {
        request.signal.removeEventListener("abort", abort);
        this.#open.delete(call);
      });
      call.once("socket", (socket) => socket.setKeepAlive(true, keepAliveMs));
      call.once("response", (response) => resolve(response));
      call.on("error", (error) => reject(this.#explain(error, request.signal)));
      call.end();
    });
  }

  #explain(error: Error, signal: AbortSignal): Error {
    if (signal.aborted) return asError(signal.reason);
    const code = codeOf(error);
    if (verificationCodes.has(code)) {
      this.#target.credentials.renew();
      return new KubeError(
        "transport",
        `the API server's certificate is not trusted (${code}): check the CA bundle`,
      );
    }
    return new KubeError(
      "transport",
      `no answer from the API server ${this.#target.server.host}: ${code}`,
    );
  }
}

/** A CA that was rotated shows as one of these. */
const verificationCodes: ReadonlySet<string> = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "CERT_SIGNATURE_FAILURE",
  "CERT_HAS_EXPIRED",
]);

/** System and TLS error codes are constants; messages may quote what a peer sent. */
function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("aborted");
}

function retire(agent: Agent): void {
  for (const sockets of Object.values(agent.freeSockets)) {
    for (const socket of sockets ?? []) socket.destroy();
  }
  // A socket that becomes free later is closed instead of kept.
  agent.maxFreeSockets = 0;
}

function answerOf(response: IncomingMessage, signal: AbortSignal): KubeAnswer {
  const abort = (): void => {
    response.destroy(asError(signal.reason));
  };
  signal.addEventListener("abort", abort, { once: true });
  response.once("close", () => signal.removeEventListener("abort", abort));
  // Between two reads nobody listens; the error is thrown by the next read all the same.
  response.on("error", () => undefined);
  return {
    kind: "ok",
    contentType: (response.headers["content-type"] ?? "").toLowerCase().replaceAll(/\s+/g, ""),
    body: readBody(response, signal),
    close: () => {
      response.destroy();
    },
  };
}

async function* readBody(
  response: IncomingMessage,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of response) {
      // Without an encoding an HTTP body is read as buffers.
      yield chunk as Buffer;
    }
  } catch (error) {
    signal.throwIfAborted();
    const code = error instanceof Error ? codeOf(error) : "unknown";
    throw new KubeError("transport", `the API server's answer broke off: ${code}`);
  }
  if (!response.complete) throw new KubeError("transport", "the API server's answer broke off");
}

async function readStatus(response: IncomingMessage): Promise<KubeStatus> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response) {
      // As above: buffers, since no encoding was set.
      const bytes = chunk as Buffer;
      size += bytes.length;
      if (size > maxStatusBytes) break;
      chunks.push(bytes);
    }
  } catch {
    // The status line has already said what matters.
  }
  const retryAfter = response.headers["retry-after"];
  return parseStatus(
    { code: response.statusCode ?? 0, retryAfter },
    size > maxStatusBytes ? new Uint8Array() : Buffer.concat(chunks),
  );
}
