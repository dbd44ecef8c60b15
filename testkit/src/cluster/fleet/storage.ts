/** Storage classes, claims and the volumes behind them. */
import type { JsonObject } from "@obsyk/contract";
import { seededUid } from "../../kube-api/store.ts";
import { hex } from "../random.ts";
import { labelsOf, objectOf, put, type App, type Scene } from "./scene.ts";

const drivers = {
  aws: "ebs.csi.aws.com",
  gcp: "pd.csi.storage.gke.io",
  azure: "disk.csi.azure.com",
} as const;

export function addStorageClasses(scene: Scene): void {
  const provisioner = drivers[scene.cloud.provider];
  const classes = [
    { name: "fast", isDefault: true, reclaimPolicy: "Delete" },
    { name: "archive", isDefault: false, reclaimPolicy: "Retain" },
  ];
  for (const { name, isDefault, reclaimPolicy } of classes) {
    const annotations = { "storageclass.kubernetes.io/is-default-class": String(isDefault) };
    const storageClass = objectOf(
      scene,
      { apiVersion: "storage.k8s.io/v1", kind: "StorageClass", metadata: { name, annotations } },
      {
        provisioner,
        parameters: { encrypted: "true", kmsKey: scene.canary },
        reclaimPolicy,
        allowVolumeExpansion: true,
        volumeBindingMode: "WaitForFirstConsumer",
      },
    );
    put(scene, "storageclasses.storage.k8s.io", storageClass);
  }
}

/** A claim of an app's pod and the volume it is bound to; nothing when the claim is there already. */
export function addVolume(scene: Scene, app: App, claim: string): void {
  const ref = { namespace: app.namespace, name: claim };
  if (scene.store.getStored("persistentvolumeclaims", ref) !== undefined) return;
  const uid = seededUid(scene.random);
  const volume = `pvc-${uid}`;
  const capacity = { storage: app.storage ?? "10Gi" };
  const common = {
    accessModes: ["ReadWriteOnce"],
    storageClassName: "fast",
    volumeMode: "Filesystem",
  };
  const metadata = {
    name: claim,
    namespace: app.namespace,
    uid,
    labels: labelsOf(app),
    annotations: { "volume.kubernetes.io/storage-provisioner": drivers[scene.cloud.provider] },
  };
  put(
    scene,
    "persistentvolumeclaims",
    objectOf(
      scene,
      { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata },
      {
        spec: { ...common, resources: { requests: capacity }, volumeName: volume },
        status: { phase: "Bound", accessModes: ["ReadWriteOnce"], capacity },
      },
    ),
  );
  put(
    scene,
    "persistentvolumes",
    volumeOf(scene, { name: volume, claim: { ...ref, uid }, capacity, common }),
  );
}

function volumeOf(
  scene: Scene,
  volume: {
    readonly name: string;
    readonly claim: { readonly namespace: string; readonly name: string; readonly uid: string };
    readonly capacity: JsonObject;
    readonly common: JsonObject;
  },
): JsonObject {
  const driver = drivers[scene.cloud.provider];
  const annotations = { "pv.kubernetes.io/provisioned-by": driver };
  const metadata = { name: volume.name, annotations };
  return objectOf(
    scene,
    { apiVersion: "v1", kind: "PersistentVolume", metadata },
    {
      spec: {
        ...volume.common,
        capacity: volume.capacity,
        csi: {
          driver,
          volumeHandle: `vol-${hex(scene.random, 17)}`,
          fsType: "ext4",
          volumeAttributes: { identity: scene.canary },
        },
        claimRef: { kind: "PersistentVolumeClaim", apiVersion: "v1", ...volume.claim },
        persistentVolumeReclaimPolicy: "Delete",
      },
      status: { phase: "Bound" },
    },
  );
}
