/**
 * Workloads: what printPod, printDeployment and their like show (`pkg/printers/internalversion/printers.go`).
 *
 * @module
 */
import { formatAge, formatDuration } from "./age.ts";
import {
  age,
  column,
  counter,
  counterOfList,
  flagWord,
  none,
  readyCell,
  textColumn,
  toned,
  wide,
  type Cell,
  type Column,
  type Tone,
} from "./column.ts";
import { formatRestarts, podStatus } from "./pod-status.ts";
import { conditionOf, flagAt, listAt, numberAt, scalarAt, textAt } from "./read.ts";
import { formatLabels, formatSelector, selectorText } from "./selector.ts";

function podTone(status: string): Tone {
  if (status === "Running") return "good";
  if (status === "Completed" || status === "Succeeded") return "muted";
  const passing =
    /^(?:Pending|Terminating|ContainerCreating|PodInitializing|NotReady|SchedulingGated|Init:\d+\/\d+)$/;
  return passing.test(status) ? "warn" : "bad";
}

function podReady(record: unknown): Cell {
  const { ready, total, status } = podStatus(record);
  return status === "Completed" ? { text: `${ready}/${total}` } : readyCell(ready, total);
}

function podStatusCell(record: unknown): Cell {
  const { status } = podStatus(record);
  return { text: status, tone: podTone(status) };
}

function podIp(record: unknown): string {
  const [first] = listAt(record, "status", "podIPs");
  return textAt(first, "ip") ?? textAt(record, "status", "podIP") ?? none;
}

function readinessGates(record: unknown): string {
  const gates = listAt(record, "spec", "readinessGates");
  if (gates.length === 0) return none;
  const open = gates.filter((gate) => {
    const condition = conditionOf(record, textAt(gate, "conditionType") ?? "");
    return textAt(condition, "status") === "True";
  });
  return `${open.length}/${gates.length}`;
}

export const pods: readonly Column[] = [
  toned("READY", podReady),
  toned("STATUS", podStatusCell),
  {
    ...column("RESTARTS", (record, nowMs) => formatRestarts(podStatus(record), nowMs)),
    numeric: true,
    ageing: true,
  },
  age,
  wide("IP", podIp),
  wide("NODE", (record) => textAt(record, "spec", "nodeName") ?? none),
  wide("NOMINATED NODE", (record) => textAt(record, "status", "nominatedNodeName") ?? none),
  wide("READINESS GATES", readinessGates),
];

const templatePath = ["spec", "template", "spec"] as const;

function namesOf(record: unknown, path: readonly string[], member: string): string {
  return listAt(record, ...path, "containers")
    .map((container) => scalarAt(container, member) ?? "")
    .join(",");
}

function containers(path: readonly string[] = templatePath): readonly Column[] {
  return [
    wide("CONTAINERS", (record) => namesOf(record, path, "name")),
    wide("IMAGES", (record) => namesOf(record, path, "image")),
  ];
}

const selector: Column = wide("SELECTOR", (record) => formatSelector(record, "spec", "selector"));

const ready: Column = toned("READY", (record) =>
  readyCell(
    numberAt(record, "status", "readyReplicas") ?? 0,
    numberAt(record, "spec", "replicas") ?? 0,
  ),
);

export const deployments: readonly Column[] = [
  ready,
  counter("UP-TO-DATE", "status", "updatedReplicas"),
  counter("AVAILABLE", "status", "availableReplicas"),
  age,
  ...containers(),
  wide("SELECTOR", (record) => selectorText(record, "spec", "selector")),
];

export const statefulSets: readonly Column[] = [ready, age, ...containers()];

/** A number that should be another: less than wanted is worth a look. */
function short(header: string, have: readonly string[], wanted: readonly string[]): Column {
  return {
    ...toned(header, (record) => {
      const count = numberAt(record, ...have) ?? 0;
      const isShort = count < (numberAt(record, ...wanted) ?? 0);
      return { text: String(count), ...(isShort ? { tone: "warn" as const } : {}) };
    }),
    numeric: true,
  };
}

const scheduled = ["status", "desiredNumberScheduled"];

export const daemonSets: readonly Column[] = [
  counter("DESIRED", ...scheduled),
  counter("CURRENT", "status", "currentNumberScheduled"),
  short("READY", ["status", "numberReady"], scheduled),
  counter("UP-TO-DATE", "status", "updatedNumberScheduled"),
  counter("AVAILABLE", "status", "numberAvailable"),
  column("NODE SELECTOR", (record) => formatLabels(record, ...templatePath, "nodeSelector")),
  age,
  ...containers(),
  selector,
];

export const replicaSets: readonly Column[] = [
  counter("DESIRED", "spec", "replicas"),
  counter("CURRENT", "status", "replicas"),
  short("READY", ["status", "readyReplicas"], ["spec", "replicas"]),
  age,
  ...containers(),
  selector,
];

/** In the order in which printJob looks for them; a Job that is being deleted comes before the third. */
const jobConditions: readonly (readonly [type: string, text: string, tone: Tone])[] = [
  ["Complete", "Complete", "muted"],
  ["Failed", "Failed", "bad"],
  ["Suspended", "Suspended", "muted"],
  ["FailureTarget", "FailureTarget", "bad"],
  ["SuccessCriteriaMet", "SuccessCriteriaMet", "good"],
];

function jobStatus(record: unknown): Cell {
  const holds = (type: string): boolean => textAt(conditionOf(record, type), "status") === "True";
  const isTerminating = textAt(record, "metadata", "deletionTimestamp") !== undefined;
  for (const [type, text, tone] of jobConditions) {
    if (type === "Suspended" && isTerminating) return { text: "Terminating", tone: "warn" };
    if (holds(type)) return { text, tone };
  }
  return { text: "Running", tone: "good" };
}

function completions(record: unknown): string {
  const succeeded = numberAt(record, "status", "succeeded") ?? 0;
  const wanted = numberAt(record, "spec", "completions");
  if (wanted !== undefined) return `${succeeded}/${wanted}`;
  const parallelism = numberAt(record, "spec", "parallelism") ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function jobDuration(record: unknown, nowMs: number): string {
  const start = textAt(record, "status", "startTime");
  if (start === undefined) return "";
  const end = textAt(record, "status", "completionTime");
  return formatDuration((end === undefined ? nowMs : Date.parse(end)) - Date.parse(start));
}

export const jobs: readonly Column[] = [
  toned("STATUS", jobStatus),
  column("COMPLETIONS", completions),
  { ...column("DURATION", jobDuration), ageing: true },
  age,
  ...containers(),
  selector,
];

const jobPath = ["spec", "jobTemplate", "spec"] as const;

export const cronJobs: readonly Column[] = [
  textColumn("SCHEDULE", ["spec", "schedule"]),
  textColumn("TIMEZONE", ["spec", "timeZone"], none),
  column("SUSPEND", (record) => flagWord(flagAt(record, "spec", "suspend"))),
  counterOfList("ACTIVE", "status", "active"),
  {
    ...column("LAST SCHEDULE", (record, nowMs) => {
      const last = textAt(record, "status", "lastScheduleTime");
      return last === undefined ? none : formatAge(last, nowMs);
    }),
    ageing: true,
  },
  age,
  ...containers([...jobPath, "template", "spec"]),
  wide("SELECTOR", (record) => formatSelector(record, ...jobPath, "selector")),
];

function disruption(member: string) {
  return (record: unknown): string => scalarAt(record, "spec", member) ?? "N/A";
}

export const podDisruptionBudgets: readonly Column[] = [
  column("MIN AVAILABLE", disruption("minAvailable")),
  column("MAX UNAVAILABLE", disruption("maxUnavailable")),
  counter("ALLOWED DISRUPTIONS", "status", "disruptionsAllowed"),
  age,
];
