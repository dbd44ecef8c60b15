/**
 * Organisations: the caller's own, new ones, and the end of one.
 *
 * @module
 */
import type { Membership, Org } from "@obsyk/contract";
import type { PersonIdentity } from "../http/deps.ts";
import type { Db } from "../store/database.ts";
import { createScope, withScope, type OrgScope } from "./scope.ts";

type MembershipRow = {
  org_id: number;
  public_id: string;
  org_name: string;
  person_id: string;
  role: Membership["role"];
};

async function readMemberships(
  db: Db,
  { scope, personId }: PersonIdentity,
): Promise<readonly MembershipRow[]> {
  return db.ask<MembershipRow>("find_memberships", [scope.orgId, personId]);
}

/** Every organisation that the caller belongs to, by name. */
export async function listMemberships(db: Db, caller: PersonIdentity): Promise<Membership[]> {
  return (await readMemberships(db, caller)).map((row) => ({
    id: row.public_id,
    name: row.org_name,
    role: row.role,
    isCurrent: row.org_id === caller.scope.orgId,
  }));
}

/** @returns the caller's place in another organisation of its own; `undefined` when it has none */
export async function findMembership(
  db: Db,
  caller: PersonIdentity,
  orgId: string,
): Promise<{ readonly scope: OrgScope; readonly personId: string } | undefined> {
  const row = (await readMemberships(db, caller)).find(({ public_id: id }) => id === orgId);
  return row === undefined
    ? undefined
    : { scope: createScope(row.org_id), personId: row.person_id };
}

/** The caller becomes its owner. */
export async function createOrg(db: Db, caller: PersonIdentity, name: string): Promise<Org> {
  const [row] = await db.ask<{ public_id: string }>("create_org", [
    name,
    caller.accountId,
    caller.personName,
  ]);
  if (row === undefined) throw new Error("no organisation was made");
  return { id: row.public_id, name };
}

export async function renameOrg(db: Db, { scope }: PersonIdentity, name: string): Promise<void> {
  await withScope(db, scope, (tx) =>
    tx.updateTable("org").set({ name }).where("org_id", "=", scope.orgId).execute(),
  );
}

/**
 * The end of an organisation, as of now: nobody signs in to it and no operator writes to it any more.
 *
 * @returns whether the name was right
 */
export async function markErased(
  db: Db,
  { scope, orgName }: PersonIdentity,
  { name, now }: { readonly name: string; readonly now: number },
): Promise<boolean> {
  if (name !== orgName) return false;
  const { orgId } = scope;
  await withScope(db, scope, async (tx) => {
    await tx
      .updateTable("org")
      .set({ erased_at: new Date(now) })
      .where("org_id", "=", orgId)
      .execute();
    await tx.deleteFrom("client").where("org_id", "=", orgId).execute();
    await tx.deleteFrom("person").where("org_id", "=", orgId).execute();
  });
  return true;
}

/** Rows of each table that one transaction removes: short enough for the statement's time. */
const eraseRows = 5000;

/** Removes what is left of organisations that were ended. Several processes share the work. */
export async function eraseMarked(db: Db, signal: AbortSignal): Promise<void> {
  for (;;) {
    if (signal.aborted) return;
    const [row] = await db.ask<{ erase_marked: number }>("erase_marked", [eraseRows]);
    if (row === undefined || row.erase_marked === 0) return;
  }
}
