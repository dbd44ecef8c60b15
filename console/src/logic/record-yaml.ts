/**
 * A record as YAML, in the order in which kubectl prints an object.
 *
 * @module
 */
import { Document } from "yaml";
import { resourceInfo } from "./resources.ts";

const first = ["apiVersion", "kind", "metadata", "type", "roleRef", "subjects", "rules", "spec"];
const last = ["status", "obsyk"];

const metadataFirst = ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp"];

function ordered(
  value: Readonly<Record<string, unknown>>,
  head: readonly string[],
  tail: readonly string[],
): readonly (readonly [string, unknown])[] {
  const keys = Object.keys(value);
  const middle = keys.filter((key) => !head.includes(key) && !tail.includes(key));
  return [...head, ...middle.toSorted(), ...tail]
    .filter((key) => keys.includes(key))
    .map((key) => [key, value[key]]);
}

/** Fields that the record leaves out (`apiVersion`, `kind`) are added where they are known. */
export function recordYaml(resource: string, record: Readonly<Record<string, unknown>>): string {
  const { kind, apiVersion } = resourceInfo(resource);
  const whole = { ...(apiVersion === undefined ? {} : { apiVersion, kind }), ...record };
  const entries = ordered(whole, first, last).map(([key, value]): readonly [string, unknown] =>
    key === "metadata" && typeof value === "object" && value !== null && !Array.isArray(value)
      ? [key, new Map(ordered(value as Readonly<Record<string, unknown>>, metadataFirst, []))]
      : [key, value],
  );
  return new Document(new Map(entries), { aliasDuplicateObjects: false }).toString({
    lineWidth: 0,
  });
}
