/**
 * Scopes as the rest of the platform uses them. `createScope` is for code that has just authenticated someone.
 *
 * @module
 */
import type { Transaction } from "kysely";
import type pg from "pg";
import type { Database, Db } from "../store/database.ts";
import { OrgScope, type AccessLimits, type Role } from "../store/org-scope.ts";
import type { Tables } from "../store/tables.ts";

export type { AccessLimits, OrgScope, Role } from "../store/org-scope.ts";

/** For code that has just authenticated someone: names the organisation all further queries are bound to. */
export function createScope(orgId: number, role: Role = "agent", limits?: AccessLimits): OrgScope {
  return new OrgScope(orgId, role, limits);
}

/** Runs `work` in one transaction that is bound to the scope's organisation. */
export async function withScope<T>(
  db: Db,
  scope: OrgScope,
  work: (tx: Transaction<Tables>) => Promise<T>,
): Promise<T> {
  return db.transaction(scope, work);
}

/** The same for hand-written SQL on the driver's own client, where a statement's name and plan matter. */
export async function withScopedClient<T>(
  pool: Database["pool"],
  scope: OrgScope,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  return pool.client(scope, work);
}
