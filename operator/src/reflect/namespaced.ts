/**
 * Mode `counts`: one polled stream per namespace, following the namespaces there are.
 *
 * @module
 */
import type { Stream } from "@obsyk/contract";
import { startReader, type PollingReader, type ReaderOptions } from "./reader.ts";
import type { RelistRequest, StreamSink } from "./sink.ts";

export type NamespacedOptions = Omit<ReaderOptions, "stream" | "sink"> & {
  /** All current namespaces, each time they changed. It ends when the signal aborts. */
  readonly namespaces: AsyncIterable<readonly string[]>;
  /** One sink per stream; asked again when a namespace comes back. */
  sinkOf(stream: Stream): StreamSink;
};

export type NamespacedReaders = {
  relist(namespace: string, request: RelistRequest): void;
  /** Resolves when every reader has stopped. Never rejects. */
  readonly done: Promise<void>;
};

/**
 * A namespace that is gone gets one last list, so that its objects are found missing; then its stream stops. A
 * namespace that comes back meanwhile waits for that.
 */
export function startNamespacedReaders(options: NamespacedOptions): NamespacedReaders {
  const readers = new Map<string, PollingReader>();
  let wanted: ReadonlySet<string> = new Set();
  const { definition, signal, events } = options;
  const startOne = (namespace: string): void => {
    const stream = { resource: definition.resource, namespace, mode: "counts" } as const;
    const reader = startReader({ ...options, stream, sink: options.sinkOf(stream) });
    readers.set(namespace, reader);
    void reader.done.then(() => {
      readers.delete(namespace);
      if (wanted.has(namespace) && !signal.aborted) startOne(namespace);
      return undefined;
    });
  };
  const follow = async (): Promise<void> => {
    for await (const current of options.namespaces) {
      if (signal.aborted) break;
      wanted = new Set(current);
      for (const namespace of wanted) {
        if (!readers.has(namespace)) startOne(namespace);
      }
      for (const [namespace, reader] of readers) {
        if (!wanted.has(namespace)) reader.retire();
      }
    }
  };
  const finish = async (): Promise<void> => {
    try {
      await follow();
    } catch (error) {
      const stream = { resource: definition.resource, namespace: "*", mode: "counts" } as const;
      if (!signal.aborted) events.unexpected({ stream, error });
    }
    while (readers.size > 0) await Promise.all(Array.from(readers.values(), ({ done }) => done));
  };
  return {
    relist: (namespace, request) => readers.get(namespace)?.relist(request),
    done: finish(),
  };
}
