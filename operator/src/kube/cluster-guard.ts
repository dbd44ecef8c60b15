/**
 * Whether the API server still speaks for the cluster that the session was opened for (R23). An address may come to
 * lead to another cluster: a restored control plane, a balancer, a name that moved.
 *
 * @module
 */
import type { Clock } from "@obsyk/runtime";
import type { ClusterAccess } from "./client.ts";
import { readClusterUid } from "./cluster-identity.ts";
import { KubeError } from "./errors.ts";

export type ClusterGuard = {
  /** A point in the order of what happens, to be confirmed after. */
  moment(): number;
  /** Something happened after which another cluster may answer. */
  doubt(): void;
  /**
   * Resolves once the cluster has been confirmed after the last doubt and after `moment`; asks only when it must, and
   * once for all who wait.
   *
   * @throws {KubeError} `cluster` when it is another one, from then on always; `transport`, `credentials` or `watchdog`
   * when nobody can tell.
   * @throws the signal's reason
   */
  confirm(signal: AbortSignal, moment?: number): Promise<void>;
};

export type ClusterGuardOptions = {
  readonly access: ClusterAccess;
  readonly clock: Clock;
  /** uid of the namespace kube-system that must answer. */
  readonly clusterUid: string;
  /** Another cluster answered; called once. */
  readonly changed: (foundUid: string) => void;
  /** Ends with the session. */
  readonly signal: AbortSignal;
};

const askMs = 30_000;

/** Begins in doubt: nobody has asked in this session yet. */
export function openClusterGuard(options: ClusterGuardOptions): ClusterGuard {
  const guard = new Guard(options);
  return {
    moment: () => guard.moment(),
    doubt: () => guard.doubt(),
    confirm: (signal, moment) => guard.confirm(signal, moment),
  };
}

class Guard {
  readonly #options: ClusterGuardOptions;
  #last = 1;
  #doubted = 1;
  #confirmed = 0;
  #other: KubeError | undefined;
  #asking: Promise<void> | undefined;

  constructor(options: ClusterGuardOptions) {
    this.#options = options;
  }

  moment(): number {
    this.#last += 1;
    return this.#last;
  }

  doubt(): void {
    this.#doubted = this.moment();
  }

  async confirm(signal: AbortSignal, moment = 0): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      if (this.#other !== undefined) throw this.#other;
      if (this.#confirmed >= Math.max(this.#doubted, moment)) return;
      this.#asking ??= this.#ask().finally(() => {
        this.#asking = undefined;
      });
      await orAborted(this.#asking, signal);
    }
  }

  async #ask(): Promise<void> {
    const { access, clusterUid, changed } = this.#options;
    const at = this.moment();
    const found = await this.#bounded((signal) => readClusterUid(access, signal));
    if (found === clusterUid) {
      this.#confirmed = at;
      return;
    }
    this.#other = new KubeError(
      "cluster",
      `another cluster answers: the uid of namespace kube-system is ${found}, not ${clusterUid}`,
    );
    changed(found);
    throw this.#other;
  }

  async #bounded<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, signal } = this.#options;
    const late = new AbortController();
    const done = new AbortController();
    const timer = clock.sleep(askMs, { signal: AbortSignal.any([signal, done.signal]) }).then(
      () =>
        late.abort(new KubeError("watchdog", `no identity of the cluster in ${askMs / 1000} s`)),
      () => undefined,
    );
    try {
      return await work(AbortSignal.any([signal, late.signal]));
    } finally {
      done.abort(new Error("answered"));
      await timer;
    }
  }
}

/** The work goes on for others who wait for it. */
async function orAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", abort, { once: true });
  try {
    await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
