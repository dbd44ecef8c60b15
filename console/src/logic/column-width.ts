/**
 * How wide the columns of a table are: as wide as what they show, within bounds.
 *
 * @module
 */
import type { Cell, Column } from "@obsyk/contract/printer";

/** What a column shows beside its text. */
const paddingPx = 28;
const dotPx = 13;
/** Small changes of the content do not move the columns. */
const stepPx = 8;
const maxPx = 320;
const nameMaxPx = 440;

/** Enough to know a column by; measuring every row of a long table would cost more than it shows. */
const measuredRows = 300;

export type Measured = {
  readonly columns: readonly Column[];
  readonly withNamespace: boolean;
  readonly objects: readonly {
    readonly name: string;
    readonly namespace?: string | undefined;
    readonly record: unknown;
  }[];
  readonly nowMs: number;
  /** Pixels that a text takes. */
  readonly measure: (text: string) => number;
};

/** @returns pixels by column id; what is longer than its column's bound ends in an ellipsis */
export function columnWidths(table: Measured): ReadonlyMap<string, number> {
  const { columns, withNamespace, nowMs } = table;
  const rows = spread(table.objects);
  const widths = new Map<string, number>();
  const fit = (id: string, cells: readonly Cell[], boundPx: number): void => {
    widths.set(id, fitCells([{ text: id }, ...cells], boundPx, table.measure));
  };
  fit(
    "NAME",
    rows.map(({ name }) => ({ text: name })),
    nameMaxPx,
  );
  if (withNamespace) {
    const cells = rows.map(({ namespace = "" }) => ({ text: namespace }));
    fit("NAMESPACE", cells, maxPx);
  }
  for (const { id, cell } of columns) {
    const cells = rows.map(({ record }) => cell(record, nowMs));
    fit(id, cells, maxPx);
  }
  return widths;
}

function fitCells(
  cells: readonly Cell[],
  boundPx: number,
  measure: (text: string) => number,
): number {
  let widestPx = 0;
  for (const { text, tone } of cells) {
    widestPx = Math.max(widestPx, measure(text) + (tone === undefined ? 0 : dotPx));
  }
  return Math.min(boundPx, Math.ceil((widestPx + paddingPx) / stepPx) * stepPx);
}

/** Every row of a short table; of a long one as many as are measured, from all over it. */
function spread<T>(rows: readonly T[]): readonly T[] {
  const stride = Math.ceil(rows.length / measuredRows);
  return stride <= 1 ? rows : rows.filter((_, index) => index % stride === 0);
}
