/**
 * The people of one organisation.
 *
 * @module
 */
import type { Person, PersonChange } from "@obsyk/contract";
import type { Transaction } from "kysely";
import type { PersonIdentity } from "../http/deps.ts";
import { ProblemError } from "../http/problem.ts";
import { isAtLeast } from "../http/route-roles.ts";
import type { Db } from "../store/database.ts";
import type { Tables } from "../store/tables.ts";
import { describeGrant, storeGrant, type StoredGrant } from "./access.ts";
import { withScope, type OrgScope } from "./scope.ts";

/** An organisation has people by the hundred; a longer list needs paging first. */
const maxPeople = 5000;

type Tx = Transaction<Tables>;

/** By name. */
export async function listPeople(db: Db, scope: OrgScope): Promise<Person[]> {
  const rows = await withScope(db, scope, (tx) =>
    tx
      .selectFrom("person")
      .leftJoin("session", (join) =>
        join
          .onRef("session.org_id", "=", "person.org_id")
          .onRef("session.person_id", "=", "person.person_id"),
      )
      .select(({ fn }) => [
        "person.person_id",
        "person.name",
        "person.email",
        "person.role",
        "person.access",
        "person.created_at",
        fn.max("session.last_used_at").as("last_seen"),
      ])
      .where("person.org_id", "=", scope.orgId)
      .groupBy(["person.org_id", "person.person_id"])
      .orderBy("person.name")
      .orderBy("person.person_id")
      .limit(maxPeople)
      .execute(),
  );
  return rows.map(describe);
}

type PersonRow = StoredGrant & {
  readonly person_id: string;
  readonly name: string;
  readonly email: string | null;
  readonly created_at: Date;
  readonly last_seen: Date | null;
};

function describe(row: PersonRow): Person {
  return {
    id: row.person_id,
    name: row.name,
    ...(row.email === null ? {} : { email: row.email }),
    ...describeGrant(row),
    createdAt: row.created_at.toISOString(),
    ...(row.last_seen === null ? {} : { lastSeen: row.last_seen.toISOString() }),
  };
}

/**
 * Takes effect with the next request of that person.
 *
 * @throws {ProblemError} `not-found`, `forbidden` for someone of a higher role, `conflict` for the last owner.
 */
export async function changePerson(
  db: Db,
  caller: PersonIdentity,
  { personId, change }: { readonly personId: string; readonly change: PersonChange },
): Promise<void> {
  const grant = storeGrant(change, caller.grant);
  await withScope(db, caller.scope, async (tx) => {
    const before = await lockPerson(tx, caller, personId);
    if (before.role === "owner" && grant.role !== "owner") await requireOtherOwner(tx, caller);
    await tx
      .updateTable("person")
      .set({ role: grant.role, access: grant.access })
      .where("org_id", "=", caller.scope.orgId)
      .where("person_id", "=", personId)
      .execute();
  });
}

/** Sessions, tokens, invitations and links of that person go too. @throws as `changePerson` */
export async function removePerson(
  db: Db,
  caller: PersonIdentity,
  personId: string,
): Promise<void> {
  await withScope(db, caller.scope, async (tx) => {
    const before = await lockPerson(tx, caller, personId);
    if (before.role === "owner") await requireOtherOwner(tx, caller);
    await tx
      .deleteFrom("person")
      .where("org_id", "=", caller.scope.orgId)
      .where("person_id", "=", personId)
      .execute();
  });
}

/** Whether a sign-in link may be made for someone. @throws as `changePerson` */
export async function requireSubordinate(
  db: Db,
  caller: PersonIdentity,
  personId: string,
): Promise<void> {
  await withScope(db, caller.scope, (tx) => lockPerson(tx, caller, personId));
}

/** One change of people at a time: two owners cannot demote each other at once. */
async function lockPerson(tx: Tx, caller: PersonIdentity, personId: string): Promise<StoredGrant> {
  const { orgId } = caller.scope;
  await tx.selectFrom("org").select("org_id").where("org_id", "=", orgId).forUpdate().execute();
  const person = await tx
    .selectFrom("person")
    .select(["role", "access"])
    .where("org_id", "=", orgId)
    .where("person_id", "=", personId)
    .executeTakeFirst();
  if (person === undefined) throw new ProblemError("not-found", "There is no such person");
  if (!isAtLeast(caller.role, person.role)) {
    throw new ProblemError("forbidden", "This person's role is higher than yours");
  }
  return person;
}

async function requireOtherOwner(tx: Tx, { scope }: PersonIdentity): Promise<void> {
  const { owners } = await tx
    .selectFrom("person")
    .select(({ fn }) => fn.countAll<number>().as("owners"))
    .where("org_id", "=", scope.orgId)
    .where("role", "=", "owner")
    .executeTakeFirstOrThrow();
  if (owners < 2) {
    throw new ProblemError("conflict", "This is the last owner: make someone else an owner first");
  }
}
