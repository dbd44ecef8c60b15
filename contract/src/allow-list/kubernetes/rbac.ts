/**
 * Who may do what: every part of rules and bindings, since an answer about access needs all of them.
 *
 * @module
 */
import { always, list, message, omitzero, pointer, string, table } from "../build.ts";
import { labelSelector, objectMeta } from "./metadata.ts";

const policyRule = table("k8s.io.api.rbac.v1.PolicyRule", {
  verbs: omitzero(1, list(string)),
  apiGroups: omitzero(2, list(string)),
  resources: omitzero(3, list(string)),
  resourceNames: omitzero(4, list(string)),
  nonResourceURLs: omitzero(5, list(string)),
});

export const role = table("k8s.io.api.rbac.v1.Role", {
  metadata: always(1, message(objectMeta)),
  rules: omitzero(2, list(message(policyRule))),
});

const aggregationRule = table("k8s.io.api.rbac.v1.AggregationRule", {
  clusterRoleSelectors: omitzero(1, list(message(labelSelector))),
});

export const clusterRole = table("k8s.io.api.rbac.v1.ClusterRole", {
  metadata: always(1, message(objectMeta)),
  rules: omitzero(2, list(message(policyRule))),
  aggregationRule: pointer(3, message(aggregationRule)),
});

const subject = table("k8s.io.api.rbac.v1.Subject", {
  kind: always(1, string),
  apiGroup: omitzero(2, string),
  name: always(3, string),
  namespace: omitzero(4, string),
});

const roleRef = table("k8s.io.api.rbac.v1.RoleRef", {
  apiGroup: always(1, string),
  kind: always(2, string),
  name: always(3, string),
});

export const roleBinding = table("k8s.io.api.rbac.v1.RoleBinding", {
  metadata: always(1, message(objectMeta)),
  subjects: omitzero(2, list(message(subject))),
  roleRef: always(3, message(roleRef)),
});

export const clusterRoleBinding = table("k8s.io.api.rbac.v1.ClusterRoleBinding", {
  metadata: always(1, message(objectMeta)),
  subjects: omitzero(2, list(message(subject))),
  roleRef: always(3, message(roleRef)),
});
