/**
 * Persistent volumes: which kind of storage, whose claim, and which Secrets it is mounted with; never attributes,
 * options, mount options or addresses that may hold credentials.
 *
 * @module
 */
import {
  always,
  bool,
  inline,
  int32,
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
import { objectMeta, objectReference } from "./metadata.ts";
import { nodeSelector } from "./pods.ts";
import {
  aWSElasticBlockStoreVolumeSource,
  azureDiskVolumeSource,
  fCVolumeSource,
  flockerVolumeSource,
  gCEPersistentDiskVolumeSource,
  hostPathVolumeSource,
  nFSVolumeSource,
  photonPersistentDiskVolumeSource,
  portworxVolumeSource,
  quobyteVolumeSource,
  vsphereVirtualDiskVolumeSource,
} from "./volumes.ts";

const secretReference = table("k8s.io.api.core.v1.SecretReference", {
  name: omitzero(1, string),
  namespace: omitzero(2, string),
});

const glusterfsPersistentVolumeSource = table(
  "k8s.io.api.core.v1.GlusterfsPersistentVolumeSource",
  {},
);

const rBDPersistentVolumeSource = table("k8s.io.api.core.v1.RBDPersistentVolumeSource", {
  image: always(2, string),
  pool: omitzero(4, string),
  secretRef: pointer(7, message(secretReference)),
  readOnly: omitzero(8, bool),
});

const iSCSIPersistentVolumeSource = table("k8s.io.api.core.v1.ISCSIPersistentVolumeSource", {
  targetPortal: always(1, string),
  iqn: always(2, string),
  lun: always(3, int32),
  readOnly: omitzero(6, bool),
  secretRef: pointer(10, message(secretReference)),
});

const cinderPersistentVolumeSource = table("k8s.io.api.core.v1.CinderPersistentVolumeSource", {
  secretRef: pointer(4, message(secretReference)),
});

const cephFSPersistentVolumeSource = table("k8s.io.api.core.v1.CephFSPersistentVolumeSource", {
  secretRef: pointer(5, message(secretReference)),
  readOnly: omitzero(6, bool),
});

const flexPersistentVolumeSource = table("k8s.io.api.core.v1.FlexPersistentVolumeSource", {
  driver: always(1, string),
  fsType: omitzero(2, string),
  secretRef: pointer(3, message(secretReference)),
  readOnly: omitzero(4, bool),
});

const azureFilePersistentVolumeSource = table(
  "k8s.io.api.core.v1.AzureFilePersistentVolumeSource",
  {
    secretName: always(1, string),
    shareName: always(2, string),
    readOnly: omitzero(3, bool),
    secretNamespace: pointer(4, string),
  },
);

const scaleIOPersistentVolumeSource = table("k8s.io.api.core.v1.ScaleIOPersistentVolumeSource", {
  secretRef: pointer(3, message(secretReference)),
});

const localVolumeSource = table("k8s.io.api.core.v1.LocalVolumeSource", {
  path: always(1, string),
  fsType: pointer(2, string),
});

const storageOSPersistentVolumeSource = table(
  "k8s.io.api.core.v1.StorageOSPersistentVolumeSource",
  {
    secretRef: pointer(5, message(objectReference)),
  },
);

const cSIPersistentVolumeSource = table("k8s.io.api.core.v1.CSIPersistentVolumeSource", {
  driver: always(1, string),
  readOnly: omitzero(3, bool),
  fsType: omitzero(4, string),
  controllerPublishSecretRef: pointer(6, message(secretReference)),
  nodeStageSecretRef: pointer(7, message(secretReference)),
  nodePublishSecretRef: pointer(8, message(secretReference)),
  controllerExpandSecretRef: pointer(9, message(secretReference)),
  nodeExpandSecretRef: pointer(10, message(secretReference)),
});

const persistentVolumeSource = table("k8s.io.api.core.v1.PersistentVolumeSource", {
  gcePersistentDisk: pointer(1, message(gCEPersistentDiskVolumeSource)),
  awsElasticBlockStore: pointer(2, message(aWSElasticBlockStoreVolumeSource)),
  hostPath: pointer(3, message(hostPathVolumeSource)),
  glusterfs: pointer(4, message(glusterfsPersistentVolumeSource)),
  nfs: pointer(5, message(nFSVolumeSource)),
  rbd: pointer(6, message(rBDPersistentVolumeSource)),
  iscsi: pointer(7, message(iSCSIPersistentVolumeSource)),
  cinder: pointer(8, message(cinderPersistentVolumeSource)),
  cephfs: pointer(9, message(cephFSPersistentVolumeSource)),
  fc: pointer(10, message(fCVolumeSource)),
  flocker: pointer(11, message(flockerVolumeSource)),
  flexVolume: pointer(12, message(flexPersistentVolumeSource)),
  azureFile: pointer(13, message(azureFilePersistentVolumeSource)),
  vsphereVolume: pointer(14, message(vsphereVirtualDiskVolumeSource)),
  quobyte: pointer(15, message(quobyteVolumeSource)),
  azureDisk: pointer(16, message(azureDiskVolumeSource)),
  photonPersistentDisk: pointer(17, message(photonPersistentDiskVolumeSource)),
  portworxVolume: pointer(18, message(portworxVolumeSource)),
  scaleIO: pointer(19, message(scaleIOPersistentVolumeSource)),
  local: pointer(20, message(localVolumeSource)),
  storageos: pointer(21, message(storageOSPersistentVolumeSource)),
  csi: pointer(22, message(cSIPersistentVolumeSource)),
});

const volumeNodeAffinity = table("k8s.io.api.core.v1.VolumeNodeAffinity", {
  required: pointer(1, message(nodeSelector)),
});

const persistentVolumeSpec = table("k8s.io.api.core.v1.PersistentVolumeSpec", {
  capacity: omitzero(1, map(quantity)),
  persistentVolumeSource: inline(2, message(persistentVolumeSource)),
  accessModes: omitzero(3, list(string)),
  claimRef: pointer(4, message(objectReference)),
  persistentVolumeReclaimPolicy: omitzero(5, string),
  storageClassName: omitzero(6, string),
  volumeMode: pointer(8, string),
  nodeAffinity: pointer(9, message(volumeNodeAffinity)),
  volumeAttributesClassName: pointer(10, string),
});

const persistentVolumeStatus = table("k8s.io.api.core.v1.PersistentVolumeStatus", {
  phase: omitzero(1, string),
  reason: omitzero(3, string),
  lastPhaseTransitionTime: pointer(4, time),
});

export const persistentVolume = table("k8s.io.api.core.v1.PersistentVolume", {
  metadata: always(1, message(objectMeta)),
  spec: always(2, message(persistentVolumeSpec)),
  status: always(3, message(persistentVolumeStatus)),
});

const topologySelectorLabelRequirement = table(
  "k8s.io.api.core.v1.TopologySelectorLabelRequirement",
  {
    key: always(1, string),
    values: omitzero(2, list(string)),
  },
);

const topologySelectorTerm = table("k8s.io.api.core.v1.TopologySelectorTerm", {
  matchLabelExpressions: omitzero(1, list(message(topologySelectorLabelRequirement))),
});

export const storageClass = table("k8s.io.api.storage.v1.StorageClass", {
  metadata: always(1, message(objectMeta)),
  provisioner: always(2, string),
  reclaimPolicy: pointer(4, string),
  allowVolumeExpansion: pointer(6, bool),
  volumeBindingMode: pointer(7, string),
  allowedTopologies: omitzero(8, list(message(topologySelectorTerm))),
});
