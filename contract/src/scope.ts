/**
 * The scope: what an operator reads. It decides what "no longer collected" means (R14): an object that leaves the scope
 * is marked so, and is never taken for deleted.
 *
 * @module
 */
import { z } from "zod";
import { modes } from "./stream.ts";

/** A namespace's name, or the beginning of one with `*` for the rest. */
const namespacePattern = z
  .string()
  .regex(/^(?:\*|[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?|[a-z0-9][a-z0-9-]{0,61}\*)$/, {
    message: "is no namespace name; a * may only stand at the end",
  });
const patterns = z.array(namespacePattern).max(1000);

/** Objects of the whole cluster are in every filter; Namespace objects go by their own name. */
export const namespaceFilterSchema = z.object({
  /** All namespaces when empty. */
  include: patterns,
  /** Wins over `include`. */
  exclude: patterns,
});
export type NamespaceFilter = z.infer<typeof namespaceFilterSchema>;

/** What a session declares beside its streams: those come and go within it, the scope does not. */
export const scopeSchema = z.object({
  resources: z.array(z.object({ resource: z.string().max(253), mode: z.enum(modes) })).max(1000),
  namespaces: namespaceFilterSchema,
});
export type Scope = z.infer<typeof scopeSchema>;

const label = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, {
  message: "is no lower-case name",
});

/** A resource without a table, as discovery names it. */
const otherResource = z.strictObject({
  /** `cert-manager.io`. */
  group: z
    .string()
    .max(253)
    .regex(/^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/, {
      message: "is no API group",
    }),
  version: label,
  /** The plural: `certificates`. */
  resource: label,
  kind: z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,62}$/, { message: "is no kind" }),
  namespaced: z.boolean(),
});

/**
 * The settings file of an operator. Every member is optional; what is absent stays as it was set at the start. Unknown
 * members are refused.
 */
export const scopeFileSchema = z.strictObject({
  /** By `resource.group`: on, off, or a mode. */
  resources: z
    .record(z.string().max(253), z.union([z.boolean(), z.enum(["on", "off", ...modes])]))
    .optional(),
  /** Of these, custom resources first of all, only metadata is read: names, labels, owners. */
  others: z.array(otherResource).max(200).optional(),
  namespaces: z
    .strictObject({ include: patterns.optional(), exclude: patterns.optional() })
    .optional(),
});
export type ScopeFile = z.infer<typeof scopeFileSchema>;

export const everyNamespace: NamespaceFilter = { include: [], exclude: [] };

/** @param namespace `""` for an object of the whole cluster */
export function isNamespaceIn(filter: NamespaceFilter, namespace: string): boolean {
  if (namespace === "") return true;
  const { include, exclude } = filter;
  const isMatch = (pattern: string): boolean =>
    pattern.endsWith("*") ? namespace.startsWith(pattern.slice(0, -1)) : pattern === namespace;
  return (include.length === 0 || include.some(isMatch)) && !exclude.some(isMatch);
}
