/**
 * All fields the writer knows of a message: the allow-list's and the forbidden ones, in the order of their numbers.
 *
 * @module
 */
import { resources, type FieldType, type Message, type Presence } from "@obsyk/contract/allow-list";
import type { ForbiddenField } from "./forbidden-field.ts";
import { forbiddenFields } from "./forbidden-fields.ts";

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

type Known = { readonly fields: readonly WireField[]; readonly names: ReadonlySet<string> };

const messages: ReadonlyMap<string, Known> = collectAll();

/**
 * In the order of their numbers, which is the order in which an API server writes them.
 *
 * @throws {TypeError} when no table knows the message
 */
export function fieldsOf(message: string): readonly WireField[] {
  return known(message).fields;
}

/** Members of the message's JSON, embedded ones included. @throws {TypeError} as `fieldsOf` */
export function namesOf(message: string): ReadonlySet<string> {
  return known(message).names;
}

function known(message: string): Known {
  const found = messages.get(message);
  if (found === undefined) throw new TypeError(`no table for ${message}`);
  return found;
}

function collectAll(): ReadonlyMap<string, Known> {
  const collected = new Map<string, readonly WireField[]>();
  for (const definition of resources) collect(definition.message, collected);
  for (const name of Object.keys(forbiddenFields)) {
    if (!collected.has(name)) collected.set(name, forbiddenOf(name));
  }
  const all = new Map<string, Known>();
  for (const [name, fields] of collected) {
    all.set(name, { fields, names: new Set(memberNames(fields, collected)) });
  }
  return all;
}

function memberNames(
  fields: readonly WireField[],
  collected: ReadonlyMap<string, readonly WireField[]>,
): readonly string[] {
  return fields.flatMap((field) =>
    field.presence === "inline" && field.type.kind === "message"
      ? memberNames(collected.get(field.type.name) ?? [], collected)
      : field.name,
  );
}

function collect(message: Message, into: Map<string, readonly WireField[]>): void {
  if (into.has(message.name)) return;
  into.set(message.name, []);
  const allowed = Object.entries(message.fields).map(([name, field]) => ({
    name,
    number: field.number,
    presence: field.presence,
    type: wireType(field.type, into),
  }));
  const all = [...allowed, ...forbiddenOf(message.name)];
  into.set(
    message.name,
    all.sort((a, b) => a.number - b.number),
  );
}

function wireType(type: FieldType, into: Map<string, readonly WireField[]>): WireType {
  switch (type.kind) {
    case "scalar":
      return { kind: "scalar", scalar: type.scalar };
    case "message":
      collect(type.message, into);
      return { kind: "message", name: type.message.name };
    case "list":
    case "map":
      return { kind: type.kind, of: wireType(type.of, into) };
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
