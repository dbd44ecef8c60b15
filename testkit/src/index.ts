/** Public list of this package. */
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
