/** `npm run claims`: how much of the published security page is proven; exit 1 when the ledger breaks its rules. */
import { countClaims, findClaimProblems, readClaims } from "./claims-ledger.ts";
import { proofs } from "./proofs.ts";

const claims = readClaims();
for (const [status, count] of Object.entries(countClaims(claims))) {
  console.log(`${String(count).padStart(4)} ${status}`);
}
console.log(`${String(claims.length).padStart(4)} in all`);
const problems = findClaimProblems(claims, new Set(proofs.map((proof) => proof.id)));
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
