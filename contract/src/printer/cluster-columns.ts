/**
 * Nodes, namespaces, access and policy.
 *
 * @module
 */
import { formatAge } from "./age.ts";
import {
  age,
  column,
  counter,
  counterOfList,
  createdAt,
  cutList,
  none,
  own,
  textColumn,
  toned,
  unset,
  wide,
  type Cell,
  type Column,
} from "./column.ts";
import { conditionOf, dictAt, flagAt, labelsAt, listAt, scalarAt, textAt } from "./read.ts";
import { selectorText } from "./selector.ts";

/** `Ready`, `NotReady`, `Unknown` without such a condition, with `,SchedulingDisabled` when cordoned. */
export function nodeStatus(node: unknown): string {
  const condition = conditionOf(node, "Ready");
  const ready = textAt(condition, "status") === "True" ? "Ready" : "NotReady";
  const word = condition === undefined ? "Unknown" : ready;
  return flagAt(node, "spec", "unschedulable") === true ? `${word},SchedulingDisabled` : word;
}

export function nodeRoles(node: unknown): string {
  const prefix = "node-role.kubernetes.io/";
  const roles = labelsAt(node, "metadata", "labels").flatMap(([key, value]) => {
    if (key.startsWith(prefix)) return key.length > prefix.length ? [key.slice(prefix.length)] : [];
    return key === "kubernetes.io/role" && value !== "" ? [value] : [];
  });
  return [...new Set(roles)].toSorted().join(",") || none;
}

function nodeAddress(type: string) {
  return (node: unknown): string => {
    const found = listAt(node, "status", "addresses").find(
      (entry) => textAt(entry, "type") === type,
    );
    return textAt(found, "address") ?? none;
  };
}

function nodeInfo(node: unknown, member: string): string {
  return textAt(node, "status", "nodeInfo", member) ?? "<unknown>";
}

function kernel(node: unknown): string {
  const architecture = textAt(node, "status", "nodeInfo", "architecture");
  const version = nodeInfo(node, "kernelVersion");
  return architecture === undefined ? version : `${version} (${architecture})`;
}

function nodeStatusCell(node: unknown): Cell {
  const text = nodeStatus(node);
  return { text, tone: text === "Ready" ? "good" : text.startsWith("Ready") ? "warn" : "bad" };
}

export const nodes: readonly Column[] = [
  toned("STATUS", nodeStatusCell),
  column("ROLES", nodeRoles),
  age,
  textColumn("VERSION", ["status", "nodeInfo", "kubeletVersion"]),
  wide("INTERNAL-IP", nodeAddress("InternalIP")),
  wide("EXTERNAL-IP", nodeAddress("ExternalIP")),
  wide("OS-IMAGE", (node) => nodeInfo(node, "osImage")),
  wide("KERNEL-VERSION", kernel),
  wide("CONTAINER-RUNTIME", (node) => nodeInfo(node, "containerRuntimeVersion")),
];

export const namespaces: readonly Column[] = [
  toned("STATUS", (record) => {
    const text = textAt(record, "status", "phase") ?? "";
    return { text, tone: text === "Active" ? "good" : "warn" };
  }),
  age,
];

export const serviceAccounts: readonly Column[] = [age];

export const roles: readonly Column[] = [
  createdAt,
  { ...own("RULES", (record) => String(listAt(record, "rules").length)), numeric: true },
];

function subjects(kind: string) {
  return (binding: unknown): string =>
    listAt(binding, "subjects")
      .filter((subject) => textAt(subject, "kind") === kind)
      .map((subject) => {
        const name = textAt(subject, "name") ?? "";
        return kind === "ServiceAccount" ? `${textAt(subject, "namespace") ?? ""}/${name}` : name;
      })
      .join(", ");
}

function roleRef(binding: unknown): string {
  return `${textAt(binding, "roleRef", "kind") ?? ""}/${textAt(binding, "roleRef", "name") ?? ""}`;
}

export const bindings: readonly Column[] = [
  column("ROLE", roleRef),
  age,
  wide("USERS", subjects("User")),
  wide("GROUPS", subjects("Group")),
  wide("SERVICEACCOUNTS", subjects("ServiceAccount")),
];

/** `used/hard` of each resource, limits apart, in the order of their names. */
function quota(isLimit: boolean) {
  return (record: unknown): string => {
    const hard = Object.keys(dictAt(record, "status", "hard") ?? {}).toSorted();
    return hard
      .filter((resource) => resource.startsWith("limits.") === isLimit)
      .map((resource) => {
        const used = scalarAt(record, "status", "used", resource) ?? "0";
        return `${resource}: ${used}/${scalarAt(record, "status", "hard", resource) ?? "0"}`;
      })
      .join(", ");
  };
}

export const resourceQuotas: readonly Column[] = [
  column("REQUEST", quota(false)),
  column("LIMIT", quota(true)),
  age,
];

export const limitRanges: readonly Column[] = [createdAt];

export const priorityClasses: readonly Column[] = [
  counter("VALUE", "value"),
  column("GLOBAL-DEFAULT", (record) => String(flagAt(record, "globalDefault") ?? false)),
  age,
  textColumn("PREEMPTIONPOLICY", ["preemptionPolicy"]),
];

export const webhookConfigurations: readonly Column[] = [
  counterOfList("WEBHOOKS", "webhooks"),
  age,
];

export const admissionPolicies: readonly Column[] = [
  counterOfList("VALIDATIONS", "spec", "validations"),
  column("PARAMKIND", (record) => {
    const kind = textAt(record, "spec", "paramKind", "kind");
    return kind === undefined
      ? unset
      : `${textAt(record, "spec", "paramKind", "apiVersion") ?? ""}/${kind}`;
  }),
  age,
];

function paramRef(record: unknown): string {
  const name = textAt(record, "spec", "paramRef", "name");
  if (name !== undefined)
    return `${textAt(record, "spec", "paramRef", "namespace") ?? "*"}/${name}`;
  return selectorText(record, "spec", "paramRef", "selector") || unset;
}

export const admissionPolicyBindings: readonly Column[] = [
  textColumn("POLICYNAME", ["spec", "policyName"]),
  column("PARAMREF", paramRef),
  age,
];

const shownMetrics = 2;

/** One metric of an autoscaler: current and target, as far as the record has them. */
function metric(record: unknown, spec: unknown, index: number): string {
  const type = textAt(spec, "type") ?? "";
  const member = type.slice(0, 1).toLowerCase() + type.slice(1);
  const current = dictAt(listAt(record, "status", "currentMetrics")[index], member, "current");
  const target = dictAt(spec, member, "target");
  const name = textAt(spec, member, "name");
  const label = name === undefined ? "" : `${name}: `;
  const average = scalarAt(target, "averageValue");
  const suffix = average !== undefined && /^(?:external|object)$/.test(member) ? " (avg)" : "";
  if (average !== undefined) {
    return `${label}${scalarAt(current, "averageValue") ?? "<unknown>"}/${average}${suffix}`;
  }
  const value = scalarAt(target, "value");
  if (value !== undefined) return `${label}${scalarAt(current, "value") ?? "<unknown>"}/${value}`;
  const percent = (from: unknown, absent: string): string => {
    const utilization = scalarAt(from, "averageUtilization");
    return utilization === undefined ? absent : `${utilization}%`;
  };
  return `${label}${percent(current, "<unknown>")}/${percent(target, "<auto>")}`;
}

function targets(record: unknown): string {
  const metrics = listAt(record, "spec", "metrics").map((spec, index) =>
    metric(record, spec, index),
  );
  return cutList(metrics, shownMetrics, ", ") || none;
}

export const autoscalers: readonly Column[] = [
  column("REFERENCE", (record) => {
    const kind = textAt(record, "spec", "scaleTargetRef", "kind") ?? "";
    return `${kind}/${textAt(record, "spec", "scaleTargetRef", "name") ?? ""}`;
  }),
  column("TARGETS", targets),
  textColumn("MINPODS", ["spec", "minReplicas"], unset),
  counter("MAXPODS", "spec", "maxReplicas"),
  counter("REPLICAS", "status", "currentReplicas"),
  age,
];

function eventTime(record: unknown, members: readonly (readonly string[])[]): string | undefined {
  for (const path of members) {
    const found = textAt(record, ...path);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Without kubectl's MESSAGE: free text is never collected. */
export const events: readonly Column[] = [
  {
    ...column("LAST SEEN", (record, nowMs) => {
      const paths = [
        ["series", "lastObservedTime"],
        ["lastTimestamp"],
        ["firstTimestamp"],
        ["eventTime"],
      ];
      return formatAge(eventTime(record, paths), nowMs);
    }),
    ageing: true,
  },
  textColumn("TYPE", ["type"]),
  textColumn("REASON", ["reason"]),
  column("OBJECT", (record) => {
    const kind = (textAt(record, "involvedObject", "kind") ?? "").toLowerCase();
    const name = textAt(record, "involvedObject", "name");
    return name === undefined ? kind : `${kind}/${name}`;
  }),
];
