/**
 * The vocabulary of allow-list tables: one table per Kubernetes message says which fields exist for us. Everything
 * else is skipped at byte level.
 *
 * @module
 */
import type { Mode } from "../stream.ts";

/**
 * Presence as JSON has it, which protobuf alone does not show (Go writes plain values always):
 * `pointer` keeps what was sent, `omitzero` drops zero values, `always` keeps zero values too.
 */
export type Presence = "pointer" | "omitzero" | "always";

export type Scalar =
  | "string"
  | "bool"
  | "int32"
  | "int64"
  | "quantity"
  | "intOrString"
  | "time"
  | "microTime";

export type Field = {
  /** Protobuf field number; also known to `generated.proto`, which a cluster test compares. */
  readonly number: number;
  readonly presence: Presence;
  readonly type: FieldType;
  /** Read and sent beside the record, never part of it nor of its hash. */
  readonly volatile?: true;
  /** Characters a string is cut at; `limits.stringChars` when absent. */
  readonly cap?: number;
};

export type FieldType =
  | { readonly kind: "scalar"; readonly scalar: Scalar }
  | { readonly kind: "message"; readonly message: Message }
  | { readonly kind: "list"; readonly of: FieldType }
  | { readonly kind: "map"; readonly of: FieldType; readonly keys?: readonly string[] };

export type Message = {
  /** Name in generated.proto: `k8s.io.api.core.v1.PodSpec`. */
  readonly name: string;
  readonly fields: { readonly [jsonName: string]: Field };
};

export type ResourceDefinition = {
  /** kubectl's `resource.group` form: `pods`, `deployments.apps`. */
  readonly resource: string;
  /** `""` for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** First one is the default. */
  readonly modes: readonly Mode[];
  /** The table of the object itself, metadata included. */
  readonly message: Message;
};
