/**
 * Platform, PostgreSQL and operator are killed with SIGKILL inside a list, as the operator's log shows it, and at random
 * moments of a watch, while the cluster changes. All come back by themselves; then inventory, counts and set-hashes equal the API server's list.
 */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import {
  openProcessGuard,
  ProofFailure,
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

const victims = ["platform", "postgres", "operator"] as const;
type Victim = (typeof victims)[number];

const rounds = { default: 1, full: 8 };
/** Longest wait before a kill while all streams watch. */
const maxWatchMs = 1200;
/** A kill in the middle of a list comes when this many lists of the operator's new life have begun, or fewer. */
const maxBegun = 20;
/** Strikes at lists until one falls inside; a small cluster's lists take milliseconds. */
const maxStrikes = 6;
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
  const kills = { inList: 0, besideList: 0, inWatch: 0 };
  for (let round = 0; round < rounds[context.profile]; round += 1) {
    for (const victim of shuffle(victims, random)) {
      kills.besideList += await strikeUntilInList(scene, victim);
      kills.inList += 1;
    }
    for (const victim of shuffle(victims, random)) {
      await strikeInWatch(scene, victim);
      kills.inWatch += 1;
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
      `${kills.inList} kills inside a list, ${kills.inWatch} while all watch, ${kills.besideList} between lists, ` +
      `during ${churn.changes()} changes: ${comparison.objects} objects in ${comparison.streams} streams, ` +
      `0 differ from the API server's list, ${repairedMs} ms after the last change`,
    work: kills.inList + kills.inWatch,
    versions: { kubernetes: plane.version },
    details: {
      kills,
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

/**
 * Starts the operator anew and kills once some of its lists have begun, until a kill fell between beginning and end of a
 * list.
 *
 * @returns how many kills before that one did not
 */
async function strikeUntilInList(scene: Scene, victim: Victim): Promise<number> {
  const { context, operator, random } = scene;
  const { signal } = context;
  for (let strikes = 0; strikes < maxStrikes; strikes += 1) {
    const from = await endOperator(scene);
    const wanted = 1 + Math.floor(random() * maxBegun);
    await waitFor(
      `${wanted} lists of the operator's new life begin`,
      async () => (await readLists(operator, from)).length >= wanted,
      { timeoutMs: repairMs, intervalMs: 5, signal },
    );
    const { pid, killedAt } = await kill(scene, victim);
    const lists = await readLists(operator, from);
    const inside = lists.filter(({ begun, finished }) => begun < killedAt && finished > killedAt);
    const over = lists.filter(({ finished }) => finished <= killedAt).length;
    context.say(`${victim} was killed inside ${inside.length} lists, ${over} were over`);
    await untilBack(scene, victim, pid);
    if (inside.length > 0) return strikes;
  }
  throw new ProofFailure(`no kill of ${victim} in ${maxStrikes} fell inside a list`);
}

async function strikeInWatch(scene: Scene, victim: Victim): Promise<void> {
  const { context, platform, clusterId, random } = scene;
  const { signal } = context;
  await waitUntilWatching(platform, clusterId, { timeoutMs: repairMs, signal });
  const delayMs = Math.round(random() * maxWatchMs);
  await delay(delayMs, undefined, { signal });
  const { pid } = await kill(scene, victim);
  context.say(`${victim} was killed ${delayMs} ms after all streams watched`);
  await untilBack(scene, victim, pid);
}

/** @returns how long the operator's log was when this life of it had ended, and the next had not begun */
async function endOperator(scene: Scene): Promise<number> {
  const { operator, context } = scene;
  await pidOf(scene, "operator");
  operator.process.kill("SIGKILL");
  await waitFor("the operator's end", () => operator.process.pid === undefined, {
    timeoutMs: 10_000,
    intervalMs: 5,
    signal: context.signal,
  });
  return (await stat(operator.logFile)).size;
}

async function kill(scene: Scene, victim: Victim): Promise<{ pid: number; killedAt: number }> {
  const pid = await pidOf(scene, victim);
  process.kill(pid, "SIGKILL");
  return { pid, killedAt: Date.now() };
}

async function untilBack(scene: Scene, victim: Victim, killed: number): Promise<void> {
  await waitFor(`${victim} is back`, async () => (await pidOf(scene, victim)) !== killed, {
    timeoutMs: repairMs,
    intervalMs: 50,
    signal: scene.context.signal,
  });
}

/** Milliseconds since 1970; `finished` is infinite for what did not finish. */
type List = { readonly stream: string; readonly begun: number; finished: number };

/** The operator's lists as its log tells them: begun when the API server's answer began, finished when all is delivered. */
async function readLists({ logFile }: Operator, from: number): Promise<readonly List[]> {
  const lists: List[] = [];
  const whole = (await text(createReadStream(logFile, { start: from }))).split("\n").slice(0, -1);
  for (const line of whole.filter((one) => one.includes('"event":"list.'))) {
    const {
      event,
      time,
      stream = "",
    } = JSON.parse(line) as {
      readonly event: string;
      readonly time: string;
      readonly stream?: string;
    };
    const at = Date.parse(time);
    const open = lists.find((list) => list.stream === stream && list.finished === Infinity);
    if (event === "list.finished" && open !== undefined) open.finished = at;
    if (event !== "list.begun") continue;
    // Begun again without an end: when the earlier one broke off is not known, so it counts for nothing.
    if (open !== undefined) open.finished = open.begun;
    lists.push({ stream, begun: at, finished: Infinity });
  }
  return lists;
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
