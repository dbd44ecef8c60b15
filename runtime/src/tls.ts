/**
 * The one place that makes outbound connections: TLS 1.3, verified, without session resumption (a resumed session
 * skips the identity check).
 *
 * @module
 */
import type { Agent as PlainAgent } from "node:http";
import { Agent } from "node:https";
import { createSecureContext, type SecureContext } from "node:tls";
import { HttpAgent } from "./node-http.ts";

export type OutboundTls = {
  /** PEM bundle that replaces the system's store; the system's store when absent. */
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
};

/** Options every outbound TLS connection of ours carries. They win over NODE_OPTIONS and NODE_TLS_REJECT_UNAUTHORIZED. */
export const tlsFloor = {
  minVersion: "TLSv1.3",
  maxVersion: "TLSv1.3",
  rejectUnauthorized: true,
  ecdhCurve: "X25519MLKEM768:X25519:P-256",
} as const;

/** OpenSSL's SSL_OP_CLEANSE_PLAINTEXT, which Node does not name: what was decrypted is wiped once it is delivered. */
const cleansePlaintext = 0x2;

/**
 * For connections made without an agent: many may share it, which saves each its own copy of the bundle. The name that is
 * verified is the host's, unless there is a `servername`.
 */
export type SharedTls = {
  readonly secureContext: SecureContext;
  readonly rejectUnauthorized: true;
  readonly servername?: string;
};

/**
 * @param minVersion only for a Kubernetes API server that offers nothing newer; TLS 1.3 is still preferred.
 * @throws {Error} OpenSSL's, when a certificate or key cannot be read
 */
export function createSharedTls(tls: OutboundTls, minVersion?: "TLSv1.2"): SharedTls {
  const { servername, ...material } = tls;
  const { rejectUnauthorized, ...floor } = tlsFloor;
  return {
    secureContext: createSecureContext({
      ...material,
      ...floor,
      ...(minVersion === undefined ? {} : { minVersion }),
      secureOptions: cleansePlaintext,
    }),
    rejectUnauthorized,
    ...(servername === undefined ? {} : { servername }),
  };
}

/** TCP keepalive: with Node's fixed interval a dead peer is found about 10 s after this. */
export const keepAliveMs = 15_000;

export function createHttpsAgent(
  tls: OutboundTls,
  options: {
    readonly maxSockets: number;
    /** Only for a peer that is not ours: a Kubernetes API server, an identity provider. TLS 1.3 is still preferred. */
    readonly minVersion?: "TLSv1.2";
    /** Whether connections are kept for a next request; they are, when absent. */
    readonly keepAlive?: boolean;
  },
): Agent {
  return new Agent({
    ...tls,
    ...tlsFloor,
    ...(options.minVersion === undefined ? {} : { minVersion: options.minVersion }),
    keepAlive: options.keepAlive ?? true,
    keepAliveMsecs: keepAliveMs,
    maxCachedSessions: 0,
    maxSockets: options.maxSockets,
    scheduling: "lifo",
  });
}

/** For the explicit development switch only: plain HTTP, and only to this machine. */
export function createLoopbackHttpAgent(options: { readonly maxSockets: number }): PlainAgent {
  return new HttpAgent({ keepAlive: true, maxSockets: options.maxSockets });
}

const loopbackHosts = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Whether a URL's host names this machine, as the development switch demands. */
export function isLoopback(url: URL): boolean {
  return loopbackHosts.has(url.hostname);
}
