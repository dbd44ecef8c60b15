/** At most `slots` holders at a time; the others wait in line. */
export type Semaphore = {
  /** @throws the signal's reason when it aborts first. */
  acquire(signal: AbortSignal): Promise<Disposable>;
};

export function createSemaphore(slots: number): Semaphore {
  let free = slots;
  const waiting = new Set<() => void>();
  const hold = (): Disposable => {
    let held = true;
    return {
      [Symbol.dispose]() {
        if (!held) return;
        held = false;
        const [next] = waiting;
        if (next === undefined) free += 1;
        else next();
      },
    };
  };
  return {
    acquire(signal) {
      if (signal.aborted) return Promise.reject(reasonOf(signal));
      if (free > 0) {
        free -= 1;
        return Promise.resolve(hold());
      }
      return new Promise((resolve, reject) => {
        const abort = (): void => {
          waiting.delete(enter);
          reject(reasonOf(signal));
        };
        const enter = (): void => {
          waiting.delete(enter);
          signal.removeEventListener("abort", abort);
          resolve(hold());
        };
        waiting.add(enter);
        signal.addEventListener("abort", abort, { once: true });
      });
    },
  };
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error("aborted");
}
