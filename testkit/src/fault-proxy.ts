/**
 * A TLS proxy that breaks connections on demand, between one of our processes and a server. A fault is armed and hits
 * the next traffic that fits, never an idle connection; all choices come from the caller's randomness.
 *
 * @module
 */
import { once } from "node:events";
import { connect as connectTcp, createServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { connect, createSecureContext, TLSSocket } from "node:tls";
import { createCertificates } from "./certificates.ts";

/** What happens to a connection that carries data. */
export const transportFaults = [
  /** Closed in the middle of a piece, in order (FIN). */
  "cut",
  /** Reset in the middle of a piece (RST). */
  "reset",
  /** One piece late. */
  "delay",
  /** A few bytes at a time. */
  "trickle",
  /** In pieces that begin anywhere, without a pause. */
  "split",
  /** The server's side is gone; the client is told nothing until the hold ends. */
  "half-open",
  /** Nothing passes in either direction until the hold ends. */
  "hang",
] as const;
/** What a request is answered instead of being passed on. */
export const answerFaults = ["gone", "throttled", "failed"] as const;
export type TransportFault = (typeof transportFaults)[number];
export type AnswerFault = (typeof answerFaults)[number];
export type FaultKind = TransportFault | AnswerFault;

export type ArmOptions = {
  /** Which way the traffic goes that is hit. Default: either, at random; answers hit requests. */
  readonly direction?: "request" | "response";
  /** How long `hang` and `half-open` last, ms. Default 2000. */
  readonly holdMs?: number;
  /** Only connections whose latest request line this accepts. Default: all. */
  readonly request?: (line: string) => boolean;
};

export type FaultProxy = AsyncDisposable & {
  readonly url: string;
  /** PEM of the CA that the client must trust. */
  readonly ca: string;
  /** Arms a fault; it hits once. @returns when it has hit, or when the signal aborts (rejected) */
  arm(kind: FaultKind, options: ArmOptions, signal: AbortSignal): Promise<void>;
  /** How often each kind has hit traffic. */
  hits(): ReadonlyMap<FaultKind, number>;
};

const answers: {
  readonly [kind in AnswerFault]: { readonly code: number; readonly reason: string };
} = {
  gone: { code: 410, reason: "Expired" },
  throttled: { code: 429, reason: "TooManyRequests" },
  failed: { code: 500, reason: "InternalError" },
};
const requestLine = /^[A-Z]+ \S+ HTTP\/1\.1(?=\r\n)/;
const delayMs = { min: 200, max: 1500 };
const trickledPieces = 200;

type Direction = NonNullable<ArmOptions["direction"]>;

type Armed = {
  readonly kind: FaultKind;
  readonly direction: Direction;
  readonly options: ArmOptions;
  readonly hit: () => void;
};

type Link = {
  readonly raw: Socket;
  readonly client: TLSSocket;
  readonly upstream: Socket;
  readonly server: TLSSocket;
  line: string;
  held: Promise<unknown> | undefined;
  /** The server's side is gone, and the client shall not notice. */
  silent: boolean;
};

export async function openFaultProxy(options: {
  readonly upstream: { readonly url: string; readonly ca: string };
  readonly random: () => number;
}): Promise<FaultProxy> {
  const certificates = await createCertificates();
  const proxy = new Proxy(options, certificates);
  await proxy.listen();
  return proxy;
}

class Proxy implements FaultProxy {
  readonly ca: string;
  readonly #upstream: { readonly url: URL; readonly ca: string };
  readonly #random: () => number;
  readonly #listener;
  readonly #closing = new AbortController();
  readonly #sockets = new Set<Socket>();
  readonly #running = new Set<Promise<void>>();
  readonly #armed = new Set<Armed>();
  readonly #hits = new Map<FaultKind, number>();

  constructor(
    options: {
      readonly upstream: { readonly url: string; readonly ca: string };
      readonly random: () => number;
    },
    certificates: { readonly ca: string; readonly cert: string; readonly key: string },
  ) {
    this.ca = certificates.ca;
    this.#upstream = { url: new URL(options.upstream.url), ca: options.upstream.ca };
    this.#random = options.random;
    const secureContext = createSecureContext({
      cert: certificates.cert,
      key: certificates.key,
      minVersion: "TLSv1.3",
    });
    this.#listener = createServer({ noDelay: true }, (raw) => {
      const carried = this.#carry(this.#open(raw, secureContext));
      this.#running.add(carried);
      void carried.finally(() => this.#running.delete(carried));
    });
  }

  get url(): string {
    // A listening TCP server always has an address record.
    return `https://127.0.0.1:${(this.#listener.address() as AddressInfo).port}`;
  }

  async listen(): Promise<void> {
    this.#listener.listen(0, "127.0.0.1");
    await once(this.#listener, "listening");
  }

  hits(): ReadonlyMap<FaultKind, number> {
    return this.#hits;
  }

  async arm(kind: FaultKind, options: ArmOptions, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const either = this.#random() < 0.5 ? "request" : "response";
    const direction = kind in answers ? "request" : (options.direction ?? either);
    const armed: Armed = { kind, direction, options, hit: resolve };
    const stop = (): void => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    this.#armed.add(armed);
    try {
      signal.throwIfAborted();
      await promise;
    } finally {
      this.#armed.delete(armed);
      signal.removeEventListener("abort", stop);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    const closed = once(this.#listener, "close");
    this.#listener.close();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([closed, ...this.#running]);
  }

  #open(raw: Socket, secureContext: ReturnType<typeof createSecureContext>): Link {
    const { url, ca } = this.#upstream;
    const client = new TLSSocket(raw, {
      isServer: true,
      secureContext,
      ALPNProtocols: ["http/1.1"],
    });
    const upstream = connectTcp({ host: url.hostname, port: Number(url.port), noDelay: true });
    const server = connect({
      socket: upstream,
      host: url.hostname,
      ca,
      ALPNProtocols: ["http/1.1"],
    });
    for (const socket of [raw, client, upstream, server]) {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
      // The pumps see errors too; an error without any listener would end the process.
      socket.on("error", () => undefined);
    }
    return { raw, client, upstream, server, line: "", held: undefined, silent: false };
  }

  async #carry(link: Link): Promise<void> {
    try {
      await Promise.all([this.#pump(link, "request"), this.#pump(link, "response")]);
    } catch {
      // Either side may break off at any time.
    } finally {
      for (const socket of [link.client, link.server, link.raw, link.upstream]) socket.destroy();
    }
  }

  async #pump(link: Link, direction: Direction): Promise<void> {
    const [from, to] =
      direction === "request" ? [link.client, link.server] : [link.server, link.client];
    // Ending the loop must not destroy the socket: the other direction still uses it.
    for await (const chunk of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      await link.held;
      if (direction === "request") {
        link.line = requestLine.exec(chunk.toString("latin1", 0, 2048))?.[0] ?? link.line;
      }
      const armed = this.#take(link, direction, chunk);
      if (armed === undefined) await write(to, chunk);
      else await this.#strike(armed, link, chunk);
      if (to.destroyed) return;
    }
    if (!link.silent) to.end();
  }

  #take(link: Link, direction: Direction, chunk: Buffer): Armed | undefined {
    for (const armed of this.#armed) {
      if (armed.direction !== direction || armed.options.request?.(link.line) === false) continue;
      if (armed.kind in answers && !requestLine.test(chunk.toString("latin1", 0, 2048))) continue;
      this.#armed.delete(armed);
      this.#hits.set(armed.kind, (this.#hits.get(armed.kind) ?? 0) + 1);
      armed.hit();
      return armed;
    }
    return undefined;
  }

  async #strike({ kind, direction, options }: Armed, link: Link, chunk: Buffer): Promise<void> {
    const to = direction === "request" ? link.server : link.client;
    const holdMs = options.holdMs ?? 2000;
    switch (kind) {
      case "cut":
        await write(to, chunk.subarray(0, this.#below(chunk.length)));
        link.client.end();
        link.server.end();
        return void to.destroy();
      case "reset":
        await write(to, chunk.subarray(0, this.#below(chunk.length)));
        link.raw.resetAndDestroy();
        return void link.upstream.resetAndDestroy();
      case "delay":
        await this.#wait(delayMs.min + this.#random() * (delayMs.max - delayMs.min));
        return write(to, chunk);
      case "trickle":
        return this.#pieces(to, chunk, async () => this.#wait(1));
      case "split":
        return this.#pieces(to, chunk, async () => undefined);
      case "half-open":
        link.silent = true;
        link.upstream.destroy();
        await this.#wait(holdMs);
        return void link.raw.resetAndDestroy();
      case "hang":
        link.held = this.#wait(holdMs);
        await link.held;
        return write(to, chunk);
      case "gone":
      case "throttled":
      case "failed":
        return this.#answer(kind, link);
    }
  }

  async #answer(kind: AnswerFault, link: Link): Promise<void> {
    const { code, reason } = answers[kind];
    const body = JSON.stringify({
      kind: "Status",
      apiVersion: "v1",
      status: "Failure",
      reason,
      code,
    });
    link.server.destroy();
    link.client.end(
      `HTTP/1.1 ${code} ${reason}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n` +
        `Retry-After: 1\r\nConnection: close\r\n\r\n${body}`,
    );
    await once(link.client, "close", { signal: this.#closing.signal });
  }

  /** At most {@link trickledPieces} small pieces, then the rest. */
  async #pieces(to: TLSSocket, chunk: Buffer, between: () => Promise<void>): Promise<void> {
    let at = 0;
    for (let piece = 0; piece < trickledPieces && at < chunk.length; piece += 1) {
      const end = at + 1 + this.#below(7);
      await write(to, chunk.subarray(at, end));
      await between();
      at = end;
    }
    if (at < chunk.length) await write(to, chunk.subarray(at));
  }

  #below(bound: number): number {
    return Math.floor(this.#random() * bound);
  }

  async #wait(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#closing.signal });
  }
}

async function write(to: TLSSocket, bytes: Buffer): Promise<void> {
  if (to.destroyed || bytes.length === 0 || to.write(bytes)) return;
  const closed = new AbortController();
  const end = (): void => closed.abort();
  to.once("close", end);
  try {
    await once(to, "drain", { signal: closed.signal });
  } finally {
    to.off("close", end);
  }
}
