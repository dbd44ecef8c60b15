/**
 * Objects with as many kept fields set as an API server accepts, each with its status; and small ones.
 *
 * @module
 */
import { canary, metadata, namespace, time, type Planned } from "./planned.ts";
import { pods } from "./rich-pods.ts";
import { posture } from "./rich-posture.ts";
import { policies } from "./rich-policies.ts";
import { workloads } from "./rich-workloads.ts";

const core = `/api/v1/namespaces/${namespace}`;
const apps = `/apis/apps/v1/namespaces/${namespace}`;

const template = {
  metadata: { ...metadata, name: "ignored" },
  spec: { containers: [{ name: "web", image: "web:1", env: [{ name: "A", value: canary }] }] },
};

const condition = { lastTransitionTime: time, reason: "Because", message: canary };

const others: readonly Planned[] = [
  {
    path: "/api/v1/nodes",
    object: {
      metadata: { ...metadata, name: "node-1" },
      spec: {
        podCIDR: "10.1.0.0/24",
        podCIDRs: ["10.1.0.0/24"],
        providerID: "aws:///i-1",
        unschedulable: true,
        taints: [
          { key: "a", value: "b", effect: "NoSchedule", timeAdded: time },
          { key: "c", effect: "NoExecute" },
        ],
      },
    },
    status: {
      capacity: { cpu: "4", memory: "16384Mi", pods: "110", "example.com/gpu": "1" },
      allocatable: { cpu: "3900m" },
      phase: "Running",
      conditions: [
        { type: "Ready", status: "Unknown", lastHeartbeatTime: time, ...condition },
        { type: "MemoryPressure", status: "False" },
      ],
      addresses: [{ type: "InternalIP", address: "10.0.0.1" }],
      nodeInfo: {
        machineID: "m",
        systemUUID: "s",
        bootID: "b",
        kernelVersion: "6",
        osImage: "os",
        containerRuntimeVersion: "containerd://2",
        kubeletVersion: "v1.36.3",
        kubeProxyVersion: "",
        operatingSystem: "linux",
        architecture: "arm64",
      },
      images: [{ names: [canary], sizeBytes: 5_000_000_000 }],
      volumesInUse: [canary],
    },
  },
  { path: "/api/v1/nodes", object: { metadata: { name: "bare" } } },
  {
    path: `${core}/services`,
    object: {
      metadata: { ...metadata, name: "balancer" },
      spec: {
        type: "LoadBalancer",
        ports: [
          {
            name: "http",
            protocol: "TCP",
            appProtocol: "http",
            port: 80,
            targetPort: "http",
            nodePort: 30080,
          },
          { name: "dns", protocol: "UDP", port: 53 },
        ],
        selector: { app: "rich" },
        clusterIP: "10.0.0.77",
        externalIPs: ["192.0.2.1"],
        sessionAffinity: "ClientIP",
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
        loadBalancerIP: "192.0.2.2",
        loadBalancerSourceRanges: ["192.0.2.0/24"],
        loadBalancerClass: "example.com/lb",
        externalTrafficPolicy: "Local",
        internalTrafficPolicy: "Cluster",
        healthCheckNodePort: 30081,
        publishNotReadyAddresses: true,
        ipFamilyPolicy: "SingleStack",
        ipFamilies: ["IPv4"],
        allocateLoadBalancerNodePorts: true,
        trafficDistribution: "PreferClose",
      },
    },
    status: {
      loadBalancer: {
        ingress: [
          {
            ip: "192.0.2.3",
            ipMode: "VIP",
            ports: [{ port: 80, protocol: "TCP", error: "example.com/failed" }],
          },
          { hostname: "lb.example" },
        ],
      },
      conditions: [
        { type: "LoadBalancerPortsError", status: "True", observedGeneration: 1, ...condition },
      ],
    },
  },
  {
    path: `${core}/services`,
    object: {
      metadata: { name: "external" },
      spec: { type: "ExternalName", externalName: "db.example" },
    },
  },
  {
    path: `${core}/pods`,
    object: {
      metadata: { name: "leaving", finalizers: ["example.com/keep"] },
      spec: { nodeName: "node-1", containers: [{ name: "a", image: "a" }] },
    },
    terminating: true,
  },
  {
    path: `${core}/services`,
    object: { metadata: { name: "headless" }, spec: { clusterIP: "None", ports: [{ port: 1 }] } },
  },
  {
    path: `${core}/serviceaccounts`,
    object: {
      metadata: {
        name: "robot",
        annotations: { "eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/r" },
      },
      secrets: [
        { kind: "Secret", namespace, name: "s", uid: "u", apiVersion: "v1", fieldPath: canary },
      ],
      imagePullSecrets: [{ name: "pull" }],
      automountServiceAccountToken: false,
    },
  },
  {
    path: `${apps}/deployments`,
    object: {
      metadata: { ...metadata, name: "web" },
      spec: {
        replicas: 0,
        selector: {
          matchLabels: { app: "rich" },
          matchExpressions: [{ key: "tier", operator: "DoesNotExist" }],
        },
        template,
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: 0 } },
        minReadySeconds: 5,
        revisionHistoryLimit: 0,
        paused: true,
        progressDeadlineSeconds: 30,
      },
    },
    status: {
      observedGeneration: 1,
      replicas: 3,
      updatedReplicas: 2,
      readyReplicas: 1,
      availableReplicas: 1,
      unavailableReplicas: 2,
      terminatingReplicas: 1,
      collisionCount: 4,
      conditions: [{ type: "Progressing", status: "True", lastUpdateTime: time, ...condition }],
    },
  },
  {
    path: `${apps}/replicasets`,
    object: {
      metadata: { name: "rs" },
      spec: {
        replicas: 2,
        minReadySeconds: 5,
        selector: { matchLabels: { app: "rich" } },
        template,
      },
    },
    status: {
      replicas: 2,
      fullyLabeledReplicas: 2,
      readyReplicas: 1,
      availableReplicas: 1,
      terminatingReplicas: 0,
      observedGeneration: 1,
      conditions: [{ type: "ReplicaFailure", status: "True", ...condition }],
    },
  },
];

/** In an order in which an API server accepts them. */
export const planned: readonly Planned[] = [
  {
    path: "/api/v1/namespaces",
    object: { metadata: { ...metadata, name: namespace } },
    status: {
      phase: "Active",
      conditions: [{ type: "NamespaceContentRemaining", status: "True", ...condition }],
    },
  },
  { path: `${core}/serviceaccounts`, object: { metadata: { name: "default" } } },
  {
    path: "/apis/scheduling.k8s.io/v1/priorityclasses",
    object: { metadata: { name: "high" }, value: 1000 },
  },
  {
    path: "/apis/node.k8s.io/v1/runtimeclasses",
    object: {
      metadata: { name: "gvisor" },
      handler: "runsc",
      overhead: { podFixed: { memory: "100Mi" } },
    },
  },
  ...pods,
  ...others,
  ...workloads,
  ...policies,
  ...posture,
];
