/**
 * Claims: what was asked for, what was got, and which volume it is.
 *
 * @module
 */
import {
  always,
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
import { objectMeta } from "./metadata.ts";
import { persistentVolumeClaimSpec } from "./volumes.ts";

const persistentVolumeClaimCondition = table("k8s.io.api.core.v1.PersistentVolumeClaimCondition", {
  type: always(1, string),
  status: always(2, string),
  lastTransitionTime: omitzero(4, time),
  reason: omitzero(5, string),
});

const modifyVolumeStatus = table("k8s.io.api.core.v1.ModifyVolumeStatus", {
  targetVolumeAttributesClassName: omitzero(1, string),
  status: always(2, string),
});

const persistentVolumeClaimStatus = table("k8s.io.api.core.v1.PersistentVolumeClaimStatus", {
  phase: omitzero(1, string),
  accessModes: omitzero(2, list(string)),
  capacity: omitzero(3, map(quantity)),
  conditions: omitzero(4, list(message(persistentVolumeClaimCondition))),
  allocatedResources: omitzero(5, map(quantity)),
  allocatedResourceStatuses: omitzero(7, map(string)),
  currentVolumeAttributesClassName: pointer(8, string),
  modifyVolumeStatus: pointer(9, message(modifyVolumeStatus)),
});

export const persistentVolumeClaim = table("k8s.io.api.core.v1.PersistentVolumeClaim", {
  metadata: always(1, message(objectMeta)),
  spec: always(2, message(persistentVolumeClaimSpec)),
  status: always(3, message(persistentVolumeClaimStatus)),
});
