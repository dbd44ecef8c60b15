/**
 * Allow-list tables made ready for reading: members in the order of canonical JSON, found by field number.
 *
 * @module
 */
import {
  apiVersionOf,
  envPlaceOf,
  messageFor,
  resources,
  type EnvPlace,
  type Field,
  type FieldType,
  type Message,
  type ResourceDefinition,
  type Scalar,
} from "@obsyk/contract/allow-list";
import { limits, type Mode } from "@obsyk/contract";
import { lengthDelimited, varint } from "./wire.ts";

type ValueKind = "message" | "list" | "map" | Scalar;

/** One shape for all kinds, so that reading stays quick; members that a kind does not need are undefined. */
export type Value = {
  readonly kind: ValueKind;
  /** UTF-16 code units that text is cut at. */
  readonly cap: number;
  /** Of a message. */
  readonly message: Compiled | undefined;
  /** Of a list or map. */
  readonly of: Value | undefined;
  /** Of a map: the only keys that are read. */
  readonly keys: readonly Buffer[] | undefined;
};

export type Slot = {
  readonly name: string;
  /** `,"name":` as it is written. */
  readonly prefix: Buffer;
  readonly number: number;
  readonly wireType: number;
  readonly repeated: boolean;
  readonly dropZero: boolean;
  readonly value: Value;
};

/** Values within lists and maps are kept as sent. */
export const itemSlot: Slot = {
  name: "",
  prefix: Buffer.alloc(0),
  number: 0,
  wireType: lengthDelimited,
  repeated: false,
  dropZero: false,
  value: {
    kind: "string",
    cap: limits.stringChars,
    message: undefined,
    of: undefined,
    keys: undefined,
  },
};

/** Which slot a field number fills, or which embedded message it opens. */
type Entry =
  | { readonly slot: Slot; readonly index: number; readonly inline: undefined }
  | { readonly slot: undefined; readonly index: number; readonly inline: Scanner };
/** By field number. */
export type Scanner = readonly (Entry | undefined)[];

export type Compiled = {
  /** Sorted by name. */
  readonly slots: readonly Slot[];
  readonly scanner: Scanner;
  /** Slots of the longest chain of nested messages, this one included. */
  readonly chainSlots: number;
};

export type CompiledResource = {
  readonly message: Compiled;
  /** Members that no table has, as they are written, and the index of the slot they precede. */
  readonly apiVersion: { readonly text: Buffer; readonly at: number };
  readonly kind: { readonly text: Buffer; readonly at: number };
  readonly obsykAt: number;
  /** Where containers are, when literal secrets are looked for. */
  readonly envPlace: EnvPlace | undefined;
};

/** Modes in which protobuf is read. */
const protobufModes = ["full", "metadata"] as const;

/** Made once: all lists and watches share it, and kinds share the messages they have in common. */
const ready = compileAll(new Map());

export function compileResource(definition: ResourceDefinition, mode: Mode): CompiledResource {
  return ready.get(definition)?.get(mode) ?? compileOne(definition, mode, new Map());
}

function compileAll(
  done: Map<Message, Compiled>,
): ReadonlyMap<ResourceDefinition, ReadonlyMap<Mode, CompiledResource>> {
  return new Map(
    resources.map((definition) => {
      const modes = protobufModes.filter((mode) => definition.modes.includes(mode));
      return [
        definition,
        new Map(modes.map((mode) => [mode, compileOne(definition, mode, done)] as const)),
      ];
    }),
  );
}

function compileOne(
  definition: ResourceDefinition,
  mode: Mode,
  done: Map<Message, Compiled>,
): CompiledResource {
  const message = compile(messageFor(definition, mode), done);
  const before = (name: string): number => {
    const at = message.slots.findIndex((slot) => slot.name > name);
    return at === -1 ? message.slots.length : at;
  };
  const own = (name: string, value: string): { readonly text: Buffer; readonly at: number } => ({
    text: Buffer.from(`,"${name}":${JSON.stringify(value)}`),
    at: before(name),
  });
  return {
    message,
    apiVersion: own("apiVersion", apiVersionOf(definition)),
    kind: own("kind", definition.kind),
    obsykAt: before("obsyk"),
    envPlace: envPlaceOf(definition, mode),
  };
}

function compile(message: Message, done: Map<Message, Compiled>): Compiled {
  const known = done.get(message);
  if (known !== undefined) return known;
  const slots = slotsOf(message, done).sort((a, b) => (a.name < b.name ? -1 : 1));
  const deepest = Math.max(0, ...slots.map((slot) => chainOf(slot.value)));
  const compiled: Compiled = {
    slots,
    scanner: scannerOf(message, new Map(slots.map((slot, index) => [slot.name, { slot, index }]))),
    chainSlots: slots.length + deepest,
  };
  done.set(message, compiled);
  return compiled;
}

function slotsOf(message: Message, done: Map<Message, Compiled>): Slot[] {
  return Object.entries(message.fields).flatMap(([name, field]): Slot[] => {
    if (field.volatile === true) return [];
    if (field.presence === "inline" && field.type.kind === "message") {
      return slotsOf(field.type.message, done);
    }
    return [slotOf(name, field, done)];
  });
}

function slotOf(name: string, field: Field, done: Map<Message, Compiled>): Slot {
  const item = field.type.kind === "list" ? field.type.of : field.type;
  const isVarint = item.kind === "scalar" && ["bool", "int32", "int64"].includes(item.scalar);
  return {
    name,
    prefix: Buffer.from(`,${JSON.stringify(name)}:`),
    number: field.number,
    wireType: isVarint ? varint : lengthDelimited,
    repeated: field.type.kind === "list" || field.type.kind === "map",
    dropZero: field.presence === "omitzero",
    value: valueOf(field.type, field.cap ?? limits.stringChars, done),
  };
}

function valueOf(type: FieldType, cap: number, done: Map<Message, Compiled>): Value {
  const kind = type.kind === "scalar" ? type.scalar : type.kind;
  const isNested = type.kind === "list" || type.kind === "map";
  return {
    kind,
    cap,
    message: type.kind === "message" ? compile(type.message, done) : undefined,
    of: isNested ? valueOf(type.of, cap, done) : undefined,
    keys: type.kind === "map" ? type.keys?.map((key) => Buffer.from(key)) : undefined,
  };
}

function scannerOf(
  message: Message,
  slots: ReadonlyMap<string, { readonly slot: Slot; readonly index: number }>,
): Scanner {
  const fields = Object.entries(message.fields);
  const largest = Math.max(0, ...fields.map(([, field]) => field.number));
  const scanner: (Entry | undefined)[] = Array.from({ length: largest + 1 });
  for (const [name, field] of fields) {
    if (field.presence === "inline" && field.type.kind === "message") {
      const inner = scannerOf(field.type.message, slots);
      scanner[field.number] = { slot: undefined, index: -1, inline: inner };
      continue;
    }
    const found = slots.get(name);
    if (found !== undefined) scanner[field.number] = { ...found, inline: undefined };
  }
  return scanner;
}

function chainOf(value: Value | undefined): number {
  if (value === undefined) return 0;
  return value.message?.chainSlots ?? chainOf(value.of);
}
