/**
 * Platform, PostgreSQL and operator are killed with SIGKILL at random moments of a list and of a watch, while the
 * cluster changes. All come back by themselves; then inventory, counts and set-hashes equal the API server's list.
 */
import { setTimeout as delay } from "node:timers/promises";
import {
  openProcessGuard,
  seededRandom,
  startControlPlane,
  waitFor,
  type ProcessGuard,
  type ProofContext,
  type ProofResult,
  type Prove,
} from "@obsyk/testkit";
import { startChurn } from "./churn.ts";
import { findPostgres } from "./inspect.ts";
import { readRules } from "./sample-objects.ts";
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

const victims = ["platform", "postgres", "operator"] as const;
const moments = ["list", "watch"] as const;
type Victim = (typeof victims)[number];

const rounds = { default: 1, full: 8 };
/** Longest wait before a kill; a first list takes about as long. */
const maxDelayMs = 1200;
const repairMs = 45_000;

export const prove: Prove = async (context) => {
  await using guard = await openProcessGuard("restart");
  return await withLogs(context, guard, () => proveWith(context, guard));
};

async function proveWith(context: ProofContext, guard: ProcessGuard): Promise<ProofResult> {
  const { signal } = context;
  const random = seededRandom(context.seed);
  const [plane, platform] = await Promise.all([
    startControlPlane({ signal }),
    startPlatform(context, guard),
  ]);
  await using stack = new AsyncDisposableStack();
  stack.use(plane);
  stack.use(platform);
  const { kubeconfig } = await plane.createServiceAccountKubeconfig({
    namespace: "obsyk",
    name: "operator",
    rules: readRules,
  });
  const churn = stack.use(await startChurn(plane, random));
  const registration = await registerCluster(platform, guard, "restart");
  const { clusterId } = registration;
  const operator = stack.use(
    await startOperator({ context, guard, registration, kubeconfig, platform: platform.agent }),
  );
  const scene = { context, platform, operator, clusterId, random };
  let kills = 0;
  for (let round = 0; round < rounds[context.profile]; round += 1) {
    for (const moment of moments) {
      for (const victim of shuffle(victims, random)) {
        await strike(scene, victim, moment);
        kills += 1;
      }
    }
  }
  await churn[Symbol.asyncDispose]();
  const started = performance.now();
  const comparison = await untilEqual(
    { plane, platform, clusterId },
    { timeoutMs: repairMs, signal },
  );
  const repairedMs = Math.round(performance.now() - started);
  return {
    figure:
      `${kills} kills during ${churn.changes()} changes: ${comparison.objects} objects in ${comparison.streams} streams, ` +
      `0 differ from the API server's list, ${repairedMs} ms after the last change`,
    work: kills,
    versions: { kubernetes: plane.version },
    details: {
      platformLives: platform.process.lives,
      operatorLives: operator.process.lives,
      changes: churn.changes(),
    },
  };
}

type Scene = {
  readonly context: ProofContext;
  readonly platform: Platform;
  readonly operator: Operator;
  readonly clusterId: string;
  readonly random: () => number;
};

/** Kills at a random moment after the operator began to list, or after all its streams watch. */
async function strike(scene: Scene, victim: Victim, moment: "list" | "watch"): Promise<void> {
  const { context, operator, platform, clusterId, random } = scene;
  const { signal } = context;
  if (moment === "list") {
    const { lives } = operator.process;
    operator.process.kill("SIGKILL");
    await waitFor("the operator starts again", () => operator.process.lives > lives, {
      timeoutMs: 10_000,
      signal,
    });
  } else await waitUntilWatching(platform, clusterId, { timeoutMs: repairMs, signal });
  const delayMs = Math.round(random() * maxDelayMs);
  await delay(delayMs, undefined, { signal });
  const pid = await pidOf(scene, victim);
  process.kill(pid, "SIGKILL");
  context.say(`killed ${victim} (process ${pid}) ${delayMs} ms into a ${moment}`);
  await waitFor(`${victim} is back`, async () => (await pidOf(scene, victim)) !== pid, {
    timeoutMs: repairMs,
    intervalMs: 50,
    signal,
  });
}

/** Waits for it: the victim may be between two lives. */
async function pidOf({ platform, operator, context }: Scene, victim: Victim): Promise<number> {
  const find = async (): Promise<number | undefined> => {
    if (victim === "platform") return platform.process.pid;
    if (victim === "operator") return operator.process.pid;
    const { pid } = await findPostgres(platform.dataDir);
    return pid;
  };
  return waitFor(`a process of ${victim}`, find, {
    timeoutMs: repairMs,
    intervalMs: 50,
    signal: context.signal,
  });
}

function shuffle<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, order: random() }))
    .sort((one, other) => one.order - other.order)
    .map(({ item }) => item);
}
