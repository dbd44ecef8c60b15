/**
 * Label selectors as text (apimachinery `pkg/labels/selector.go`).
 *
 * @module
 */
import { none } from "./column.ts";
import { labelsAt, listAt, textAt, textsAt } from "./read.ts";

type Requirement = { readonly key: string; readonly text: string };

function expressionText(key: string, operator: string, values: readonly string[]): string {
  const list = `(${values.toSorted().join(",")})`;
  switch (operator) {
    case "In":
      return `${key} in ${list}`;
    case "NotIn":
      return `${key} notin ${list}`;
    case "Exists":
      return key;
    case "DoesNotExist":
      return `!${key}`;
    default:
      return `${key} ${operator} ${list}`;
  }
}

function byKey(one: Requirement, other: Requirement): number {
  return one.key < other.key ? -1 : one.key > other.key ? 1 : 0;
}

/** A LabelSelector as `kubectl -l` takes it; empty for one that selects everything. */
export function selectorText(record: unknown, ...path: readonly string[]): string {
  const equal = labelsAt(record, ...path, "matchLabels").map(([key, value]) => ({
    key,
    text: `${key}=${value}`,
  }));
  const expressions = listAt(record, ...path, "matchExpressions").map((expression) => {
    const key = textAt(expression, "key") ?? "";
    const operator = textAt(expression, "operator") ?? "";
    return { key, text: expressionText(key, operator, textsAt(expression, "values")) };
  });
  return [...equal, ...expressions]
    .toSorted(byKey)
    .map(({ text }) => text)
    .join(",");
}

/** As `metav1.FormatLabelSelector` has it. */
export function formatSelector(record: unknown, ...path: readonly string[]): string {
  return selectorText(record, ...path) || none;
}

/** A map of labels as text, sorted; empty for none. */
export function labelsText(record: unknown, ...path: readonly string[]): string {
  return labelsAt(record, ...path)
    .map(([key, value]) => `${key}=${value}`)
    .toSorted()
    .join(",");
}

/** As `labels.FormatLabels` has it. */
export function formatLabels(record: unknown, ...path: readonly string[]): string {
  return labelsText(record, ...path) || none;
}
