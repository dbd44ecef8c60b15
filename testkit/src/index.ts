/** Public list of this package. */
export { changeOnce } from "./cluster/churn.ts";
export { addPod, generateCluster, type ClusterOptions } from "./cluster/generator.ts";
export {
  shapeForObjects,
  shapeForPods,
  type Cluster,
  type ClusterShape,
  type Workload,
} from "./cluster/model.ts";
export { generateFleet, type FleetOptions } from "./cluster/fleet/build.ts";
export { live } from "./cluster/fleet/life.ts";
export type { Scene } from "./cluster/fleet/scene.ts";
export type { ApiAnswer, ApiClient, ApiRequest } from "./control-plane/api-client.ts";
export { createAuthority, type Authority } from "./authority.ts";
export { buildBinary, ControlPlaneError, findBinary, isStandIn } from "./control-plane/binary.ts";
export type { PolicyRule, ServiceAccountAccess } from "./control-plane/cluster-access.ts";
export {
  startControlPlane,
  type AuditEvent,
  type ControlPlane,
  type ControlPlaneOptions,
} from "./control-plane/control-plane.ts";
export { warnOfStandIn } from "./control-plane/existing-cluster.ts";
export { openProcessGuard, type ProcessGuard } from "./control-plane/process-guard.ts";
export { openTestCluster, type TestCluster } from "./control-plane/test-cluster.ts";
export { TimeoutError, waitFor } from "./wait-for.ts";
export { createCertificates, type Certificates } from "./certificates.ts";
export {
  ProofFailure,
  type Profile,
  type ProofContext,
  type ProofResult,
  type Prove,
} from "./proof.ts";
export {
  canaryChars,
  createCanaryFlock,
  type CanaryFlock,
  type CanaryHit,
  type Encoding,
} from "./canary.ts";
export { splitHttpMessages, type RecordedMessage } from "./http-recording.ts";
export { scanMemory, type MemoryScan } from "./memory-scan.ts";
export {
  answerFaults,
  openFaultProxy,
  transportFaults,
  type AnswerFault,
  type ArmOptions,
  type FaultKind,
  type FaultProxy,
  type TransportFault,
} from "./fault-proxy.ts";
export { openRecordingProxy, type RecordingProxy } from "./recording-proxy.ts";
export {
  openScriptedServer,
  type ScriptedReply,
  type ScriptedRequest,
  type ScriptedServer,
} from "./scripted-server.ts";
export {
  encodeEnvelope,
  encodeFrame,
  encodeList,
  encodeListOf,
  encodePartialList,
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
export { mergePatch, type MergePatch, type ObjectRef } from "./kube-api/object.ts";
export { KubeApi, openKubeApi, type KubeApiOptions, type SeenRequest } from "./kube-api/server.ts";
export {
  ObjectStore,
  seededUid,
  type Backup,
  type StoredObject as KubeStoredObject,
  type StoreOptions,
  type Writer,
} from "./kube-api/store.ts";
export { MemoryInventory, type StoredObject } from "./memory-inventory.ts";
export {
  openMemoryPlatform,
  type Fault,
  type MemoryPlatform,
  type MemoryPlatformOptions,
  type Received,
} from "./memory-platform.ts";
