/** The first organisation and its owner; made once, found ever after. */
import type { Db } from "../store/database.ts";

const firstOrg = "default";

export type FirstPerson = { readonly orgId: number; readonly personId: string };

export async function ensureFirstPerson(db: Db): Promise<FirstPerson> {
  return db.transaction().execute(async (tx) => {
    await tx
      .insertInto("org")
      .values({ name: firstOrg })
      .onConflict((conflict) => conflict.column("name").doNothing())
      .execute();
    // Locks the row, so that two processes that start at once make one owner.
    const org = await tx
      .selectFrom("org")
      .select("org_id")
      .where("name", "=", firstOrg)
      .forUpdate()
      .executeTakeFirstOrThrow();
    const owner = await tx
      .selectFrom("person")
      .select("person_id")
      .where("org_id", "=", org.org_id)
      .where("role", "=", "owner")
      .orderBy("created_at")
      .executeTakeFirst();
    const person =
      owner ??
      (await tx
        .insertInto("person")
        .values({ org_id: org.org_id, name: "owner", role: "owner" })
        .returning("person_id")
        .executeTakeFirstOrThrow());
    return { orgId: org.org_id, personId: person.person_id };
  });
}
