/** Of the kinds of volumes. See `forbidden-fields.ts`. */
import type { ForbiddenFields } from "./forbidden-field.ts";

export const forbiddenVolumes: ForbiddenFields = {
  "k8s.io.api.core.v1.AzureDiskVolumeSource": {
    diskURI: [2, "always", "string"],
    cachingMode: [3, "pointer", "string"],
    fsType: [4, "pointer", "string"],
    kind: [6, "pointer", "string"],
  },
  "k8s.io.api.core.v1.CSIPersistentVolumeSource": {
    volumeHandle: [2, "always", "string"],
    volumeAttributes: [5, "omitzero", "map string"],
  },
  "k8s.io.api.core.v1.CSIVolumeSource": {
    volumeAttributes: [4, "omitzero", "map string"],
  },
  "k8s.io.api.core.v1.CephFSPersistentVolumeSource": {
    monitors: [1, "omitzero", "list string"],
    path: [2, "omitzero", "string"],
    user: [3, "omitzero", "string"],
    secretFile: [4, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.CephFSVolumeSource": {
    monitors: [1, "omitzero", "list string"],
    path: [2, "omitzero", "string"],
    user: [3, "omitzero", "string"],
    secretFile: [4, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.CinderPersistentVolumeSource": {
    volumeID: [1, "always", "string"],
    fsType: [2, "omitzero", "string"],
    readOnly: [3, "omitzero", "bool"],
  },
  "k8s.io.api.core.v1.CinderVolumeSource": {
    volumeID: [1, "always", "string"],
    fsType: [2, "omitzero", "string"],
    readOnly: [3, "omitzero", "bool"],
  },
  "k8s.io.api.core.v1.FCVolumeSource": {
    targetWWNs: [1, "omitzero", "list string"],
    lun: [2, "pointer", "int32"],
    fsType: [3, "omitzero", "string"],
    readOnly: [4, "omitzero", "bool"],
    wwids: [5, "omitzero", "list string"],
  },
  "k8s.io.api.core.v1.FlexPersistentVolumeSource": {
    options: [5, "omitzero", "map string"],
  },
  "k8s.io.api.core.v1.FlexVolumeSource": {
    options: [5, "omitzero", "map string"],
  },
  "k8s.io.api.core.v1.FlockerVolumeSource": {
    datasetName: [1, "omitzero", "string"],
    datasetUUID: [2, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.GitRepoVolumeSource": {
    repository: [1, "always", "string"],
    revision: [2, "omitzero", "string"],
    directory: [3, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.GlusterfsPersistentVolumeSource": {
    endpoints: [1, "always", "string"],
    path: [2, "always", "string"],
    readOnly: [3, "omitzero", "bool"],
    endpointsNamespace: [4, "pointer", "string"],
  },
  "k8s.io.api.core.v1.GlusterfsVolumeSource": {
    endpoints: [1, "always", "string"],
    path: [2, "always", "string"],
    readOnly: [3, "omitzero", "bool"],
  },
  "k8s.io.api.core.v1.ISCSIPersistentVolumeSource": {
    iscsiInterface: [4, "omitzero", "string"],
    fsType: [5, "omitzero", "string"],
    portals: [7, "omitzero", "list string"],
    chapAuthDiscovery: [8, "omitzero", "bool"],
    chapAuthSession: [11, "omitzero", "bool"],
    initiatorName: [12, "pointer", "string"],
  },
  "k8s.io.api.core.v1.ISCSIVolumeSource": {
    iscsiInterface: [4, "omitzero", "string"],
    fsType: [5, "omitzero", "string"],
    portals: [7, "omitzero", "list string"],
    chapAuthDiscovery: [8, "omitzero", "bool"],
    chapAuthSession: [11, "omitzero", "bool"],
    initiatorName: [12, "pointer", "string"],
  },
  "k8s.io.api.core.v1.PhotonPersistentDiskVolumeSource": {
    pdID: [1, "always", "string"],
    fsType: [2, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.PortworxVolumeSource": {
    volumeID: [1, "always", "string"],
    fsType: [2, "omitzero", "string"],
    readOnly: [3, "omitzero", "bool"],
  },
  "k8s.io.api.core.v1.QuobyteVolumeSource": {
    registry: [1, "always", "string"],
    volume: [2, "always", "string"],
    readOnly: [3, "omitzero", "bool"],
    user: [4, "omitzero", "string"],
    group: [5, "omitzero", "string"],
    tenant: [6, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.RBDPersistentVolumeSource": {
    monitors: [1, "omitzero", "list string"],
    fsType: [3, "omitzero", "string"],
    user: [5, "omitzero", "string"],
    keyring: [6, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.RBDVolumeSource": {
    monitors: [1, "omitzero", "list string"],
    fsType: [3, "omitzero", "string"],
    user: [5, "omitzero", "string"],
    keyring: [6, "omitzero", "string"],
  },
  "k8s.io.api.core.v1.ScaleIOPersistentVolumeSource": {
    gateway: [1, "always", "string"],
    system: [2, "always", "string"],
    sslEnabled: [4, "omitzero", "bool"],
    protectionDomain: [5, "omitzero", "string"],
    storagePool: [6, "omitzero", "string"],
    storageMode: [7, "omitzero", "string"],
    volumeName: [8, "omitzero", "string"],
    fsType: [9, "omitzero", "string"],
    readOnly: [10, "omitzero", "bool"],
  },
  "k8s.io.api.core.v1.ScaleIOVolumeSource": {
    gateway: [1, "always", "string"],
    system: [2, "always", "string"],
    sslEnabled: [4, "omitzero", "bool"],
    protectionDomain: [5, "omitzero", "string"],
    storagePool: [6, "omitzero", "string"],
    storageMode: [7, "omitzero", "string"],
    volumeName: [8, "omitzero", "string"],
    fsType: [9, "omitzero", "string"],
    readOnly: [10, "omitzero", "bool"],
  },
  "k8s.io.api.core.v1.StorageOSPersistentVolumeSource": {
    volumeName: [1, "omitzero", "string"],
    volumeNamespace: [2, "omitzero", "string"],
    fsType: [3, "omitzero", "string"],
    readOnly: [4, "omitzero", "bool"],
  },
  "k8s.io.api.core.v1.StorageOSVolumeSource": {
    volumeName: [1, "omitzero", "string"],
    volumeNamespace: [2, "omitzero", "string"],
    fsType: [3, "omitzero", "string"],
    readOnly: [4, "omitzero", "bool"],
  },
  "k8s.io.api.core.v1.VsphereVirtualDiskVolumeSource": {
    volumePath: [1, "always", "string"],
    fsType: [2, "omitzero", "string"],
    storagePolicyName: [3, "omitzero", "string"],
    storagePolicyID: [4, "omitzero", "string"],
  },
};
