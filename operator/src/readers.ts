/**
 * The readers of one session: one a stream, each for itself; in mode `counts` one a namespace, as namespaces come and
 * go.
 *
 * @module
 */
import { parseStream } from "@obsyk/contract";
import { findResource } from "@obsyk/contract/allow-list";
import type { Clock } from "@obsyk/runtime";
import type { Session } from "./deliver/session.ts";
import type { OperatorEvents } from "./events.ts";
import type { ClusterAccess } from "./kube/client.ts";
import type { ClusterGuard } from "./kube/cluster-guard.ts";
import { filterNamespaces } from "./namespace-filter.ts";
import { tapNamespaces } from "./namespace-tap.ts";
import { maxLists, startReader, type PollingReader } from "./reflect/reader.ts";
import { createSemaphore, type Semaphore } from "./reflect/semaphore.ts";
import type { StreamSink } from "./reflect/sink.ts";
import { streamOf, streamsOf, type ScopedStream, type Selection } from "./scope.ts";

export type ReadersOptions = {
  readonly session: Session;
  readonly selection: Selection;
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
  /** Their readers list one last time; whoever comes back meanwhile waits for that. */
  readonly #retiring = new Set<string>();
  /** As the reader of namespaces knows them now. */
  #names: ReadonlySet<string> = new Set();
  #isStale = false;
  #following: Promise<void> | undefined;

  constructor(options: ReadersOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    await this.#guard(async () => {
      for (const stream of streamsOf(this.#options.selection)) await this.#start(stream);
    });
    // Readers of further namespaces may come while others end.
    while (this.#done.size > 0) await Promise.all(this.#done);
  }

  async #start({ stream, definition }: ScopedStream): Promise<PollingReader> {
    const { session, access, cluster, clock, random, events } = this.#options;
    const opened = await session.openStream(stream, this.#signal);
    const sink = this.#wrap(opened, stream.resource);
    const context = { access, cluster, sink, clock, random, events, signal: this.#signal };
    const reader = startReader({ definition, stream, ...context, lists: this.#lists });
    session.attach(stream, reader);
    this.#track(reader.done);
    return reader;
  }

  #wrap(sink: StreamSink, resource: string): StreamSink {
    const { namespaces } = this.#options.selection;
    const tapped =
      resource === "namespaces"
        ? tapNamespaces(sink, (names) => {
            this.#names = new Set(names);
            this.#follow();
          })
        : sink;
    return filterNamespaces(tapped, resource, namespaces);
  }

  /** One pass at a time; changes meanwhile lead to one more. */
  #follow(): void {
    this.#isStale = true;
    if (this.#following !== undefined) return;
    this.#following = this.#guard(async () => {
      while (this.#isStale) {
        this.#isStale = false;
        await this.#count(this.#names);
      }
    }).finally(() => {
      this.#following = undefined;
    });
    this.#track(this.#following);
  }

  async #count(namespaces: ReadonlySet<string>): Promise<void> {
    for (const [namespace, readers] of this.#counted) {
      if (namespaces.has(namespace)) continue;
      this.#counted.delete(namespace);
      this.#retire(namespace, readers);
    }
    const added = new Map<string, readonly ScopedStream[]>();
    for (const namespace of namespaces) {
      if (this.#counted.has(namespace) || this.#retiring.has(namespace)) continue;
      added.set(namespace, this.#streamsIn(namespace));
    }
    const orphans = this.#orphans(namespaces);
    const streams = [...added.values(), ...orphans.values()].flat();
    await this.#options.session.addStreams(streams, this.#signal);
    for (const [namespace, declared] of added) {
      this.#counted.set(namespace, await this.#startAll(declared));
    }
    for (const [namespace, declared] of orphans) {
      this.#retire(namespace, await this.#startAll(declared));
    }
  }

  async #startAll(streams: readonly ScopedStream[]): Promise<readonly PollingReader[]> {
    const readers: PollingReader[] = [];
    for (const stream of streams) readers.push(await this.#start(stream));
    return readers;
  }

  #streamsIn(namespace: string): readonly ScopedStream[] {
    return this.#options.selection.resources
      .filter(({ mode }) => mode === "counts")
      .map(({ definition, mode }) => streamOf(definition, mode, namespace));
  }

  /**
   * Namespaces that went while nobody looked, and of which the platform still holds objects. A complete list of
   * namespaces lacks them; one last list of each of their streams says what the API server has of them.
   */
  #orphans(namespaces: ReadonlySet<string>): ReadonlyMap<string, readonly ScopedStream[]> {
    const orphans = new Map<string, ScopedStream[]>();
    for (const name of this.#options.session.takeHeld()) {
      const stream = parseStream(name);
      const definition = findResource(stream?.resource ?? "");
      if (stream === undefined || definition === undefined || stream.mode !== "counts") continue;
      const { namespace } = stream;
      if (namespaces.has(namespace) || this.#retiring.has(namespace)) continue;
      const found = orphans.get(namespace) ?? [];
      orphans.set(namespace, [...found, streamOf(definition, stream.mode, namespace)]);
    }
    return orphans;
  }

  /** A namespace that comes back while its readers list for the last time gets new ones afterwards, never two at once. */
  #retire(namespace: string, readers: readonly PollingReader[]): void {
    this.#retiring.add(namespace);
    for (const reader of readers) reader.retire();
    this.#track(this.#afterwards(namespace, readers));
  }

  async #afterwards(namespace: string, readers: readonly PollingReader[]): Promise<void> {
    for (const { done } of readers) await done;
    this.#retiring.delete(namespace);
    if (this.#names.has(namespace) && !this.#signal.aborted) this.#follow();
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
