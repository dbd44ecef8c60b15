/** Of the core group and of metadata, without kinds of volumes. See `forbidden-fields.ts`. */
import type { ForbiddenFields } from "./forbidden-field.ts";

export const forbiddenCore: ForbiddenFields = {
  "k8s.io.api.core.v1.AttachedVolume": {
    name: [1, "always", "string"],
    devicePath: [2, "always", "string"],
  },
  "k8s.io.api.core.v1.ConfigMap": {
    immutable: [4, "pointer", "bool"],
    data: [2, "omitzero", "map string"],
    binaryData: [3, "omitzero", "map bytes"],
  },
  "k8s.io.api.core.v1.ConfigMapNodeConfigSource": {
    namespace: [1, "always", "string"],
    name: [2, "always", "string"],
    uid: [3, "omitzero", "string"],
    resourceVersion: [4, "omitzero", "string"],
    kubeletConfigKey: [5, "always", "string"],
  },
  "k8s.io.api.core.v1.Container": {
    command: [3, "omitzero", "list string"],
    args: [4, "omitzero", "list string"],
    workingDir: [5, "omitzero", "string"],
    restartPolicyRules: [25, "omitzero", "list k8s.io.api.core.v1.ContainerRestartRule"],
    lifecycle: [12, "pointer", "k8s.io.api.core.v1.Lifecycle"],
    terminationMessagePath: [13, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.ContainerExtendedResourceRequest": {
    containerName: [1, "always", "string"],
    resourceName: [2, "always", "string"],
    requestName: [3, "always", "string"],
  },
  "k8s.io.api.core.v1.ContainerImage": {
    names: [1, "omitzero", "list string"],
    sizeBytes: [2, "omitzero", "int64"],
  },
  "k8s.io.api.core.v1.ContainerRestartRule": {
    action: [1, "omitzero", "string"],
    exitCodes: [2, "pointer", "k8s.io.api.core.v1.ContainerRestartRuleOnExitCodes"],
  },
  "k8s.io.api.core.v1.ContainerRestartRuleOnExitCodes": {
    operator: [1, "omitzero", "string"],
    values: [2, "omitzero", "list int32"],
  },
  "k8s.io.api.core.v1.ContainerStateTerminated": {
    message: [4, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.ContainerStateWaiting": {
    message: [2, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.ContainerStatus": {
    volumeMounts: [12, "omitzero", "list k8s.io.api.core.v1.VolumeMountStatus"],
    user: [13, "pointer", "k8s.io.api.core.v1.ContainerUser"],
    allocatedResourcesStatus: [14, "omitzero", "list k8s.io.api.core.v1.ResourceStatus"],
    stopSignal: [15, "pointer", "string"],
  },
  "k8s.io.api.core.v1.ContainerUser": {
    linux: [1, "pointer", "k8s.io.api.core.v1.LinuxContainerUser"],
  },
  "k8s.io.api.core.v1.DaemonEndpoint": {
    Port: [1, "always", "int32"],
  },
  "k8s.io.api.core.v1.EnvVar": {
    value: [2, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.EphemeralContainerCommon": {
    command: [3, "omitzero", "list string"],
    args: [4, "omitzero", "list string"],
    workingDir: [5, "omitzero", "string"],
    restartPolicyRules: [25, "omitzero", "list k8s.io.api.core.v1.ContainerRestartRule"],
    lifecycle: [12, "pointer", "k8s.io.api.core.v1.Lifecycle"],
    terminationMessagePath: [13, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.Event": {
    message: [4, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.ExecAction": {
    command: [1, "omitzero", "list string"],
  },
  "k8s.io.api.core.v1.GRPCAction": {
    service: [2, "pointer", "string"],
  },
  "k8s.io.api.core.v1.HTTPGetAction": {
    path: [1, "omitzero", "string"],
    host: [3, "omitzero", "string"],
    httpHeaders: [5, "omitzero", "list k8s.io.api.core.v1.HTTPHeader"],
  },
  "k8s.io.api.core.v1.HTTPHeader": {
    name: [1, "always", "string"],
    value: [2, "always", "string"],
  },
  "k8s.io.api.core.v1.ImageVolumeStatus": {
    imageRef: [1, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.Lifecycle": {
    postStart: [1, "pointer", "k8s.io.api.core.v1.LifecycleHandler"],
    preStop: [2, "pointer", "k8s.io.api.core.v1.LifecycleHandler"],
    stopSignal: [3, "pointer", "string"],
  },
  "k8s.io.api.core.v1.LifecycleHandler": {
    exec: [1, "pointer", "k8s.io.api.core.v1.ExecAction"],
    httpGet: [2, "pointer", "k8s.io.api.core.v1.HTTPGetAction"],
    tcpSocket: [3, "pointer", "k8s.io.api.core.v1.TCPSocketAction"],
    sleep: [4, "pointer", "k8s.io.api.core.v1.SleepAction"],
  },
  "k8s.io.api.core.v1.LinuxContainerUser": {
    uid: [1, "always", "int64"],
    gid: [2, "always", "int64"],
    supplementalGroups: [3, "omitzero", "list int64"],
  },
  "k8s.io.api.core.v1.NamespaceCondition": {
    message: [6, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.NodeAllocatableResourceClaimStatus": {
    resourceClaimName: [1, "always", "string"],
    containers: [2, "omitzero", "list string"],
    resources: [3, "omitzero", "map quantity"],
  },
  "k8s.io.api.core.v1.NodeCondition": {
    lastHeartbeatTime: [3, "omitzero", "time"],
    message: [6, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.NodeConfigSource": {
    configMap: [2, "pointer", "k8s.io.api.core.v1.ConfigMapNodeConfigSource"],
  },
  "k8s.io.api.core.v1.NodeConfigStatus": {
    assigned: [1, "pointer", "k8s.io.api.core.v1.NodeConfigSource"],
    active: [2, "pointer", "k8s.io.api.core.v1.NodeConfigSource"],
    lastKnownGood: [3, "pointer", "k8s.io.api.core.v1.NodeConfigSource"],
    error: [4, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.NodeDaemonEndpoints": {
    kubeletEndpoint: [1, "always", "k8s.io.api.core.v1.DaemonEndpoint"],
  },
  "k8s.io.api.core.v1.NodeFeatures": {
    supplementalGroupsPolicy: [1, "pointer", "bool"],
  },
  "k8s.io.api.core.v1.NodeRuntimeHandler": {
    name: [1, "always", "string"],
    features: [2, "pointer", "k8s.io.api.core.v1.NodeRuntimeHandlerFeatures"],
  },
  "k8s.io.api.core.v1.NodeRuntimeHandlerFeatures": {
    recursiveReadOnlyMounts: [1, "pointer", "bool"],
    userNamespaces: [2, "pointer", "bool"],
  },
  "k8s.io.api.core.v1.NodeSpec": {
    configSource: [6, "pointer", "k8s.io.api.core.v1.NodeConfigSource"],
    externalID: [2, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.NodeStatus": {
    daemonEndpoints: [6, "always", "k8s.io.api.core.v1.NodeDaemonEndpoints"],
    images: [8, "omitzero", "list k8s.io.api.core.v1.ContainerImage"],
    volumesInUse: [9, "omitzero", "list string"],
    volumesAttached: [10, "omitzero", "list k8s.io.api.core.v1.AttachedVolume"],
    config: [11, "pointer", "k8s.io.api.core.v1.NodeConfigStatus"],
    runtimeHandlers: [12, "omitzero", "list k8s.io.api.core.v1.NodeRuntimeHandler"],
    features: [13, "pointer", "k8s.io.api.core.v1.NodeFeatures"],
    declaredFeatures: [14, "omitzero", "list string"],
  },
  "k8s.io.api.core.v1.NodeSwapStatus": {
    capacity: [1, "pointer", "int64"],
  },
  "k8s.io.api.core.v1.NodeSystemInfo": {
    swap: [11, "pointer", "k8s.io.api.core.v1.NodeSwapStatus"],
  },
  "k8s.io.api.core.v1.ObjectReference": {
    resourceVersion: [6, "omitzero", "string"],
    fieldPath: [7, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.PersistentVolumeClaimCondition": {
    lastProbeTime: [3, "omitzero", "time"],
    message: [6, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.PersistentVolumeSpec": {
    mountOptions: [7, "omitzero", "list string"],
  },
  "k8s.io.api.core.v1.PersistentVolumeStatus": {
    message: [2, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.PodCertificateProjection": {
    userAnnotations: [7, "omitzero", "map string"],
  },
  "k8s.io.api.core.v1.PodCondition": {
    lastProbeTime: [3, "omitzero", "time"],
    message: [6, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.PodExtendedResourceClaimStatus": {
    requestMappings: [1, "omitzero", "list k8s.io.api.core.v1.ContainerExtendedResourceRequest"],
    resourceClaimName: [2, "always", "string"],
  },
  "k8s.io.api.core.v1.PodResourceClaimStatus": {
    name: [1, "always", "string"],
    resourceClaimName: [2, "pointer", "string"],
  },
  "k8s.io.api.core.v1.PodSchedulingGroup": {
    podGroupName: [1, "pointer", "string"],
  },
  "k8s.io.api.core.v1.PodSpec": {
    serviceAccount: [9, "omitzero", "string"],
    schedulingGroup: [43, "pointer", "k8s.io.api.core.v1.PodSchedulingGroup"],
  },
  "k8s.io.api.core.v1.PodStatus": {
    message: [3, "omitzero", "string"],
    resourceClaimStatuses: [15, "omitzero", "list k8s.io.api.core.v1.PodResourceClaimStatus"],
    extendedResourceClaimStatus: [
      18,
      "pointer",
      "k8s.io.api.core.v1.PodExtendedResourceClaimStatus",
    ],
    nodeAllocatableResourceClaimStatuses: [
      21,
      "omitzero",
      "list k8s.io.api.core.v1.NodeAllocatableResourceClaimStatus",
    ],
  },
  "k8s.io.api.core.v1.ResourceHealth": {
    resourceID: [1, "always", "string"],
    health: [2, "omitzero", "string"],
    message: [6, "pointer", "string"],
  },
  "k8s.io.api.core.v1.ResourceStatus": {
    name: [1, "always", "string"],
    resources: [2, "omitzero", "list k8s.io.api.core.v1.ResourceHealth"],
  },
  "k8s.io.api.core.v1.Secret": {
    immutable: [5, "pointer", "bool"],
    data: [2, "omitzero", "map bytes"],
    stringData: [4, "omitzero", "map string"],
  },
  "k8s.io.api.core.v1.SleepAction": {
    seconds: [1, "always", "int64"],
  },
  "k8s.io.api.core.v1.TCPSocketAction": {
    host: [2, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.VolumeMountStatus": {
    name: [1, "always", "string"],
    mountPath: [2, "always", "string"],
    readOnly: [3, "omitzero", "bool"],
    recursiveReadOnly: [4, "pointer", "string"],
    volumeStatus: [5, "pointer", "k8s.io.api.core.v1.VolumeStatus"],
  },
  "k8s.io.api.core.v1.VolumeStatus": {
    image: [1, "pointer", "k8s.io.api.core.v1.ImageVolumeStatus"],
  },
  "k8s.io.api.core.v1.WindowsSecurityContextOptions": {
    gmsaCredentialSpec: [2, "pointer", "string"],
  },
  "k8s.io.apimachinery.pkg.apis.meta.v1.Condition": {
    message: [6, "always", "string"],
  },
  "k8s.io.apimachinery.pkg.apis.meta.v1.ManagedFieldsEntry": {
    apiVersion: [3, "omitzero", "string"],
    fieldsType: [6, "omitzero", "string"],
    fieldsV1: [7, "pointer", "fieldsV1"],
  },
  "k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta": {
    selfLink: [4, "omitzero", "string"],
  },
};
