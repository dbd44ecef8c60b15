/**
 * Tables as kubectl prints them: columns as wide as their widest cell, three spaces apart.
 *
 * @module
 */
import type { Cell, Tone } from "@obsyk/contract/printer";
import { printable } from "./printable.ts";

export type Table = {
  readonly header: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** Rows that were shown before, under which these have to stand. */
  readonly above?: readonly (readonly Cell[])[];
};

export type TableStyle = { readonly colour: boolean; readonly headers: boolean };

const gap = "   ";

/** Select Graphic Rendition (ECMA-48 §8.3.117). */
const toneCodes: { readonly [tone in Tone]: number } = { good: 32, warn: 33, bad: 31, muted: 2 };

export function renderTable({ header, rows, above = [] }: Table, style: TableStyle): string {
  const shown = rows.map((row) =>
    row.map(({ text, ...rest }) => ({ ...rest, text: printable(text) })),
  );
  const isUnderHeadings = style.headers || above.length > 0;
  const widths = widthsOf(header, [...above, ...shown], isUnderHeadings);
  const lines = shown.map((row) => renderLine(row, widths, style.colour));
  const title = header.map((text) => ({ text }));
  return [...(style.headers ? [renderLine(title, widths, false)] : []), ...lines]
    .map((line) => `${line}\n`)
    .join("");
}

function widthsOf(
  header: readonly string[],
  rows: readonly (readonly Cell[])[],
  headers: boolean,
): readonly number[] {
  return header.map((title, column) => {
    let width = headers ? widthOf(title) : 0;
    for (const row of rows) width = Math.max(width, widthOf(row[column]?.text ?? ""));
    return width;
  });
}

/** Code points: what clusters name things with takes one column each. */
function widthOf(text: string): number {
  return /^[\x20-\x7e]*$/.test(text) ? text.length : Array.from(text).length;
}

function renderLine(row: readonly Cell[], widths: readonly number[], colour: boolean): string {
  return row
    .map(({ text, tone }, column) => {
      const isLast = column === row.length - 1;
      const pad = isLast ? "" : " ".repeat(Math.max(0, (widths[column] ?? 0) - widthOf(text)));
      const coloured =
        colour && tone !== undefined ? `\u001b[${toneCodes[tone]}m${text}\u001b[0m` : text;
      return coloured + pad;
    })
    .join(gap)
    .trimEnd();
}
