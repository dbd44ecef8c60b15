/**
 * Findings by their kind, the most urgent first.
 *
 * @module
 */
import { findingKinds, type FoundFinding } from "@obsyk/contract";

type FindingKind = FoundFinding["kind"];

export const findingTitles: Readonly<Record<FindingKind, string>> = {
  "literal-secret-env": "Values of secrets in environment variables",
  "embedded-copy": "Copies of Secrets and ConfigMaps in annotations",
  "release-in-configmap": "Helm releases in ConfigMaps",
};

export type FindingGroup = {
  readonly kind: FindingKind;
  readonly findings: readonly FoundFinding[];
};

/** Whoever may read a workload reads its variables: many people, so those come first. */
const order: readonly FindingKind[] = [
  "literal-secret-env",
  ...findingKinds.filter((kind) => kind !== "literal-secret-env"),
];

export function groupFindings(findings: readonly FoundFinding[]): readonly FindingGroup[] {
  return order
    .map((kind) => ({ kind, findings: findings.filter((finding) => finding.kind === kind) }))
    .filter((group) => group.findings.length > 0);
}
