/**
 * Turns the lines of a batch into waves of rows, in order. A wave is what one statement can apply at once: no object
 * and no name twice, bounded in rows and bytes. A `check` describes the state after all earlier lines (R15), so it ends
 * the wave before it. Pure: whoever drives the generator applies each wave and answers with the streams' new counters.
 *
 * @module
 */
import { memberHash } from "@obsyk/runtime";
import type { ParsedLine, StubLine } from "./parse-lines.ts";
import { checkRecord, type CheckedRecord } from "./record-check.ts";
import { applyControl, type BlindGap, type StreamState } from "./stream-state.ts";
import type { BatchAnswer, Line, Manager } from "@obsyk/contract";

/** One object's change, as the delta statement takes it. */
export type Row = {
  readonly index: number;
  readonly isDelete: boolean;
  readonly streamId: number;
  readonly resource: string;
  readonly uid: string;
  readonly hash: string;
  readonly member: bigint;
  readonly record: CheckedRecord;
  readonly resourceVersion: string;
  readonly managers: readonly Manager[];
  readonly isDerived: boolean;
  /** Absent: nobody knows since when. */
  readonly earliest: number | undefined;
  readonly seenAt: number;
  readonly cause: "changed" | "schema" | "deleted" | "absent";
};

export type Counters = {
  readonly streams: readonly {
    readonly id: number;
    readonly count: number;
    readonly setHash: string;
  }[];
  /** Lines whose deletion found nothing. */
  readonly unknown: readonly number[];
};

export type FoldOptions = {
  /** Streams of this session by name; changed in place while lines are applied. */
  readonly streams: Map<string, StreamState>;
  readonly hashKey: string;
  readonly receivedAt: number;
  /** Platform's clock minus the operator's. */
  readonly clockOffsetMs: number;
  readonly newId: () => string;
};

export type FoldResult = {
  readonly results: BatchAnswer["results"];
  readonly closed: readonly { readonly streamId: number; readonly gap: BlindGap }[];
};

const waveRows = 1000;
const waveBytes = 1024 * 1024;
/** Last millisecond of the year 9999: a wrong clock must not make a batch unstorable. */
const latestTime = 253_402_300_799_999;

export function* foldBatch(
  lines: readonly ParsedLine[],
  options: FoldOptions,
): Generator<readonly Row[], FoldResult, Counters> {
  const results: { line: number; status: "stub" | "ignored"; reason: string }[] = [];
  const closed: { streamId: number; gap: BlindGap }[] = [];
  let wave = new Wave();
  const ignore = (line: number, reason: string): void => {
    results.push({ line, status: "ignored", reason: reason.slice(0, 1024) });
  };
  function* flush(): Generator<readonly Row[], void, Counters> {
    if (wave.rows.length === 0) return;
    const counters = yield wave.rows;
    wave = new Wave();
    for (const { id, count, setHash } of counters.streams) {
      for (const [name, stream] of options.streams) {
        if (stream.id === id) options.streams.set(name, { ...stream, count, setHash });
      }
    }
    for (const line of counters.unknown) ignore(line, "deletion of an unknown uid");
  }
  for (const parsed of lines) {
    if (parsed.kind === "ignored") {
      ignore(parsed.index, parsed.reason);
      continue;
    }
    const { index, line } = parsed;
    const stream = options.streams.get(line.stream);
    if (stream === undefined) {
      ignore(index, "stream was not declared at the session's start");
    } else if (isData(line)) {
      for (const row of rowsOf({ line, index, stream }, options)) {
        if (!wave.takes(row)) yield* flush();
        wave.add(row);
        const reason = row.record.stub;
        if (reason !== undefined) results.push({ line: index, status: "stub", reason });
      }
    } else {
      if (line.op === "check") yield* flush();
      const seenAt = line.op === "check" ? options.receivedAt : correct(line.seen, options);
      const current = options.streams.get(line.stream) ?? stream;
      const result = applyControl(current, line, { ...options, seenAt });
      options.streams.set(line.stream, result.next);
      if (result.closed !== undefined) closed.push({ streamId: stream.id, gap: result.closed });
      if (result.ignored !== undefined) ignore(index, result.ignored);
    }
  }
  yield* flush();
  return { results: results.sort((a, b) => a.line - b.line), closed };
}

type DataLine = Extract<Line, { op: "put" | "delete" }> | StubLine;

function isData(line: Line | StubLine): line is DataLine {
  return line.op === "put" || line.op === "delete" || line.op === "stub";
}

type Version = {
  readonly hash: string;
  readonly resourceVersion: string;
  readonly managers?: readonly Manager[] | undefined;
  readonly record: object;
};

const nothing: CheckedRecord = { canonical: "{}", namespace: "", name: "" };

/** A deletion with a last record is a change and a deletion (R7). */
function* rowsOf(
  source: { readonly line: DataLine; readonly index: number; readonly stream: StreamState },
  options: FoldOptions,
): Generator<Row, void, void> {
  const { line, index, stream } = source;
  const seenAt = correct(line.seen, options);
  const { resource } = stream;
  const isRevealed =
    stream.listing !== undefined || (line.op === "delete" && line.cause === "absent");
  const base = {
    index,
    isDelete: false,
    streamId: stream.id,
    resource,
    uid: line.uid,
    isDerived: false,
    // R19: what a list reveals happened after the last mark before the gap.
    earliest: isRevealed ? earlier(stream.markAt, seenAt) : seenAt,
    seenAt,
  } as const;
  const put = (version: Version, record: CheckedRecord, cause: Row["cause"]): Row => ({
    ...base,
    hash: version.hash,
    member: BigInt.asIntN(64, memberHash(resource, line.uid, version.hash)),
    record,
    resourceVersion: version.resourceVersion,
    managers: version.managers ?? [],
    isDerived: line.op === "put" && line.derived === true,
    cause,
  });
  if (line.op === "stub") {
    const version = { hash: line.hash, resourceVersion: "", record: {} };
    yield put(version, { ...nothing, stub: line.reason }, "changed");
  } else if (line.op === "put") {
    const record = checkRecord({ ...line, resource }, options.hashKey);
    // While the stream is asked for records of a new shape, what a list brings may differ for that alone.
    const isReshaped = stream.request?.reason === "schema" && stream.listing !== undefined;
    yield put(line, record, line.reason ?? (isReshaped ? "schema" : "changed"));
  } else {
    const { last, cause } = line;
    if (last !== undefined) {
      yield put(last, checkRecord({ ...last, resource }, options.hashKey), "changed");
    }
    yield {
      ...base,
      isDelete: true,
      hash: "0000000000000000",
      member: 0n,
      record: nothing,
      resourceVersion: "",
      managers: [],
      cause: cause === "absent" ? "absent" : "deleted",
    };
  }
}

function earlier(markAt: number | undefined, seenAt: number): number | undefined {
  return markAt === undefined ? undefined : Math.min(markAt, seenAt);
}

function correct(seen: number, options: FoldOptions): number {
  return Math.min(Math.max(seen + options.clockOffsetMs, 0), latestTime);
}

class Wave {
  readonly rows: Row[] = [];
  readonly #keys = new Set<string>();
  #bytes = 0;

  takes(row: Row): boolean {
    return (
      this.rows.length < waveRows &&
      this.#bytes < waveBytes &&
      keysOf(row).every((key) => !this.#keys.has(key))
    );
  }

  add(row: Row): void {
    this.rows.push(row);
    this.#bytes += row.record.canonical.length;
    for (const key of keysOf(row)) this.#keys.add(key);
  }
}

function keysOf({ resource, uid, record }: Row): readonly string[] {
  const key = `${resource} ${uid}`;
  return record.name === "" ? [key] : [key, `${resource} ${record.namespace}/${record.name}`];
}
