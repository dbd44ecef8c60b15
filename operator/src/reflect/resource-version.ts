/**
 * resourceVersions compare as decimal numbers of any length (KEP-5504). They never become a Number: they pass 2^53.
 *
 * @module
 */

const pattern = /^[1-9][0-9]*$/;

/**
 * Negative, zero or positive as `a` is older, equal or newer. `undefined` when one of them is no number (old
 * aggregated API servers): such versions can only be equal or different.
 */
export function compareVersions(a: string, b: string): number | undefined {
  if (a === b) return 0;
  if (!pattern.test(a) || !pattern.test(b)) return undefined;
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : 1;
}

/** Whether a watch can start here: a watch from `""` or `0` would replay objects in any order. */
export function isWatchable(resourceVersion: string): boolean {
  return resourceVersion !== "" && resourceVersion !== "0";
}
