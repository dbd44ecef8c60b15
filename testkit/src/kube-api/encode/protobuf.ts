/**
 * Kubernetes JSON to protobuf bytes as an API server writes them: fields in the order of their numbers, plain values
 * also when they are zero, pointers only when they are set, maps sorted by key.
 *
 * @module
 */
import { fieldsOf, namesOf, type WireField, type WireType } from "./fields.ts";
import { WireWriter } from "./wire-writer.ts";

export type KubeObject = { readonly [name: string]: unknown };

const varint = 0;
const lengthDelimited = 2;

/** @throws {TypeError} for a member that no table knows: what a test plants must reach the wire */
export function encodeMessage(message: string, source: KubeObject): Buffer {
  const writer = new WireWriter();
  writeMessage(writer, message, source);
  return writer.take();
}

/** A length-delimited field. */
export function bytesField(number: number, value: Uint8Array): Buffer {
  const writer = new WireWriter();
  writer.tag(number, lengthDelimited);
  writer.bytes(value);
  return writer.take();
}

export function textField(number: number, value: string): Buffer {
  return bytesField(number, Buffer.from(value, "utf8"));
}

export function varintField(number: number, value: bigint): Buffer {
  const writer = new WireWriter();
  writer.tag(number, varint);
  writer.integer(value);
  return writer.take();
}

function writeMessage(writer: WireWriter, message: string, source: KubeObject): void {
  refuseUnknown(message, source);
  for (const field of fieldsOf(message)) writeField(writer, field, source);
}

function writeField(writer: WireWriter, field: WireField, source: KubeObject): void {
  const { number, type } = field;
  if (field.presence === "inline" && type.kind === "message") {
    writer.tag(number, lengthDelimited);
    writer.nested(() => {
      for (const inner of fieldsOf(type.name)) writeField(writer, inner, source);
    });
    return;
  }
  const value = Object.hasOwn(source, field.name) ? source[field.name] : undefined;
  const isSet = value !== undefined && value !== null;
  if (type.kind === "list") {
    if (isSet) for (const item of value as unknown[]) writeValue(writer, number, type.of, item);
  } else if (type.kind === "map") {
    if (isSet) writeMap(writer, number, type.of, value as KubeObject);
  } else if (isSet || field.presence !== "pointer") writeValue(writer, number, type, value);
}

function writeMap(writer: WireWriter, number: number, of: WireType, value: KubeObject): void {
  const keys = Object.keys(value).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  for (const key of keys) {
    writer.tag(number, lengthDelimited);
    writer.nested(() => {
      writer.tag(1, lengthDelimited);
      writer.text(key);
      writeValue(writer, 2, of, value[key]);
    });
  }
}

/** An absent value is written as the zero of its type. */
function writeValue(writer: WireWriter, number: number, type: WireType, value: unknown): void {
  if (type.kind === "message") {
    writer.tag(number, lengthDelimited);
    writer.nested(() => writeMessage(writer, type.name, (value ?? {}) as KubeObject));
    return;
  }
  if (type.kind !== "scalar") throw new TypeError("no list within a list");
  const isVarint = type.scalar === "bool" || type.scalar === "int32" || type.scalar === "int64";
  writer.tag(number, isVarint ? varint : lengthDelimited);
  writeScalar(writer, type.scalar, value ?? undefined);
}

function writeScalar(writer: WireWriter, scalar: string, value: unknown): void {
  switch (scalar) {
    case "string":
      writer.text((value ?? "") as string);
      return;
    case "bool":
      writer.integer(value === true ? 1 : 0);
      return;
    case "int32":
    case "int64":
      writer.integer((value ?? 0) as number | bigint);
      return;
    case "quantity":
      writer.nested(() => writeText(writer, 1, (value ?? "0") as string));
      return;
    case "intOrString":
      writer.nested(() => writeIntOrString(writer, (value ?? 0) as number | string));
      return;
    case "time":
    case "microTime":
      writer.nested(() => writeTime(writer, value as string | undefined));
      return;
    case "bytes":
      writer.bytes(Buffer.from((value ?? "") as string, "base64"));
      return;
    case "fieldsV1":
      writer.nested(() => writeText(writer, 1, JSON.stringify(value)));
      return;
    default:
      throw new TypeError(`unknown scalar ${scalar}`);
  }
}

function writeText(writer: WireWriter, number: number, value: string): void {
  writer.tag(number, lengthDelimited);
  writer.text(value);
}

function writeInteger(writer: WireWriter, number: number, value: number): void {
  writer.tag(number, varint);
  writer.integer(value);
}

function writeIntOrString(writer: WireWriter, value: number | string): void {
  const isText = typeof value === "string";
  writeInteger(writer, 1, isText ? 1 : 0);
  writeInteger(writer, 2, isText ? 0 : value);
  writeText(writer, 3, isText ? value : "");
}

/** The zero time is an empty message. */
function writeTime(writer: WireWriter, value: string | undefined): void {
  if (value === undefined) return;
  const match = /^(.*?)(?:\.(\d+))?Z$/.exec(value);
  const milliseconds = Date.parse(`${match?.[1] ?? ""}Z`);
  if (!Number.isFinite(milliseconds)) throw new TypeError("not an RFC 3339 time in UTC");
  writeInteger(writer, 1, milliseconds / 1000);
  writeInteger(writer, 2, Number((match?.[2] ?? "").padEnd(9, "0").slice(0, 9)));
}

function refuseUnknown(message: string, source: KubeObject): void {
  const known = namesOf(message);
  for (const name of Object.keys(source)) {
    if (!known.has(name)) throw new TypeError(`${message} has no field ${name} in its tables`);
  }
}
