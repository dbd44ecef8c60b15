/**
 * One TLS connection to an API server: one request at a time, and one receive buffer for its whole life. `node:https`
 * reads every few kilobytes into a buffer of their own, and what came through them stays in memory until something else
 * is put there; this buffer is wiped after each use (docs/decisions/0006-own-http-reader.md).
 *
 * @module
 */
import { isIP, type SocketConstructorOpts } from "node:net";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { keepAliveMs, type SharedTls } from "@obsyk/runtime";
import { WipedBuffer } from "../project/wiped.ts";
import { KubeError } from "./errors.ts";
import { ResponseReader, type ResponseHead } from "./http-response.ts";

/** Handles a piece of body, valid only during the call; `false` when it needs no more. */
export type UseChunk = (chunk: Uint8Array) => boolean;

export type Response = {
  readonly head: ResponseHead;
  /**
   * Hands out the whole body; a second call is an error. Whoever does not read holds the server back. When `use` wants no
   * more or throws, the connection is closed at once.
   *
   * @throws {KubeError} transport, when the body breaks off
   * @throws the signal's reason, and what `use` throws
   */
  read(use: UseChunk): Promise<void>;
  /** Ends the connection unless the body was read to its end. */
  close(): void;
};

export type Peer = {
  readonly host: string;
  readonly port: number;
  readonly tls: SharedTls;
  /** What a failure of the socket is told as. */
  readonly explain: (error: Error) => Error;
};

export type ConnectionEvents = {
  readonly idle: (connection: Connection) => void;
  readonly closed: (connection: Connection) => void;
};

/** Longest TLS record: more never comes at once. */
const receiveBytes = 16 * 1024;
/** Bytes that are worked on before others get their turn of the event loop. */
const turnBytes = 64 * 1024;

export class Connection {
  readonly #socket: TLSSocket;
  readonly #response = new ResponseReader({
    head: (head) => this.#exchange?.takeHead(head),
    body: (bytes) => this.#exchange?.takeBody(bytes),
    end: (isReusable) => this.#ended(isReusable),
  });
  readonly #onIdle: (connection: Connection) => void;
  readonly #secured = Promise.withResolvers<void>();
  #exchange: Exchange | undefined;
  #failure: Error | undefined;
  #isEnded = false;
  #turn: NodeJS.Immediate | undefined;
  #spentBytes = 0;

  /**
   * @param on.idle an answer was read to its end and the connection may carry the next request
   * @param on.closed once, however it came
   */
  constructor(peer: Peer, on: ConnectionEvents) {
    this.#onIdle = on.idle;
    this.#secured.promise.catch(() => undefined);
    const buffer = Buffer.alloc(receiveBytes);
    // Node's documentation of tls.connect has what its types lack.
    const options: ConnectionOptions & SocketConstructorOpts = {
      ...peer.tls,
      // Only a name is sent; what is verified is the host, whether name or address.
      ...(isIP(peer.host) === 0 ? { servername: peer.host, ...peer.tls } : {}),
      host: peer.host,
      port: peer.port,
      ALPNProtocols: ["http/1.1"],
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveMs,
      onread: { buffer, callback: (length) => this.#received(buffer.subarray(0, length)) },
    };
    const socket = connect(options);
    this.#socket = socket;
    socket.once("secureConnect", () => this.#secured.resolve());
    socket.once("end", () => this.#peerEnded());
    socket.on("error", (error: Error) => this.destroy(peer.explain(error)));
    socket.once("close", () => {
      this.destroy(new KubeError("transport", "the connection was closed"));
      on.closed(this);
    });
  }

  get isOpen(): boolean {
    return this.#failure === undefined;
  }

  /**
   * @param head of the request, which has no body
   * @throws what ended the connection, or the signal's reason
   */
  async send(head: string, signal: AbortSignal): Promise<Response> {
    const exchange = new Exchange({
      resume: () => this.#resume(),
      close: (reason) => this.destroy(reason),
    });
    if (this.#exchange !== undefined)
      throw new TypeError("a connection carries one request at a time");
    if (signal.aborted) this.destroy(asError(signal.reason));
    if (this.#failure !== undefined) throw this.#failure;
    this.#exchange = exchange;
    const abort = (): void => this.destroy(asError(signal.reason));
    signal.addEventListener("abort", abort, { once: true });
    void exchange.done.then(() => signal.removeEventListener("abort", abort));
    // Nothing is said before the peer has shown who it is.
    await this.#secured.promise;
    if (this.isOpen) {
      this.#response.expect();
      this.#socket.write(head, "latin1");
    }
    return exchange.response;
  }

  /** Ends the connection and what it carries. */
  destroy(reason: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = reason;
    clearImmediate(this.#turn);
    this.#secured.reject(reason);
    this.#exchange?.fail(reason);
    this.#exchange = undefined;
    this.#socket.destroy();
  }

  /** @returns false when the socket must not read on */
  #received(bytes: Buffer): boolean {
    if (this.#failure === undefined) {
      try {
        this.#response.push(bytes);
      } catch (error) {
        this.destroy(asError(error));
      }
    }
    bytes.fill(0);
    if (this.#isEnded) this.#becomeIdle();
    this.#spentBytes += bytes.length;
    if (this.#spentBytes >= turnBytes) this.#nextTurn();
    return this.#turn === undefined && this.#exchange?.isHolding !== true;
  }

  #nextTurn(): void {
    this.#turn ??= setImmediate(() => {
      this.#turn = undefined;
      this.#spentBytes = 0;
      this.#resume();
    });
  }

  #resume(): void {
    if (this.#turn === undefined && this.#exchange?.isHolding !== true) this.#socket.resume();
  }

  #ended(isReusable: boolean): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.finish();
    if (isReusable) this.#isEnded = true;
    else this.destroy(new KubeError("transport", "the connection carries one request only"));
  }

  #becomeIdle(): void {
    this.#isEnded = false;
    if (this.#failure === undefined) this.#onIdle(this);
  }

  #peerEnded(): void {
    try {
      this.#response.closed();
      this.destroy(new KubeError("transport", "the API server closed the connection"));
    } catch (error) {
      this.destroy(asError(error));
    }
  }
}

/** One answer under way. */
class Exchange {
  readonly #connection: { readonly resume: () => void; readonly close: (reason: Error) => void };
  readonly #head = Promise.withResolvers<Response>();
  readonly #done = Promise.withResolvers<void>();
  /** What came before anybody read. */
  readonly #held = new WipedBuffer();
  #use: UseChunk | undefined;
  #isOver = false;
  #failure: Error | undefined;
  #finished: PromiseWithResolvers<void> | undefined;

  constructor(connection: {
    readonly resume: () => void;
    readonly close: (reason: Error) => void;
  }) {
    this.#connection = connection;
    this.#head.promise.catch(() => undefined);
  }

  get response(): Promise<Response> {
    return this.#head.promise;
  }

  /** Resolves when the connection is done with it, whether well or not. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** Nobody reads what comes. */
  get isHolding(): boolean {
    return this.#use === undefined && this.#held.length > 0;
  }

  takeHead(head: ResponseHead): void {
    this.#head.resolve({
      head,
      read: (use) => this.#read(use),
      close: () => {
        if (!this.#isOver)
          this.#connection.close(new KubeError("transport", "the answer was closed"));
        this.#held.wipe();
      },
    });
  }

  takeBody(bytes: Buffer): void {
    if (this.#use === undefined) this.#held.append(bytes);
    else this.#hand(bytes, this.#use);
  }

  /** The body is complete. */
  finish(): void {
    this.#over(undefined);
  }

  fail(reason: Error): void {
    this.#over(reason);
  }

  #over(failure: Error | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failure = failure;
    this.#done.resolve();
    if (failure !== undefined) this.#head.reject(failure);
    this.#settle();
  }

  #settle(): void {
    if (!this.#isOver || this.#finished === undefined) return;
    if (this.#failure === undefined) this.#finished.resolve();
    else this.#finished.reject(this.#failure);
  }

  async #read(use: UseChunk): Promise<void> {
    if (this.#finished !== undefined) throw new TypeError("a body is read once");
    const finished = Promise.withResolvers<void>();
    this.#finished = finished;
    this.#use = use;
    if (this.#held.length > 0) this.#hand(this.#held.view(), use);
    this.#held.wipe();
    this.#settle();
    this.#connection.resume();
    return finished.promise;
  }

  #hand(bytes: Buffer, use: UseChunk): void {
    if (this.#failure !== undefined) return;
    try {
      if (use(bytes)) return;
      this.#finished?.resolve();
    } catch (error) {
      this.#finished?.reject(asError(error));
    }
    // Whoever wants no more of an answer that is complete already leaves the connection to the next request.
    if (!this.#isOver)
      this.#connection.close(new KubeError("transport", "the answer was not needed"));
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("aborted");
}
