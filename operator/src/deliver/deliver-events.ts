/** What delivery tells about itself; the process turns it into log lines and metrics. */
import type { TokenEvents } from "./token-source.ts";

export type DeliverEvents = TokenEvents & {
  sessionGranted(session: { readonly epoch: number; readonly nextSequence: number }): void;
  sessionRefused(refusal: { readonly error: unknown; readonly waitMs: number }): void;
  sessionEnded(end: { readonly reason: string }): void;
  standingBy(wait: { readonly retryAfterSeconds: number }): void;
  indexLoaded(index: { readonly stream: string; readonly objects: number }): void;
  streamState(change: {
    readonly stream: string;
    readonly state: string;
    readonly detail: string | undefined;
  }): void;
  listBegun(list: {
    readonly stream: string;
    readonly attempt: number;
    readonly reason: string;
  }): void;
  listFinished(list: {
    readonly stream: string;
    readonly objects: number;
    readonly deleted: number;
    readonly elapsedMs: number;
  }): void;
  queueOverflowed(queue: { readonly stream: string }): void;
  sendAgainRequested(request: { readonly stream: string; readonly full: boolean }): void;
  batchAcknowledged(batch: {
    readonly sequence: number;
    readonly lines: number;
    readonly bytes: number;
    readonly elapsedMs: number;
    readonly stubs: number;
  }): void;
  batchDelayed(delay: { readonly reason: string; readonly waitMs: number }): void;
  batchSplit(split: { readonly reason: string; readonly lines: number }): void;
  lineDiscarded(line: { readonly stream: string; readonly reason: string }): void;
  heartbeatFailed(failure: { readonly error: unknown }): void;
};
