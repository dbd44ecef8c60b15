/** Public list of this package. */
export { changeOnce, churn, type ChurnOptions } from "./cluster/churn.ts";
export { addPod, generateCluster, type ClusterOptions } from "./cluster/generator.ts";
export {
  shapeForObjects,
  shapeForPods,
  type Cluster,
  type ClusterShape,
  type Workload,
} from "./cluster/model.ts";
export {
  encodeEnvelope,
  encodeFrame,
  encodeList,
  encodeListOf,
  encodeObject,
  encodeStatus,
  encodeWatchError,
  encodeWatchEvent,
  type ListMeta,
  type Status,
  type WatchType,
} from "./kube-api/encode/answers.ts";
export { fieldsOf, type WireField, type WireType } from "./kube-api/encode/fields.ts";
export { forbiddenFields } from "./kube-api/encode/forbidden-fields.ts";
export { encodeMessage, type KubeObject } from "./kube-api/encode/protobuf.ts";
export { canaryText, randomObject, seededRandom } from "./kube-api/encode/random-object.ts";
export {
  encodeJsonWatchError,
  encodeTableEvent,
  encodeTableList,
  type IncludeObject,
  type TableOptions,
} from "./kube-api/encode/table.ts";
export { createCertificates, type Certificates } from "./certificates.ts";
export type { CallKind, Effect, Fault, Faults } from "./kube-api/faults.ts";
export { mergePatch, type MergePatch, type ObjectRef } from "./kube-api/object.ts";
export { KubeApi, openKubeApi, type KubeApiOptions, type SeenRequest } from "./kube-api/server.ts";
export {
  ObjectStore,
  type Backup,
  type StoredObject,
  type StoreEvent,
  type StoreOptions,
  type Writer,
} from "./kube-api/store.ts";
