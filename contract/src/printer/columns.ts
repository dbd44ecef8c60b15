/**
 * The columns of each resource's table, as `kubectl get` shows them. A resource without columns of its own has AGE.
 *
 * @module
 */
import type { InventoryObject } from "../api.ts";
import { formatAge, formatDuration } from "./age.ts";
import { formatRestarts, podStatus } from "./pod-status.ts";
import {
  conditionOf,
  dictAt,
  flagAt,
  labelsAt,
  listAt,
  numberAt,
  scalarAt,
  textAt,
  textsAt,
} from "./read.ts";

export type Tone = "good" | "warn" | "bad" | "muted";

export type Cell = { readonly text: string; readonly tone?: Tone };

export type Column = {
  readonly id: string;
  /** kubectl's heading. */
  readonly header: string;
  readonly numeric?: true;
  /** kubectl shows it with `-o wide` only. */
  readonly wide?: true;
  /** Not kubectl's: what our records know beyond it. */
  readonly own?: true;
  readonly cell: (record: unknown, nowMs: number) => Cell;
};

const none = "<none>";

function column(header: string, text: (record: unknown, nowMs: number) => string): Column {
  return { id: header, header, cell: (record, nowMs) => ({ text: text(record, nowMs) }) };
}

/** One of `-o wide`. */
function wide(header: string, text: (record: unknown, nowMs: number) => string): Column {
  return { ...column(header, text), wide: true };
}

function counter(header: string, ...path: readonly string[]): Column {
  return {
    ...column(header, (record) => String(numberAt(record, ...path) ?? 0)),
    numeric: true,
  };
}

const age: Column = column("AGE", (record, nowMs) =>
  formatAge(textAt(record, "metadata", "creationTimestamp"), nowMs),
);

/** `x/y`, and whether all are there. */
function readyCell(ready: number, wanted: number): Cell {
  return { text: `${ready}/${wanted}`, ...(ready < wanted ? { tone: "warn" as const } : {}) };
}

function readyOf(wanted: readonly string[]): Column {
  return {
    id: "READY",
    header: "READY",
    cell: (record) =>
      readyCell(numberAt(record, "status", "readyReplicas") ?? 0, numberAt(record, ...wanted) ?? 0),
  };
}

function podTone(status: string): Tone {
  if (status === "Running") return "good";
  if (status === "Completed" || status === "Succeeded") return "muted";
  const passing =
    /^(?:Pending|Terminating|ContainerCreating|PodInitializing|NotReady|SchedulingGated|Init:\d+\/\d+)$/;
  return passing.test(status) ? "warn" : "bad";
}

const pods: readonly Column[] = [
  {
    id: "READY",
    header: "READY",
    cell: (record) => {
      const { ready, total, status } = podStatus(record);
      return status === "Completed" ? { text: `${ready}/${total}` } : readyCell(ready, total);
    },
  },
  {
    id: "STATUS",
    header: "STATUS",
    cell: (record) => {
      const { status } = podStatus(record);
      return { text: status, tone: podTone(status) };
    },
  },
  {
    ...column("RESTARTS", (record, nowMs) => formatRestarts(podStatus(record), nowMs)),
    numeric: true,
  },
  age,
  wide("IP", (record) => textAt(record, "status", "podIP") ?? none),
  wide("NODE", (record) => textAt(record, "spec", "nodeName") ?? none),
];

/** `80/TCP,443:30443/TCP` */
export function servicePorts(service: unknown): string {
  const ports = listAt(service, "spec", "ports").map((port) => {
    const nodePort = numberAt(port, "nodePort");
    const number = scalarAt(port, "port") ?? "";
    const shown = nodePort === undefined || nodePort === 0 ? number : `${number}:${nodePort}`;
    return `${shown}/${textAt(port, "protocol") ?? "TCP"}`;
  });
  return ports.length === 0 ? none : ports.join(",");
}

/** kubectl's EXTERNAL-IP: what the load balancer got, else the external IPs, else a word for why there is none. */
export function serviceExternalIp(service: unknown): string {
  const type = textAt(service, "spec", "type") ?? "ClusterIP";
  if (type === "ExternalName") return textAt(service, "spec", "externalName") ?? none;
  const external = textsAt(service, "spec", "externalIPs");
  if (type !== "LoadBalancer") return external.length === 0 ? none : external.join(",");
  const granted = listAt(service, "status", "loadBalancer", "ingress").flatMap((entry) => {
    const address = textAt(entry, "ip") ?? textAt(entry, "hostname");
    return address === undefined ? [] : [address];
  });
  const all = [...granted, ...external];
  return all.length === 0 ? "<pending>" : all.join(",");
}

const services: readonly Column[] = [
  column("TYPE", (record) => textAt(record, "spec", "type") ?? "ClusterIP"),
  column("CLUSTER-IP", (record) => textAt(record, "spec", "clusterIP") ?? none),
  column("EXTERNAL-IP", serviceExternalIp),
  column("PORT(S)", servicePorts),
  age,
];

/** `Ready`, `NotReady`, `Unknown`, with `,SchedulingDisabled` when cordoned. */
export function nodeStatus(node: unknown): string {
  const ready = textAt(conditionOf(node, "Ready"), "status");
  const word = ready === "True" ? "Ready" : ready === "False" ? "NotReady" : "Unknown";
  return flagAt(node, "spec", "unschedulable") === true ? `${word},SchedulingDisabled` : word;
}

export function nodeRoles(node: unknown): string {
  const prefix = "node-role.kubernetes.io/";
  const roles = labelsAt(node, "metadata", "labels").flatMap(([key, value]) => {
    if (key.startsWith(prefix) && key.length > prefix.length) return [key.slice(prefix.length)];
    return key === "kubernetes.io/role" && value !== "" ? [value] : [];
  });
  return roles.length === 0 ? none : roles.toSorted().join(",");
}

const nodes: readonly Column[] = [
  {
    id: "STATUS",
    header: "STATUS",
    cell: (record) => {
      const status = nodeStatus(record);
      const tone = status === "Ready" ? "good" : status.startsWith("Ready") ? "warn" : "bad";
      return { text: status, tone };
    },
  },
  column("ROLES", nodeRoles),
  age,
  column("VERSION", (record) => textAt(record, "status", "nodeInfo", "kubeletVersion") ?? ""),
  wide("OS-IMAGE", (record) => textAt(record, "status", "nodeInfo", "osImage") ?? ""),
  wide(
    "CONTAINER-RUNTIME",
    (record) => textAt(record, "status", "nodeInfo", "containerRuntimeVersion") ?? "",
  ),
];

/** Why there are as many keys as shown: names come from managedFields and carry a quality. */
function dataCount(record: unknown): string {
  const count = numberAt(record, "obsyk", "dataCount");
  return count === undefined ? "" : String(count);
}

const keyNames: Column = {
  ...column("KEYS", (record) => {
    const names = textsAt(record, "obsyk", "dataKeys");
    return names.length === 0 ? none : names.join(", ");
  }),
  own: true,
};

const data: Column = { ...column("DATA", dataCount), numeric: true };

function selectorText(record: unknown, ...path: readonly string[]): string {
  const pairs = labelsAt(record, ...path).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? none : pairs.join(",");
}

function jobStatus(record: unknown): Cell {
  const holds = (type: string): boolean => textAt(conditionOf(record, type), "status") === "True";
  if (holds("Complete")) return { text: "Complete", tone: "muted" };
  if (holds("Failed")) return { text: "Failed", tone: "bad" };
  if (textAt(record, "metadata", "deletionTimestamp")) return { text: "Terminating", tone: "warn" };
  return holds("Suspended")
    ? { text: "Suspended", tone: "muted" }
    : { text: "Running", tone: "good" };
}

function jobDuration(record: unknown, nowMs: number): string {
  const start = textAt(record, "status", "startTime");
  if (start === undefined) return "";
  const end = textAt(record, "status", "completionTime");
  return formatDuration((end === undefined ? nowMs : Date.parse(end)) - Date.parse(start));
}

function namedStatus(record: unknown): Cell {
  const phase = textAt(record, "status", "phase") ?? "Unknown";
  const tone = phase === "Active" || phase === "Bound" ? "good" : "warn";
  return { text: phase, tone };
}

const phase: Column = { id: "STATUS", header: "STATUS", cell: namedStatus };

const daemonSets: readonly Column[] = [
  counter("DESIRED", "status", "desiredNumberScheduled"),
  counter("CURRENT", "status", "currentNumberScheduled"),
  {
    id: "READY",
    header: "READY",
    numeric: true,
    cell: (record) => {
      const ready = numberAt(record, "status", "numberReady") ?? 0;
      const wanted = numberAt(record, "status", "desiredNumberScheduled") ?? 0;
      return { text: String(ready), ...(ready < wanted ? { tone: "warn" } : {}) };
    },
  },
  counter("UP-TO-DATE", "status", "updatedNumberScheduled"),
  counter("AVAILABLE", "status", "numberAvailable"),
  column("NODE SELECTOR", (record) =>
    selectorText(record, "spec", "template", "spec", "nodeSelector"),
  ),
  age,
];

function roleOf(record: unknown): string {
  return `${textAt(record, "roleRef", "kind") ?? ""}/${textAt(record, "roleRef", "name") ?? ""}`;
}

const bindings: readonly Column[] = [column("ROLE", roleOf), age];

const rules: readonly Column[] = [
  { ...column("RULES", (record) => String(listAt(record, "rules").length)), numeric: true },
  age,
];

const accessModes: Readonly<Record<string, string>> = {
  ReadWriteOnce: "RWO",
  ReadOnlyMany: "ROX",
  ReadWriteMany: "RWX",
  ReadWriteOncePod: "RWOP",
};

const columnsByResource: ReadonlyMap<string, readonly Column[]> = new Map<
  string,
  readonly Column[]
>([
  ["pods", pods],
  ["services", services],
  ["nodes", nodes],
  ["namespaces", [phase, age]],
  [
    "deployments.apps",
    [
      readyOf(["spec", "replicas"]),
      counter("UP-TO-DATE", "status", "updatedReplicas"),
      counter("AVAILABLE", "status", "availableReplicas"),
      age,
    ],
  ],
  ["statefulsets.apps", [readyOf(["spec", "replicas"]), age]],
  ["daemonsets.apps", daemonSets],
  [
    "replicasets.apps",
    [
      counter("DESIRED", "spec", "replicas"),
      counter("CURRENT", "status", "replicas"),
      counter("READY", "status", "readyReplicas"),
      age,
    ],
  ],
  ["secrets", [column("TYPE", (record) => textAt(record, "type") ?? ""), data, age, keyNames]],
  ["configmaps", [data, age, keyNames]],
  ["serviceaccounts", [counterOfList("SECRETS", "secrets"), age]],
  [
    "jobs.batch",
    [
      { id: "STATUS", header: "STATUS", cell: jobStatus },
      column(
        "COMPLETIONS",
        (record) =>
          `${numberAt(record, "status", "succeeded") ?? 0}/${numberAt(record, "spec", "completions") ?? 1}`,
      ),
      column("DURATION", jobDuration),
      age,
    ],
  ],
  [
    "cronjobs.batch",
    [
      column("SCHEDULE", (record) => textAt(record, "spec", "schedule") ?? ""),
      column("SUSPEND", (record) =>
        flagAt(record, "spec", "suspend") === true ? "True" : "False",
      ),
      counterOfList("ACTIVE", "status", "active"),
      column("LAST SCHEDULE", (record, nowMs) => {
        const last = textAt(record, "status", "lastScheduleTime");
        return last === undefined ? none : formatAge(last, nowMs);
      }),
      age,
    ],
  ],
  [
    "ingresses.networking.k8s.io",
    [
      column("CLASS", (record) => textAt(record, "spec", "ingressClassName") ?? none),
      column("HOSTS", (record) => {
        const hosts = listAt(record, "spec", "rules").map((rule) => textAt(rule, "host") ?? "*");
        return hosts.length === 0 ? "*" : [...new Set(hosts)].join(",");
      }),
      column("PORTS", (record) => (listAt(record, "spec", "tls").length > 0 ? "80, 443" : "80")),
      age,
    ],
  ],
  [
    "networkpolicies.networking.k8s.io",
    [
      column("POD-SELECTOR", (record) =>
        selectorText(record, "spec", "podSelector", "matchLabels"),
      ),
      age,
    ],
  ],
  [
    "persistentvolumeclaims",
    [
      phase,
      column("VOLUME", (record) => textAt(record, "spec", "volumeName") ?? ""),
      {
        ...column("CAPACITY", (record) => scalarAt(record, "status", "capacity", "storage") ?? ""),
        numeric: true,
      },
      column("ACCESS MODES", (record) =>
        textsAt(record, "spec", "accessModes")
          .map((mode) => accessModes[mode] ?? mode)
          .join(","),
      ),
      column("STORAGECLASS", (record) => textAt(record, "spec", "storageClassName") ?? none),
      age,
    ],
  ],
  ["roles.rbac.authorization.k8s.io", rules],
  ["clusterroles.rbac.authorization.k8s.io", rules],
  ["rolebindings.rbac.authorization.k8s.io", bindings],
  ["clusterrolebindings.rbac.authorization.k8s.io", bindings],
]);

function counterOfList(header: string, ...path: readonly string[]): Column {
  return {
    ...column(header, (record) => String(listAt(record, ...path).length)),
    numeric: true,
  };
}

const fallback: readonly Column[] = [age];

export function columnsOf(resource: string): readonly Column[] {
  return columnsByResource.get(resource) ?? fallback;
}

/** What stands beside an object's name on its own page: its STATUS, if its table has one. */
export function statusOf(
  object: Pick<InventoryObject, "resource" | "record">,
  nowMs: number,
): Cell | undefined {
  const status = columnsOf(object.resource).find((column) => column.id === "STATUS");
  return status?.cell(object.record, nowMs);
}

/** Whether the record was cut, and where: such paths are listed, never silently absent. */
export function truncatedPaths(record: unknown): readonly string[] {
  return textsAt(dictAt(record, "obsyk"), "truncated");
}
