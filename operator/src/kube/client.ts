/**
 * GET requests to one API server over HTTP/1.1: lists share at most four connections, each watch has its own, so that
 * a fault hits one stream only.
 *
 * @module
 */
import { createSharedTls, type OutboundTls, type SharedTls } from "@obsyk/runtime";
import { ConnectionPool } from "./connection-pool.ts";
import { Connection, type Peer, type Response, type UseChunk } from "./connection.ts";
import { KubeError } from "./errors.ts";
import { maxStatusBytes, parseStatus, type KubeStatus } from "./status.ts";
import type { ClusterTarget } from "./target.ts";
import { readWhole } from "./whole-body.ts";

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
      /**
       * Hands out the body piece by piece, once. Not read ahead: whoever does not call it holds the server back. Pieces
       * are valid only during the call and wiped after it; `false` ends the connection.
       *
       * @throws {KubeError} transport, when the body breaks off
       * @throws the signal's reason, and what `use` throws
       */
      read(use: UseChunk): Promise<void>;
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
  readonly #watches = new Set<Connection>();
  readonly #pools = new Set<ConnectionPool>();
  #lists: { readonly tls: OutboundTls; readonly pool: ConnectionPool } | undefined;
  #peer: (Peer & { readonly presents: OutboundTls }) | undefined;
  #isClosed = false;

  constructor(options: Parameters<typeof openClusterAccess>[0]) {
    this.#target = options.target;
    this.#userAgent = `obsyk-operator/${options.version}`;
    this.#minVersion = options.minTls === "1.2" ? "TLSv1.2" : undefined;
  }

  async get(request: KubeRequest): Promise<KubeAnswer> {
    const { signal } = request;
    signal.throwIfAborted();
    const { credentials } = this.#target;
    const tls = await credentials.tls(signal);
    const authorization = await credentials.authorization(signal);
    if (this.#isClosed) throw closed();
    const connection =
      request.connection === "watch"
        ? this.#openWatch(tls)
        : await this.#listPool(tls).take(signal);
    const response = await connection.send(this.#headOf(request, authorization), signal);
    if (response.head.status !== 200) return { kind: "status", status: await readStatus(response) };
    const contentType = response.head.headers.get("content-type") ?? "";
    return {
      kind: "ok",
      contentType: contentType.toLowerCase().replaceAll(/\s+/g, ""),
      read: (use) => response.read(use),
      close: () => response.close(),
    };
  }

  close(): void {
    this.#isClosed = true;
    for (const connection of this.#watches) connection.destroy(closed());
    for (const pool of this.#pools) pool.close(closed());
  }

  #openWatch(tls: OutboundTls): Connection {
    const connection = new Connection(this.#peerFor(tls), {
      idle: (one) => one.destroy(new KubeError("transport", "a watch has ended")),
      closed: (one) => this.#watches.delete(one),
    });
    this.#watches.add(connection);
    return connection;
  }

  #listPool(tls: OutboundTls): ConnectionPool {
    if (this.#lists?.tls === tls) return this.#lists.pool;
    // Connections made with other credentials finish what they do; they are not used again.
    this.#lists?.pool.retire();
    const pool = new ConnectionPool(this.#peerFor(tls), maxListSockets, () =>
      this.#pools.delete(pool),
    );
    this.#pools.add(pool);
    this.#lists = { tls, pool };
    return pool;
  }

  #peerFor(tls: OutboundTls): Peer {
    if (this.#peer?.presents === tls) return this.#peer;
    const { server } = this.#target;
    this.#peer = {
      presents: tls,
      host: server.hostname.replace(/^\[|\]$/g, ""),
      port: server.port === "" ? 443 : Number(server.port),
      tls: this.#sharedTls(tls),
      explain: (error) => this.#explain(error),
    };
    return this.#peer;
  }

  #sharedTls(tls: OutboundTls): SharedTls {
    try {
      return createSharedTls(tls, this.#minVersion);
    } catch (error) {
      const code = error instanceof Error ? codeOf(error) : "unknown";
      throw new KubeError(
        "credentials",
        `a certificate or key for the API server cannot be read (${code}): check CA bundle and client certificate`,
      );
    }
  }

  /** @throws {KubeError} credentials, when they hold what a header cannot */
  #headOf(request: KubeRequest, authorization: string | undefined): string {
    const { server } = this.#target;
    const query = new URLSearchParams(request.query).toString();
    const base = server.pathname.replace(/\/$/, "");
    const fields = [
      `GET ${base}${request.path}${query === "" ? "" : `?${query}`} HTTP/1.1`,
      `host: ${server.host}`,
      `accept: ${request.accept}`,
      "accept-encoding: identity",
      `user-agent: ${this.#userAgent}`,
      ...(authorization === undefined ? [] : [`authorization: ${authorization}`]),
      ...(request.connection === "watch" ? ["connection: close"] : []),
    ];
    if (!fields.every((field) => fieldPattern.test(field))) {
      throw new KubeError("credentials", "a request's header would not be one: check the token");
    }
    return `${fields.join("\r\n")}\r\n\r\n`;
  }

  #explain(error: Error): KubeError {
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
      `the connection to the API server ${this.#target.server.host} failed: ${code}`,
    );
  }
}

/** One line, whatever a token file or a path holds. */
const fieldPattern = /^[\x20-\x7e]+$/;

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

function closed(): KubeError {
  return new KubeError("transport", "access to the API server is closed");
}

async function readStatus(response: Response): Promise<KubeStatus> {
  const { status, headers } = response.head;
  let body: Uint8Array = new Uint8Array();
  try {
    body = (await readWhole(response, maxStatusBytes)) ?? body;
  } catch {
    // The status line has already said what matters.
  }
  return parseStatus({ code: status, retryAfter: headers.get("retry-after") }, body);
}
