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
import { createScope, withScope } from "../tenancy/scope.ts";

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
  await withScope(db, createScope(orgId), (tx) =>
    tx
      .insertInto("sign_in_link")
      .values({
        token_hash: hashOf(token),
        org_id: orgId,
        person_id: personId,
        created_at: new Date(now),
        expires_at: new Date(now + linkMs),
      })
      .execute(),
  );
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
  const [found] = await db.ask<{ org_id: number }>("find_sign_in_link", [hashOf(token)]);
  if (found === undefined) return undefined;
  const scope = createScope(found.org_id);
  const id = await withScope(db, scope, async (tx) => {
    // Of two that come at once, one finds it deleted.
    const link = await tx
      .deleteFrom("sign_in_link")
      .where("org_id", "=", scope.orgId)
      .where("token_hash", "=", hashOf(token))
      .where("expires_at", ">", now)
      .returning(["org_id", "person_id"])
      .executeTakeFirst();
    if (link === undefined) return undefined;
    const made = newSecret();
    await tx
      .insertInto("session")
      .values({ id_hash: hashOf(made), ...link, created_at: now, last_used_at: now })
      .execute();
    return made;
  });
  if (id !== undefined && oldSessionId !== undefined) await signOut(db, oldSessionId);
  return id;
}

type SessionRow = {
  org_id: number;
  person_id: string;
  person_name: string;
  role: PersonIdentity["role"];
  org_name: string;
  created_at: Date;
  last_used_at: Date;
};

/** @returns who the session stands for; `undefined` when it is unknown or over */
export async function readSession(
  db: Db,
  clock: Clock,
  id: string,
): Promise<PersonIdentity | undefined> {
  const now = clock.now();
  const idHash = hashOf(id);
  const [row] = await db.ask<SessionRow>("find_session", [idHash]);
  if (row === undefined) return undefined;
  const usedAt = row.last_used_at.getTime();
  if (now - row.created_at.getTime() >= absoluteMs || now - usedAt >= idleMs) return undefined;
  const scope = createScope(row.org_id, row.role);
  if (now - usedAt > touchMs) {
    await withScope(db, scope, (tx) =>
      tx
        .updateTable("session")
        .set({ last_used_at: new Date(now) })
        .where("org_id", "=", scope.orgId)
        .where("id_hash", "=", idHash)
        .execute(),
    );
  }
  return {
    scope,
    personId: row.person_id,
    personName: row.person_name,
    orgName: row.org_name,
    role: row.role,
  };
}

export async function signOut(db: Db, id: string): Promise<void> {
  await db.ask("end_session", [hashOf(id)]);
}

/** Forgets links, sessions and used assertions that are over, of all organisations. */
export async function purgeExpired(db: Db, clock: Clock): Promise<void> {
  const now = clock.now();
  await db.ask("purge_expired", [
    new Date(now),
    new Date(now - absoluteMs),
    new Date(now - idleMs),
  ]);
}
