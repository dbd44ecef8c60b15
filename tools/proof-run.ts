/**
 * The child process of one proof. Arguments: id, profile, seed, saboteur's name or nothing. Prints progress, then one
 * line of JSON that tools/proof.ts reads.
 *
 * @module
 */
import "./end-with-parent.ts";
import { writeSync } from "node:fs";
import type { Profile, ProofContext, Prove } from "@obsyk/testkit";

export type Outcome =
  | {
      readonly kind: "holds";
      readonly figure: string;
      readonly work: number;
      readonly versions: { readonly [name: string]: string };
      readonly details: { readonly [name: string]: unknown };
    }
  | { readonly kind: "fails"; readonly reason: string }
  | { readonly kind: "broken"; readonly reason: string };

/** What begins the line of JSON. */
export const outcomePrefix = "OUTCOME ";

const failures = new Set(["AssertionError", "TimeoutError", "ProofFailure"]);

if (import.meta.main) {
  const [id = "", profile = "default", seed = "1", saboteur] = process.argv.slice(2);
  const controller = new AbortController();
  process.once("SIGTERM", () => controller.abort(new Error("the proof's time is up")));
  const outcome = await run(id, {
    profile: profile as Profile,
    seed: Number(seed),
    signal: controller.signal,
    nodeArguments: process.execArgv,
    nodeEnvironment: pickEnvironment(["OBSYK_SABOTAGE"]),
    saboteur,
    say: (line) => console.log(`  ${line}`),
  });
  // Written at once: what a broken proof left open must not keep its outcome back, or the process alive.
  writeSync(1, `${outcomePrefix}${JSON.stringify(outcome)}\n`);
  process.exit(0);
}

function pickEnvironment(names: readonly string[]): { readonly [name: string]: string } {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

async function run(id: string, context: ProofContext): Promise<Outcome> {
  try {
    const { prove } = (await import(`../test/proofs/${id}.ts`)) as { prove: Prove };
    const result = await prove(context);
    return {
      kind: "holds",
      figure: result.figure,
      work: result.work,
      versions: result.versions ?? {},
      details: result.details ?? {},
    };
  } catch (error) {
    const known = error instanceof Error && failures.has(error.name);
    return { kind: known ? "fails" : "broken", reason: describe(error, known) };
  }
}

function describe(error: unknown, known: boolean): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `\ncause: ${error.cause.message}` : "";
  return `${known ? error.message : (error.stack ?? error.message)}${cause}`;
}
