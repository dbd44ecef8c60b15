/** Pods in every state that people look for: running, looping, killed, evicted, waiting for an image or for room. */
import type { Json, JsonObject } from "@obsyk/contract";
import { isObject, listAt, objectAt, stringAt } from "../../kube-api/object.ts";
import { formatTime } from "../../kube-api/store.ts";
import { between, hex, suffix } from "../random.ts";
import {
  anyNode,
  digest,
  labelsOf,
  objectOf,
  podAddress,
  put,
  type App,
  type Scene,
  type Trouble,
} from "./scene.ts";

export type PodState =
  | { readonly kind: "running" }
  | { readonly kind: "starting" }
  | { readonly kind: "succeeded" }
  | { readonly kind: "failed"; readonly exitCode: number }
  | { readonly kind: "evicted" }
  | { readonly kind: "trouble"; readonly trouble: Trouble; readonly restarts: number };

export type PodPlan = {
  readonly namespace: string;
  readonly name: string;
  readonly generateName?: string;
  readonly labels: JsonObject;
  readonly owner: JsonObject;
  readonly spec: JsonObject;
  readonly state: PodState;
  readonly createdMs: number;
  /** Any of the scene's when absent. */
  readonly node?: string;
};

/** Writes the pod as the API server holds it after scheduler and kubelet. */
export function putPod(scene: Scene, plan: PodPlan): void {
  const isPlaced = !(plan.state.kind === "trouble" && plan.state.trouble === "unschedulable");
  const node = isPlaced ? (plan.node ?? anyNode(scene)) : undefined;
  const pod = objectOf(
    scene,
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: plan.name,
        ...(plan.generateName === undefined ? {} : { generateName: plan.generateName }),
        namespace: plan.namespace,
        createdMs: plan.createdMs,
        labels: plan.labels,
        annotations: {
          "prometheus.io/scrape": "true",
          "example.com/deployed-with": scene.canary,
        },
        ownerReferences: [plan.owner],
      },
    },
    {
      spec: {
        ...plan.spec,
        ...(node === undefined ? {} : { nodeName: node }),
        tolerations: [
          {
            key: "node.kubernetes.io/not-ready",
            operator: "Exists",
            effect: "NoExecute",
            tolerationSeconds: 300,
          },
        ],
        priority: 0,
        enableServiceLinks: true,
        preemptionPolicy: "PreemptLowerPriority",
      },
      status: podStatus(scene, plan),
    },
  );
  put(scene, "pods", pod, { manager: "kubelet" });
}

function podStatus(scene: Scene, plan: Pick<PodPlan, "spec" | "state" | "createdMs">): JsonObject {
  const { random } = scene;
  const { state, createdMs } = plan;
  if (state.kind === "evicted") {
    return {
      phase: "Failed",
      reason: "Evicted",
      message: "The node was low on resource: ephemeral-storage.",
      startTime: formatTime(createdMs),
    };
  }
  if (state.kind === "trouble" && state.trouble === "unschedulable") {
    const scheduled = condition("PodScheduled", "False", createdMs);
    const message = "0/9 nodes are available: 9 Insufficient memory.";
    return {
      phase: "Pending",
      conditions: [{ ...scheduled, reason: "Unschedulable", message }],
      qosClass: "Burstable",
    };
  }
  const isReady = state.kind === "running";
  const podIP = podAddress(random);
  return {
    phase: phaseOf(state),
    conditions: [
      condition("PodReadyToStartContainers", "True", createdMs + 2000),
      condition("Initialized", "True", createdMs + 2000),
      condition("Ready", isReady ? "True" : "False", createdMs + 8000),
      condition("ContainersReady", isReady ? "True" : "False", createdMs + 8000),
      condition("PodScheduled", "True", createdMs),
    ],
    hostIP: `10.0.${between(random, 0, 63)}.${between(random, 4, 254)}`,
    podIP,
    podIPs: [{ ip: podIP }],
    startTime: formatTime(createdMs),
    containerStatuses: listAt(plan.spec, "containers")
      .filter(isObject)
      .map((container, index) =>
        containerStatus(random, container, {
          state: index === 0 || state.kind !== "trouble" ? state : { kind: "running" },
          nowMs: lastChange(scene, state, createdMs),
        }),
      ),
    qosClass: "Burstable",
  };
}

/** When the containers last changed: a failing one minutes ago at most. */
function lastChange({ random, now }: Scene, state: PodState, createdMs: number): number {
  const isFailing = state.kind === "trouble" && state.restarts > 0;
  return isFailing
    ? Math.max(createdMs + 8000, now() - between(random, 5, 290) * 1000)
    : createdMs + 8000;
}

function phaseOf(state: PodState): string {
  if (state.kind === "succeeded") return "Succeeded";
  if (state.kind === "failed") return "Failed";
  const waits =
    state.kind === "starting" || (state.kind === "trouble" && state.trouble === "image-pull");
  return waits ? "Pending" : "Running";
}

function condition(type: string, status: string, timeMs: number): JsonObject {
  const reason = status === "True" ? {} : { reason: "ContainersNotReady" };
  return {
    type,
    status,
    lastTransitionTime: formatTime(timeMs),
    ...reason,
  };
}

/** The kubelet's words for one container. */
function containerStatus(
  random: () => number,
  container: JsonObject,
  at: { readonly state: PodState; readonly nowMs: number },
): JsonObject {
  const image = stringAt(container, "image");
  const { state, nowMs } = at;
  const hasRun = !(
    state.kind === "starting" ||
    (state.kind === "trouble" && state.trouble === "image-pull")
  );
  const restarts = state.kind === "trouble" ? state.restarts : 0;
  return {
    name: stringAt(container, "name"),
    state: currentState(random, state, nowMs),
    lastState: restarts > 0 ? { terminated: ended(random, state, nowMs) } : {},
    ready: state.kind === "running",
    started: state.kind === "running",
    restartCount: restarts,
    image,
    imageID: hasRun ? `${image.replace(/:[^:/]*$/, "")}@${digest(random)}` : "",
    ...(hasRun ? { containerID: `containerd://${hex(random, 64)}` } : {}),
  };
}

function currentState(random: () => number, state: PodState, nowMs: number): JsonObject {
  const waiting = (reason: string, message: string): JsonObject => ({
    waiting: { reason, message },
  });
  switch (state.kind) {
    case "running":
      return { running: { startedAt: formatTime(nowMs) } };
    case "starting":
      return waiting("ContainerCreating", "");
    case "succeeded":
    case "failed":
    case "evicted":
      return { terminated: ended(random, state, nowMs) };
    case "trouble":
      if (state.trouble === "image-pull") {
        return waiting("ImagePullBackOff", "Back-off pulling image");
      }
      if (state.trouble === "not-ready") return { running: { startedAt: formatTime(nowMs) } };
      return waiting("CrashLoopBackOff", "back-off 5m0s restarting failed container");
  }
}

function ended(random: () => number, state: PodState, nowMs: number): JsonObject {
  const isKilled = state.kind === "trouble" && state.trouble === "out-of-memory";
  const isDone = state.kind === "succeeded";
  const exitCode = isKilled ? 137 : isDone ? 0 : state.kind === "failed" ? state.exitCode : 1;
  return {
    exitCode,
    reason: isKilled ? "OOMKilled" : isDone ? "Completed" : "Error",
    startedAt: formatTime(nowMs - between(random, 20, 400) * 1000),
    finishedAt: formatTime(nowMs - 1000),
    containerID: `containerd://${hex(random, 64)}`,
  };
}

/** Names of a workload's configuration. */
export function configMapName(app: Pick<App, "name">): string {
  return `${app.name}-config`;
}

export function secretName(app: Pick<App, "name">): string {
  return `${app.name}-credentials`;
}

function environment(app: App, canary: string): readonly Json[] {
  const reference = (key: string): JsonObject => ({ secretKeyRef: { name: secretName(app), key } });
  return [
    { name: "LOG_LEVEL", value: "info" },
    { name: "SERVICE_NAME", value: app.name },
    { name: "UPSTREAM_URL", value: `http://${app.name}:${canary}@backend.internal/` },
    app.leaks === true
      ? { name: "DB_PASSWORD", value: `${canary}-in-the-open` }
      : { name: "DB_PASSWORD", valueFrom: reference("password") },
    { name: "API_TOKEN", valueFrom: reference("token") },
    { name: "POD_NAME", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "metadata.name" } } },
  ];
}

function mainContainer(app: App, version: string, canary: string): JsonObject {
  const securityContext: JsonObject =
    app.privileged === true
      ? { privileged: true, runAsUser: 0 }
      : {
          capabilities: { drop: ["ALL"] },
          runAsNonRoot: true,
          readOnlyRootFilesystem: true,
          allowPrivilegeEscalation: false,
        };
  return {
    name: app.name,
    image: `${app.image}:${version}`,
    args: [`--listen=:${app.port}`, `--session-key=${canary}`],
    ports: [{ name: "http", containerPort: app.port, protocol: "TCP" }],
    env: environment(app, canary),
    envFrom: [{ configMapRef: { name: configMapName(app) } }],
    resources: {
      limits: { cpu: "1", memory: "512Mi" },
      requests: { cpu: "100m", memory: "256Mi" },
    },
    volumeMounts: [
      { name: "config", mountPath: "/etc/app", readOnly: true },
      { name: "credentials", mountPath: "/var/run/credentials", readOnly: true },
    ],
    livenessProbe: {
      httpGet: {
        path: "/healthz",
        port: app.port,
        scheme: "HTTP",
        httpHeaders: [{ name: "X-Probe-Token", value: canary }],
      },
      periodSeconds: 10,
      timeoutSeconds: 1,
      successThreshold: 1,
      failureThreshold: 3,
    },
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    imagePullPolicy: "IfNotPresent",
    securityContext,
  };
}

/** `spec.template.spec` of an app at a version. */
export function podSpecOf(app: App, version: string, canary: string): JsonObject {
  return {
    volumes: [
      { name: "config", configMap: { name: configMapName(app), defaultMode: 420 } },
      { name: "credentials", secret: { secretName: secretName(app), defaultMode: 256 } },
      ...(app.privileged === true ? [{ name: "host", hostPath: { path: "/", type: "" } }] : []),
    ],
    containers: [mainContainer(app, version, canary)],
    restartPolicy: "Always",
    terminationGracePeriodSeconds: 30,
    dnsPolicy: app.privileged === true ? "ClusterFirstWithHostNet" : "ClusterFirst",
    ...(app.privileged === true ? { hostNetwork: true, hostPID: true } : {}),
    serviceAccountName: app.name,
    serviceAccount: app.name,
    ...(app.pullSecret === undefined ? {} : { imagePullSecrets: [{ name: app.pullSecret }] }),
    ...(app.priorityClass === undefined ? {} : { priorityClassName: app.priorityClass }),
    securityContext:
      app.privileged === true
        ? {}
        : { runAsUser: 10_001, fsGroup: 10_001, seccompProfile: { type: "RuntimeDefault" } },
    schedulerName: "default-scheduler",
  };
}

export function podTemplateOf(
  scene: Pick<Scene, "canary">,
  app: App,
  version: string,
  more: JsonObject = {},
): JsonObject {
  return {
    metadata: {
      labels: { ...labelsOf(app), ...more, version },
      annotations: { "prometheus.io/scrape": "true", "example.com/deployed-with": scene.canary },
    },
    spec: podSpecOf(app, version, scene.canary),
  };
}

export function podName(scene: Scene, prefix: string): string {
  return `${prefix}-${suffix(scene.random, 5)}`;
}

/** The kubelet says how a pod is now; nothing when the pod is gone. */
export function setPodState(
  scene: Scene,
  ref: { readonly namespace: string; readonly name: string },
  state: PodState,
): void {
  const pod = scene.store.get("pods", ref);
  if (pod === undefined) return;
  const status = podStatus(scene, {
    spec: objectAt(pod, "spec"),
    state,
    createdMs: scene.now() - 8000,
  });
  const before = objectAt(pod, "status");
  // A pod keeps its address and start; what the new status does not name goes.
  const gone = Object.fromEntries(Object.keys(before).map((key) => [key, null]));
  const kept = Object.fromEntries(
    ["hostIP", "podIP", "podIPs", "startTime"].flatMap((key) => {
      const value = before[key];
      return value === undefined || status[key] === undefined ? [] : [[key, value]];
    }),
  );
  const writer = { manager: "kubelet", subresource: "status" };
  scene.store.patch("pods", ref, { status: { ...gone, ...status, ...kept } }, writer);
}
