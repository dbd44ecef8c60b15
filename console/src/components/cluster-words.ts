import type { BlindInterval, Cluster, ClusterStream } from "@obsyk/contract";
import type { Tone } from "../logic/columns.ts";

type Word = { readonly text: string; readonly tone: Tone };

export const clusterWords: Readonly<Record<Cluster["state"], Word>> = {
  connected: { text: "Connected", tone: "good" },
  disconnected: { text: "Disconnected", tone: "bad" },
  pending: { text: "Pending", tone: "warn" },
};

export const streamTones: Readonly<Record<ClusterStream["state"], Tone>> = {
  starting: "warn",
  listing: "warn",
  watching: "good",
  waiting: "warn",
  polling: "good",
  absent: "muted",
  forbidden: "bad",
  misconfigured: "bad",
  unsafe: "bad",
  degraded: "warn",
  mismatch: "bad",
  stopped: "muted",
};

/** Intervals that are still open, and those closed in the last hour. */
export function recentBlind(blind: readonly BlindInterval[], nowMs: number): BlindInterval[] {
  return blind.filter(({ to }) => to === undefined || nowMs - Date.parse(to) < 3_600_000);
}
