/**
 * Starts the reader of one stream.
 *
 * @module
 */
import type { Stream } from "@obsyk/contract";
import { requestFor, type ResourceDefinition } from "@obsyk/contract/allow-list";
import type { Clock } from "@obsyk/runtime";
import type { ClusterAccess } from "../kube/client.ts";
import type { ClusterGuard } from "../kube/cluster-guard.ts";
import { createListDecoder, createWatchDecoder } from "../project/decode.ts";
import type { Context, Representation } from "./context.ts";
import { Reflector } from "./loop.ts";
import type { ReaderEvents } from "./reader-events.ts";
import type { Semaphore } from "./semaphore.ts";
import type { Reader, StreamSink } from "./sink.ts";
import { defaultTimings, type Timings } from "./timings.ts";

export type ReaderOptions = {
  readonly definition: ResourceDefinition;
  /** Its resource is the definition's; mode `counts` names one namespace, `references` is not read at all. */
  readonly stream: Stream;
  readonly access: ClusterAccess;
  /** Shared by all readers of a session: nothing is read from another cluster, and nothing swept for it. */
  readonly cluster: ClusterGuard;
  readonly sink: StreamSink;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Stops the reader. */
  readonly signal: AbortSignal;
  readonly events: ReaderEvents;
  /** Shared by all readers: lists at the same time. */
  readonly lists: Semaphore;
  readonly timings?: Timings;
};

/** Lists at the same time over all readers of a process. */
export const maxLists = 3;

export type PollingReader = Reader & {
  /** The namespace is gone: one last list, so that its objects are found missing, then the end. */
  retire(): void;
};

/** Lists and watches (mode `counts`: polls) until its signal aborts. */
export function startReader(options: ReaderOptions): PollingReader {
  const { definition, stream, signal, events, timings = defaultTimings } = options;
  const context: Context = {
    ...options,
    timings,
    representation: representationOf(definition, stream),
    memory: { sawBookmark: false, polled: undefined },
  };
  const reflector = new Reflector(context, stream.mode === "counts" ? "poll" : "watch", signal);
  return {
    relist: (request) => reflector.relist(request.id),
    retire: () => reflector.retire(),
    done: reflector.run().catch((error: unknown) => events.unexpected({ stream, error })),
  };
}

function representationOf(definition: ResourceDefinition, stream: Stream): Representation {
  const { mode, namespace } = stream;
  const options = { definition, mode, ...(mode === "counts" ? { namespace } : {}) };
  return {
    request: (call) => requestFor(definition, mode, call),
    listDecoder: () => createListDecoder(options),
    watchDecoder: () => createWatchDecoder(options),
  };
}
