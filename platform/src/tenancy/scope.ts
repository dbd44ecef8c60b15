/**
 * The only door to tenant data: whoever has no scope cannot ask, and every transaction carries its organisation for
 * row-level security as well.
 *
 * @module
 */
import { sql, type Transaction } from "kysely";
import type pg from "pg";
import type { Database, Db } from "../store/database.ts";
import type { Tables } from "../store/tables.ts";

declare const brand: unique symbol;

/** One organisation, as proven by an access token or a session. */
export type OrgScope = { readonly orgId: number; readonly [brand]: "scope" };

/** For code that has just authenticated someone: names the organisation all further queries are bound to. */
export function createScope(orgId: number): OrgScope {
  return { orgId } as OrgScope;
}

/** Runs `work` in one transaction that is bound to the scope's organisation. */
export async function withScope<T>(
  db: Db,
  scope: OrgScope,
  work: (tx: Transaction<Tables>) => Promise<T>,
): Promise<T> {
  return db.transaction().execute(async (tx) => {
    await sql`select set_config('app.org', ${String(scope.orgId)}, true)`.execute(tx);
    return work(tx);
  });
}

/** The same for hand-written SQL on the driver's own client, where a statement's name and plan matter. */
export async function withScopedClient<T>(
  pool: Database["pool"],
  scope: OrgScope,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let failure: Error | undefined;
  try {
    await client.query("begin");
    await client.query({
      name: "scope",
      text: "select set_config('app.org', $1, true)",
      values: [String(scope.orgId)],
    });
    const result = await work(client);
    await client.query("commit");
    return result;
  } catch (error) {
    failure = error instanceof Error ? error : new Error("transaction failed");
    // When even this fails the connection is gone, and its transaction with it.
    await client.query("rollback").then(
      () => (failure = undefined),
      () => undefined,
    );
    throw error;
  } finally {
    client.release(failure);
  }
}
