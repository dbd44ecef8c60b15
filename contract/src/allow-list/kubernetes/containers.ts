/**
 * Containers and their statuses: never environment values, command, args, probe headers or messages.
 *
 * @module
 */
import {
  always,
  bool,
  inline,
  int32,
  int64,
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
import { localObjectReference } from "./metadata.ts";
import { objectFieldSelector, resourceFieldSelector } from "./volumes.ts";

const containerPort = table("k8s.io.api.core.v1.ContainerPort", {
  name: omitzero(1, string),
  hostPort: omitzero(2, int32),
  containerPort: always(3, int32),
  protocol: omitzero(4, string),
  hostIP: omitzero(5, string),
});

const configMapEnvSource = table("k8s.io.api.core.v1.ConfigMapEnvSource", {
  localObjectReference: inline(1, message(localObjectReference)),
  optional: pointer(2, bool),
});

const secretEnvSource = table("k8s.io.api.core.v1.SecretEnvSource", {
  localObjectReference: inline(1, message(localObjectReference)),
  optional: pointer(2, bool),
});

const envFromSource = table("k8s.io.api.core.v1.EnvFromSource", {
  prefix: omitzero(1, string),
  configMapRef: pointer(2, message(configMapEnvSource)),
  secretRef: pointer(3, message(secretEnvSource)),
});

const configMapKeySelector = table("k8s.io.api.core.v1.ConfigMapKeySelector", {
  localObjectReference: inline(1, message(localObjectReference)),
  key: always(2, string),
  optional: pointer(3, bool),
});

const secretKeySelector = table("k8s.io.api.core.v1.SecretKeySelector", {
  localObjectReference: inline(1, message(localObjectReference)),
  key: always(2, string),
  optional: pointer(3, bool),
});

const fileKeySelector = table("k8s.io.api.core.v1.FileKeySelector", {
  volumeName: always(1, string),
  path: always(2, string),
  key: always(3, string),
  optional: pointer(4, bool),
});

const envVarSource = table("k8s.io.api.core.v1.EnvVarSource", {
  fieldRef: pointer(1, message(objectFieldSelector)),
  resourceFieldRef: pointer(2, message(resourceFieldSelector)),
  configMapKeyRef: pointer(3, message(configMapKeySelector)),
  secretKeyRef: pointer(4, message(secretKeySelector)),
  fileKeyRef: pointer(5, message(fileKeySelector)),
});

const envVar = table("k8s.io.api.core.v1.EnvVar", {
  name: always(1, string),
  valueFrom: pointer(3, message(envVarSource)),
});

const resourceClaim = table("k8s.io.api.core.v1.ResourceClaim", {
  name: always(1, string),
  request: omitzero(2, string),
});

export const resourceRequirements = table("k8s.io.api.core.v1.ResourceRequirements", {
  limits: omitzero(1, map(quantity)),
  requests: omitzero(2, map(quantity)),
  claims: omitzero(3, list(message(resourceClaim))),
});

const containerResizePolicy = table("k8s.io.api.core.v1.ContainerResizePolicy", {
  resourceName: always(1, string),
  restartPolicy: always(2, string),
});

const volumeMount = table("k8s.io.api.core.v1.VolumeMount", {
  name: always(1, string),
  readOnly: omitzero(2, bool),
  recursiveReadOnly: pointer(7, string),
  mountPath: always(3, string),
  subPath: omitzero(4, string),
  mountPropagation: pointer(5, string),
  subPathExpr: omitzero(6, string),
});

const volumeDevice = table("k8s.io.api.core.v1.VolumeDevice", {
  name: always(1, string),
  devicePath: always(2, string),
});

const execAction = table("k8s.io.api.core.v1.ExecAction", {});

const hTTPGetAction = table("k8s.io.api.core.v1.HTTPGetAction", {
  port: always(2, intOrString),
  scheme: omitzero(4, string),
});

const tCPSocketAction = table("k8s.io.api.core.v1.TCPSocketAction", {
  port: always(1, intOrString),
});

const gRPCAction = table("k8s.io.api.core.v1.GRPCAction", {
  port: always(1, int32),
});

const probeHandler = table("k8s.io.api.core.v1.ProbeHandler", {
  exec: pointer(1, message(execAction)),
  httpGet: pointer(2, message(hTTPGetAction)),
  tcpSocket: pointer(3, message(tCPSocketAction)),
  grpc: pointer(4, message(gRPCAction)),
});

const probe = table("k8s.io.api.core.v1.Probe", {
  handler: inline(1, message(probeHandler)),
  initialDelaySeconds: omitzero(2, int32),
  timeoutSeconds: omitzero(3, int32),
  periodSeconds: omitzero(4, int32),
  successThreshold: omitzero(5, int32),
  failureThreshold: omitzero(6, int32),
  terminationGracePeriodSeconds: pointer(7, int64),
});

const capabilities = table("k8s.io.api.core.v1.Capabilities", {
  add: omitzero(1, list(string)),
  drop: omitzero(2, list(string)),
});

export const sELinuxOptions = table("k8s.io.api.core.v1.SELinuxOptions", {
  user: omitzero(1, string),
  role: omitzero(2, string),
  type: omitzero(3, string),
  level: omitzero(4, string),
});

export const windowsSecurityContextOptions = table(
  "k8s.io.api.core.v1.WindowsSecurityContextOptions",
  {
    gmsaCredentialSpecName: pointer(1, string),
    runAsUserName: pointer(3, string),
    hostProcess: pointer(4, bool),
  },
);

export const seccompProfile = table("k8s.io.api.core.v1.SeccompProfile", {
  type: always(1, string),
  localhostProfile: pointer(2, string),
});

export const appArmorProfile = table("k8s.io.api.core.v1.AppArmorProfile", {
  type: always(1, string),
  localhostProfile: pointer(2, string),
});

const securityContext = table("k8s.io.api.core.v1.SecurityContext", {
  capabilities: pointer(1, message(capabilities)),
  privileged: pointer(2, bool),
  seLinuxOptions: pointer(3, message(sELinuxOptions)),
  windowsOptions: pointer(10, message(windowsSecurityContextOptions)),
  runAsUser: pointer(4, int64),
  runAsGroup: pointer(8, int64),
  runAsNonRoot: pointer(5, bool),
  readOnlyRootFilesystem: pointer(6, bool),
  allowPrivilegeEscalation: pointer(7, bool),
  procMount: pointer(9, string),
  seccompProfile: pointer(11, message(seccompProfile)),
  appArmorProfile: pointer(12, message(appArmorProfile)),
});

/** Kubernetes declares these fields twice with the same numbers: for containers and for ephemeral ones. */
const containerFields = {
  name: always(1, string),
  image: omitzero(2, string),
  ports: omitzero(6, list(message(containerPort))),
  envFrom: omitzero(19, list(message(envFromSource))),
  env: omitzero(7, list(message(envVar))),
  resources: always(8, message(resourceRequirements)),
  resizePolicy: omitzero(23, list(message(containerResizePolicy))),
  restartPolicy: pointer(24, string),
  volumeMounts: omitzero(9, list(message(volumeMount))),
  volumeDevices: omitzero(21, list(message(volumeDevice))),
  livenessProbe: pointer(10, message(probe)),
  readinessProbe: pointer(11, message(probe)),
  startupProbe: pointer(22, message(probe)),
  terminationMessagePolicy: omitzero(20, string),
  imagePullPolicy: omitzero(14, string),
  securityContext: pointer(15, message(securityContext)),
  stdin: omitzero(16, bool),
  stdinOnce: omitzero(17, bool),
  tty: omitzero(18, bool),
} as const;

export const container = table("k8s.io.api.core.v1.Container", containerFields);

const ephemeralContainerCommon = table(
  "k8s.io.api.core.v1.EphemeralContainerCommon",
  containerFields,
);

export const ephemeralContainer = table("k8s.io.api.core.v1.EphemeralContainer", {
  ephemeralContainerCommon: inline(1, message(ephemeralContainerCommon)),
  targetContainerName: omitzero(2, string),
});

const containerStateWaiting = table("k8s.io.api.core.v1.ContainerStateWaiting", {
  reason: omitzero(1, string),
});

const containerStateRunning = table("k8s.io.api.core.v1.ContainerStateRunning", {
  startedAt: omitzero(1, time),
});

const containerStateTerminated = table("k8s.io.api.core.v1.ContainerStateTerminated", {
  exitCode: always(1, int32),
  signal: omitzero(2, int32),
  reason: omitzero(3, string),
  startedAt: omitzero(5, time),
  finishedAt: omitzero(6, time),
  containerID: omitzero(7, string),
});

const containerState = table("k8s.io.api.core.v1.ContainerState", {
  waiting: pointer(1, message(containerStateWaiting)),
  running: pointer(2, message(containerStateRunning)),
  terminated: pointer(3, message(containerStateTerminated)),
});

export const containerStatus = table("k8s.io.api.core.v1.ContainerStatus", {
  name: always(1, string),
  state: always(2, message(containerState)),
  lastState: always(3, message(containerState)),
  ready: always(4, bool),
  restartCount: always(5, int32),
  image: always(6, string),
  imageID: always(7, string),
  containerID: omitzero(8, string),
  started: pointer(9, bool),
  allocatedResources: omitzero(10, map(quantity)),
  resources: pointer(11, message(resourceRequirements)),
});
