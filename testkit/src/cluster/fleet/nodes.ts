/** Nodes as a cloud's controller labels them, with their conditions and taints. */
import type { JsonObject } from "@obsyk/contract";
import { formatTime } from "../../kube-api/store.ts";
import { between, hex, pick, suffix } from "../random.ts";
import { daysAgo, digest, objectOf, put, type Machine, type Scene } from "./scene.ts";

type NodeHealth = "ready" | "not-ready" | "unknown";

export type NodePlan = {
  readonly name: string;
  readonly index: number;
  readonly role: "control-plane" | "worker" | "gpu";
  readonly createdMs: number;
  readonly health: NodeHealth;
  readonly cordoned: boolean;
};

/** One more worker that can take pods. */
export function addWorker(scene: Scene, plan: Partial<NodePlan> = {}): string {
  const name = plan.name ?? nodeName(scene);
  const index = plan.index ?? scene.nodes.length;
  const createdMs = plan.createdMs ?? daysAgo(scene, 3, 60);
  const whole: NodePlan = {
    role: "worker",
    health: "ready",
    cordoned: false,
    ...plan,
    name,
    index,
    createdMs,
  };
  put(scene, "nodes", nodeOf(scene, whole), { manager: "kubelet" });
  if (whole.role !== "control-plane") scene.nodes = [...scene.nodes, name];
  return name;
}

/** Names as each cloud gives them: a replaced node comes back under another one. */
function nodeName({ cloud, name, random }: Scene): string {
  switch (cloud.provider) {
    case "aws":
      return `ip-10-0-${between(random, 0, 63)}-${between(random, 4, 254)}.${cloud.region}.compute.internal`;
    case "gcp":
      return `gke-${name}-default-pool-${hex(random, 8)}-${suffix(random, 4)}`;
    case "azure":
      return `aks-nodepool1-${between(random, 10_000_000, 99_999_999)}-vmss${suffix(random, 6)}`;
  }
}

function providerId(scene: Scene, zone: string, name: string): string {
  const { random, cloud } = scene;
  switch (cloud.provider) {
    case "aws":
      return `aws:///${zone}/i-${hex(random, 17)}`;
    case "gcp":
      return `gce://example-${scene.name}/${zone}/${name}`;
    case "azure":
      return `azure:///subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/${scene.name}/providers/Microsoft.Compute/virtualMachineScaleSets/nodepool1/virtualMachines/${between(random, 0, 99)}`;
  }
}

function nodeOf(scene: Scene, plan: NodePlan): JsonObject {
  const { random, cloud } = scene;
  const zone = cloud.zones[plan.index % cloud.zones.length] ?? cloud.region;
  const machine = pick(random, cloud.machines);
  return objectOf(
    scene,
    {
      apiVersion: "v1",
      kind: "Node",
      metadata: {
        name: plan.name,
        createdMs: plan.createdMs,
        labels: nodeLabels(scene, plan, { zone, machine }),
        annotations: {
          "node.alpha.kubernetes.io/ttl": "0",
          "volumes.kubernetes.io/controller-managed-attach-detach": "true",
          "example.com/bootstrap-note": scene.canary,
        },
      },
    },
    {
      spec: {
        podCIDR: `10.244.${plan.index % 256}.0/24`,
        podCIDRs: [`10.244.${plan.index % 256}.0/24`],
        providerID: providerId(scene, zone, plan.name),
        ...taintsOf(plan),
      },
      status: nodeStatus(scene, plan, machine),
    },
  );
}

function nodeLabels(
  { cloud }: Scene,
  plan: NodePlan,
  place: { readonly zone: string; readonly machine: Machine },
): JsonObject {
  const pool = plan.role === "gpu" ? "gpu" : "general";
  const poolLabel = {
    aws: "eks.amazonaws.com/nodegroup",
    gcp: "cloud.google.com/gke-nodepool",
    azure: "kubernetes.azure.com/agentpool",
  }[cloud.provider];
  return {
    "kubernetes.io/hostname": plan.name,
    "kubernetes.io/os": "linux",
    "kubernetes.io/arch": place.machine.arch,
    "topology.kubernetes.io/region": cloud.region,
    "topology.kubernetes.io/zone": place.zone,
    "node.kubernetes.io/instance-type": place.machine.type,
    [poolLabel]: pool,
    [`node-role.kubernetes.io/${plan.role === "gpu" ? "worker" : plan.role}`]: "",
  };
}

function taintsOf(plan: NodePlan): JsonObject {
  const taints: JsonObject[] = [];
  if (plan.role === "control-plane") {
    taints.push({ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" });
  }
  if (plan.role === "gpu") {
    taints.push({ key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" });
  }
  if (plan.cordoned) {
    taints.push({ key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" });
  }
  if (plan.health !== "ready") {
    const key = `node.kubernetes.io/${plan.health === "unknown" ? "unreachable" : "not-ready"}`;
    taints.push({ key, effect: "NoSchedule" }, { key, effect: "NoExecute" });
  }
  return {
    ...(taints.length > 0 ? { taints } : {}),
    ...(plan.cordoned ? { unschedulable: true } : {}),
  };
}

function nodeStatus(scene: Scene, plan: NodePlan, machine: Machine): JsonObject {
  const { random, cloud } = scene;
  const capacity = {
    cpu: String(machine.cpus),
    memory: `${machine.memoryKi}Ki`,
    pods: "110",
    "ephemeral-storage": "104845292Ki",
    ...(plan.role === "gpu" ? { "nvidia.com/gpu": "1" } : {}),
  };
  return {
    capacity,
    allocatable: {
      ...capacity,
      cpu: `${machine.cpus * 1000 - 110}m`,
      memory: `${machine.memoryKi - 1_200_000}Ki`,
    },
    conditions: conditionsOf(plan, scene.now()),
    addresses: [
      { type: "InternalIP", address: `10.0.${between(random, 0, 63)}.${between(random, 4, 254)}` },
      { type: "Hostname", address: plan.name },
    ],
    nodeInfo: {
      machineID: hex(random, 32),
      systemUUID: hex(random, 32),
      bootID: hex(random, 32),
      kernelVersion: "6.12.8",
      osImage: cloud.osImage,
      containerRuntimeVersion: "containerd://2.1.4",
      kubeletVersion: cloud.kubeletVersion,
      kubeProxyVersion: cloud.kubeletVersion,
      operatingSystem: "linux",
      architecture: machine.arch,
    },
    images: Array.from({ length: 6 }, () => ({
      names: [`registry.example.com/cached@${digest(random)}`],
      sizeBytes: between(random, 1_000_000, 400_000_000),
    })),
  };
}

/** The five conditions a kubelet keeps. */
export function conditionsOf(
  plan: Pick<NodePlan, "createdMs" | "health">,
  nowMs: number,
): readonly JsonObject[] {
  const changed = formatTime(plan.health === "ready" ? plan.createdMs + 60_000 : nowMs);
  const lastHeartbeatTime = formatTime(nowMs);
  const isGone = plan.health === "unknown";
  const condition = (type: string, healthy: string, reason: string): JsonObject => ({
    type,
    status: isGone ? "Unknown" : healthy,
    lastHeartbeatTime,
    lastTransitionTime: changed,
    reason: isGone ? "NodeStatusUnknown" : reason,
    message: isGone ? "Kubelet stopped posting node status." : `kubelet has ${reason}`,
  });
  const isReady = plan.health === "ready";
  return [
    condition("MemoryPressure", "False", "KubeletHasSufficientMemory"),
    condition("DiskPressure", "False", "KubeletHasNoDiskPressure"),
    condition("PIDPressure", "False", "KubeletHasSufficientPID"),
    condition("NetworkUnavailable", "False", "RouteCreated"),
    condition("Ready", isReady ? "True" : "False", isReady ? "KubeletReady" : "KubeletNotReady"),
  ];
}

export function taintsPatch(plan: Pick<NodePlan, "role" | "cordoned" | "health">): {
  readonly taints: readonly JsonObject[] | null;
  readonly unschedulable: boolean | null;
} {
  const { taints, unschedulable } = taintsOf({ name: "", index: 0, createdMs: 0, ...plan });
  return {
    taints: Array.isArray(taints) ? (taints as readonly JsonObject[]) : null,
    unschedulable: unschedulable === true ? true : null,
  };
}
