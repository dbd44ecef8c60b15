/**
 * One JSON line a figure: value, unit, its ratio to a reference measured in the same run, and its bar.
 *
 * @module
 */
import { readFileSync } from "node:fs";

export type Figure = {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What was done to get it: counts, sizes. */
  readonly work: { readonly [name: string]: number | string };
  /** Measured in the same run on the same machine. */
  readonly reference?: { readonly name: string; readonly value: number; readonly unit: string };
  /** `value / reference.value`. */
  readonly ratio?: number;
};

/** Which of the two is held to the bar, and from which side. */
type Bar = { readonly of: "value" | "ratio"; readonly atMost?: number; readonly atLeast?: number };

export type Size = "full" | "tiny";

export function readBars(): { readonly [name: string]: Bar } {
  const text = readFileSync(new URL("bars.json", import.meta.url), "utf8");
  return JSON.parse(text) as { readonly [name: string]: Bar };
}

/** Whether the figure reaches its bar; `undefined` when it has none. */
export function judge(figure: Figure, bar: Bar | undefined): boolean | undefined {
  if (bar === undefined) return undefined;
  const measured = bar.of === "ratio" ? figure.ratio : figure.value;
  if (measured === undefined || !Number.isFinite(measured)) return false;
  return measured <= (bar.atMost ?? Infinity) && measured >= (bar.atLeast ?? -Infinity);
}

export function round(value: number, digits = 3): number {
  return Number(value.toPrecision(digits));
}

/** @param share 0 to 1 @throws {RangeError} without values */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)];
  if (value === undefined) throw new RangeError("a quantile of nothing");
  return value;
}

export function withReference(
  figure: Omit<Figure, "ratio" | "reference">,
  reference: { readonly name: string; readonly value: number; readonly unit: string },
): Figure {
  return {
    ...figure,
    reference: { ...reference, value: round(reference.value) },
    ratio: round(figure.value / reference.value),
  };
}
