/**
 * Every field of a kind, walked from the OpenAPI v3 documents of a real API server, and objects that have all of them.
 *
 * @module
 */
import type { ResourceDefinition } from "@obsyk/contract/allow-list";
import type { ControlPlane } from "@obsyk/testkit";

type Schema = {
  readonly type?: string;
  readonly format?: string;
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: { readonly [name: string]: Schema };
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly "x-kubernetes-group-version-kind"?: readonly GroupVersionKind[];
};
type GroupVersionKind = { readonly group: string; readonly version: string; readonly kind: string };

/** Schemas of one group and version, by name. */
export type Schemas = { readonly [name: string]: Schema };

type LeafKind =
  | "string"
  | "bytes"
  | "quantity"
  | "intOrString"
  | "time"
  | "microTime"
  | "integer"
  | "boolean"
  /** The keys of managedFields. */
  | "fieldsV1";

export type Leaf = {
  /** As in the manifest: `spec.containers[].name`, `metadata.labels{}`. */
  readonly path: string;
  readonly kind: LeafKind;
  /** Within a map: the key it is stored under. */
  readonly key: string | undefined;
};

/** What decides about an object that is put together. */
export type Filler = {
  /** `undefined` leaves the field out. */
  value(leaf: Leaf): unknown;
  /** The keys that this map has. */
  keys(path: string): readonly string[];
};

const prefix = "#/components/schemas/";

/** The documents of all groups that these resources are in. */
export async function readSchemas(
  plane: ControlPlane,
  definitions: readonly ResourceDefinition[],
): Promise<ReadonlyMap<string, Schemas>> {
  const found = new Map<string, Schemas>();
  for (const { group, version } of definitions) {
    const place = group === "" ? `api/${version}` : `apis/${group}/${version}`;
    if (found.has(place)) continue;
    const document = (await plane.admin.json({ path: `/openapi/v3/${place}` })) as {
      readonly components: { readonly schemas: Schemas };
    };
    found.set(place, document.components.schemas);
  }
  return found;
}

export function schemasOf(
  all: ReadonlyMap<string, Schemas>,
  { group, version }: ResourceDefinition,
): Schemas {
  return all.get(group === "" ? `api/${version}` : `apis/${group}/${version}`) ?? {};
}

/** An object with every field that the filler wants. @throws {Error} when the API server does not know the kind */
export function buildObject(
  schemas: Schemas,
  definition: ResourceDefinition,
  filler: Filler,
): { readonly [name: string]: unknown } {
  const { group, version, kind } = definition;
  const schema = Object.values(schemas).find((one) =>
    one["x-kubernetes-group-version-kind"]?.some(
      (gvk) => gvk.group === group && gvk.version === version && gvk.kind === kind,
    ),
  );
  if (schema === undefined) throw new Error(`the API server has no schema of ${kind}`);
  const built = build({ schemas, filler }, schema, { path: "", key: undefined });
  return { ...(built as object), apiVersion: group === "" ? version : `${group}/${version}`, kind };
}

type Walk = { readonly schemas: Schemas; readonly filler: Filler };
type Place = { readonly path: string; readonly key: string | undefined };

function build(walk: Walk, schema: Schema, place: Place): unknown {
  const { filler } = walk;
  const leafKind = leafKindOf(walk, schema);
  if (leafKind !== undefined) return filler.value({ ...place, kind: leafKind });
  const resolved = resolve(walk, schema);
  if (resolved.items !== undefined) {
    const item = build(walk, resolved.items, { ...place, path: `${place.path}[]` });
    return item === undefined ? undefined : [item];
  }
  const { properties, additionalProperties } = resolved;
  if (additionalProperties !== undefined) {
    const path = `${place.path}{}`;
    return Object.fromEntries(
      filler.keys(path).map((key) => [key, build(walk, additionalProperties, { path, key })]),
    );
  }
  const members = Object.entries(properties ?? {})
    // Objects name themselves: an API server writes these, and protobuf has them in its envelope.
    .filter(([name]) => !isTypeMeta(name, properties))
    .map(([name, inner]) => [
      name,
      build(walk, inner, {
        path: place.path === "" ? name : `${place.path}.${name}`,
        key: place.key,
      }),
    ]);
  return Object.fromEntries(members.filter(([, value]) => value !== undefined));
}

function isTypeMeta(name: string, properties: Schema["properties"]): boolean {
  return (name === "apiVersion" || name === "kind") && properties?.["metadata"] !== undefined;
}

function leafKindOf(walk: Walk, schema: Schema): LeafKind | undefined {
  const name = refOf(schema);
  if (name?.endsWith(".Quantity") === true) return "quantity";
  if (name?.endsWith(".IntOrString") === true) return "intOrString";
  if (name?.endsWith(".MicroTime") === true) return "microTime";
  if (name?.endsWith(".Time") === true) return "time";
  if (name?.endsWith(".FieldsV1") === true) return "fieldsV1";
  const { type, format } = resolve(walk, schema);
  if (type === "string") return format === "byte" ? "bytes" : "string";
  if (type === "integer" || type === "number") return "integer";
  return type === "boolean" ? "boolean" : undefined;
}

function resolve(walk: Walk, schema: Schema): Schema {
  const name = refOf(schema);
  if (name === undefined) return schema;
  const found = walk.schemas[name];
  if (found === undefined) throw new Error(`no schema ${name}`);
  return found;
}

/** References stand alone, or in a list of one beside a default. */
function refOf(schema: Schema): string | undefined {
  const ref = schema.$ref ?? schema.allOf?.[0]?.$ref;
  return ref?.startsWith(prefix) === true ? ref.slice(prefix.length) : undefined;
}
