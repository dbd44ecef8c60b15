/**
 * All fields the writer knows of a message: the allow-list's and the forbidden ones, in the order of their numbers.
 *
 * @module
 */
import { resources, type FieldType, type Message, type Presence } from "@obsyk/contract/allow-list";
import { forbiddenFields, type ForbiddenField } from "./forbidden-fields.ts";

export type WireType =
  | { readonly kind: "scalar"; readonly scalar: string }
  | { readonly kind: "message"; readonly name: string }
  | { readonly kind: "list" | "map"; readonly of: WireType };

export type WireField = {
  readonly name: string;
  readonly number: number;
  readonly presence: Presence;
  readonly type: WireType;
};

const messages = new Map<string, readonly WireField[]>();
for (const definition of resources) collect(definition.message);
for (const name of Object.keys(forbiddenFields)) {
  if (!messages.has(name)) messages.set(name, forbiddenOf(name));
}

/** @throws {TypeError} when no table knows the message */
export function fieldsOf(message: string): readonly WireField[] {
  const fields = messages.get(message);
  if (fields === undefined) throw new TypeError(`no table for ${message}`);
  return fields;
}

function collect(message: Message): void {
  if (messages.has(message.name)) return;
  const allowed = Object.entries(message.fields).map(([name, field]) => ({
    name,
    number: field.number,
    presence: field.presence,
    type: wireType(field.type),
  }));
  const all = [...allowed, ...forbiddenOf(message.name)];
  messages.set(
    message.name,
    all.sort((a, b) => a.number - b.number),
  );
}

function wireType(type: FieldType): WireType {
  switch (type.kind) {
    case "scalar":
      return { kind: "scalar", scalar: type.scalar };
    case "message":
      collect(type.message);
      return { kind: "message", name: type.message.name };
    case "list":
    case "map":
      return { kind: type.kind, of: wireType(type.of) };
  }
}

function forbiddenOf(message: string): WireField[] {
  return Object.entries(forbiddenFields[message] ?? {}).map(([name, field]) => ({
    name,
    number: field[0],
    presence: field[1],
    type: forbiddenType(field[2]),
  }));
}

function forbiddenType(type: ForbiddenField[2]): WireType {
  const [word = "", rest] = type.split(" ");
  if (rest !== undefined) return { kind: word === "map" ? "map" : "list", of: forbiddenType(rest) };
  return word.includes(".") ? { kind: "message", name: word } : { kind: "scalar", scalar: word };
}
