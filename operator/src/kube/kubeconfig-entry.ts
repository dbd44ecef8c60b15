/**
 * Reading a kubeconfig's parsed YAML: every entry knows where it stands, so that a refusal can say it.
 *
 * @module
 */
import { KubeError } from "./errors.ts";

export type Entry = {
  /** The kubeconfig file. */
  readonly path: string;
  /** For people: `users "admin"`. */
  readonly where: string;
  readonly value: { readonly [field: string]: unknown };
  /** An error that names file and entry; never a value of the file. */
  refuse(problem: string): KubeError;
};

/** @throws {KubeError} `kubeconfig` when the value is no mapping. */
export function entryAt(
  place: { readonly path: string; readonly where: string },
  value: unknown,
): Entry {
  const refuse = (problem: string): KubeError =>
    new KubeError(
      "kubeconfig",
      `cannot use kubeconfig ${place.path}: ${place.where === "" ? "" : `${place.where}: `}${problem}`,
    );
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw refuse("expected a mapping");
  }
  // A parsed YAML mapping may be read by name.
  return { ...place, value: value as Entry["value"], refuse };
}

/** Absent and empty are the same to kubectl. */
export function optionalText(entry: Entry, field: string): string | undefined {
  const value = entry.value[field];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value !== "string") throw entry.refuse(`${field} must be a string`);
  return value;
}

export function listAt(entry: Entry, field: string): readonly unknown[] {
  const value = entry.value[field];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw entry.refuse(`${field} must be a list`);
  return value;
}

/** The mapping under `field` of the list's item with this name. */
export function named(
  root: Entry,
  which: { readonly list: string; readonly field: string; readonly name: string },
): Entry {
  const names: string[] = [];
  for (const [index, value] of listAt(root, which.list).entries()) {
    const item = entryAt({ path: root.path, where: `${which.list}[${index}]` }, value);
    const name = optionalText(item, "name") ?? "";
    if (name === which.name) {
      const where = `${which.list} ${JSON.stringify(name)}`;
      return entryAt({ path: root.path, where }, item.value[which.field] ?? {});
    }
    names.push(name);
  }
  throw root.refuse(
    `${which.list} has no entry named ${JSON.stringify(which.name)}; it has ${names.map((name) => JSON.stringify(name)).join(", ") || "none"}`,
  );
}
