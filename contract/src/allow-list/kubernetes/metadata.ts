/**
 * Metadata and references that every resource shares.
 *
 * @module
 */
import {
  always,
  bool,
  capped,
  int64,
  list,
  map,
  message,
  omitzero,
  pointer,
  string,
  table,
  time,
  volatile,
} from "../build.ts";
import { annotationKeys } from "../annotations.ts";
import { limits } from "../../limits.ts";

const ownerReference = table("k8s.io.apimachinery.pkg.apis.meta.v1.OwnerReference", {
  apiVersion: always(5, string),
  kind: always(1, string),
  name: always(3, string),
  uid: always(4, string),
  controller: pointer(6, bool),
  blockOwnerDeletion: pointer(7, bool),
});

const managedFieldsEntry = table("k8s.io.apimachinery.pkg.apis.meta.v1.ManagedFieldsEntry", {
  manager: omitzero(1, string),
  operation: omitzero(2, string),
  time: pointer(4, time),
  subresource: omitzero(8, string),
});

export const objectMeta = table("k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta", {
  name: omitzero(1, string),
  generateName: omitzero(2, string),
  namespace: omitzero(3, string),
  uid: omitzero(5, string),
  resourceVersion: volatile(omitzero(6, string)),
  generation: omitzero(7, int64),
  creationTimestamp: omitzero(8, time),
  deletionTimestamp: pointer(9, time),
  deletionGracePeriodSeconds: pointer(10, int64),
  labels: omitzero(11, map(string)),
  annotations: capped(limits.annotationChars, omitzero(12, map(string, annotationKeys))),
  ownerReferences: omitzero(13, list(message(ownerReference))),
  finalizers: omitzero(14, list(string)),
  managedFields: volatile(omitzero(17, list(message(managedFieldsEntry)))),
});

const labelSelectorRequirement = table(
  "k8s.io.apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement",
  {
    key: always(1, string),
    operator: always(2, string),
    values: omitzero(3, list(string)),
  },
);

export const labelSelector = table("k8s.io.apimachinery.pkg.apis.meta.v1.LabelSelector", {
  matchLabels: omitzero(1, map(string)),
  matchExpressions: omitzero(2, list(message(labelSelectorRequirement))),
});

export const condition = table("k8s.io.apimachinery.pkg.apis.meta.v1.Condition", {
  type: always(1, string),
  status: always(2, string),
  observedGeneration: omitzero(3, int64),
  lastTransitionTime: omitzero(4, time),
  reason: always(5, string),
});

export const objectReference = table("k8s.io.api.core.v1.ObjectReference", {
  kind: omitzero(1, string),
  namespace: omitzero(2, string),
  name: omitzero(3, string),
  uid: omitzero(4, string),
  apiVersion: omitzero(5, string),
});

export const localObjectReference = table("k8s.io.api.core.v1.LocalObjectReference", {
  name: omitzero(1, string),
});

export const typedLocalObjectReference = table("k8s.io.api.core.v1.TypedLocalObjectReference", {
  apiGroup: pointer(1, string),
  kind: always(2, string),
  name: always(3, string),
});

export const typedObjectReference = table("k8s.io.api.core.v1.TypedObjectReference", {
  apiGroup: pointer(1, string),
  kind: always(2, string),
  name: always(3, string),
  namespace: pointer(4, string),
});
