import type { Json, JsonObject } from "../json.ts";
import type { Mode } from "../stream.ts";
import { embeddedCopyKeys, envPlaceOf, looksForCopies, secretNameRules } from "./evidence.ts";
import { apiVersionOf, messageFor } from "./resources.ts";
import type { Field, FieldType, Message, ResourceDefinition } from "./table.ts";

/** Raised when records change in a way that their table does not show. */
const codecVersion = 2;

/** All that decides what a record contains; its digest is the record version (PROTOCOL: Terms). */
export function describeTable(definition: ResourceDefinition, mode: Mode): JsonObject {
  return {
    apiVersion: apiVersionOf(definition),
    codecVersion,
    ...describeEvidence(definition, mode),
    kind: definition.kind,
    mode,
    resource: definition.resource,
    table: describeMessage(messageFor(definition, mode)),
  };
}

function describeEvidence(definition: ResourceDefinition, mode: Mode): JsonObject {
  const copies = looksForCopies(definition, mode) ? { embeddedCopies: embeddedCopyKeys } : {};
  const hasEnv = envPlaceOf(definition, mode) !== undefined;
  const env = hasEnv ? { literalSecretEnv: secretNameRules } : {};
  return { evidence: { ...copies, ...env } };
}

/**
 * Everything that can leave a cluster of which these resources are read; its digest travels with each session. The
 * order of the entries does not matter.
 */
export function describeManifest(
  entries: readonly { readonly definition: ResourceDefinition; readonly mode: Mode }[],
): Json {
  return entries
    .filter(({ mode }) => mode !== "references")
    .toSorted((one, other) => (one.definition.resource < other.definition.resource ? -1 : 1))
    .map(({ definition, mode }) => describeTable(definition, mode));
}

function describeMessage(message: Message): JsonObject {
  const members: { [name: string]: Json } = {};
  for (const [name, field] of Object.entries(message.fields)) members[name] = describeField(field);
  return members;
}

function describeField(field: Field): JsonObject {
  return {
    number: field.number,
    presence: field.presence,
    type: describeType(field.type),
    ...(field.cap === undefined ? {} : { cap: field.cap }),
    ...(field.volatile === undefined ? {} : { volatile: true }),
  };
}

function describeType(type: FieldType): Json {
  switch (type.kind) {
    case "scalar":
      return type.scalar;
    case "message":
      return describeMessage(type.message);
    case "list":
      return { list: describeType(type.of) };
    case "map":
      return {
        map: describeType(type.of),
        ...(type.keys === undefined ? {} : { keys: type.keys }),
      };
  }
}
