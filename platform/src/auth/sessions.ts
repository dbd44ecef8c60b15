/**
 * One-time sign-in links and the sessions they open. Both are 256 random bits that the database knows by their hash
 * only; who reads the database can use neither.
 *
 * @module
 */
import type { Clock } from "@obsyk/runtime";
import type { PersonIdentity } from "../http/deps.ts";
import type { Db } from "../store/database.ts";
import type { FirstPerson } from "../tenancy/first-start.ts";
import type { OwnSession } from "@obsyk/contract";
import type { Transaction } from "kysely";
import type { StoredGrant } from "../tenancy/access.ts";
import { hashOf, newSecret } from "../tenancy/one-time.ts";
import { createScope, withScope, type AccessLimits, type OrgScope } from "../tenancy/scope.ts";
import type { Tables } from "../store/tables.ts";

export const linkMs = 10 * 60_000;
const idleMs = 30 * 60_000;
const absoluteMs = 12 * 60 * 60_000;
/** A session's use is written down at most this often. */
const touchMs = 60_000;

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
  { token, ...browser }: { readonly token: string } & Browser,
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
    return insertSession(tx, { ...link, userAgent: browser.userAgent, now });
  });
  if (id !== undefined) await endOld(db, browser);
  return id;
}

/** Where a session is opened. */
export type Browser = {
  readonly oldSessionId: string | undefined;
  readonly userAgent: string | undefined;
};

async function endOld(db: Db, { oldSessionId }: Browser): Promise<void> {
  if (oldSessionId !== undefined) await signOut(db, oldSessionId);
}

/** A person's new session instead of the browser's old one. For whoever has just been proven to be that person. */
export async function openSessionOf(
  db: Db,
  clock: Clock,
  person: { readonly scope: OrgScope; readonly personId: string } & Browser,
): Promise<string> {
  const { scope, personId, userAgent } = person;
  const row = { org_id: scope.orgId, person_id: personId, userAgent, now: new Date(clock.now()) };
  const id = await withScope(db, scope, (tx) => insertSession(tx, row));
  await endOld(db, person);
  return id;
}

const userAgentChars = 200;

async function insertSession(
  tx: Transaction<Tables>,
  row: {
    readonly org_id: number;
    readonly person_id: string;
    readonly userAgent: string | undefined;
    readonly now: Date;
  },
): Promise<string> {
  const id = newSecret();
  await tx
    .insertInto("session")
    .values({
      id_hash: hashOf(id),
      org_id: row.org_id,
      person_id: row.person_id,
      user_agent: row.userAgent?.slice(0, userAgentChars) ?? null,
      created_at: row.now,
      last_used_at: row.now,
    })
    .execute();
  return id;
}

type SessionRow = {
  org_id: number;
  public_id: string;
  org_name: string;
  person_id: string;
  account_id: string;
  person_name: string;
  role: StoredGrant["role"];
  access: AccessLimits | null;
  session_id: string;
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
  const scope = createScope(row.org_id, row.role, row.access ?? undefined);
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
    grant: { role: row.role, access: row.access },
    role: row.role,
    personId: row.person_id,
    accountId: row.account_id,
    personName: row.person_name,
    orgId: row.public_id,
    orgName: row.org_name,
    sessionId: row.session_id,
  };
}

/** The caller's own in this organisation that are not over, the last used first. */
export async function listSessions(
  db: Db,
  clock: Clock,
  { scope, personId, sessionId }: PersonIdentity,
): Promise<OwnSession[]> {
  const now = clock.now();
  const rows = await withScope(db, scope, (tx) =>
    tx
      .selectFrom("session")
      .select(["session_id", "user_agent", "created_at", "last_used_at"])
      .where("org_id", "=", scope.orgId)
      .where("person_id", "=", personId)
      .where("created_at", ">", new Date(now - absoluteMs))
      .where("last_used_at", ">", new Date(now - idleMs))
      .orderBy("last_used_at", "desc")
      .execute(),
  );
  const describe = (row: (typeof rows)[number]): OwnSession => ({
    id: row.session_id,
    isCurrent: row.session_id === sessionId,
    ...(row.user_agent === null ? {} : { userAgent: row.user_agent }),
    createdAt: row.created_at.toISOString(),
    lastUsedAt: row.last_used_at.toISOString(),
  });
  return rows.map(describe);
}

/** The caller's own. @returns whether there was such a session */
export async function endOwnSession(
  db: Db,
  { scope, personId }: PersonIdentity,
  sessionId: string,
): Promise<boolean> {
  const { numDeletedRows } = await withScope(db, scope, (tx) =>
    tx
      .deleteFrom("session")
      .where("org_id", "=", scope.orgId)
      .where("person_id", "=", personId)
      .where("session_id", "=", sessionId)
      .executeTakeFirst(),
  );
  return numDeletedRows > 0n;
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
