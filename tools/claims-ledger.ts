/** Reads docs/security/claims.yaml and says what is wrong with it. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";

const row = z.strictObject({
  id: z.number().int(),
  section: z.string(),
  claim: z.string().min(10),
  status: z.enum(["open", "proven", "reworded"]),
  proof: z.string().optional(),
  sentence: z.string().min(10).optional(),
  reason: z.string().min(5).optional(),
});
export type Claim = z.infer<typeof row>;

const firstId = 1;
const lastId = 166;

/** Rows whose published sentence may be replaced; every other one must be proven as it is. */
const rewordable = new Set([
  ...[3, 52, 58, 9, 93, 95, 19, 30, 32, 43, 48, 49, 64, 70, 76, 97, 119].values(),
  ...range(108, 113),
  ...range(128, 146),
  ...range(164, 166),
]);

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

export function readClaims(): readonly Claim[] {
  const text = readFileSync(new URL("../docs/security/claims.yaml", import.meta.url), "utf8");
  return z.strictObject({ claims: z.array(row) }).parse(parse(text)).claims;
}

/** Every broken rule in words; empty when the ledger is sound. */
export function findClaimProblems(
  claims: readonly Claim[],
  proofIds: ReadonlySet<string>,
): readonly string[] {
  const problems: string[] = [];
  const ids = claims.map((claim) => claim.id);
  for (const id of range(firstId, lastId)) {
    const count = ids.filter((candidate) => candidate === id).length;
    if (count !== 1) problems.push(`claim ${id} occurs ${count} times`);
  }
  for (const claim of claims) {
    const { id, status, proof, sentence, reason } = claim;
    if (id < firstId || id > lastId) problems.push(`claim ${id} is not one of the published ones`);
    if (status === "proven" && proof === undefined)
      problems.push(`claim ${id} is proven without a proof`);
    if (status === "open" && proof !== undefined)
      problems.push(`claim ${id} is open but names a proof`);
    if (proof !== undefined && !proofIds.has(proof))
      problems.push(`claim ${id}: no proof is called ${proof}`);
    const isReworded = status === "reworded";
    if (isReworded && !rewordable.has(id)) problems.push(`claim ${id} may not be reworded`);
    if (isReworded !== (sentence !== undefined && reason !== undefined)) {
      problems.push(`claim ${id}: sentence and reason belong to reworded claims, both of them`);
    }
  }
  return problems;
}

export function countClaims(claims: readonly Claim[]): { readonly [status: string]: number } {
  const counts = { proven: 0, "reworded and proven": 0, "reworded, not proven": 0, open: 0 };
  for (const { status, proof } of claims) {
    if (status !== "reworded") counts[status] += 1;
    else counts[proof === undefined ? "reworded, not proven" : "reworded and proven"] += 1;
  }
  return counts;
}
