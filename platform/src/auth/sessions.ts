/**
 * One-time sign-in links and the sessions they open. Both are 256 random bits that the database knows by their hash
 * only; who reads the database can use neither.
 *
 * @module
 */
import { createHash, randomBytes } from "node:crypto";
import type { Clock } from "@obsyk/runtime";
import type { PersonIdentity } from "../http/deps.ts";
import type { Db } from "../store/database.ts";
import type { FirstPerson } from "../tenancy/first-start.ts";
import { createScope } from "../tenancy/scope.ts";

const linkMs = 10 * 60_000;
const idleMs = 30 * 60_000;
const absoluteMs = 12 * 60 * 60_000;
/** A session's use is written down at most this often. */
const touchMs = 60_000;

const newSecret = (): string => randomBytes(32).toString("base64url");
const hashOf = (secret: string): Buffer => createHash("sha256").update(secret).digest();

/** @returns the token of a link that works once, for 10 minutes */
export async function createSignInLink(
  db: Db,
  clock: Clock,
  { orgId, personId }: FirstPerson,
): Promise<string> {
  const token = newSecret();
  const now = clock.now();
  await db
    .insertInto("sign_in_link")
    .values({
      token_hash: hashOf(token),
      org_id: orgId,
      person_id: personId,
      created_at: new Date(now),
      expires_at: new Date(now + linkMs),
    })
    .execute();
  return token;
}

/**
 * Uses a link up. The old session of the same browser ends: an id never survives a change of who it stands for.
 *
 * @returns the new session's id; `undefined` when the link is unknown, used or expired
 */
export async function signIn(
  db: Db,
  clock: Clock,
  { token, oldSessionId }: { readonly token: string; readonly oldSessionId: string | undefined },
): Promise<string | undefined> {
  const now = new Date(clock.now());
  return db.transaction().execute(async (tx) => {
    const link = await tx
      .deleteFrom("sign_in_link")
      .where("token_hash", "=", hashOf(token))
      .where("expires_at", ">", now)
      .returning(["org_id", "person_id"])
      .executeTakeFirst();
    if (link === undefined) return undefined;
    if (oldSessionId !== undefined) {
      await tx.deleteFrom("session").where("id_hash", "=", hashOf(oldSessionId)).execute();
    }
    const id = newSecret();
    await tx
      .insertInto("session")
      .values({ id_hash: hashOf(id), ...link, created_at: now, last_used_at: now })
      .execute();
    return id;
  });
}

/** @returns who the session stands for; `undefined` when it is unknown or over */
export async function readSession(
  db: Db,
  clock: Clock,
  id: string,
): Promise<PersonIdentity | undefined> {
  const now = clock.now();
  const idHash = hashOf(id);
  const row = await db
    .selectFrom("session")
    .innerJoin("person", (join) =>
      join
        .onRef("person.org_id", "=", "session.org_id")
        .onRef("person.person_id", "=", "session.person_id"),
    )
    .innerJoin("org", "org.org_id", "session.org_id")
    .select([
      "session.org_id",
      "session.person_id",
      "session.last_used_at",
      "person.name as person_name",
      "person.role",
      "org.name as org_name",
    ])
    .where("session.id_hash", "=", idHash)
    .where("session.created_at", ">", new Date(now - absoluteMs))
    .where("session.last_used_at", ">", new Date(now - idleMs))
    .executeTakeFirst();
  if (row === undefined) return undefined;
  if (now - row.last_used_at.getTime() > touchMs) {
    await db
      .updateTable("session")
      .set({ last_used_at: new Date(now) })
      .where("id_hash", "=", idHash)
      .execute();
  }
  return {
    scope: createScope(row.org_id),
    personId: row.person_id,
    personName: row.person_name,
    orgName: row.org_name,
    role: row.role,
  };
}

export async function signOut(db: Db, id: string): Promise<void> {
  await db.deleteFrom("session").where("id_hash", "=", hashOf(id)).execute();
}

/** Forgets links and sessions that are over. */
export async function purgeSessions(db: Db, clock: Clock): Promise<void> {
  const now = clock.now();
  await db.deleteFrom("sign_in_link").where("expires_at", "<", new Date(now)).execute();
  await db
    .deleteFrom("session")
    .where((where) =>
      where.or([
        where("created_at", "<", new Date(now - absoluteMs)),
        where("last_used_at", "<", new Date(now - idleMs)),
      ]),
    )
    .execute();
}
