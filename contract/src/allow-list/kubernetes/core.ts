/**
 * Namespaces, nodes, services, service accounts; what exists of Secrets and ConfigMaps.
 *
 * @module
 */
import {
  always,
  bool,
  int32,
  intOrString,
  list,
  map,
  message,
  omitzero,
  pointer,
  quantity,
  string,
  table,
  time,
} from "../build.ts";
import { condition, localObjectReference, objectMeta, objectReference } from "./metadata.ts";

const namespaceSpec = table("k8s.io.api.core.v1.NamespaceSpec", {
  finalizers: omitzero(1, list(string)),
});

const namespaceCondition = table("k8s.io.api.core.v1.NamespaceCondition", {
  type: always(1, string),
  status: always(2, string),
  lastTransitionTime: omitzero(4, time),
  reason: omitzero(5, string),
});

const namespaceStatus = table("k8s.io.api.core.v1.NamespaceStatus", {
  phase: omitzero(1, string),
  conditions: omitzero(2, list(message(namespaceCondition))),
});

export const namespace = table("k8s.io.api.core.v1.Namespace", {
  metadata: always(1, message(objectMeta)),
  spec: always(2, message(namespaceSpec)),
  status: always(3, message(namespaceStatus)),
});

const taint = table("k8s.io.api.core.v1.Taint", {
  key: always(1, string),
  value: omitzero(2, string),
  effect: always(3, string),
  timeAdded: pointer(4, time),
});

const nodeSpec = table("k8s.io.api.core.v1.NodeSpec", {
  podCIDR: omitzero(1, string),
  podCIDRs: omitzero(7, list(string)),
  providerID: omitzero(3, string),
  unschedulable: omitzero(4, bool),
  taints: omitzero(5, list(message(taint))),
});

const nodeCondition = table("k8s.io.api.core.v1.NodeCondition", {
  type: always(1, string),
  status: always(2, string),
  lastTransitionTime: omitzero(4, time),
  reason: omitzero(5, string),
});

const nodeAddress = table("k8s.io.api.core.v1.NodeAddress", {
  type: always(1, string),
  address: always(2, string),
});

const nodeSystemInfo = table("k8s.io.api.core.v1.NodeSystemInfo", {
  machineID: always(1, string),
  systemUUID: always(2, string),
  bootID: always(3, string),
  kernelVersion: always(4, string),
  osImage: always(5, string),
  containerRuntimeVersion: always(6, string),
  kubeletVersion: always(7, string),
  kubeProxyVersion: always(8, string),
  operatingSystem: always(9, string),
  architecture: always(10, string),
});

const nodeStatus = table("k8s.io.api.core.v1.NodeStatus", {
  capacity: omitzero(1, map(quantity)),
  allocatable: omitzero(2, map(quantity)),
  phase: omitzero(3, string),
  conditions: omitzero(4, list(message(nodeCondition))),
  addresses: omitzero(5, list(message(nodeAddress))),
  nodeInfo: always(7, message(nodeSystemInfo)),
});

export const node = table("k8s.io.api.core.v1.Node", {
  metadata: always(1, message(objectMeta)),
  spec: always(2, message(nodeSpec)),
  status: always(3, message(nodeStatus)),
});

const servicePort = table("k8s.io.api.core.v1.ServicePort", {
  name: omitzero(1, string),
  protocol: omitzero(2, string),
  appProtocol: pointer(6, string),
  port: always(3, int32),
  targetPort: always(4, intOrString),
  nodePort: omitzero(5, int32),
});

const clientIPConfig = table("k8s.io.api.core.v1.ClientIPConfig", {
  timeoutSeconds: pointer(1, int32),
});

const sessionAffinityConfig = table("k8s.io.api.core.v1.SessionAffinityConfig", {
  clientIP: pointer(1, message(clientIPConfig)),
});

const serviceSpec = table("k8s.io.api.core.v1.ServiceSpec", {
  ports: omitzero(1, list(message(servicePort))),
  selector: omitzero(2, map(string)),
  clusterIP: omitzero(3, string),
  clusterIPs: omitzero(18, list(string)),
  type: omitzero(4, string),
  externalIPs: omitzero(5, list(string)),
  sessionAffinity: omitzero(7, string),
  loadBalancerIP: omitzero(8, string),
  loadBalancerSourceRanges: omitzero(9, list(string)),
  externalName: omitzero(10, string),
  externalTrafficPolicy: omitzero(11, string),
  healthCheckNodePort: omitzero(12, int32),
  publishNotReadyAddresses: omitzero(13, bool),
  sessionAffinityConfig: pointer(14, message(sessionAffinityConfig)),
  ipFamilies: omitzero(19, list(string)),
  ipFamilyPolicy: pointer(17, string),
  allocateLoadBalancerNodePorts: pointer(20, bool),
  loadBalancerClass: pointer(21, string),
  internalTrafficPolicy: pointer(22, string),
  trafficDistribution: pointer(23, string),
});

const portStatus = table("k8s.io.api.core.v1.PortStatus", {
  port: always(1, int32),
  protocol: always(2, string),
  error: pointer(3, string),
});

const loadBalancerIngress = table("k8s.io.api.core.v1.LoadBalancerIngress", {
  ip: omitzero(1, string),
  hostname: omitzero(2, string),
  ipMode: pointer(3, string),
  ports: omitzero(4, list(message(portStatus))),
});

const loadBalancerStatus = table("k8s.io.api.core.v1.LoadBalancerStatus", {
  ingress: omitzero(1, list(message(loadBalancerIngress))),
});

const serviceStatus = table("k8s.io.api.core.v1.ServiceStatus", {
  loadBalancer: always(1, message(loadBalancerStatus)),
  conditions: omitzero(2, list(message(condition))),
});

export const service = table("k8s.io.api.core.v1.Service", {
  metadata: always(1, message(objectMeta)),
  spec: always(2, message(serviceSpec)),
  status: always(3, message(serviceStatus)),
});

export const serviceAccount = table("k8s.io.api.core.v1.ServiceAccount", {
  metadata: always(1, message(objectMeta)),
  secrets: omitzero(2, list(message(objectReference))),
  imagePullSecrets: omitzero(3, list(message(localObjectReference))),
  automountServiceAccountToken: pointer(4, bool),
});

export const secret = table("k8s.io.api.core.v1.Secret", {
  metadata: always(1, message(objectMeta)),
  type: omitzero(3, string),
});

export const configMap = table("k8s.io.api.core.v1.ConfigMap", {
  metadata: always(1, message(objectMeta)),
});
