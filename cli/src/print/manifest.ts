/**
 * Inventory objects as kubectl prints them: `apiVersion` and `kind` first in the alphabet, lists of kind List. What
 * only the platform knows is added under `obsyk`.
 *
 * @module
 */
import type { InventoryObject } from "@obsyk/contract";
import { apiVersionOf, findResource } from "@obsyk/contract/allow-list";
import type { Document, Scalar } from "yaml";
import type { AnswerAge } from "../platform/objects.ts";

export type Manifest = { readonly [key: string]: unknown };

/** Members in alphabetical order, at every depth, as kubectl prints unstructured objects. */
export function manifestOf(object: InventoryObject): Manifest {
  const definition = findResource(object.resource);
  const { obsyk, ...record } = object.record;
  const known = typeof obsyk === "object" && obsyk !== null ? obsyk : {};
  return sortKeys({
    ...(definition === undefined
      ? {}
      : { apiVersion: apiVersionOf(definition), kind: definition.kind }),
    ...record,
    obsyk: {
      ...known,
      cluster: object.cluster.name,
      seenAt: object.seenAt,
      ...(object.asOf === undefined ? {} : { asOf: object.asOf }),
    },
  });
}

/** The List around several. */
export function listOf(items: readonly Manifest[], age: AnswerAge): Manifest {
  return {
    apiVersion: "v1",
    items,
    kind: "List",
    metadata: { resourceVersion: "" },
    ...ageOf(age),
  };
}

function ageOf({ asOf, blind }: AnswerAge): Manifest {
  return { obsyk: { ...(asOf === undefined ? {} : { asOf }), blind } };
}

function sortKeys(value: Manifest): Manifest {
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sortValue(value[key])]),
  );
}

function sortValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortValue);
  return typeof value === "object" && value !== null ? sortKeys({ ...value }) : value;
}

/** C1 controls and what reorders text: JSON leaves them as they are, a terminal acts on them. */
const acting = /[\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

function escapeActing(text: string): string {
  return text.replaceAll(
    acting,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Four spaces, as kubectl indents. The same values, whatever characters they hold. */
export function toJson(value: unknown): string {
  return `${escapeActing(JSON.stringify(value, null, 4))}\n`;
}

export async function toYaml(value: unknown): Promise<string> {
  const yaml = await import("yaml");
  const document: Document = new yaml.Document(value, {
    aliasDuplicateObjects: false,
    // Quotes what readers of YAML 1.1 would take for a time or a truth value, as kubectl does.
    version: "1.1",
  });
  const quote = (node: Scalar): void => {
    // Escapes exist in double quotes only.
    if (typeof node.value === "string" && node.value.search(acting) !== -1) {
      node.type = "QUOTE_DOUBLE";
    }
  };
  yaml.visit(document, { Scalar: (_, node) => quote(node) });
  return escapeActing(document.toString({ lineWidth: 0, indentSeq: false }));
}
