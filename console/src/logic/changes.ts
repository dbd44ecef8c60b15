/**
 * Which kept answers a live event makes old.
 *
 * @module
 */
import type { LiveEvent } from "@obsyk/contract";

/** Head names the question; the rest are its arguments, the cluster id first where there is one. */
export type QueryKey = readonly [
  question:
    | "session"
    | "clusters"
    | "cluster"
    | "counts"
    | "objects"
    | "object"
    | "named"
    | "findings"
    | "related",
  ...arguments: string[],
];

/** Resources changed per cluster id since the last look. */
export type Changes = ReadonlyMap<string, ReadonlySet<string>>;

export const noChanges: Changes = new Map();

export function addChange(changes: Changes, event: LiveEvent): Changes {
  const known = changes.get(event.clusterId) ?? new Set<string>();
  return new Map(changes).set(event.clusterId, new Set([...known, ...event.resources]));
}

/** Whether the answer kept under this key may differ now. Keys of other shapes are not touched. */
export function isAffected(key: readonly unknown[], changes: Changes): boolean {
  const [question, clusterId, resource] = key;
  if (question === "clusters") return changes.size > 0;
  if (typeof clusterId !== "string") return false;
  const changed = changes.get(clusterId);
  if (changed === undefined) return false;
  if (question === "cluster" || question === "counts") return true;
  if (typeof resource !== "string") return false;
  switch (question) {
    case "objects":
    case "object":
    case "named":
      return changed.has(resource);
    // Most of what is around an object are Pods and what they come from.
    case "related":
      return [resource, "pods", "replicasets.apps", "jobs.batch"].some((one) => changed.has(one));
    default:
      return false;
  }
}
