/**
 * A viewer's limits: as a list on the wire, by cluster in the database and in scopes.
 *
 * @module
 */
import type { AccessList, Role } from "@obsyk/contract";
import { ProblemError } from "../http/problem.ts";
import { isAtLeast } from "../http/route-roles.ts";
import type { AccessLimits } from "./scope.ts";

const whole = "*";

/** What is given to a person, an invitation or a token. */
export type Grant = { readonly role: Role; readonly access?: AccessList | undefined };

export type StoredGrant = { readonly role: Role; readonly access: AccessLimits | null };

/**
 * @throws {ProblemError} `unprocessable` for limits of a role that has none, `forbidden` for more than the giver has.
 */
export function storeGrant({ role, access }: Grant, giver: StoredGrant): StoredGrant {
  if (access !== undefined && role !== "viewer") {
    throw new ProblemError("unprocessable", "Only the role viewer can be limited to clusters", {
      pointer: "/access",
    });
  }
  if (!isAtLeast(giver.role, role)) {
    throw new ProblemError("forbidden", `Your role ${giver.role} cannot give the role ${role}`, {
      pointer: "/role",
    });
  }
  return { role, access: access === undefined ? null : toLimits(access) };
}

/** Entries of one cluster count together. */
function toLimits(list: AccessList): AccessLimits {
  const limits = new Map<string, Set<string>>();
  for (const { clusterId, namespaces = [whole] } of list) {
    const id = clusterId.toLowerCase();
    const names = limits.get(id) ?? new Set();
    for (const name of namespaces) names.add(name);
    limits.set(id, names);
  }
  return Object.fromEntries(
    [...limits].map(([id, names]) => [id, names.has(whole) ? [whole] : [...names].sort()]),
  );
}

export function describeGrant(grant: StoredGrant): Grant {
  if (grant.access === null) return { role: grant.role };
  const access = Object.entries(grant.access).map(([clusterId, names]) =>
    names.includes(whole) ? { clusterId } : { clusterId, namespaces: [...names] },
  );
  return { role: grant.role, access };
}

/** What both allow: a token is never more than its person is now. */
export function narrowGrant(one: StoredGrant, other: StoredGrant): StoredGrant {
  const role = isAtLeast(one.role, other.role) ? other.role : one.role;
  if (one.access === null || other.access === null) {
    return { role, access: one.access ?? other.access };
  }
  const shared = Object.entries(one.access).flatMap(([id, names]) => {
    const others = other.access?.[id] ?? [];
    if (names.includes(whole)) return others.length > 0 ? [[id, others] as const] : [];
    const both = others.includes(whole) ? names : names.filter((name) => others.includes(name));
    return both.length > 0 ? [[id, both] as const] : [];
  });
  return { role, access: Object.fromEntries(shared) };
}
