/**
 * The vocabulary of allow-list tables: one table per Kubernetes message says which fields exist for us. Everything
 * else is skipped at byte level. Tables are written with the constructors in `build.ts`.
 *
 * @module
 */
import type { Mode } from "../stream.ts";

/**
 * Presence as JSON has it, which protobuf alone does not show (Go writes plain values always):
 * `pointer` keeps what was sent, `omitzero` drops zero values, `always` keeps zero values too. `inline` is a nested
 * message in protobuf whose members are the parent's own in JSON.
 */
export type Presence = "pointer" | "omitzero" | "always" | "inline";

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
  /** UTF-16 code units a string is cut at; `limits.stringChars` when absent. */
  readonly cap?: number;
};

export type FieldType =
  | { readonly kind: "scalar"; readonly scalar: Scalar }
  | { readonly kind: "message"; readonly message: Message }
  | { readonly kind: "list"; readonly of: FieldType }
  /** `keys`: only these entries exist for us. */
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
  /** Read unless settings say otherwise. */
  readonly defaultOn: boolean;
  /** First one is the default. */
  readonly modes: readonly Mode[];
  /** The table of the object itself, metadata included. */
  readonly message: Message;
};

type ScalarValue<S> = S extends "bool"
  ? boolean
  : S extends "int32" | "int64"
    ? number
    : S extends "intOrString"
      ? number | string
      : string;

type ValueOf<T> = T extends { readonly kind: "scalar"; readonly scalar: infer S }
  ? ScalarValue<S>
  : T extends { readonly kind: "message"; readonly message: infer M extends Message }
    ? RecordOf<M>
    : T extends { readonly kind: "list"; readonly of: infer Item }
      ? readonly ValueOf<Item>[]
      : T extends { readonly kind: "map"; readonly of: infer Item }
        ? { readonly [key: string]: ValueOf<Item> }
        : never;

type Intersection<Union> = (Union extends unknown ? (member: Union) => void : never) extends (
  member: infer All,
) => void
  ? All
  : never;

type Inlined<Fields> = Intersection<
  {
    [Name in keyof Fields]: Fields[Name] extends {
      readonly presence: "inline";
      readonly type: { readonly message: infer M extends Message };
    }
      ? RecordOf<M>
      : never;
  }[keyof Fields]
>;

/** The record a table allows, as a type: a field that is not in the table does not compile. */
export type RecordOf<M extends Message> = {
  readonly [
    Name in keyof M["fields"] as M["fields"][Name] extends
      | { readonly volatile: true }
      | { readonly presence: "inline" }
      ? never
      : Name
  ]?: ValueOf<M["fields"][Name]["type"]>;
} & Inlined<M["fields"]>;
