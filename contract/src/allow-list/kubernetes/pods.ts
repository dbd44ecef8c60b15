/**
 * Pods and pod templates.
 *
 * @module
 */
import {
  always,
  bool,
  int32,
  int64,
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
import {
  appArmorProfile,
  container,
  containerStatus,
  ephemeralContainer,
  resourceRequirements,
  sELinuxOptions,
  seccompProfile,
  windowsSecurityContextOptions,
} from "./containers.ts";
import { labelSelector, localObjectReference, objectMeta } from "./metadata.ts";
import { volume } from "./volumes.ts";

const nodeSelectorRequirement = table("k8s.io.api.core.v1.NodeSelectorRequirement", {
  key: always(1, string),
  operator: always(2, string),
  values: omitzero(3, list(string)),
});

const nodeSelectorTerm = table("k8s.io.api.core.v1.NodeSelectorTerm", {
  matchExpressions: omitzero(1, list(message(nodeSelectorRequirement))),
  matchFields: omitzero(2, list(message(nodeSelectorRequirement))),
});

export const nodeSelector = table("k8s.io.api.core.v1.NodeSelector", {
  nodeSelectorTerms: omitzero(1, list(message(nodeSelectorTerm))),
});

const preferredSchedulingTerm = table("k8s.io.api.core.v1.PreferredSchedulingTerm", {
  weight: always(1, int32),
  preference: always(2, message(nodeSelectorTerm)),
});

const nodeAffinity = table("k8s.io.api.core.v1.NodeAffinity", {
  requiredDuringSchedulingIgnoredDuringExecution: pointer(1, message(nodeSelector)),
  preferredDuringSchedulingIgnoredDuringExecution: omitzero(
    2,
    list(message(preferredSchedulingTerm)),
  ),
});

const podAffinityTerm = table("k8s.io.api.core.v1.PodAffinityTerm", {
  labelSelector: pointer(1, message(labelSelector)),
  namespaces: omitzero(2, list(string)),
  topologyKey: always(3, string),
  namespaceSelector: pointer(4, message(labelSelector)),
  matchLabelKeys: omitzero(5, list(string)),
  mismatchLabelKeys: omitzero(6, list(string)),
});

const weightedPodAffinityTerm = table("k8s.io.api.core.v1.WeightedPodAffinityTerm", {
  weight: always(1, int32),
  podAffinityTerm: always(2, message(podAffinityTerm)),
});

const podAffinity = table("k8s.io.api.core.v1.PodAffinity", {
  requiredDuringSchedulingIgnoredDuringExecution: omitzero(1, list(message(podAffinityTerm))),
  preferredDuringSchedulingIgnoredDuringExecution: omitzero(
    2,
    list(message(weightedPodAffinityTerm)),
  ),
});

const podAntiAffinity = table("k8s.io.api.core.v1.PodAntiAffinity", {
  requiredDuringSchedulingIgnoredDuringExecution: omitzero(1, list(message(podAffinityTerm))),
  preferredDuringSchedulingIgnoredDuringExecution: omitzero(
    2,
    list(message(weightedPodAffinityTerm)),
  ),
});

const affinity = table("k8s.io.api.core.v1.Affinity", {
  nodeAffinity: pointer(1, message(nodeAffinity)),
  podAffinity: pointer(2, message(podAffinity)),
  podAntiAffinity: pointer(3, message(podAntiAffinity)),
});

const toleration = table("k8s.io.api.core.v1.Toleration", {
  key: omitzero(1, string),
  operator: omitzero(2, string),
  value: omitzero(3, string),
  effect: omitzero(4, string),
  tolerationSeconds: pointer(5, int64),
});

const topologySpreadConstraint = table("k8s.io.api.core.v1.TopologySpreadConstraint", {
  maxSkew: always(1, int32),
  topologyKey: always(2, string),
  whenUnsatisfiable: always(3, string),
  labelSelector: pointer(4, message(labelSelector)),
  minDomains: pointer(5, int32),
  nodeAffinityPolicy: pointer(6, string),
  nodeTaintsPolicy: pointer(7, string),
  matchLabelKeys: omitzero(8, list(string)),
});

const hostAlias = table("k8s.io.api.core.v1.HostAlias", {
  ip: always(1, string),
  hostnames: omitzero(2, list(string)),
});

const podDNSConfigOption = table("k8s.io.api.core.v1.PodDNSConfigOption", {
  name: omitzero(1, string),
  value: pointer(2, string),
});

const podDNSConfig = table("k8s.io.api.core.v1.PodDNSConfig", {
  nameservers: omitzero(1, list(string)),
  searches: omitzero(2, list(string)),
  options: omitzero(3, list(message(podDNSConfigOption))),
});

const podReadinessGate = table("k8s.io.api.core.v1.PodReadinessGate", {
  conditionType: always(1, string),
});

const podSchedulingGate = table("k8s.io.api.core.v1.PodSchedulingGate", {
  name: always(1, string),
});

const podOS = table("k8s.io.api.core.v1.PodOS", {
  name: always(1, string),
});

const podResourceClaim = table("k8s.io.api.core.v1.PodResourceClaim", {
  name: always(1, string),
  resourceClaimName: pointer(3, string),
  resourceClaimTemplateName: pointer(4, string),
});

const sysctl = table("k8s.io.api.core.v1.Sysctl", {
  name: always(1, string),
  value: always(2, string),
});

const podSecurityContext = table("k8s.io.api.core.v1.PodSecurityContext", {
  seLinuxOptions: pointer(1, message(sELinuxOptions)),
  windowsOptions: pointer(8, message(windowsSecurityContextOptions)),
  runAsUser: pointer(2, int64),
  runAsGroup: pointer(6, int64),
  runAsNonRoot: pointer(3, bool),
  supplementalGroups: omitzero(4, list(int64)),
  supplementalGroupsPolicy: pointer(12, string),
  fsGroup: pointer(5, int64),
  sysctls: omitzero(7, list(message(sysctl))),
  fsGroupChangePolicy: pointer(9, string),
  seccompProfile: pointer(10, message(seccompProfile)),
  appArmorProfile: pointer(11, message(appArmorProfile)),
  seLinuxChangePolicy: pointer(13, string),
});

const podSpec = table("k8s.io.api.core.v1.PodSpec", {
  volumes: omitzero(1, list(message(volume))),
  initContainers: omitzero(20, list(message(container))),
  containers: omitzero(2, list(message(container))),
  ephemeralContainers: omitzero(34, list(message(ephemeralContainer))),
  restartPolicy: omitzero(3, string),
  terminationGracePeriodSeconds: pointer(4, int64),
  activeDeadlineSeconds: pointer(5, int64),
  dnsPolicy: omitzero(6, string),
  nodeSelector: omitzero(7, map(string)),
  serviceAccountName: omitzero(8, string),
  automountServiceAccountToken: pointer(21, bool),
  nodeName: omitzero(10, string),
  hostNetwork: omitzero(11, bool),
  hostPID: omitzero(12, bool),
  hostIPC: omitzero(13, bool),
  shareProcessNamespace: pointer(27, bool),
  securityContext: pointer(14, message(podSecurityContext)),
  imagePullSecrets: omitzero(15, list(message(localObjectReference))),
  hostname: omitzero(16, string),
  subdomain: omitzero(17, string),
  affinity: pointer(18, message(affinity)),
  schedulerName: omitzero(19, string),
  tolerations: omitzero(22, list(message(toleration))),
  hostAliases: omitzero(23, list(message(hostAlias))),
  priorityClassName: omitzero(24, string),
  priority: pointer(25, int32),
  dnsConfig: pointer(26, message(podDNSConfig)),
  readinessGates: omitzero(28, list(message(podReadinessGate))),
  runtimeClassName: pointer(29, string),
  enableServiceLinks: pointer(30, bool),
  preemptionPolicy: pointer(31, string),
  overhead: omitzero(32, map(quantity)),
  topologySpreadConstraints: omitzero(33, list(message(topologySpreadConstraint))),
  setHostnameAsFQDN: pointer(35, bool),
  os: pointer(36, message(podOS)),
  hostUsers: pointer(37, bool),
  schedulingGates: omitzero(38, list(message(podSchedulingGate))),
  resourceClaims: omitzero(39, list(message(podResourceClaim))),
  resources: pointer(40, message(resourceRequirements)),
  hostnameOverride: pointer(41, string),
});

export const podTemplateSpec = table("k8s.io.api.core.v1.PodTemplateSpec", {
  metadata: always(1, message(objectMeta)),
  spec: always(2, message(podSpec)),
});

const podCondition = table("k8s.io.api.core.v1.PodCondition", {
  type: always(1, string),
  observedGeneration: omitzero(7, int64),
  status: always(2, string),
  lastTransitionTime: omitzero(4, time),
  reason: omitzero(5, string),
});

const hostIP = table("k8s.io.api.core.v1.HostIP", {
  ip: always(1, string),
});

const podIP = table("k8s.io.api.core.v1.PodIP", {
  ip: always(1, string),
});

const podStatus = table("k8s.io.api.core.v1.PodStatus", {
  observedGeneration: omitzero(17, int64),
  phase: omitzero(1, string),
  conditions: omitzero(2, list(message(podCondition))),
  reason: omitzero(4, string),
  nominatedNodeName: omitzero(11, string),
  hostIP: omitzero(5, string),
  hostIPs: omitzero(16, list(message(hostIP))),
  podIP: omitzero(6, string),
  podIPs: omitzero(12, list(message(podIP))),
  startTime: pointer(7, time),
  initContainerStatuses: omitzero(10, list(message(containerStatus))),
  containerStatuses: omitzero(8, list(message(containerStatus))),
  qosClass: omitzero(9, string),
  ephemeralContainerStatuses: omitzero(13, list(message(containerStatus))),
  resize: omitzero(14, string),
  allocatedResources: omitzero(19, map(quantity)),
  resources: pointer(20, message(resourceRequirements)),
});

export const pod = table("k8s.io.api.core.v1.Pod", {
  metadata: always(1, message(objectMeta)),
  spec: always(2, message(podSpec)),
  status: always(3, message(podStatus)),
});
