/**
 * A few connections that requests take turns on.
 *
 * @module
 */
import { Connection, type Peer } from "./connection.ts";
import { KubeError } from "./errors.ts";

type Waiting = {
  readonly resolve: (connection: Connection) => void;
  readonly reject: (reason: Error) => void;
};

export class ConnectionPool {
  readonly #peer: Peer;
  readonly #maxOpen: number;
  readonly #onRetired: () => void;
  readonly #open = new Set<Connection>();
  readonly #idle: Connection[] = [];
  readonly #waiting = new Set<Waiting>();
  #isRetired = false;
  #closedBy: Error | undefined;

  /** @param onRetired its last connection was closed after it was retired */
  constructor(peer: Peer, maxOpen: number, onRetired: () => void) {
    this.#peer = peer;
    this.#maxOpen = maxOpen;
    this.#onRetired = onRetired;
  }

  /**
   * A connection that carries nothing; it comes back by itself when its answer was read to the end. Waits for one while
   * all are busy.
   *
   * @throws the signal's reason, or what the pool was closed with
   */
  async take(signal: AbortSignal): Promise<Connection> {
    if (this.#closedBy !== undefined) throw this.#closedBy;
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (idle.isOpen) return idle;
    }
    if (this.#open.size < this.#maxOpen) return this.#connect();
    const { promise, resolve, reject } = Promise.withResolvers<Connection>();
    const waiting = { resolve, reject };
    const abort = (): void => {
      this.#waiting.delete(waiting);
      reject(signal.reason);
    };
    this.#waiting.add(waiting);
    signal.addEventListener("abort", abort, { once: true });
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** Connections finish what they do; they are not used again once nobody waits. */
  retire(): void {
    this.#isRetired = true;
    for (const connection of this.#idle.splice(0)) connection.destroy(notUsedAgain());
    this.#forget();
  }

  /** Ends every connection and every request. */
  close(reason: Error): void {
    this.#closedBy = reason;
    for (const { reject } of this.#waiting) reject(reason);
    this.#waiting.clear();
    for (const connection of this.#open) connection.destroy(reason);
  }

  #connect(): Connection {
    const connection = new Connection(this.#peer, {
      idle: (one) => this.#becameIdle(one),
      closed: (one) => this.#becameClosed(one),
    });
    this.#open.add(connection);
    return connection;
  }

  #becameIdle(connection: Connection): void {
    const next = this.#nextWaiting();
    if (next !== undefined) next.resolve(connection);
    else if (this.#isRetired) connection.destroy(notUsedAgain());
    else this.#idle.push(connection);
  }

  #becameClosed(connection: Connection): void {
    this.#open.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#nextWaiting()?.resolve(this.#connect());
    this.#forget();
  }

  #forget(): void {
    if (this.#isRetired && this.#open.size === 0) this.#onRetired();
  }

  #nextWaiting(): Waiting | undefined {
    for (const waiting of this.#waiting) {
      this.#waiting.delete(waiting);
      return waiting;
    }
    return undefined;
  }
}

function notUsedAgain(): KubeError {
  return new KubeError("transport", "the connection's credentials have been replaced");
}
