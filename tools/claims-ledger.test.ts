import assert from "node:assert/strict";
import { test } from "node:test";
import { findClaimProblems, readClaims, type Claim } from "./claims-ledger.ts";
import { proofs } from "./proofs.ts";

const proofIds = new Set(proofs.map((proof) => proof.id));
const claims = readClaims();

test("claims.yaml: all 166 claims are there, and each follows the rules", () => {
  assert.deepEqual(findClaimProblems(claims, proofIds), []);
});

const spoilt: readonly (readonly [string, (rows: Claim[]) => Claim[], RegExp])[] = [
  ["a missing claim", (rows) => rows.filter((row) => row.id !== 57), /claim 57 occurs 0 times/],
  ["a repeated claim", (rows) => [...rows, ...rows.slice(0, 1)], /claim 1 occurs 2 times/],
  [
    "an invented claim",
    (rows) => [...rows, { ...rows[1]!, id: 167 }],
    /claim 167 is not one of the published/,
  ],
  [
    "a proof that does not exist",
    (rows) =>
      rows.map((row) =>
        row.id === 2 ? { ...row, status: "proven", proof: "no-such-proof" } : row,
      ),
    /claim 2: no proof is called no-such-proof/,
  ],
  [
    "proven without a proof",
    (rows) => rows.map((row) => (row.id === 2 ? { ...row, status: "proven" } : row)),
    /claim 2 is proven without a proof/,
  ],
  [
    "open with a proof",
    (rows) => rows.map((row) => (row.id === 2 ? { ...row, proof: "main-job" } : row)),
    /claim 2 is open but names a proof/,
  ],
  [
    "reworded where it may not be",
    (rows) =>
      rows.map((row) =>
        row.id === 2
          ? { ...row, status: "reworded", sentence: "x".repeat(20), reason: "because" }
          : row,
      ),
    /claim 2 may not be reworded/,
  ],
  [
    "reworded without a reason",
    (rows) =>
      rows.map((row) => {
        const { reason: _, ...rest } = row;
        return row.id === 3 ? rest : row;
      }),
    /claim 3: sentence and reason/,
  ],
];

for (const [why, spoil, expected] of spoilt) {
  test(`findClaimProblems: finds ${why}`, () => {
    assert.match(findClaimProblems(spoil([...claims]), proofIds).join("\n"), expected);
  });
}
