/**
 * The findings of one record, as the API carries it.
 *
 * @module
 */
import type { JsonObject } from "@obsyk/contract";
import { findingsOf, type Finding } from "@obsyk/contract/allow-list";

export function recordFindings(
  resource: string,
  record: Readonly<Record<string, unknown>>,
): readonly Finding[] {
  // What came as JSON is JSON.
  return findingsOf(resource, record as JsonObject);
}
