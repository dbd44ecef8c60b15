/**
 * The text of protocol lines. Records are canonical text already and are put in as they are.
 *
 * @module
 */
import type { Line, Manager } from "@obsyk/contract";

/** One version of an object, as a line carries it. */
export type Version = {
  readonly hash: string;
  readonly resourceVersion: string;
  readonly managers: readonly Manager[];
  /** Canonical JSON text. */
  readonly canonical: string;
};

/** Managers a line may carry. */
const maxManagers = 64;

export function putText(
  stream: string,
  put: Version & {
    readonly uid: string;
    readonly derived: boolean;
    readonly seen: number;
    readonly collapsed: number;
  },
): string {
  const derived = put.derived ? `,"derived":true` : "";
  return `{"op":"put","stream":${JSON.stringify(stream)},"uid":"${put.uid}"${derived},${versionText(put)},"seen":${put.seen}${collapsedText(put.collapsed)}}\n`;
}

export function deleteText(
  stream: string,
  gone: {
    readonly uid: string;
    readonly seen: number;
    readonly cause: "watched" | "absent";
    readonly last: Version | undefined;
    readonly collapsed: number;
  },
): string {
  const last = gone.last === undefined ? "" : `,"last":{${versionText(gone.last)}}`;
  return `{"op":"delete","stream":${JSON.stringify(stream)},"uid":"${gone.uid}","seen":${gone.seen},"cause":"${gone.cause}"${last}${collapsedText(gone.collapsed)}}\n`;
}

/** Lines without a record. */
export function lineText(line: Exclude<Line, { op: "put" | "delete" }>): string {
  return `${JSON.stringify(line)}\n`;
}

function versionText(version: Version): string {
  const managers =
    version.managers.length === 0
      ? ""
      : `,"managers":${JSON.stringify(version.managers.slice(0, maxManagers))}`;
  return `"hash":"${version.hash}","resourceVersion":${JSON.stringify(version.resourceVersion)}${managers},"record":${version.canonical}`;
}

function collapsedText(collapsed: number): string {
  return collapsed === 0 ? "" : `,"collapsed":${collapsed}`;
}
