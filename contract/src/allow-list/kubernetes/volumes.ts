/**
 * Volumes of a pod: which Secrets, ConfigMaps, claims and host paths it reaches; never options or attributes.
 *
 * @module
 */
import {
  always,
  bool,
  inline,
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
} from "../build.ts";
import {
  labelSelector,
  localObjectReference,
  objectMeta,
  typedLocalObjectReference,
  typedObjectReference,
} from "./metadata.ts";

const keyToPath = table("k8s.io.api.core.v1.KeyToPath", {
  key: always(1, string),
  path: always(2, string),
  mode: pointer(3, int32),
});

export const objectFieldSelector = table("k8s.io.api.core.v1.ObjectFieldSelector", {
  apiVersion: omitzero(1, string),
  fieldPath: always(2, string),
});

export const resourceFieldSelector = table("k8s.io.api.core.v1.ResourceFieldSelector", {
  containerName: omitzero(1, string),
  resource: always(2, string),
  divisor: always(3, quantity),
});

const downwardAPIVolumeFile = table("k8s.io.api.core.v1.DownwardAPIVolumeFile", {
  path: always(1, string),
  fieldRef: pointer(2, message(objectFieldSelector)),
  resourceFieldRef: pointer(3, message(resourceFieldSelector)),
  mode: pointer(4, int32),
});

const secretVolumeSource = table("k8s.io.api.core.v1.SecretVolumeSource", {
  secretName: omitzero(1, string),
  items: omitzero(2, list(message(keyToPath))),
  defaultMode: pointer(3, int32),
  optional: pointer(4, bool),
});

const configMapVolumeSource = table("k8s.io.api.core.v1.ConfigMapVolumeSource", {
  localObjectReference: inline(1, message(localObjectReference)),
  items: omitzero(2, list(message(keyToPath))),
  defaultMode: pointer(3, int32),
  optional: pointer(4, bool),
});

const persistentVolumeClaimVolumeSource = table(
  "k8s.io.api.core.v1.PersistentVolumeClaimVolumeSource",
  {
    claimName: always(1, string),
    readOnly: omitzero(2, bool),
  },
);

export const hostPathVolumeSource = table("k8s.io.api.core.v1.HostPathVolumeSource", {
  path: always(1, string),
  type: pointer(2, string),
});

const emptyDirVolumeSource = table("k8s.io.api.core.v1.EmptyDirVolumeSource", {
  medium: omitzero(1, string),
  sizeLimit: pointer(2, quantity),
});

export const gCEPersistentDiskVolumeSource = table(
  "k8s.io.api.core.v1.GCEPersistentDiskVolumeSource",
  {
    pdName: always(1, string),
    fsType: omitzero(2, string),
    partition: omitzero(3, int32),
    readOnly: omitzero(4, bool),
  },
);

export const aWSElasticBlockStoreVolumeSource = table(
  "k8s.io.api.core.v1.AWSElasticBlockStoreVolumeSource",
  {
    volumeID: always(1, string),
    fsType: omitzero(2, string),
    partition: omitzero(3, int32),
    readOnly: omitzero(4, bool),
  },
);

export const nFSVolumeSource = table("k8s.io.api.core.v1.NFSVolumeSource", {
  server: always(1, string),
  path: always(2, string),
  readOnly: omitzero(3, bool),
});

const iSCSIVolumeSource = table("k8s.io.api.core.v1.ISCSIVolumeSource", {
  targetPortal: always(1, string),
  iqn: always(2, string),
  lun: always(3, int32),
  readOnly: omitzero(6, bool),
  secretRef: pointer(10, message(localObjectReference)),
});

const rBDVolumeSource = table("k8s.io.api.core.v1.RBDVolumeSource", {
  image: always(2, string),
  pool: omitzero(4, string),
  readOnly: omitzero(8, bool),
  secretRef: pointer(7, message(localObjectReference)),
});

const flexVolumeSource = table("k8s.io.api.core.v1.FlexVolumeSource", {
  driver: always(1, string),
  fsType: omitzero(2, string),
  secretRef: pointer(3, message(localObjectReference)),
  readOnly: omitzero(4, bool),
});

const cephFSVolumeSource = table("k8s.io.api.core.v1.CephFSVolumeSource", {
  secretRef: pointer(5, message(localObjectReference)),
  readOnly: omitzero(6, bool),
});

const azureFileVolumeSource = table("k8s.io.api.core.v1.AzureFileVolumeSource", {
  secretName: always(1, string),
  shareName: always(2, string),
  readOnly: omitzero(3, bool),
});

export const azureDiskVolumeSource = table("k8s.io.api.core.v1.AzureDiskVolumeSource", {
  diskName: always(1, string),
  readOnly: pointer(5, bool),
});

const downwardAPIVolumeSource = table("k8s.io.api.core.v1.DownwardAPIVolumeSource", {
  items: omitzero(1, list(message(downwardAPIVolumeFile))),
  defaultMode: pointer(2, int32),
});

const secretProjection = table("k8s.io.api.core.v1.SecretProjection", {
  localObjectReference: inline(1, message(localObjectReference)),
  items: omitzero(2, list(message(keyToPath))),
  optional: pointer(4, bool),
});

const configMapProjection = table("k8s.io.api.core.v1.ConfigMapProjection", {
  localObjectReference: inline(1, message(localObjectReference)),
  items: omitzero(2, list(message(keyToPath))),
  optional: pointer(4, bool),
});

const downwardAPIProjection = table("k8s.io.api.core.v1.DownwardAPIProjection", {
  items: omitzero(1, list(message(downwardAPIVolumeFile))),
});

const serviceAccountTokenProjection = table("k8s.io.api.core.v1.ServiceAccountTokenProjection", {
  audience: omitzero(1, string),
  expirationSeconds: pointer(2, int64),
  path: always(3, string),
});

const clusterTrustBundleProjection = table("k8s.io.api.core.v1.ClusterTrustBundleProjection", {
  name: pointer(1, string),
  signerName: pointer(2, string),
  labelSelector: pointer(3, message(labelSelector)),
  path: always(4, string),
  optional: pointer(5, bool),
});

const podCertificateProjection = table("k8s.io.api.core.v1.PodCertificateProjection", {
  signerName: omitzero(1, string),
  keyType: omitzero(2, string),
  maxExpirationSeconds: pointer(3, int32),
  credentialBundlePath: omitzero(4, string),
  keyPath: omitzero(5, string),
  certificateChainPath: omitzero(6, string),
});

const volumeProjection = table("k8s.io.api.core.v1.VolumeProjection", {
  secret: pointer(1, message(secretProjection)),
  downwardAPI: pointer(2, message(downwardAPIProjection)),
  configMap: pointer(3, message(configMapProjection)),
  serviceAccountToken: pointer(4, message(serviceAccountTokenProjection)),
  clusterTrustBundle: pointer(5, message(clusterTrustBundleProjection)),
  podCertificate: pointer(6, message(podCertificateProjection)),
});

const projectedVolumeSource = table("k8s.io.api.core.v1.ProjectedVolumeSource", {
  sources: omitzero(1, list(message(volumeProjection))),
  defaultMode: pointer(2, int32),
});

const cSIVolumeSource = table("k8s.io.api.core.v1.CSIVolumeSource", {
  driver: always(1, string),
  readOnly: pointer(2, bool),
  fsType: pointer(3, string),
  nodePublishSecretRef: pointer(5, message(localObjectReference)),
});

const volumeResourceRequirements = table("k8s.io.api.core.v1.VolumeResourceRequirements", {
  limits: omitzero(1, map(quantity)),
  requests: omitzero(2, map(quantity)),
});

export const persistentVolumeClaimSpec = table("k8s.io.api.core.v1.PersistentVolumeClaimSpec", {
  accessModes: omitzero(1, list(string)),
  selector: pointer(4, message(labelSelector)),
  resources: always(2, message(volumeResourceRequirements)),
  volumeName: omitzero(3, string),
  storageClassName: pointer(5, string),
  volumeMode: pointer(6, string),
  dataSource: pointer(7, message(typedLocalObjectReference)),
  dataSourceRef: pointer(8, message(typedObjectReference)),
  volumeAttributesClassName: pointer(9, string),
});

const persistentVolumeClaimTemplate = table("k8s.io.api.core.v1.PersistentVolumeClaimTemplate", {
  metadata: always(1, message(objectMeta)),
  spec: always(2, message(persistentVolumeClaimSpec)),
});

const ephemeralVolumeSource = table("k8s.io.api.core.v1.EphemeralVolumeSource", {
  volumeClaimTemplate: pointer(1, message(persistentVolumeClaimTemplate)),
});

const imageVolumeSource = table("k8s.io.api.core.v1.ImageVolumeSource", {
  reference: omitzero(1, string),
  pullPolicy: omitzero(2, string),
});

// Of rarer kinds of volume: that it is one, and which Secret it reads. Their addresses may hold credentials.
const gitRepoVolumeSource = table("k8s.io.api.core.v1.GitRepoVolumeSource", {});
const glusterfsVolumeSource = table("k8s.io.api.core.v1.GlusterfsVolumeSource", {});
const cinderVolumeSource = table("k8s.io.api.core.v1.CinderVolumeSource", {
  secretRef: pointer(4, message(localObjectReference)),
});
export const flockerVolumeSource = table("k8s.io.api.core.v1.FlockerVolumeSource", {});
export const fCVolumeSource = table("k8s.io.api.core.v1.FCVolumeSource", {});
export const vsphereVirtualDiskVolumeSource = table(
  "k8s.io.api.core.v1.VsphereVirtualDiskVolumeSource",
  {},
);
export const quobyteVolumeSource = table("k8s.io.api.core.v1.QuobyteVolumeSource", {});
export const photonPersistentDiskVolumeSource = table(
  "k8s.io.api.core.v1.PhotonPersistentDiskVolumeSource",
  {},
);
export const portworxVolumeSource = table("k8s.io.api.core.v1.PortworxVolumeSource", {});
const scaleIOVolumeSource = table("k8s.io.api.core.v1.ScaleIOVolumeSource", {
  secretRef: pointer(3, message(localObjectReference)),
});
const storageOSVolumeSource = table("k8s.io.api.core.v1.StorageOSVolumeSource", {
  secretRef: pointer(5, message(localObjectReference)),
});

const volumeSource = table("k8s.io.api.core.v1.VolumeSource", {
  hostPath: pointer(1, message(hostPathVolumeSource)),
  emptyDir: pointer(2, message(emptyDirVolumeSource)),
  gcePersistentDisk: pointer(3, message(gCEPersistentDiskVolumeSource)),
  awsElasticBlockStore: pointer(4, message(aWSElasticBlockStoreVolumeSource)),
  gitRepo: pointer(5, message(gitRepoVolumeSource)),
  secret: pointer(6, message(secretVolumeSource)),
  nfs: pointer(7, message(nFSVolumeSource)),
  iscsi: pointer(8, message(iSCSIVolumeSource)),
  glusterfs: pointer(9, message(glusterfsVolumeSource)),
  persistentVolumeClaim: pointer(10, message(persistentVolumeClaimVolumeSource)),
  rbd: pointer(11, message(rBDVolumeSource)),
  flexVolume: pointer(12, message(flexVolumeSource)),
  cinder: pointer(13, message(cinderVolumeSource)),
  cephfs: pointer(14, message(cephFSVolumeSource)),
  flocker: pointer(15, message(flockerVolumeSource)),
  downwardAPI: pointer(16, message(downwardAPIVolumeSource)),
  fc: pointer(17, message(fCVolumeSource)),
  azureFile: pointer(18, message(azureFileVolumeSource)),
  configMap: pointer(19, message(configMapVolumeSource)),
  vsphereVolume: pointer(20, message(vsphereVirtualDiskVolumeSource)),
  quobyte: pointer(21, message(quobyteVolumeSource)),
  azureDisk: pointer(22, message(azureDiskVolumeSource)),
  photonPersistentDisk: pointer(23, message(photonPersistentDiskVolumeSource)),
  portworxVolume: pointer(24, message(portworxVolumeSource)),
  scaleIO: pointer(25, message(scaleIOVolumeSource)),
  projected: pointer(26, message(projectedVolumeSource)),
  storageos: pointer(27, message(storageOSVolumeSource)),
  csi: pointer(28, message(cSIVolumeSource)),
  ephemeral: pointer(29, message(ephemeralVolumeSource)),
  image: pointer(30, message(imageVolumeSource)),
});

export const volume = table("k8s.io.api.core.v1.Volume", {
  name: always(1, string),
  volumeSource: inline(2, message(volumeSource)),
});
