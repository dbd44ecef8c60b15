/**
 * What the parts of one reader share.
 *
 * @module
 */
import type { Stream } from "@obsyk/contract";
import type { ReadRequest, ResourceDefinition } from "@obsyk/contract/allow-list";
import type { Clock } from "@obsyk/runtime";
import type { ClusterAccess } from "../kube/client.ts";
import type { ClusterGuard } from "../kube/cluster-guard.ts";
import type { Decoder, ListEvent, WatchEvent } from "../project/types.ts";
import type { ReaderEvents } from "./reader-events.ts";
import type { Semaphore } from "./semaphore.ts";
import type { StreamSink } from "./sink.ts";
import type { Input } from "./state.ts";
import type { Timings } from "./timings.ts";

export type Context = {
  readonly definition: ResourceDefinition;
  readonly stream: Stream;
  readonly access: ClusterAccess;
  readonly cluster: ClusterGuard;
  readonly sink: StreamSink;
  readonly clock: Clock;
  readonly random: () => number;
  readonly events: ReaderEvents;
  /** Lists at the same time, over all readers. */
  readonly lists: Semaphore;
  readonly timings: Timings;
  readonly representation: Representation;
  readonly memory: Memory;
};

/** How this stream's resource is asked for and understood. */
export type Representation = {
  request(call: "list" | "watch"): ReadRequest;
  listDecoder(): Decoder<ListEvent>;
  watchDecoder(): Decoder<WatchEvent>;
};

/** What a reader has learned and keeps over all its states. */
type Memory = {
  /** This API server sends bookmarks for this resource. */
  sawBookmark: boolean;
  /** Digest of the last poll that was handed over (mode `counts`). */
  polled: string | undefined;
};

/** What came of carrying out a state. `detail` is for people. */
export type Outcome = { readonly input: Input; readonly detail: string };

export function outcome(input: Input, detail = ""): Outcome {
  return { input, detail };
}
