/** Public list of this package. */
export type { ApiAnswer, ApiClient, ApiRequest } from "./control-plane/api-client.ts";
export { createAuthority, type Authority } from "./authority.ts";
export { buildBinary, ControlPlaneError, findBinary } from "./control-plane/binary.ts";
export {
  startControlPlane,
  type AuditEvent,
  type ControlPlane,
  type ControlPlaneOptions,
  type PolicyRule,
  type ServiceAccountAccess,
} from "./control-plane/control-plane.ts";
export { openProcessGuard, type ProcessGuard } from "./control-plane/process-guard.ts";
export { TimeoutError, waitFor } from "./wait-for.ts";
export { createCertificates, type Certificates } from "./certificates.ts";
export {
  ProofFailure,
  seededRandom,
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
export { openRecordingProxy, type RecordingProxy } from "./recording-proxy.ts";
