/**
 * Pods, and the templates of workloads.
 *
 * @module
 */
import {
  dictAt,
  flagAt,
  labelsText,
  listAt,
  numberAt,
  scalarAt,
  selectorText,
  textAt,
  textsAt,
} from "../printer/index.ts";
import {
  conditions,
  facts,
  link,
  mono,
  pairs,
  table,
  toned,
  value,
  type Fact,
  type Section,
  type Value,
} from "./section.ts";

type Role = "container" | "init" | "sidecar" | "ephemeral";

type Container = { readonly spec: unknown; readonly status: unknown; readonly role: Role };

const groups = [
  ["initContainers", "initContainerStatuses"],
  ["containers", "containerStatuses"],
  ["ephemeralContainers", "ephemeralContainerStatuses"],
] as const;

function roleOf(group: string, spec: unknown): Role {
  if (group === "containers") return "container";
  if (group === "ephemeralContainers") return "ephemeral";
  return textAt(spec, "restartPolicy") === "Always" ? "sidecar" : "init";
}

function containersOf(spec: unknown, status: unknown): readonly Container[] {
  return groups.flatMap(([group, statuses]) =>
    listAt(spec, group).map((one) => ({
      spec: one,
      role: roleOf(group, one),
      status: listAt(status, statuses).find(
        (candidate) => textAt(candidate, "name") === textAt(one, "name"),
      ),
    })),
  );
}

function nameOf({ spec, role }: Container): Value {
  const name = textAt(spec, "name") ?? "";
  return value(role === "container" ? name : `${name} (${role})`);
}

/** `Running`, `Waiting`, `Terminated`, each with its reason. */
function stateOf({ status, role }: Container): Value {
  const waiting = dictAt(status, "state", "waiting");
  const terminated = dictAt(status, "state", "terminated");
  if (dictAt(status, "state", "running") !== undefined) {
    const isReady = role === "init" || role === "ephemeral" || flagAt(status, "ready") === true;
    return isReady ? toned("Running", "good") : toned("Running, not ready", "warn");
  }
  if (waiting !== undefined) {
    const reason = textAt(waiting, "reason");
    const isPassing = /^(?:ContainerCreating|PodInitializing)$/.test(reason ?? "ContainerCreating");
    return toned(reason ?? "Waiting", isPassing ? "warn" : "bad");
  }
  if (terminated === undefined) return value(undefined);
  const exitCode = numberAt(terminated, "exitCode") ?? 0;
  return toned(endText(terminated), exitCode === 0 ? "muted" : "bad");
}

function endText(terminated: unknown): string {
  const exitCode = numberAt(terminated, "exitCode") ?? 0;
  const reason = textAt(terminated, "reason") ?? "Terminated";
  return exitCode === 0 ? reason : `${reason}, exit code ${exitCode}`;
}

function lastEnd({ status }: Container): Value {
  const terminated = dictAt(status, "lastState", "terminated");
  if (terminated === undefined) return value(undefined);
  const at = textAt(terminated, "finishedAt");
  return value(`${endText(terminated)}${at === undefined ? "" : ` at ${at}`}`);
}

function portsOf({ spec }: Container): Value {
  return value(
    listAt(spec, "ports")
      .map((port) => {
        const name = textAt(port, "name");
        const number = scalarAt(port, "containerPort") ?? "";
        const protocol = textAt(port, "protocol") ?? "TCP";
        return `${name === undefined ? "" : `${name} `}${number}/${protocol}`;
      })
      .join(", "),
  );
}

function restartsOf({ status }: Container): Value {
  const count = numberAt(status, "restartCount");
  return count === undefined || count === 0
    ? value(count === undefined ? undefined : "0")
    : toned(String(count), "warn");
}

function containerTable(containers: readonly Container[]): readonly Section[] {
  return table({
    title: "Containers",
    headers: ["Name", "State", "Restarts", "Image", "Last ended", "Ports", "Requests", "Limits"],
    rows: containers.map((one) => [
      nameOf(one),
      stateOf(one),
      restartsOf(one),
      mono(textAt(one.spec, "image")),
      lastEnd(one),
      portsOf(one),
      value(pairs(dictAt(one.spec, "resources", "requests"))),
      value(pairs(dictAt(one.spec, "resources", "limits"))),
    ]),
  });
}

/** What a volume holds, with the object that it comes from. */
function sourceOf(volume: unknown, namespace: string | undefined): Value {
  const secret = textAt(volume, "secret", "secretName");
  if (secret !== undefined) return link("secrets", secret, namespace);
  const configMap = textAt(volume, "configMap", "name");
  if (configMap !== undefined) return link("configmaps", configMap, namespace);
  const claim = textAt(volume, "persistentVolumeClaim", "claimName");
  if (claim !== undefined) return link("persistentvolumeclaims", claim, namespace);
  const hostPath = textAt(volume, "hostPath", "path");
  if (hostPath !== undefined) return toned(`hostPath ${hostPath}`, "warn");
  if (dictAt(volume, "projected") !== undefined) {
    const kinds = listAt(volume, "projected", "sources").flatMap((source) =>
      Object.keys(dictAt(source) ?? {}),
    );
    return value(`projected: ${[...new Set(kinds)].join(", ")}`);
  }
  return value(Object.keys(dictAt(volume) ?? {}).find((member) => member !== "name"));
}

function mountTable(
  spec: unknown,
  containers: readonly Container[],
  namespace: string | undefined,
): readonly Section[] {
  const volumes = listAt(spec, "volumes");
  return table({
    title: "Mounts",
    headers: ["Container", "Path", "Volume", "From", "Access"],
    rows: containers.flatMap((one) =>
      listAt(one.spec, "volumeMounts").map((mount) => {
        const name = textAt(mount, "name");
        const volume = volumes.find((candidate) => textAt(candidate, "name") === name);
        const isReadOnly = flagAt(mount, "readOnly") === true;
        return [
          nameOf(one),
          mono(textAt(mount, "mountPath")),
          value(name),
          sourceOf(volume, namespace),
          value(isReadOnly ? "read-only" : "read and write"),
        ];
      }),
    ),
  });
}

function environmentTable(
  containers: readonly Container[],
  namespace: string | undefined,
): readonly Section[] {
  const rows = containers.flatMap((one) => [
    ...listAt(one.spec, "envFrom").flatMap((source) =>
      (["secretRef", "configMapRef"] as const).flatMap((member) => {
        const name = textAt(source, member, "name");
        const resource = member === "secretRef" ? "secrets" : "configmaps";
        return name === undefined
          ? []
          : [[nameOf(one), value("all keys"), link(resource, name, namespace)]];
      }),
    ),
    ...listAt(one.spec, "env").flatMap((variable) =>
      (["secretKeyRef", "configMapKeyRef"] as const).flatMap((member) => {
        const reference = dictAt(variable, "valueFrom", member);
        const resource = member === "secretKeyRef" ? "secrets" : "configmaps";
        return reference === undefined
          ? []
          : [
              [
                nameOf(one),
                mono(textAt(reference, "key")),
                link(resource, textAt(reference, "name"), namespace),
              ],
            ];
      }),
    ),
  ]);
  return table({
    title: "Environment from Secrets and ConfigMaps",
    headers: ["Container", "Key", "From"],
    rows,
  });
}

function yesNo(flag: boolean | undefined): string | undefined {
  return flag === undefined ? undefined : flag ? "yes" : "no";
}

function securityTable(spec: unknown, containers: readonly Container[]): readonly Section[] {
  const pod = dictAt(spec, "securityContext");
  return table({
    title: "Security context",
    headers: [
      "Container",
      "Privileged",
      "Escalation",
      "Runs as",
      "Non-root",
      "Root filesystem",
      "Capabilities",
      "Seccomp",
    ],
    rows: containers.map((one) => {
      const own = dictAt(one.spec, "securityContext");
      const isPrivileged = flagAt(own, "privileged") === true;
      const escalation = flagAt(own, "allowPrivilegeEscalation");
      const nonRoot = flagAt(own, "runAsNonRoot") ?? flagAt(pod, "runAsNonRoot");
      const user = scalarAt(own, "runAsUser") ?? scalarAt(pod, "runAsUser");
      const added = textsAt(own, "capabilities", "add").map((name) => `+${name}`);
      const dropped = textsAt(own, "capabilities", "drop").map((name) => `−${name}`);
      const seccomp =
        textAt(own, "seccompProfile", "type") ?? textAt(pod, "seccompProfile", "type");
      return [
        nameOf(one),
        isPrivileged ? toned("yes", "bad") : value(undefined),
        escalation === false ? value("no") : toned(escalation === true ? "yes" : "default", "warn"),
        value(user === undefined ? undefined : `user ${user}`),
        value(yesNo(nonRoot)),
        value(flagAt(own, "readOnlyRootFilesystem") === true ? "read-only" : "writable"),
        value([...added, ...dropped].join(" ")),
        value(seccomp),
      ];
    }),
  });
}

/** Namespaces of the node that the Pod shares: worth a look always. */
function hostFacts(spec: unknown): readonly Fact[] {
  const shared = ["hostNetwork", "hostPID", "hostIPC"].filter(
    (member) => flagAt(spec, member) === true,
  );
  return [
    ["Shares with the node", shared.length === 0 ? undefined : toned(shared.join(", "), "bad")],
  ];
}

function specSections(
  spec: unknown,
  status: unknown,
  namespace: string | undefined,
): readonly Section[] {
  const containers = containersOf(spec, status);
  return [
    ...containerTable(containers),
    ...mountTable(spec, containers, namespace),
    ...environmentTable(containers, namespace),
    ...securityTable(spec, containers),
  ];
}

export function podSections(record: unknown, namespace: string | undefined): readonly Section[] {
  const spec = dictAt(record, "spec");
  return [
    ...facts("Placement and identity", [
      ["Node", link("nodes", textAt(spec, "nodeName"))],
      ["Service account", link("serviceaccounts", textAt(spec, "serviceAccountName"), namespace)],
      ["Service account token", tokenText(spec)],
      ...hostFacts(spec),
      [
        "Pod IPs",
        listAt(record, "status", "podIPs")
          .map((one) => textAt(one, "ip") ?? "")
          .join(", "),
      ],
      ["Quality of service", textAt(record, "status", "qosClass")],
      [
        "Priority class",
        link("priorityclasses.scheduling.k8s.io", textAt(spec, "priorityClassName")),
      ],
      ["Runtime class", textAt(spec, "runtimeClassName")],
      ["Restart policy", textAt(spec, "restartPolicy")],
      ["Node selector", labelsText(spec, "nodeSelector")],
      ["Started", textAt(record, "status", "startTime")],
    ]),
    ...specSections(spec, dictAt(record, "status"), namespace),
    ...conditions(record),
  ];
}

function tokenText(spec: unknown): string | undefined {
  const mounted = flagAt(spec, "automountServiceAccountToken");
  return mounted === undefined ? undefined : mounted ? "mounted" : "not mounted";
}

/** Where a workload's Pods come from. */
export function workloadSections(
  record: unknown,
  namespace: string | undefined,
): readonly Section[] {
  const template =
    dictAt(record, "spec", "template") ?? dictAt(record, "spec", "jobTemplate", "spec", "template");
  const spec = dictAt(template, "spec");
  return [
    ...facts("Rollout", [
      ["Selector", mono(selectorText(record, "spec", "selector"))],
      [
        "Strategy",
        textAt(record, "spec", "strategy", "type") ??
          textAt(record, "spec", "updateStrategy", "type"),
      ],
      ["Paused", flagAt(record, "spec", "paused") === true ? toned("yes", "warn") : undefined],
      ["Schedule", mono(textAt(record, "spec", "schedule"))],
      ["Concurrency", textAt(record, "spec", "concurrencyPolicy")],
      ["Backoff limit", scalarAt(record, "spec", "backoffLimit")],
      ["Governing service", link("services", textAt(record, "spec", "serviceName"), namespace)],
      ["Service account", link("serviceaccounts", textAt(spec, "serviceAccountName"), namespace)],
      ["Service account token", tokenText(spec)],
      ...hostFacts(spec),
      [
        "Priority class",
        link("priorityclasses.scheduling.k8s.io", textAt(spec, "priorityClassName")),
      ],
      ["Node selector", labelsText(spec, "nodeSelector")],
    ]),
    ...specSections(spec, undefined, namespace),
    ...conditions(record),
  ];
}
