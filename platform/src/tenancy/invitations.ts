/**
 * Invitations: links that make someone a member once, within a week.
 *
 * @module
 */
import type { AcceptInvitation, Invitation, InvitationRequest } from "@obsyk/contract";
import type { PersonIdentity } from "../http/deps.ts";
import { ProblemError } from "../http/problem.ts";
import type { Db } from "../store/database.ts";
import { describeGrant, storeGrant, type StoredGrant } from "./access.ts";
import { hashOf, newSecret } from "./one-time.ts";
import { createScope, withScope, type OrgScope } from "./scope.ts";

const invitationMs = 7 * 24 * 60 * 60_000;
const maxInvitations = 1000;

/** @throws {ProblemError} `forbidden` when more is given than the caller has, `conflict` when too many are open. */
export async function createInvitation(
  db: Db,
  caller: PersonIdentity,
  { request, now }: { readonly request: InvitationRequest; readonly now: number },
): Promise<Invitation & { readonly token: string }> {
  const grant = storeGrant(request, caller.grant);
  const token = newSecret();
  const { scope } = caller;
  const row = await withScope(db, scope, async (tx) => {
    const { open } = await tx
      .selectFrom("invitation")
      .select(({ fn }) => fn.countAll<number>().as("open"))
      .where("org_id", "=", scope.orgId)
      .executeTakeFirstOrThrow();
    if (open >= maxInvitations) {
      throw new ProblemError("conflict", "Too many invitations are open: withdraw some first");
    }
    return tx
      .insertInto("invitation")
      .values({
        org_id: scope.orgId,
        token_hash: hashOf(token),
        ...grant,
        note: request.note,
        created_by: caller.personId,
        created_at: new Date(now),
        expires_at: new Date(now + invitationMs),
      })
      .returning(["invitation_id", "role", "access", "note", "created_at", "expires_at"])
      .executeTakeFirstOrThrow();
  });
  return { ...describe({ ...row, created_by: caller.personName }), token };
}

/** Those that still work, the newest first. */
export async function listInvitations(db: Db, scope: OrgScope, now: number): Promise<Invitation[]> {
  const rows = await withScope(db, scope, (tx) =>
    tx
      .selectFrom("invitation")
      .innerJoin("person", (join) =>
        join
          .onRef("person.org_id", "=", "invitation.org_id")
          .onRef("person.person_id", "=", "invitation.created_by"),
      )
      .select([
        "invitation.invitation_id",
        "invitation.role",
        "invitation.access",
        "invitation.note",
        "invitation.created_at",
        "invitation.expires_at",
        "person.name as created_by",
      ])
      .where("invitation.org_id", "=", scope.orgId)
      .where("invitation.expires_at", ">", new Date(now))
      .orderBy("invitation.created_at", "desc")
      .limit(maxInvitations)
      .execute(),
  );
  return rows.map(describe);
}

type InvitationRow = StoredGrant & {
  readonly invitation_id: string;
  readonly note: string;
  readonly created_by: string;
  readonly created_at: Date;
  readonly expires_at: Date;
};

function describe(row: InvitationRow): Invitation {
  return {
    id: row.invitation_id,
    ...describeGrant(row),
    note: row.note,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
  };
}

/** @throws {ProblemError} `not-found` */
export async function withdrawInvitation(
  db: Db,
  scope: OrgScope,
  invitationId: string,
): Promise<void> {
  const { numDeletedRows } = await withScope(db, scope, (tx) =>
    tx
      .deleteFrom("invitation")
      .where("org_id", "=", scope.orgId)
      .where("invitation_id", "=", invitationId)
      .executeTakeFirst(),
  );
  if (numDeletedRows === 0n) throw new ProblemError("not-found", "There is no such invitation");
}

export type Joined = { readonly scope: OrgScope; readonly personId: string };

/**
 * Uses an invitation up.
 *
 * @param options.member who is signed in already and joins as the same person
 * @throws {ProblemError} `unauthorized` when the invitation is unknown, used or expired, `unprocessable` without a name,
 * `conflict` when the member is in that organisation already: the invitation stays.
 */
export async function acceptInvitation(
  db: Db,
  { token, name }: AcceptInvitation,
  options: { readonly member: PersonIdentity | undefined; readonly now: number },
): Promise<Joined> {
  const { member, now } = options;
  const newName = member?.personName ?? name;
  if (newName === undefined) {
    throw new ProblemError("unprocessable", "Give the name you want to be known by", {
      pointer: "/name",
    });
  }
  const tokenHash = hashOf(token);
  const [found] = await db.ask<{ org_id: number }>("find_invitation", [tokenHash]);
  if (found === undefined) throw used();
  const scope = createScope(found.org_id);
  return withScope(db, scope, async (tx) => {
    const invitation = await tx
      .deleteFrom("invitation")
      .where("org_id", "=", scope.orgId)
      .where("token_hash", "=", tokenHash)
      .where("expires_at", ">", new Date(now))
      .returning(["role", "access"])
      .executeTakeFirst();
    if (invitation === undefined) throw used();
    const person = await tx
      .insertInto("person")
      .values({
        org_id: scope.orgId,
        name: newName,
        ...invitation,
        email: null,
        ...(member === undefined ? {} : { account_id: member.accountId }),
      })
      .onConflict((conflict) => conflict.columns(["org_id", "account_id"]).doNothing())
      .returning("person_id")
      .executeTakeFirst();
    if (person === undefined) {
      throw new ProblemError("conflict", "You belong to this organisation already");
    }
    return { scope, personId: person.person_id };
  });
}

function used(): ProblemError {
  return new ProblemError(
    "unauthorized",
    "This invitation was used before, was withdrawn or has expired: ask for a new one",
  );
}
