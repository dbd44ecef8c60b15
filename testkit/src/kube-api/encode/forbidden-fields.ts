/**
 * Fields that exist in Kubernetes and not for us. Tests plant canaries in them, so the writer must know them; nothing
 * outside this folder does. Each: field number, presence as in the allow-list, type (`list T`, `map T`, a message name).
 *
 * @module
 */
import type { Presence } from "@obsyk/contract/allow-list";

export type ForbiddenField = readonly [number: number, presence: Presence, type: string];

export const forbiddenFields: {
  readonly [message: string]: { readonly [jsonName: string]: ForbiddenField };
} = {
  "k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta": {
    selfLink: [4, "omitzero", "string"],
  },
  "k8s.io.apimachinery.pkg.apis.meta.v1.ManagedFieldsEntry": {
    apiVersion: [3, "omitzero", "string"],
    fieldsType: [6, "omitzero", "string"],
    fieldsV1: [7, "pointer", "fieldsV1"],
  },
  "k8s.io.apimachinery.pkg.apis.meta.v1.Condition": {
    message: [6, "always", "string"],
  },
  "k8s.io.api.core.v1.ObjectReference": {
    resourceVersion: [6, "omitzero", "string"],
    fieldPath: [7, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.Container": {
    command: [3, "omitzero", "list string"],
    args: [4, "omitzero", "list string"],
    workingDir: [5, "omitzero", "string"],
    lifecycle: [12, "pointer", "k8s.io.api.core.v1.Lifecycle"],
    terminationMessagePath: [13, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.EphemeralContainerCommon": {
    command: [3, "omitzero", "list string"],
    args: [4, "omitzero", "list string"],
    workingDir: [5, "omitzero", "string"],
    lifecycle: [12, "pointer", "k8s.io.api.core.v1.Lifecycle"],
    terminationMessagePath: [13, "omitzero", "string"],
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
  },
  "k8s.io.api.core.v1.ExecAction": {
    command: [1, "omitzero", "list string"],
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
  "k8s.io.api.core.v1.TCPSocketAction": {
    host: [2, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.GRPCAction": {
    service: [2, "pointer", "string"],
  },
  "k8s.io.api.core.v1.EnvVar": {
    value: [2, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.VolumeSource": {
    gitRepo: [5, "pointer", "k8s.io.api.core.v1.GitRepoVolumeSource"],
  },
  "k8s.io.api.core.v1.GitRepoVolumeSource": {
    repository: [1, "always", "string"],
    revision: [2, "omitzero", "string"],
    directory: [3, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.FlexVolumeSource": {
    options: [5, "omitzero", "map string"],
  },
  "k8s.io.api.core.v1.CSIVolumeSource": {
    volumeAttributes: [4, "omitzero", "map string"],
  },
  "k8s.io.api.core.v1.AzureDiskVolumeSource": {
    diskURI: [2, "always", "string"],
    cachingMode: [3, "pointer", "string"],
    fsType: [4, "pointer", "string"],
    kind: [6, "pointer", "string"],
  },
  "k8s.io.api.core.v1.RBDVolumeSource": {
    monitors: [1, "omitzero", "list string"],
    fsType: [3, "omitzero", "string"],
    user: [5, "omitzero", "string"],
    keyring: [6, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.CephFSVolumeSource": {
    monitors: [1, "omitzero", "list string"],
    path: [2, "omitzero", "string"],
    user: [3, "omitzero", "string"],
    secretFile: [4, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.ISCSIVolumeSource": {
    iscsiInterface: [4, "omitzero", "string"],
    fsType: [5, "omitzero", "string"],
    portals: [7, "omitzero", "list string"],
    chapAuthDiscovery: [8, "omitzero", "bool"],
    chapAuthSession: [11, "omitzero", "bool"],
    initiatorName: [12, "pointer", "string"],
  },
  "k8s.io.api.core.v1.PodCertificateProjection": {
    userAnnotations: [7, "omitzero", "map string"],
  },
  "k8s.io.api.core.v1.WindowsSecurityContextOptions": {
    gmsaCredentialSpec: [2, "pointer", "string"],
  },
  "k8s.io.api.core.v1.ContainerStateWaiting": {
    message: [2, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.ContainerStateTerminated": {
    message: [4, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.PodCondition": {
    lastProbeTime: [3, "omitzero", "time"],
    message: [6, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.PodStatus": {
    message: [3, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.PodSpec": {
    serviceAccount: [9, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.NamespaceCondition": {
    message: [6, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.NodeCondition": {
    lastHeartbeatTime: [3, "omitzero", "time"],
    message: [6, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.NodeStatus": {
    images: [8, "omitzero", "list k8s.io.api.core.v1.ContainerImage"],
    volumesInUse: [9, "omitzero", "list string"],
  },
  "k8s.io.api.core.v1.ContainerImage": {
    names: [1, "omitzero", "list string"],
    sizeBytes: [2, "omitzero", "int64"],
  },
  "k8s.io.api.apps.v1.DeploymentCondition": {
    lastUpdateTime: [6, "omitzero", "time"],
    message: [5, "omitzero", "string"],
  },
  "k8s.io.api.apps.v1.ReplicaSetCondition": {
    message: [5, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.Secret": {
    data: [2, "omitzero", "map bytes"],
    stringData: [4, "omitzero", "map string"],
    immutable: [5, "pointer", "bool"],
  },
  "k8s.io.api.core.v1.ConfigMap": {
    data: [2, "omitzero", "map string"],
    binaryData: [3, "omitzero", "map bytes"],
    immutable: [4, "pointer", "bool"],
  },
};
