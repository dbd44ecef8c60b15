/** Allow-list tables: what exists for us of each Kubernetes resource, and everything that follows from that. */
export { annotationKeys } from "./annotations.ts";
export { describeManifest, describeTable } from "./describe.ts";
export { deployment, replicaSet } from "./kubernetes/apps.ts";
export { configMap, namespace, node, secret, service, serviceAccount } from "./kubernetes/core.ts";
export { pod } from "./kubernetes/pods.ts";
export { listTruncated, prune, recordOf, type Pruned } from "./prune.ts";
export { requestFor, type ReadRequest } from "./request.ts";
export { apiVersionOf, findResource, messageFor, resources } from "./resources.ts";
export * from "./table.ts";
export { cleanText, cutText, pointerToken } from "./text.ts";
