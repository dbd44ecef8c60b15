/**
 * Namespaces, nodes and the pods of the control plane's own add-ons.
 *
 * @module
 */
import type { JsonObject } from "@obsyk/contract";
import { formatTime } from "../kube-api/store.ts";
import type { Cluster } from "./model.ts";
import { zones } from "./names.ts";
import { between, hex } from "./random.ts";
import { someTimeAgo } from "./workload.ts";

export function namespaceOf(cluster: Cluster, name: string, team: string | undefined): JsonObject {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name,
      creationTimestamp: someTimeAgo(cluster),
      labels: {
        "kubernetes.io/metadata.name": name,
        ...(team === undefined
          ? {}
          : { "example.com/team": team, "pod-security.kubernetes.io/enforce": "baseline" }),
      },
    },
    spec: { finalizers: ["kubernetes"] },
    status: { phase: "Active" },
  };
}

/** The first node is the control plane; the others are workers spread over three zones. */
export function nodeOf(cluster: Cluster, name: string, index: number): JsonObject {
  const { random } = cluster;
  const isControlPlane = index === 0;
  const zone = zones[index % zones.length] ?? zones[0];
  const internal = `10.0.${Math.floor(index / 250)}.${(index % 250) + 4}`;
  const capacity = {
    cpu: isControlPlane ? "4" : "16",
    memory: isControlPlane ? "16266572Ki" : "65851340Ki",
    "ephemeral-storage": "203056560Ki",
    pods: "110",
  };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      creationTimestamp: someTimeAgo(cluster),
      labels: {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": index % 4 === 3 ? "arm64" : "amd64",
        "topology.kubernetes.io/region": "eu-central-1",
        "topology.kubernetes.io/zone": zone,
        "node.kubernetes.io/instance-type": isControlPlane ? "m7i.xlarge" : "m7i.4xlarge",
        [isControlPlane
          ? "node-role.kubernetes.io/control-plane"
          : "node-role.kubernetes.io/worker"]: "",
      },
      annotations: { "node.alpha.kubernetes.io/ttl": "0" },
    },
    spec: {
      podCIDR: `10.244.${index % 256}.0/24`,
      podCIDRs: [`10.244.${index % 256}.0/24`],
      providerID: `aws:///${zone}/i-${hex(random, 17)}`,
      ...(isControlPlane
        ? { taints: [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }] }
        : {}),
    },
    status: {
      capacity,
      allocatable: { ...capacity, cpu: isControlPlane ? "3920m" : "15890m" },
      conditions: nodeConditions(cluster, true),
      addresses: [
        { type: "InternalIP", address: internal },
        { type: "Hostname", address: name },
      ],
      nodeInfo: {
        machineID: hex(random, 32),
        systemUUID: hex(random, 32),
        bootID: hex(random, 32),
        kernelVersion: "6.12.8",
        osImage: "Bottlerocket OS 1.44.0",
        containerRuntimeVersion: "containerd://2.1.4",
        kubeletVersion: "v1.36.3",
        kubeProxyVersion: "v1.36.3",
        operatingSystem: "linux",
        architecture: index % 4 === 3 ? "arm64" : "amd64",
      },
      images: Array.from({ length: 8 }, () => ({
        names: [`registry.example.com/image@sha256:${hex(random, 64)}`],
        sizeBytes: between(random, 1_000_000, 400_000_000),
      })),
    },
  };
}

export function nodeConditions(cluster: Cluster, ready: boolean): readonly JsonObject[] {
  const time = formatTime(cluster.now());
  const pressure = (type: string, reason: string): JsonObject => ({
    type,
    status: "False",
    lastHeartbeatTime: time,
    lastTransitionTime: time,
    reason,
    message: `kubelet has ${reason}`,
  });
  return [
    pressure("MemoryPressure", "KubeletHasSufficientMemory"),
    pressure("DiskPressure", "KubeletHasNoDiskPressure"),
    pressure("PIDPressure", "KubeletHasSufficientPID"),
    {
      type: "Ready",
      status: ready ? "True" : "False",
      lastHeartbeatTime: time,
      lastTransitionTime: time,
      reason: ready ? "KubeletReady" : "KubeletNotReady",
      message: ready ? "kubelet is posting ready status" : "container runtime is down",
    },
  ];
}
