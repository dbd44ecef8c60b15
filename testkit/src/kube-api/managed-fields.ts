/**
 * Field ownership as an API server records it in `metadata.managedFields`: who wrote which field, never its value.
 * The trees follow the FieldsV1 format (`f:` member, `k:` keyed list item, `.` the thing itself).
 *
 * @module
 */
import type { Json, JsonObject } from "@obsyk/contract";
import { equalJson, isObject, listAt, objectAt } from "./object.ts";

export type Change = {
  readonly manager: string;
  readonly operation?: "Update" | "Apply";
  readonly subresource?: string;
  /** RFC 3339, whole seconds. */
  readonly time: string;
};

/** Fields of `metadata` that the server sets itself and nobody owns. */
const systemFields: ReadonlySet<string> = new Set([
  "name",
  "namespace",
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "managedFields",
]);

/** Lists whose items are told apart by these members; every other list is one value. */
const listKeys: { readonly [field: string]: readonly string[] } = {
  containers: ["name"],
  initContainers: ["name"],
  ephemeralContainers: ["name"],
  volumes: ["name"],
  env: ["name"],
  imagePullSecrets: ["name"],
  secrets: ["name"],
  conditions: ["type"],
  volumeMounts: ["mountPath"],
  ownerReferences: ["uid"],
  podIPs: ["ip"],
  hostIPs: ["ip"],
};

function keysOf(field: string, item: Json): readonly string[] | undefined {
  if (field !== "ports" || !isObject(item)) return listKeys[field];
  return Object.hasOwn(item, "containerPort")
    ? ["containerPort", "protocol"]
    : ["port", "protocol"];
}

/** Splits a value into its owned children by FieldsV1 name; `undefined` for a leaf. */
function childrenOf(field: string, value: Json): Map<string, Json> | undefined {
  if (isObject(value)) {
    return new Map(Object.entries(value).map(([key, child]) => [`f:${key}`, child]));
  }
  if (!Array.isArray(value)) return undefined;
  const items = value as readonly Json[];
  const keys = items[0] === undefined ? undefined : keysOf(field, items[0]);
  if (keys === undefined) return undefined;
  return new Map(
    items.filter(isObject).map((item) => {
      const identity = Object.fromEntries(keys.map((key) => [key, item[key] ?? ""]));
      return [`k:${JSON.stringify(identity)}`, item];
    }),
  );
}

function fieldName(path: string): string {
  return path.startsWith("f:") ? path.slice(2) : "";
}

/** The paths of every field in which `after` differs from `before`; `undefined` when there are none. */
function changedFields(
  field: string,
  before: Json | undefined,
  after: Json,
): JsonObject | undefined {
  const children = childrenOf(field, after);
  if (children === undefined) return equalJson(before, after) ? undefined : {};
  const old = before === undefined ? undefined : childrenOf(field, before);
  const tree: { [path: string]: JsonObject } = {};
  if (old === undefined) tree["."] = {};
  for (const [path, child] of children) {
    const changed = changedFields(fieldName(path), old?.get(path), child);
    if (changed !== undefined) tree[path] = changed;
  }
  return Object.keys(tree).length === 0 ? undefined : tree;
}

/** What of `tree` still exists in `value` and is not in `taken`. */
function keepFields(options: {
  readonly field: string;
  readonly tree: JsonObject;
  readonly value: Json;
  readonly taken: JsonObject | undefined;
}): JsonObject | undefined {
  const children = childrenOf(options.field, options.value);
  if (children === undefined) return options.taken === undefined ? {} : undefined;
  const kept: { [path: string]: JsonObject } = {};
  for (const [path, subtree] of Object.entries(options.tree)) {
    const child = children.get(path);
    const taken = options.taken?.[path];
    if (path === "." && taken === undefined) kept[path] = {};
    if (child === undefined || !isObject(subtree)) continue;
    const below = keepFields({
      field: fieldName(path),
      tree: subtree,
      value: child,
      taken: isObject(taken) ? taken : undefined,
    });
    if (below !== undefined) kept[path] = below;
  }
  return Object.keys(kept).length === 0 ? undefined : kept;
}

function mergeTrees(left: JsonObject, right: JsonObject): JsonObject {
  const merged: { [path: string]: Json } = { ...left };
  for (const [path, tree] of Object.entries(right)) {
    const old = merged[path];
    merged[path] = isObject(old) && isObject(tree) ? mergeTrees(old, tree) : tree;
  }
  return merged;
}

/** What ownership speaks about: the object without its identity and the server's own fields. */
function ownedPart(object: JsonObject): JsonObject {
  const owned: { [key: string]: Json } = {};
  for (const [key, value] of Object.entries(object)) {
    if (key !== "apiVersion" && key !== "kind" && key !== "metadata") owned[key] = value;
  }
  const metadata = Object.fromEntries(
    Object.entries(objectAt(object, "metadata")).filter(([key]) => !systemFields.has(key)),
  );
  if (Object.keys(metadata).length > 0) owned["metadata"] = metadata;
  return owned;
}

function isSameManager(entry: JsonObject, change: Change): boolean {
  return (
    entry["manager"] === change.manager &&
    entry["operation"] === (change.operation ?? "Update") &&
    (entry["subresource"] ?? "") === (change.subresource ?? "")
  );
}

/** `managedFields` after `change` turned `before` into `after`. Removed fields leave every manager's set. */
export function trackFields(
  before: JsonObject | undefined,
  after: JsonObject,
  change: Change,
): readonly JsonObject[] {
  const value = ownedPart(after);
  const changed = changedFields("", before === undefined ? {} : ownedPart(before), value) ?? {};
  const others: JsonObject[] = [];
  let own: JsonObject = changed;
  for (const entry of listAt(before ?? {}, "metadata", "managedFields").filter(isObject)) {
    const same = isSameManager(entry, change);
    const tree = objectAt(entry, "fieldsV1");
    const taken = same ? undefined : changed;
    const kept = keepFields({ field: "", tree, value, taken });
    if (same) own = mergeTrees(kept ?? {}, changed);
    else if (kept !== undefined) others.push({ ...entry, fieldsV1: kept });
  }
  if (Object.keys(own).length === 0) return others;
  return [
    ...others,
    {
      manager: change.manager,
      operation: change.operation ?? "Update",
      apiVersion: typeof after["apiVersion"] === "string" ? after["apiVersion"] : "v1",
      time: change.time,
      fieldsType: "FieldsV1",
      fieldsV1: own,
      ...(change.subresource === undefined ? {} : { subresource: change.subresource }),
    },
  ];
}
