/**
 * What a reader tells whoever logs and counts. It carries names and numbers, never a value of an object.
 *
 * @module
 */
import type { ListReason, Stream, StreamState } from "@obsyk/contract";

type At = { readonly stream: Stream };

export type ReaderEvents = {
  stateChanged(
    event: At & { readonly from: StreamState; readonly to: StreamState; readonly detail: string },
  ): void;
  listed(
    event: At & {
      readonly reason: ListReason;
      readonly attempt: number;
      readonly pages: number;
      readonly objects: number;
      readonly unreadable: number;
      readonly durationMs: number;
    },
  ): void;
  /** A change was handed over. */
  applied(event: At & { readonly type: "added" | "modified" | "deleted" }): void;
  bookmarked(event: At): void;
  /** An event from before the reader's position was not applied. */
  outdated(event: At): void;
  undecodable(event: At & { readonly call: "list" | "watch" }): void;
  /** Nothing was heard in time. */
  watchdog(event: At & { readonly kind: string }): void;
  /** The API server's store went back in time. */
  rolledBack(event: At): void;
  /** Something other than a Table came; the connection was closed before more was read. Must never happen. */
  guarded(event: At): void;
  /** An error that no rule foresees: a defect, or a sink that failed. */
  unexpected(event: At & { readonly error: unknown }): void;
};
