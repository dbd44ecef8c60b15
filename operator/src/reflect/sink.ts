/**
 * What a reader needs of whoever takes its news (`deliver` satisfies it). Records are valid during the call. A reader drives exactly one sink, in order:
 * state · begin · (listed | unreadable | room)* · finish · (watched | mark)* · …
 *
 * @module
 */
import type { ListReason, StreamState } from "@obsyk/contract";
import type { ProjectedObject, Unreadable } from "../project/types.ts";

export type StreamSink = {
  state(state: StreamState, detail?: string): void;
  /** R10: precedes the first page of every attempt. A later attempt replaces the earlier one. */
  begin(list: {
    readonly attempt: number;
    readonly reason: ListReason;
    readonly request: string | undefined;
  }): void;
  listed(object: ProjectedObject, seen: number): void;
  /** R12: a known uid counts as seen; an unknown identity suspends the sweep's deletions. */
  unreadable(item: Unreadable): void;
  /** R9: a list never overflows; after each page it waits until the queue has room again. */
  room(signal: AbortSignal): Promise<void>;
  /**
   * R10, R15: settles what is in flight, sweeps, sends `end` and `check`.
   * Resolves when all of that is queued; the reader may then watch from `resourceVersion`.
   */
  finish(resourceVersion: string, seen: number, signal: AbortSignal): Promise<void>;
  /** R9: `overflow` means the queue was dropped: stop watching and list again. */
  watched(
    type: "added" | "modified" | "deleted",
    object: ProjectedObject,
    seen: number,
  ): "accepted" | "overflow";
  /** Everything up to this resourceVersion has been handed over. */
  mark(resourceVersion: string, seen: number): void;
};

/** R16: what the platform asked to see again; without an id, what the sink itself wants listed (R12). */
export type RelistRequest = { readonly id: string | undefined; readonly full: boolean };

export type Reader = {
  /** Stops the watch and lists again under this request. */
  relist(request: RelistRequest): void;
  /** Resolves when the reader has stopped; its signal stops it. Never rejects: failures become states. */
  readonly done: Promise<void>;
};
