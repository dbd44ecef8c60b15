/**
 * The columns and words of `kubectl get`, made from pruned objects: console and CLI print the same.
 *
 * @module
 */
export { formatAge, formatDuration, readAsOf, type AsOf, type Freshness } from "./age.ts";
export { blindReason, groupBlind, type BlindGroup, type BlindGroups } from "./blind.ts";
export type { Cell, Column, Tone } from "./column.ts";
export { columnsOf, nameText, statusOf, truncatedPaths } from "./columns.ts";
export { formatRestarts, podStatus, type PodStatus } from "./pod-status.ts";
export {
  conditionOf,
  dictAt,
  flagAt,
  labelsAt,
  listAt,
  numberAt,
  scalarAt,
  textAt,
  textsAt,
  type Dict,
} from "./read.ts";
export { labelsText, selectorText } from "./selector.ts";
