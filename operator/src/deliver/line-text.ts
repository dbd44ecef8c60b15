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
  /** Canonical JSON in UTF-8. */
  readonly canonical: Uint8Array;
};

/** Text, or its bytes in UTF-8. */
export type TextPart = string | Uint8Array;

/** Managers a line may carry. */
const maxManagers = 64;

/** In parts, so that a record is not copied once more. */
export function putText(
  stream: string,
  put: Version & {
    readonly uid: string;
    readonly derived: boolean;
    readonly seen: number;
    readonly collapsed: number;
    /** It may differ for its record version alone. */
    readonly isReshaped?: boolean;
  },
): readonly TextPart[] {
  const reason = put.isReshaped === true ? `,"reason":"schema"` : "";
  const derived = put.derived ? `,"derived":true` : "";
  return [
    `{"op":"put","stream":${JSON.stringify(stream)},"uid":"${put.uid}"${derived},${versionHead(put)}`,
    put.canonical,
    `,"seen":${put.seen}${reason}${collapsedText(put.collapsed)}}\n`,
  ];
}

export function deleteText(
  stream: string,
  gone: {
    readonly uid: string;
    readonly seen: number;
    readonly cause: "watched" | "absent";
    readonly last: Version | undefined;
  },
): readonly TextPart[] {
  const head = `{"op":"delete","stream":${JSON.stringify(stream)},"uid":"${gone.uid}","seen":${gone.seen},"cause":"${gone.cause}"`;
  if (gone.last === undefined) return [`${head}}\n`];
  return [`${head},"last":{${versionHead(gone.last)}`, gone.last.canonical, "}}\n"];
}

/** Lines without a record. */
export function lineText(line: Exclude<Line, { op: "put" | "delete" }>): string {
  return `${JSON.stringify(line)}\n`;
}

/** Members of a version up to its record, which follows. */
function versionHead(version: Version): string {
  const managers =
    version.managers.length === 0
      ? ""
      : `,"managers":${JSON.stringify(version.managers.slice(0, maxManagers))}`;
  return `"hash":"${version.hash}","resourceVersion":${JSON.stringify(version.resourceVersion)}${managers},"record":`;
}

function collapsedText(collapsed: number): string {
  return collapsed === 0 ? "" : `,"collapsed":${collapsed}`;
}
