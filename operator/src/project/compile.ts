/**
 * Allow-list tables made ready for reading: members in the order of canonical JSON, found by field number.
 *
 * @module
 */
import {
  apiVersionOf,
  messageFor,
  type Field,
  type FieldType,
  type Message,
  type ResourceDefinition,
} from "@obsyk/contract/allow-list";
import { limits, type Mode } from "@obsyk/contract";
import { lengthDelimited, varint } from "./wire.ts";

export type Value =
  | { readonly kind: "string" | "quantity"; readonly cap: number }
  | { readonly kind: "bool" | "int32" | "int64" | "time" | "microTime" }
  | { readonly kind: "intOrString"; readonly cap: number }
  | { readonly kind: "message"; readonly message: Compiled }
  | { readonly kind: "list"; readonly of: Value }
  | { readonly kind: "map"; readonly of: Value; readonly keys: readonly Buffer[] | undefined };

export type Slot = {
  readonly name: string;
  /** `"name":` as it is written. */
  readonly prefix: Buffer;
  readonly number: number;
  readonly wireType: number;
  readonly repeated: boolean;
  readonly dropZero: boolean;
  readonly value: Value;
};

/** Which slot a field number fills, or which embedded message it opens. */
export type Entry =
  | { readonly kind: "slot"; readonly index: number; readonly slot: Slot }
  | { readonly kind: "inline"; readonly scanner: Scanner };
export type Scanner = readonly (Entry | undefined)[];

export type Compiled = {
  /** Sorted by name. */
  readonly slots: readonly Slot[];
  readonly scanner: Scanner;
  /** Slots of the longest chain of nested messages, this one included. */
  readonly chainSlots: number;
};

export type CompiledResource = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly message: Compiled;
};

export function compileResource(definition: ResourceDefinition, mode: Mode): CompiledResource {
  return {
    apiVersion: apiVersionOf(definition),
    kind: definition.kind,
    message: compile(messageFor(definition, mode), new Map()),
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
    prefix: Buffer.from(`${JSON.stringify(name)}:`),
    number: field.number,
    wireType: isVarint ? varint : lengthDelimited,
    repeated: field.type.kind === "list" || field.type.kind === "map",
    dropZero: field.presence === "omitzero",
    value: valueOf(field.type, field.cap ?? limits.stringChars, done),
  };
}

function valueOf(type: FieldType, cap: number, done: Map<Message, Compiled>): Value {
  switch (type.kind) {
    case "scalar":
      return { kind: type.scalar, cap };
    case "message":
      return { kind: "message", message: compile(type.message, done) };
    case "list":
      return { kind: "list", of: valueOf(type.of, cap, done) };
    case "map":
      return {
        kind: "map",
        of: valueOf(type.of, cap, done),
        keys: type.keys?.map((key) => Buffer.from(key)),
      };
  }
}

function scannerOf(
  message: Message,
  slots: ReadonlyMap<string, { readonly slot: Slot; readonly index: number }>,
): Scanner {
  const scanner: (Entry | undefined)[] = [];
  for (const [name, field] of Object.entries(message.fields)) {
    if (field.presence === "inline" && field.type.kind === "message") {
      scanner[field.number] = { kind: "inline", scanner: scannerOf(field.type.message, slots) };
      continue;
    }
    const found = slots.get(name);
    if (found !== undefined) scanner[field.number] = { kind: "slot", ...found };
  }
  return scanner;
}

function chainOf(value: Value): number {
  if (value.kind === "message") return value.message.chainSlots;
  return value.kind === "list" || value.kind === "map" ? chainOf(value.of) : 0;
}
