/**
 * The readers of one session: one a stream, each for itself; in mode `counts` one a namespace, as namespaces come and
 * go.
 *
 * @module
 */
import type { Clock } from "@obsyk/runtime";
import type { Session } from "./deliver/session.ts";
import type { OperatorEvents } from "./events.ts";
import type { ClusterAccess } from "./kube/client.ts";
import type { ClusterGuard } from "./kube/cluster-guard.ts";
import { tapNamespaces } from "./namespace-tap.ts";
import { maxLists, startReader, type PollingReader } from "./reflect/reader.ts";
import { createSemaphore, type Semaphore } from "./reflect/semaphore.ts";
import { streamOf, type Scope, type ScopedStream } from "./scope.ts";

export type ReadersOptions = {
  readonly session: Session;
  readonly scope: Scope;
  readonly access: ClusterAccess;
  readonly cluster: ClusterGuard;
  readonly clock: Clock;
  readonly random: () => number;
  readonly events: OperatorEvents;
};

/** Runs until the signal aborts and every reader has stopped. A forbidden resource stops only its own reader. */
export async function runReaders(options: ReadersOptions, signal: AbortSignal): Promise<void> {
  const readers = new Readers(options, signal);
  await readers.run();
}

class Readers {
  readonly #options: ReadersOptions;
  readonly #signal: AbortSignal;
  readonly #lists: Semaphore = createSemaphore(maxLists);
  readonly #done = new Set<Promise<void>>();
  readonly #counted = new Map<string, readonly PollingReader[]>();
  #wanted: ReadonlySet<string> | undefined;
  #following: Promise<void> | undefined;

  constructor(options: ReadersOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    const whole = this.#options.scope.filter(({ mode }) => mode !== "counts");
    await this.#guard(async () => {
      for (const { definition, mode } of whole) await this.#start(streamOf(definition, mode));
    });
    // Readers of further namespaces may come while others end.
    while (this.#done.size > 0) await Promise.all(this.#done);
  }

  async #start({ stream, definition }: ScopedStream): Promise<PollingReader> {
    const { session, access, cluster, clock, random, events } = this.#options;
    const opened = await session.openStream(stream, this.#signal);
    const sink =
      stream.resource === "namespaces"
        ? tapNamespaces(opened, (names) => this.#follow(names))
        : opened;
    const context = { access, cluster, sink, clock, random, events, signal: this.#signal };
    const reader = startReader({ definition, stream, ...context, lists: this.#lists });
    session.attach(stream, reader);
    this.#track(reader.done);
    return reader;
  }

  /** One pass at a time; changes meanwhile lead to one more. */
  #follow(names: ReadonlySet<string>): void {
    this.#wanted = new Set(names);
    if (this.#following !== undefined) return;
    this.#following = this.#guard(async () => {
      while (this.#wanted !== undefined) {
        const wanted = this.#wanted;
        this.#wanted = undefined;
        await this.#count(wanted);
      }
    }).finally(() => {
      this.#following = undefined;
    });
    this.#track(this.#following);
  }

  async #count(namespaces: ReadonlySet<string>): Promise<void> {
    const counted = this.#options.scope.filter(({ mode }) => mode === "counts");
    if (counted.length === 0) return;
    for (const [namespace, readers] of this.#counted) {
      if (namespaces.has(namespace)) continue;
      this.#counted.delete(namespace);
      for (const reader of readers) reader.retire();
    }
    const added = [...namespaces].filter((namespace) => !this.#counted.has(namespace));
    const streams = (namespace: string): ScopedStream[] =>
      counted.map(({ definition, mode }) => streamOf(definition, mode, namespace));
    await this.#options.session.addStreams(added.flatMap(streams), this.#signal);
    for (const namespace of added) {
      const readers: PollingReader[] = [];
      for (const stream of streams(namespace)) readers.push(await this.#start(stream));
      this.#counted.set(namespace, readers);
    }
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#done.delete(tracked));
    this.#done.add(tracked);
  }

  /** The session's end and a stop are no failures; anything else is a defect that the log must show. */
  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!this.#signal.aborted) this.#options.events.readerFailed({ error });
    }
  }
}
