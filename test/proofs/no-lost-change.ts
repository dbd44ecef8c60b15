/**
 * Random writes on a real API server, with every kind of fault on both sides of the operator. At the end inventory,
 * counts and set-hashes equal the API server's list, and history has every deletion and every last state, but for what
 * was born and died, or changed and died, inside one recorded blind interval.
 */
import { setTimeout as delay } from "node:timers/promises";
import {
  answerFaults,
  openFaultProxy,
  openProcessGuard,
  ProofFailure,
  seededRandom,
  startControlPlane,
  transportFaults,
  waitFor,
  type ControlPlane,
  type FaultKind,
  type FaultProxy,
  type ProcessGuard,
  type ProofContext,
  type ProofResult,
  type Prove,
} from "@obsyk/testkit";
import { findPostgres } from "./inspect.ts";
import { findLosses } from "./losses.ts";
import { openRecordedChurn, type RecordedChurn } from "./recorded-churn.ts";
import { readRules } from "./sample-objects.ts";
import { shuffle } from "./shuffle.ts";
import {
  registerCluster,
  startOperator,
  startPlatform,
  waitUntilWatching,
  withLogs,
  type Operator,
  type Platform,
} from "./system.ts";
import { untilEqual } from "./truth.ts";

const processFaults = [
  "api-server-restart",
  "api-server-stop",
  "compaction",
  "operator-kill",
  "platform-kill",
  "postgres-kill",
] as const;
type ProcessFault = (typeof processFaults)[number];

type Strike =
  | { readonly side: "api" | "platform"; readonly kind: FaultKind }
  | { readonly side: "process"; readonly kind: ProcessFault };

/** The platform has no list that can expire. */
const strikes: readonly Strike[] = [
  ...[...transportFaults, ...answerFaults].map((kind): Strike => ({ side: "api", kind })),
  ...[...transportFaults, "throttled" as const, "failed" as const].map((kind): Strike => ({
    side: "platform",
    kind,
  })),
  ...processFaults.map((kind): Strike => ({ side: "process", kind })),
];

type Plan = {
  /** Each kind of fault hits at least this often. */
  readonly rounds: number;
  readonly minWrites: number;
  /** Longest pause between two faults. */
  readonly pauseMs: number;
  /** How long hangs last: now and then long enough for the operator's own watchdogs. */
  readonly holdMs: (random: () => number) => number;
};

const plans: { readonly [profile in ProofContext["profile"]]: Plan } = {
  default: {
    rounds: 1,
    minWrites: 500,
    pauseMs: 150,
    holdMs: (random) => 500 + random() * 1000,
  },
  full: {
    rounds: 8,
    minWrites: 20_000,
    pauseMs: 5000,
    holdMs: (random) => (random() < 0.15 ? 120_000 : 500 + random() * 5000),
  },
};

const hitTimeoutMs = 30_000;
const repairMs = { default: 60_000, full: 180_000 };
const isWatch = (line: string): boolean => /[?&]watch=/.test(line);
const isRead = (line: string): boolean => line.startsWith("GET ") && line.includes("api");

export const prove: Prove = async (context) => {
  await using guard = await openProcessGuard("no-lost-change");
  return await withLogs(context, guard, () => proveWith(context, guard));
};

type Scene = {
  readonly context: ProofContext;
  readonly plan: Plan;
  readonly random: () => number;
  readonly plane: ControlPlane;
  readonly platform: Platform;
  readonly operator: Operator;
  readonly proxies: { readonly api: FaultProxy; readonly platform: FaultProxy };
  readonly clusterId: string;
};

async function proveWith(context: ProofContext, guard: ProcessGuard): Promise<ProofResult> {
  const { signal } = context;
  const random = seededRandom(context.seed);
  const plan = plans[context.profile];
  await using stack = new AsyncDisposableStack();
  const plane = stack.use(await startControlPlane({ signal }));
  const api = stack.use(await openFaultProxy({ upstream: plane, random }));
  let between: FaultProxy | undefined;
  const platform = stack.use(
    await startPlatform(context, guard, {
      before: async (upstream) => {
        between = await openFaultProxy({ upstream, random });
        return between;
      },
    }),
  );
  if (between === undefined) throw new Error("the platform was started without its proxy");
  stack.use(between);
  const { kubeconfig } = await plane.createServiceAccountKubeconfig({
    namespace: "obsyk",
    name: "operator",
    rules: readRules,
    through: api,
  });
  const churn = stack.use(await openRecordedChurn(plane, random));
  const registration = await registerCluster(platform, guard, "faults");
  const { clusterId } = registration;
  const operator = stack.use(
    await startOperator({ context, guard, registration, kubeconfig, platform: platform.agent }),
  );
  await waitUntilWatching(platform, clusterId, { timeoutMs: 30_000, signal });
  // What came and went before the first list was never there for anyone to see.
  churn.start();
  const proxies = { api, platform: between };
  const scene = { context, plan, random, plane, platform, operator, proxies, clusterId };
  const hits = await strikeAll(scene);
  await untilWritten(churn, plan, signal);
  await churn[Symbol.asyncDispose]();
  return await judge(scene, churn, hits);
}

async function strikeAll(scene: Scene): Promise<Map<string, number>> {
  const { plan, random, context } = scene;
  const hits = new Map<string, number>();
  for (let round = 0; round < plan.rounds; round += 1) {
    for (const strike of shuffle(strikes, random)) {
      await delay(random() * plan.pauseMs, undefined, { signal: context.signal });
      const startedMs = performance.now();
      await carryOut(scene, strike);
      const name = `${strike.side}: ${strike.kind}`;
      hits.set(name, (hits.get(name) ?? 0) + 1);
      const ms = Math.round(performance.now() - startedMs);
      if (plan.rounds > 1 || ms > 3000) context.say(`${name}, ${ms} ms`);
    }
  }
  return hits;
}

async function carryOut(scene: Scene, strike: Strike): Promise<void> {
  const { context, plan, random, proxies } = scene;
  if (strike.side === "process") return disturb(scene, strike.kind);
  const proxy = proxies[strike.side];
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(hitTimeoutMs)]);
  const holdMs = plan.holdMs(random);
  try {
    if (strike.side === "api" && isAnswer(strike.kind)) {
      // A watch asks again only after it broke off.
      const request = strike.kind === "gone" ? isWatch : isRead;
      await Promise.all([
        proxy.arm(strike.kind, { request }, signal),
        proxy.arm("cut", { request: isWatch, direction: "response" }, signal),
      ]);
    } else if (strike.side === "api") {
      // An open watch says nothing: its answer is the traffic.
      await proxy.arm(strike.kind, { holdMs, direction: "response" }, signal);
    } else await proxy.arm(strike.kind, { holdMs }, signal);
  } catch (error) {
    throw new Error(`${strike.side}: ${strike.kind} found nothing to hit in ${hitTimeoutMs} ms`, {
      cause: error,
    });
  }
}

function isAnswer(kind: FaultKind): boolean {
  return answerFaults.some((answer) => answer === kind);
}

async function disturb(scene: Scene, kind: ProcessFault): Promise<void> {
  const { plane, plan, random, context, platform, operator } = scene;
  const { signal } = context;
  switch (kind) {
    case "api-server-restart":
      // With open watches an orderly end takes ten seconds.
      if (context.profile === "default" || random() < 0.5) plane.killApiServer("SIGKILL");
      return plane.restartApiServer();
    case "api-server-stop":
      plane.stopApiServer();
      await delay(plan.holdMs(random), undefined, { signal }).finally(() =>
        plane.continueApiServer(),
      );
      return;
    case "compaction":
      // Only a server that has just started has nothing older in its own cache.
      await plane.compactEtcd();
      plane.killApiServer("SIGKILL");
      return plane.restartApiServer();
    case "operator-kill":
      return kill(kind, async () => operator.process.pid, signal);
    case "platform-kill":
      return kill(kind, async () => platform.process.pid, signal);
    case "postgres-kill":
      return kill(kind, async () => (await findPostgres(platform.dataDir)).pid, signal);
  }
}

async function kill(
  what: string,
  find: () => Promise<number | undefined>,
  signal: AbortSignal,
): Promise<void> {
  const options = { timeoutMs: hitTimeoutMs, intervalMs: 50, signal };
  const pid = await waitFor(`a process for ${what}`, find, options);
  process.kill(pid, "SIGKILL");
  await waitFor(
    `another process after ${what}`,
    async () => {
      const next = await find();
      return next !== undefined && next !== pid;
    },
    options,
  );
}

async function untilWritten(churn: RecordedChurn, plan: Plan, signal: AbortSignal): Promise<void> {
  await waitFor(`${plan.minWrites} writes`, async () => churn.writes() >= plan.minWrites, {
    timeoutMs: 600_000,
    intervalMs: 200,
    signal,
  });
}

async function judge(
  scene: Scene,
  churn: RecordedChurn,
  hits: ReadonlyMap<string, number>,
): Promise<ProofResult> {
  const { context, plan, plane, platform, clusterId } = scene;
  for (const { side, kind } of strikes) {
    const count = hits.get(`${side}: ${kind}`) ?? 0;
    if (count < plan.rounds) throw new ProofFailure(`${side}: ${kind} hit ${count} times only`);
  }
  const startedMs = performance.now();
  const comparison = await untilEqual(
    { plane, platform, clusterId },
    {
      timeoutMs: repairMs[context.profile],
      signal: context.signal,
    },
  );
  const repairedMs = Math.round(performance.now() - startedMs);
  const judged = await findLosses({ platform, clusterId, lives: churn.lives() });
  if (judged.losses.length > 0) {
    throw new ProofFailure(
      `${judged.losses.length} losses, the first: ${judged.losses.slice(0, 10).join("; ")}`,
    );
  }
  const faults = [...hits.values()].reduce((sum, count) => sum + count, 0);
  return {
    figure:
      `${churn.writes()} writes under ${faults} faults of ${hits.size} kinds: 0 lost of ${judged.deletions} deletions ` +
      `and ${judged.lives} objects' last states (${judged.unseen} lived and ${judged.collapsed} ended their last ` +
      `change inside a recorded blind interval); ${comparison.objects} objects equal the API server's list ` +
      `${repairedMs} ms after the last write`,
    work: churn.writes(),
    versions: { kubernetes: plane.version },
    details: { seed: context.seed, faults: Object.fromEntries(hits), repairedMs, ...judged },
  };
}
