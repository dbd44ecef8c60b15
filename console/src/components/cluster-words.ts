import type { Cluster, ClusterStream } from "@obsyk/contract";
import type { Tone } from "@obsyk/contract/printer";

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
