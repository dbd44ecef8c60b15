/** Text a list lets pile up before it waits: enough that the next page is there before the queue is empty. */
const listBytes = 512 * 1024;

/** The one bound in bytes that queues and the frozen batch share (R9). */
export class Room {
  readonly #limitBytes: number;
  #usedBytes = 0;
  #waiting: (() => void)[] = [];

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** A watch that finds no room drops its queue and lists again. */
  get overflows(): boolean {
    return this.#usedBytes > this.#limitBytes;
  }

  take(bytes: number): void {
    this.#usedBytes += bytes;
  }

  release(bytes: number): void {
    this.#usedBytes -= bytes;
    if (!this.#hasRoomForLists) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** Lists wait far below the bound, so that they cannot push watches over it, and need little memory themselves. */
  async wait(signal: AbortSignal): Promise<void> {
    while (!this.#hasRoomForLists) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.push(resolve);
      await settleOrAbort(promise, signal);
    }
  }

  get #hasRoomForLists(): boolean {
    return this.#usedBytes <= Math.min(listBytes, this.#limitBytes / 2);
  }
}

/** @throws the signal's reason when it aborts first. */
export async function settleOrAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
