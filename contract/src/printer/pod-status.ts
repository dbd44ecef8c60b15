/**
 * READY, STATUS and RESTARTS of a Pod as kubectl prints them: the rules of printPod in Kubernetes'
 * `pkg/printers/internalversion/printers.go`.
 *
 * @module
 */
import { formatAge } from "./age.ts";
import { conditionOf, dictAt, flagAt, listAt, numberAt, textAt } from "./read.ts";

export type PodStatus = {
  readonly ready: number;
  readonly total: number;
  readonly status: string;
  readonly restarts: number;
  /** RFC 3339; absent when no container was ever restarted. */
  readonly lastRestart: string | undefined;
};

type Containers = {
  readonly reason: string | undefined;
  readonly ready: number;
  readonly restarts: number;
  readonly lastRestart: string | undefined;
};

type Init = Containers & {
  readonly initializing: boolean;
  /** Of sidecars alone: what counts once the Pod is initialized. */
  readonly sidecarRestarts: number;
  readonly sidecarLastRestart: string | undefined;
};

export function podStatus(pod: unknown): PodStatus {
  const init = readInit(pod);
  const sidecars = listAt(pod, "spec", "initContainers").filter(isSidecar).length;
  const total = listAt(pod, "spec", "containers").length + sidecars;
  const initialized = textAt(conditionOf(pod, "Initialized"), "status") === "True";
  const shown = init.initializing && !initialized ? init : readContainers(pod, init);
  return {
    ready: shown.ready,
    total,
    status: deletion(pod) ?? shown.reason ?? "Unknown",
    restarts: shown.restarts,
    lastRestart: shown.lastRestart,
  };
}

/** `3 (5m ago)` */
export function formatRestarts(status: PodStatus, nowMs: number): string {
  if (status.restarts === 0 || status.lastRestart === undefined) return String(status.restarts);
  return `${status.restarts} (${formatAge(status.lastRestart, nowMs)} ago)`;
}

function isSidecar(container: unknown): boolean {
  return textAt(container, "restartPolicy") === "Always";
}

function later(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Date.parse(one) < Date.parse(other) ? other : one;
}

function restartOf(container: unknown): string | undefined {
  return textAt(container, "lastState", "terminated", "finishedAt");
}

function terminatedReason(terminated: unknown): string {
  const reason = textAt(terminated, "reason");
  if (reason !== undefined) return reason;
  const signal = numberAt(terminated, "signal") ?? 0;
  return signal === 0 ? `ExitCode:${numberAt(terminated, "exitCode") ?? 0}` : `Signal:${signal}`;
}

function podReason(pod: unknown): string | undefined {
  const scheduled = textAt(conditionOf(pod, "PodScheduled"), "reason");
  if (scheduled === "SchedulingGated") return scheduled;
  return textAt(pod, "status", "reason") ?? textAt(pod, "status", "phase");
}

/** Why an init container keeps the Pod from starting; `undefined` when it does not. */
function blockingReason(container: unknown, position: string): string {
  const terminated = dictAt(container, "state", "terminated");
  if (terminated !== undefined) return `Init:${terminatedReason(terminated)}`;
  const waiting = textAt(container, "state", "waiting", "reason");
  return waiting !== undefined && waiting !== "PodInitializing" ? `Init:${waiting}` : position;
}

function readInit(pod: unknown): Init {
  const specs = listAt(pod, "spec", "initContainers");
  const sidecarNames = specs.filter(isSidecar).map((spec) => textAt(spec, "name"));
  let reason = podReason(pod);
  let ready = 0;
  let restarts = 0;
  let sidecarRestarts = 0;
  let lastRestart: string | undefined;
  let sidecarLastRestart: string | undefined;
  let initializing = false;
  for (const [index, container] of listAt(pod, "status", "initContainerStatuses").entries()) {
    const sidecar = sidecarNames.includes(textAt(container, "name"));
    const count = numberAt(container, "restartCount") ?? 0;
    restarts += count;
    lastRestart = later(lastRestart, restartOf(container));
    if (sidecar) {
      sidecarRestarts += count;
      sidecarLastRestart = later(sidecarLastRestart, restartOf(container));
    }
    const terminated = dictAt(container, "state", "terminated");
    if (terminated !== undefined && (numberAt(terminated, "exitCode") ?? 0) === 0) continue;
    if (sidecar && flagAt(container, "started") === true) {
      if (flagAt(container, "ready") === true) ready += 1;
      continue;
    }
    reason = blockingReason(container, `Init:${index}/${specs.length}`);
    initializing = true;
    break;
  }
  return {
    reason,
    ready,
    restarts,
    lastRestart,
    initializing,
    sidecarRestarts,
    sidecarLastRestart,
  };
}

function readContainers(pod: unknown, init: Init): Containers {
  let { reason, ready } = init;
  let restarts = init.sidecarRestarts;
  let lastRestart = init.sidecarLastRestart;
  let running = false;
  let failure: string | undefined;
  for (const container of listAt(pod, "status", "containerStatuses").toReversed()) {
    restarts += numberAt(container, "restartCount") ?? 0;
    lastRestart = later(lastRestart, restartOf(container));
    const waiting = textAt(container, "state", "waiting", "reason");
    const terminated = dictAt(container, "state", "terminated");
    if (waiting !== undefined) reason = waiting;
    else if (terminated !== undefined) {
      reason = terminatedReason(terminated);
      if ((numberAt(terminated, "exitCode") ?? 0) !== 0) failure = reason;
    } else if (flagAt(container, "ready") === true && dictAt(container, "state", "running")) {
      running = true;
      ready += 1;
    }
  }
  if (reason === "Completed") {
    const isReady = textAt(conditionOf(pod, "Ready"), "status") === "True";
    if (running && isReady) reason = "Running";
    else reason = failure ?? (running ? "NotReady" : reason);
  }
  return { reason, ready, restarts, lastRestart };
}

function deletion(pod: unknown): string | undefined {
  if (textAt(pod, "metadata", "deletionTimestamp") === undefined) return undefined;
  if (textAt(pod, "status", "reason") === "NodeLost") return "Unknown";
  const phase = textAt(pod, "status", "phase");
  return phase === "Succeeded" || phase === "Failed" ? undefined : "Terminating";
}
