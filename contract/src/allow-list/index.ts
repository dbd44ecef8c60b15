/** Allow-list tables: what exists for us of each Kubernetes resource, and everything that follows from that. */
export { annotationKeys } from "./annotations.ts";
export { describeManifest, describeTable } from "./describe.ts";
export {
  embeddedCopyKeys,
  envPlaceOf,
  envVarNumbers,
  listLiteralEnv,
  suggestsSecret,
  type EnvPlace,
  type LiteralSecretEnv,
} from "./evidence.ts";
export { findingsOf, type Finding, type FindingKind } from "./findings.ts";
export { daemonSet, deployment, replicaSet, statefulSet } from "./kubernetes/apps.ts";
export { cronJob, job } from "./kubernetes/batch.ts";
export { configMap, namespace, node, secret, service, serviceAccount } from "./kubernetes/core.ts";
export { ingress, networkPolicy } from "./kubernetes/networking.ts";
export { pod } from "./kubernetes/pods.ts";
export { clusterRole, clusterRoleBinding, role, roleBinding } from "./kubernetes/rbac.ts";
export { persistentVolumeClaim } from "./kubernetes/claims.ts";
export { manifestOf, type ManifestField } from "./manifest.ts";
export { metadataOnly, type DiscoveredResource } from "./metadata-only.ts";
export { listTruncated, prune, recordOf, type Pruned } from "./prune.ts";
export { requestFor, type ReadRequest } from "./request.ts";
export { apiVersionOf, findResource, messageFor, resources } from "./resources.ts";
export * from "./table.ts";
export { cleanText, cutText, pointerToken } from "./text.ts";
export { whyKept } from "./why.ts";
