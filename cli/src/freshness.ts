/**
 * How old an answer is, in words (I3): silent while it is fresh, unmistakable when it is not.
 *
 * @module
 */
import { parseStream, type ClusterStream } from "@obsyk/contract";
import { blindReason, groupBlind, readAsOf } from "@obsyk/contract/printer";
import type { AnswerAge } from "./platform/objects.ts";

const shownStreams = 6;

/** Lines for standard error; none for an answer that is fresh and whole. */
export function freshnessWarnings({ asOf, blind }: AnswerAge, nowMs: number): readonly string[] {
  const age = readAsOf(asOf, nowMs);
  const lines = groupBlind(blind, nowMs).open.map((group) => {
    const since = new Date(group.fromMs).toISOString();
    return `blind since ${since} (${group.reason}): ${streamWords(group.streams)}`;
  });
  if (age !== undefined && age.freshness !== "fresh") {
    lines.unshift(`as of ${age.ago}, ${new Date(age.atMs).toISOString()}`);
  }
  return lines;
}

/** One line that always says it. */
export function asOfText(asOf: string | undefined, nowMs: number): string {
  const age = readAsOf(asOf, nowMs);
  return age === undefined ? "not read yet" : `${age.ago} (${new Date(age.atMs).toISOString()})`;
}

function streamWords(streams: readonly string[]): string {
  const names = [...new Set(streams.map((name) => parseStream(name)?.resource ?? name))];
  const more = names.length - shownStreams;
  const shown = names.slice(0, shownStreams).join(", ");
  return more > 0 ? `${shown} and ${more} more` : shown;
}

/** Why nothing of a resource may be there although the cluster has some; `undefined` when all is well. */
export function explainAbsence(
  resource: string,
  streams: readonly ClusterStream[],
): string | undefined {
  const own = streams.filter((stream) => stream.resource === resource);
  if (own.length === 0) return `${resource} are not collected`;
  const stuck = own.find(({ state }) => notSeeing.has(state));
  if (stuck !== undefined) {
    const detail = stuck.detail === undefined ? "" : ` (${stuck.detail})`;
    return `${resource} are not seen: ${blindReason(stuck.state)}${detail}`;
  }
  return own.some(({ asOf }) => asOf === undefined) ? `${resource} are not listed yet` : undefined;
}

const notSeeing: ReadonlySet<ClusterStream["state"]> = new Set([
  "absent",
  "forbidden",
  "misconfigured",
  "unsafe",
  "stopped",
]);
