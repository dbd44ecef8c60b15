/**
 * Constructors for allow-list tables. They keep literal types, so that `RecordOf` can follow a table.
 *
 * @module
 */
import type { Field, FieldType, Message } from "./table.ts";

function scalar<const S extends string>(name: S) {
  return { kind: "scalar", scalar: name } as const;
}

export const string = scalar("string");
export const bool = scalar("bool");
export const int32 = scalar("int32");
export const int64 = scalar("int64");
export const quantity = scalar("quantity");
export const intOrString = scalar("intOrString");
export const time = scalar("time");
export const microTime = scalar("microTime");

export function message<const M extends Message>(of: M) {
  return { kind: "message", message: of } as const;
}

export function list<const T extends FieldType>(of: T) {
  return { kind: "list", of } as const;
}

/** @param keys when given, only these entries exist for us */
export function map<const T extends FieldType>(of: T, keys?: readonly string[]) {
  return keys === undefined ? ({ kind: "map", of } as const) : ({ kind: "map", of, keys } as const);
}

/** Go pointer: absent unless sent, whatever its value. */
export function pointer<const T extends FieldType>(number: number, type: T) {
  return { number, presence: "pointer", type } as const;
}

/** Go `omitempty` on a plain value, a list or a map: the zero value is absent. */
export function omitzero<const T extends FieldType>(number: number, type: T) {
  return { number, presence: "omitzero", type } as const;
}

/** Go value without `omitempty`, and every plain struct: kept as sent, zero or not. */
export function always<const T extends FieldType>(number: number, type: T) {
  return { number, presence: "always", type } as const;
}

/** Go embedded struct: nested in protobuf, the parent's own members in JSON. */
export function inline<const T extends FieldType>(number: number, type: T) {
  return { number, presence: "inline", type } as const;
}

/** Read and sent beside the record, never part of it nor of its hash. */
export function volatile<const F extends Field>(field: F) {
  return { ...field, volatile: true } as const;
}

export function capped<const F extends Field>(cap: number, field: F) {
  return { ...field, cap } as const;
}

/** One Kubernetes message. @param name as in generated.proto */
export function table<const F extends Message["fields"]>(name: string, fields: F) {
  return { name, fields } as const;
}
