/**
 * What a column is, and how the usual ones are made.
 *
 * @module
 */
import { formatAge } from "./age.ts";
import { listAt, numberAt, scalarAt, textAt } from "./read.ts";

export type Tone = "good" | "warn" | "bad" | "muted";

export type Cell = { readonly text: string; readonly tone?: Tone };

export type Column = {
  readonly id: string;
  /** kubectl's heading. */
  readonly header: string;
  readonly numeric?: true;
  /** kubectl shows it with `-o wide` only. */
  readonly wide?: true;
  /** Not kubectl's: what our records know beyond it. */
  readonly own?: true;
  /** Changes with time alone. */
  readonly ageing?: true;
  readonly cell: (record: unknown, nowMs: number) => Cell;
};

export const none = "<none>";
export const unset = "<unset>";

export function column(header: string, text: (record: unknown, nowMs: number) => string): Column {
  return { id: header, header, cell: (record, nowMs) => ({ text: text(record, nowMs) }) };
}

/** A text that says how things stand, with the tone of it. */
export function toned(header: string, cell: (record: unknown) => Cell): Column {
  return { id: header, header, cell };
}

export function wide(header: string, text: (record: unknown) => string): Column {
  return { ...column(header, text), wide: true };
}

export function own(header: string, text: (record: unknown) => string): Column {
  return { ...column(header, text), own: true };
}

/** The text at a path, or what stands for an absent one. */
export function textColumn(header: string, path: readonly string[], absent = ""): Column {
  return column(header, (record) => scalarAt(record, ...path) ?? absent);
}

export function counter(header: string, ...path: readonly string[]): Column {
  return {
    ...column(header, (record) => String(numberAt(record, ...path) ?? 0)),
    numeric: true,
  };
}

export function counterOfList(header: string, ...path: readonly string[]): Column {
  return {
    ...column(header, (record) => String(listAt(record, ...path).length)),
    numeric: true,
  };
}

export const age: Column = {
  ...column("AGE", (record, nowMs) =>
    formatAge(textAt(record, "metadata", "creationTimestamp"), nowMs),
  ),
  ageing: true,
};

/** What the API server prints of kinds without a printer of their own. */
export const createdAt: Column = textColumn("CREATED AT", ["metadata", "creationTimestamp"]);

/** `x/y`, and whether all are there. */
export function readyCell(ready: number, wanted: number): Cell {
  return { text: `${ready}/${wanted}`, ...(ready < wanted ? { tone: "warn" as const } : {}) };
}

/** `a,b,c + 2 more...`: Kubernetes' way to cut a list. */
export function cutList(texts: readonly string[], shown: number, separator = ","): string {
  const text = texts.slice(0, shown).join(separator);
  return texts.length > shown ? `${text} + ${texts.length - shown} more...` : text;
}

/** `True` and `False`, as Kubernetes prints a flag that may be absent. */
export function flagWord(flag: boolean | undefined): string {
  return flag === undefined ? unset : flag ? "True" : "False";
}
