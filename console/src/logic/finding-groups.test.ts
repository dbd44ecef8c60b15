import assert from "node:assert/strict";
import { it } from "node:test";
import { findingKinds, type FoundFinding } from "@obsyk/contract";
import { findingTitles, groupFindings } from "./finding-groups.ts";

const finding = (kind: FoundFinding["kind"], name: string): FoundFinding => ({
  cluster: { id: "1", name: "demo" },
  resource: "secrets",
  uid: name,
  name,
  kind,
  location: "l",
  evidence: "e",
  fix: "f",
});

it("groupFindings: every finding in the group of its kind, in the order of the answer", () => {
  const all = findingKinds.flatMap((kind) => [
    finding(kind, `${kind}-1`),
    finding(kind, `${kind}-2`),
  ]);
  const groups = groupFindings(all);
  assert.deepEqual(
    groups.map(({ kind, findings }) => [kind, findings.map(({ name }) => name)]),
    groups.map(({ kind }) => [kind, [`${kind}-1`, `${kind}-2`]]),
  );
  assert.deepEqual(new Set(groups.map(({ kind }) => kind)), new Set(findingKinds));
  assert.equal(groups[0]?.kind, "literal-secret-env");
  assert.deepEqual(groupFindings([]), []);
  assert.ok(findingKinds.every((kind) => findingTitles[kind].length > 10));
});
