/** The first organisation and its owner; made once, found ever after. */
import type { Db } from "../store/database.ts";

export type FirstPerson = { readonly orgId: number; readonly personId: string };

export async function ensureFirstPerson(db: Db): Promise<FirstPerson> {
  const [row] = await db.ask<{ org_id: number; person_id: string }>("first_owner");
  if (row === undefined) throw new Error("the database has no owner");
  return { orgId: row.org_id, personId: row.person_id };
}
