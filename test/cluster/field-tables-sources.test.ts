import assert from "node:assert/strict";
import { before, test } from "node:test";
import {
  pod,
  resources,
  type Field,
  type FieldType,
  type Message,
} from "@obsyk/contract/allow-list";
import { forbiddenFields } from "@obsyk/testkit";
import { readSources, type Sources } from "./kubernetes-sources.ts";

let sources: Sources;
before(async () => {
  sources = await readSources(new URL("../../tools/controlplane/go.mod", import.meta.url));
});

/** Never in a table, whatever the message: free text, commands, and what may hold a value. */
const forbiddenNames: readonly string[] = [
  "message",
  "command",
  "args",
  "httpHeaders",
  "fieldsV1",
  "parameters",
  "volumeAttributes",
  "mountOptions",
  "caBundle",
  "url",
  "expression",
  "messageExpression",
  "valueExpression",
  "description",
  "note",
];
const forbidden: readonly string[] = [
  "EnvVar.value",
  "Secret.data",
  "Secret.stringData",
  "ConfigMap.data",
  "ConfigMap.binaryData",
  "FlexVolumeSource.options",
  "FlexPersistentVolumeSource.options",
  "HTTPGetAction.path",
  "HTTPHeader.value",
  "WindowsSecurityContextOptions.gmsaCredentialSpec",
];

function messagesOf(message: Message, into = new Map<string, Message>()): Map<string, Message> {
  if (into.has(message.name)) return into;
  into.set(message.name, message);
  for (const { type } of Object.values(message.fields)) {
    const item = type.kind === "list" ? type.of : type;
    if (item.kind === "message") messagesOf(item.message, into);
  }
  return into;
}

function formatType(type: FieldType): string {
  switch (type.kind) {
    case "scalar":
      return type.scalar;
    case "message":
      return `message ${type.message.name}`;
    case "list":
    case "map":
      return `${type.kind} ${formatType(type.of)}`;
  }
}

/** What is wrong with a table, compared with Kubernetes' sources. */
function problemsOf(message: Message): readonly string[] {
  const fields = sources.get(message.name);
  if (fields === undefined) return [`${message.name}: no such message`];
  return Object.entries(message.fields).flatMap(([name, field]) =>
    problemsOfField(message, name, field),
  );
}

function problemsOfField(message: Message, name: string, field: Field): readonly string[] {
  const place = `${message.name}.${name}`;
  const source = sources.get(message.name)?.get(field.number);
  const short = place.split(".").slice(-2).join(".");
  const problems: string[] = [];
  if (forbidden.includes(short) || forbiddenNames.includes(name))
    problems.push(`${place}: forbidden`);
  if (source === undefined) return [...problems, `${place}: no field ${field.number}`];
  if (source.name !== name) problems.push(`${place}: field ${field.number} is ${source.name}`);
  const type = formatType(field.type);
  if (source.type !== type) problems.push(`${place}: is ${source.type}, not ${type}`);
  if (source.presence !== field.presence) {
    problems.push(`${place}: is ${source.presence}, not ${field.presence}`);
  }
  if (source.type.includes("bytes")) problems.push(`${place}: bytes are never kept`);
  return problems;
}

test("resources: numbers, names, types and presence are those of Kubernetes' sources", () => {
  const messages = new Map<string, Message>();
  for (const definition of resources) messagesOf(definition.message, messages);
  assert.ok(messages.size > 100);
  assert.deepEqual(
    [...messages.values()].flatMap((message) => problemsOf(message)),
    [],
  );
});

test("resources: a forbidden field, a wrong number, type or presence would be found", () => {
  const { spec } = pod.fields;
  const name = "k8s.io.api.core.v1.EnvVar";
  const text = { kind: "scalar", scalar: "string" } as const;
  const doctored = (fields: Message["fields"]): readonly string[] => problemsOf({ name, fields });
  assert.deepEqual(doctored({ value: { number: 2, presence: "omitzero", type: text } }), [
    `${name}.value: forbidden`,
  ]);
  assert.deepEqual(doctored({ name: { number: 2, presence: "omitzero", type: text } }), [
    `${name}.name: field 2 is value`,
  ]);
  assert.deepEqual(doctored({ name: { number: 1, presence: "pointer", type: text } }), [
    `${name}.name: is always, not pointer`,
  ]);
  assert.deepEqual(doctored({ name: { number: 9, presence: "always", type: text } }), [
    `${name}.name: no field 9`,
  ]);
  assert.match(doctored({ name: { ...spec, number: 1 } })[0] ?? "", /is string, not message/);
});

test("forbiddenFields: what tests plant has the numbers and types of Kubernetes' sources", () => {
  const problems = Object.entries(forbiddenFields).flatMap(([message, fields]) =>
    Object.entries(fields).flatMap(([name, [number, presence, type]]) => {
      const source = sources.get(message)?.get(number);
      const wanted = type.replace(/^(list |map )?(k8s\.io\..*)$/, "$1message $2");
      const known = source?.type.replace(/^message .*\.FieldsV1$/, "fieldsV1");
      return source?.name === name && source.presence === presence && known === wanted
        ? []
        : [`${message}.${name}: ${number} is ${source?.name}, ${source?.presence} ${known}`];
    }),
  );
  assert.deepEqual(problems, []);
});

/** The line that is missing. */
function formatForbidden(field: {
  readonly name: string;
  readonly number: number;
  readonly presence: string;
  readonly type: string;
}): string {
  const type = field.type.replace("message ", "");
  return `${field.name}: [${field.number}, "${field.presence}", "${type}"],`;
}

test("forbiddenFields: none is missing that an object of ours can have", () => {
  const tables = new Map<string, Message>();
  for (const definition of resources) messagesOf(definition.message, tables);
  const missing: string[] = [];
  const done = new Set<string>();
  const visit = (name: string): void => {
    if (done.has(name) || name.endsWith(".FieldsV1")) return;
    done.add(name);
    const known = { ...tables.get(name)?.fields, ...forbiddenFields[name] };
    for (const field of sources.get(name)?.values() ?? []) {
      if (!Object.hasOwn(known, field.name)) missing.push(`${name}: ${formatForbidden(field)}`);
      const [, inner] = /message (\S+)/.exec(field.type) ?? [];
      if (inner !== undefined) visit(inner);
    }
  };
  for (const { message } of resources) visit(message.name);
  assert.ok(done.size > tables.size);
  assert.deepEqual(missing, []);
});
