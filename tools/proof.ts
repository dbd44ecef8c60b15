/**
 * `npm run proof [-- ID…] [--full] [--sabotage [--saboteur NAME]] [--seed N] [--list]`: exit code 0 only if every named proof holds; the
 * last line of each is its figure. A default run above a minute is warned of, and several end with their total time.
 * Zero work is a failure. `--full` runs long and writes docs/evidence/ID.json.
 * `--sabotage` runs each proof once per saboteur: exit code 1 when every one of them was caught, 2 when a run broke, 0
 * when one got through.
 */
import "./end-with-parent.ts";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { isStandIn, warnOfStandIn, type Profile } from "@obsyk/testkit";
import { outcomePrefix, type Outcome } from "./proof-run.ts";
import { defaultMs, proofs, type Proof, type Saboteur } from "./proofs.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const stopMs = 10_000;

type Run = { readonly profile: Profile; readonly seed: number; readonly saboteur?: Saboteur };

process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      full: { type: "boolean", default: false },
      sabotage: { type: "boolean", default: false },
      saboteur: { type: "string" },
      list: { type: "boolean", default: false },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
    },
  });
  if (values.list) {
    for (const { id, proves, invariants } of proofs) {
      console.log(`${id.padEnd(28)} ${invariants.join(" ").padEnd(12)} ${proves}`);
    }
    return 0;
  }
  const unknown = positionals.filter((id) => proofs.every((proof) => proof.id !== id));
  if (unknown.length > 0) {
    console.error(`no proof is called ${unknown.join(", ")}; npm run proof -- --list`);
    return 2;
  }
  const chosen = proofs.filter(({ id }) => positionals.length === 0 || positionals.includes(id));
  if (await isStandIn(process.env)) await warnOfStandIn();
  const profile: Profile = values.full ? "full" : "default";
  const seed = Number(values.seed);
  const codes: number[] = [];
  const started = performance.now();
  for (const proof of chosen) {
    codes.push(
      values.sabotage
        ? await proveWithSaboteurs(proof, { profile, seed }, values.saboteur)
        : await proveOnce(proof, { profile, seed }),
    );
  }
  if (values.sabotage) return sabotageCode(codes);
  const held = codes.filter((code) => code === 0).length;
  if (chosen.length > 1) {
    const total = formatSeconds(performance.now() - started);
    console.log(`${held} proofs hold, ${chosen.length - held} do not, in ${total}`);
  }
  return held === chosen.length && held > 0 ? 0 : 1;
}

function sabotageCode(codes: readonly number[]): number {
  if (codes.includes(2) || codes.length === 0) return 2;
  return codes.every((code) => code === 1) ? 1 : 0;
}

async function proveOnce(proof: Proof, run: Run): Promise<number> {
  console.log(`proof ${proof.id} (${run.profile}, seed ${run.seed}): ${proof.proves}`);
  const startedAt = new Date();
  const started = performance.now();
  const outcome = await runChild(proof, run);
  const durationMs = Math.round(performance.now() - started);
  if (run.profile === "default" && durationMs > defaultMs) {
    const took = formatSeconds(durationMs);
    console.log(`WARNING: proof ${proof.id} took ${took}, more than ${formatSeconds(defaultMs)}`);
  }
  if (outcome.kind !== "holds") {
    console.log(`proof ${proof.id} ${outcome.kind === "fails" ? "DOES NOT HOLD" : "BROKE"}`);
    console.log(outcome.reason);
    return 1;
  }
  if (!(outcome.work > 0)) {
    console.log(`proof ${proof.id} did no work: nothing is proven`);
    return 1;
  }
  if (run.profile === "full") {
    await writeEvidence(proof.id, { startedAt, durationMs, seed: run.seed, outcome });
  }
  console.log(`proof ${proof.id} holds in ${formatSeconds(durationMs)}: ${outcome.figure}`);
  return 0;
}

function formatSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

async function proveWithSaboteurs(proof: Proof, run: Run, only?: string): Promise<number> {
  const codes: number[] = [];
  for (const saboteur of proof.saboteurs) {
    if (only !== undefined && saboteur.name !== only) continue;
    console.log(`proof ${proof.id} with saboteur ${saboteur.name}: ${saboteur.breaks}`);
    const outcome = await runChild(proof, { ...run, saboteur });
    if (outcome.kind === "fails" && saboteur.caught.test(outcome.reason)) {
      console.log(`caught: ${outcome.reason.split("\n", 1)[0]}`);
      codes.push(1);
    } else if (outcome.kind === "holds") {
      console.log(`NOT CAUGHT: ${outcome.figure}`);
      codes.push(0);
    } else {
      console.log(`the run broke in another way than ${saboteur.caught}: ${outcome.reason}`);
      codes.push(2);
    }
  }
  return sabotageCode(codes);
}

async function runChild(proof: Proof, run: Run): Promise<Outcome> {
  const { profile, seed, saboteur } = run;
  const preload =
    saboteur === undefined ? [] : ["--import", pathToFileURL(`${root}tools/sabotage.ts`).href];
  const child = spawn(
    process.execPath,
    [
      ...preload,
      `${root}tools/proof-run.ts`,
      proof.id,
      profile,
      String(seed),
      ...(saboteur === undefined ? [] : [saboteur.name]),
    ],
    {
      cwd: root,
      stdio: ["ignore", "pipe", "inherit"],
      env:
        saboteur === undefined
          ? process.env
          : { ...process.env, OBSYK_SABOTAGE: JSON.stringify(saboteur.patches) },
    },
  );
  let outcome: Outcome = { kind: "broken", reason: "the proof's process ended without an outcome" };
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line.startsWith(outcomePrefix)) {
      outcome = JSON.parse(line.slice(outcomePrefix.length)) as Outcome;
    } else console.log(line);
  });
  // A sabotaged run waits for what does not come.
  const boundMs = proof.boundMs[profile] * (saboteur === undefined ? 1 : 3);
  let late = false;
  const timers = [
    setTimeout(() => {
      late = true;
      child.kill("SIGTERM");
    }, boundMs),
    setTimeout(() => child.kill("SIGKILL"), boundMs + stopMs),
  ];
  await once(child, "close");
  for (const timer of timers) clearTimeout(timer);
  return late
    ? { kind: "broken", reason: `not done within ${boundMs / 1000} s; last: ${outcome.kind}` }
    : outcome;
}

async function writeEvidence(
  id: string,
  evidence: {
    readonly startedAt: Date;
    readonly durationMs: number;
    readonly seed: number;
    readonly outcome: Extract<Outcome, { kind: "holds" }>;
  },
): Promise<void> {
  const { figure, work, versions, details } = evidence.outcome;
  const git = (...args: string[]): string =>
    execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
  const text = JSON.stringify(
    {
      proof: id,
      commit: git("rev-parse", "HEAD"),
      uncommittedChanges: git("status", "--porcelain", "--untracked-files=no") !== "",
      startedAt: evidence.startedAt.toISOString(),
      durationMs: evidence.durationMs,
      seed: evidence.seed,
      versions: { node: process.version, ...versions },
      work,
      figure,
      details,
    },
    undefined,
    2,
  );
  await mkdir(`${root}docs/evidence`, { recursive: true });
  await writeFile(`${root}docs/evidence/${id}.json`, `${text}\n`);
  console.log(`wrote docs/evidence/${id}.json`);
}
