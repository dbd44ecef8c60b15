/**
 * Kubernetes JSON to protobuf bytes as an API server writes them: fields in the order of their numbers, plain values
 * also when they are zero, pointers only when they are set, maps sorted by key.
 *
 * @module
 */
import { fieldsOf, type WireField, type WireType } from "./fields.ts";

export type KubeObject = { readonly [name: string]: unknown };

/** @throws {TypeError} for a member that no table knows: what a test plants must reach the wire */
export function encodeMessage(message: string, source: KubeObject): Buffer {
  const fields = fieldsOf(message);
  refuseUnknown(message, source);
  return Buffer.concat(fields.flatMap((field) => encodeField(field, source)));
}

/** A length-delimited field. */
export function bytesField(number: number, value: Buffer): Buffer {
  return Buffer.concat([
    encodeVarint(BigInt(number * 8 + 2)),
    encodeVarint(BigInt(value.length)),
    value,
  ]);
}

export function textField(number: number, value: string): Buffer {
  return bytesField(number, Buffer.from(value, "utf8"));
}

export function varintField(number: number, value: bigint): Buffer {
  return Buffer.concat([encodeVarint(BigInt(number * 8)), encodeVarint(value)]);
}

export function encodeVarint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

function encodeField(field: WireField, source: KubeObject): Buffer[] {
  const { number, type } = field;
  if (field.presence === "inline" && type.kind === "message") {
    return [bytesField(number, encodeInline(type.name, source))];
  }
  const value = Object.hasOwn(source, field.name) ? source[field.name] : undefined;
  const isSet = value !== undefined && value !== null;
  if (type.kind === "list") {
    return isSet ? (value as unknown[]).map((item) => encodeValue(number, type.of, item)) : [];
  }
  if (type.kind === "map") {
    return isSet ? encodeMap(number, type.of, value as KubeObject) : [];
  }
  if (!isSet && field.presence === "pointer") return [];
  return [encodeValue(number, type, value)];
}

function encodeInline(message: string, source: KubeObject): Buffer {
  return Buffer.concat(fieldsOf(message).flatMap((field) => encodeField(field, source)));
}

function encodeMap(number: number, of: WireType, value: KubeObject): Buffer[] {
  const keys = Object.keys(value).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return keys.map((key) =>
    bytesField(number, Buffer.concat([textField(1, key), encodeValue(2, of, value[key])])),
  );
}

/** An absent value is written as the zero of its type. */
function encodeValue(number: number, type: WireType, value: unknown): Buffer {
  if (type.kind === "message") {
    return bytesField(number, encodeMessage(type.name, (value ?? {}) as KubeObject));
  }
  if (type.kind !== "scalar") throw new TypeError("no list within a list");
  switch (type.scalar) {
    case "string":
      return textField(number, (value ?? "") as string);
    case "bool":
      return varintField(number, value === true ? 1n : 0n);
    case "int32":
    case "int64":
      return varintField(number, BigInt((value ?? 0) as number | bigint));
    case "quantity":
      return bytesField(number, textField(1, (value ?? "0") as string));
    case "intOrString":
      return bytesField(number, encodeIntOrString((value ?? 0) as number | string));
    case "time":
    case "microTime":
      return bytesField(number, encodeTime(value as string | undefined));
    case "bytes":
      return bytesField(number, Buffer.from((value ?? "") as string, "base64"));
    case "fieldsV1":
      return bytesField(number, textField(1, JSON.stringify(value)));
    default:
      throw new TypeError(`unknown scalar ${type.scalar}`);
  }
}

function encodeIntOrString(value: number | string): Buffer {
  const isText = typeof value === "string";
  return Buffer.concat([
    varintField(1, isText ? 1n : 0n),
    varintField(2, isText ? 0n : BigInt(value)),
    textField(3, isText ? value : ""),
  ]);
}

/** The zero time is an empty message. */
function encodeTime(value: string | undefined): Buffer {
  if (value === undefined || value === null) return Buffer.alloc(0);
  const match = /^(.*?)(?:\.(\d+))?Z$/.exec(value);
  const milliseconds = Date.parse(`${match?.[1] ?? ""}Z`);
  if (!Number.isFinite(milliseconds)) throw new TypeError("not an RFC 3339 time in UTC");
  const nanos = (match?.[2] ?? "").padEnd(9, "0").slice(0, 9);
  return Buffer.concat([
    varintField(1, BigInt(milliseconds / 1000)),
    varintField(2, BigInt(nanos)),
  ]);
}

function refuseUnknown(message: string, source: KubeObject): void {
  const known = namesOf(message);
  for (const name of Object.keys(source)) {
    if (!known.has(name)) throw new TypeError(`${message} has no field ${name} in its tables`);
  }
}

/** Members of the message's JSON, embedded ones included. */
function namesOf(message: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const field of fieldsOf(message)) {
    if (field.presence === "inline" && field.type.kind === "message") {
      for (const name of namesOf(field.type.name)) names.add(name);
    } else names.add(field.name);
  }
  return names;
}
