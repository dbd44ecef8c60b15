/**
 * API tokens for machines (PLAT-11): `obs_ID_SECRET` and six characters of checksum, so that a scanner can tell one from
 * any text and a mistyped one costs no query.
 *
 * @module
 */
import { createHash, randomUUID } from "node:crypto";
import type { Token, TokenRequest } from "@obsyk/contract";
import type { Clock } from "@obsyk/runtime";
import type { PersonIdentity } from "../http/deps.ts";
import { ProblemError } from "../http/problem.ts";
import type { Db } from "../store/database.ts";
import { describeGrant, narrowGrant, storeGrant, type StoredGrant } from "./access.ts";
import { hashOf, newSecret } from "./one-time.ts";
import { createScope, withScope, type AccessLimits } from "./scope.ts";

const dayMs = 24 * 60 * 60_000;
/** A token's use is written down at most this often. */
const touchMs = 60_000;
const maxTokens = 100;
const tokenPattern = /^(obs_([0-9a-f]{32})_([A-Za-z0-9_-]{43}))([A-Za-z0-9_-]{6})$/;

function checksum(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 6);
}

/** @throws {ProblemError} `forbidden` when more is given than the caller has, `conflict` when there are too many. */
export async function createToken(
  db: Db,
  caller: PersonIdentity,
  { request, now }: { readonly request: TokenRequest; readonly now: number },
): Promise<Token & { readonly token: string }> {
  const wanted = storeGrant(request, caller.grant);
  const grant = narrowGrant(wanted, caller.grant);
  const { scope, personId } = caller;
  const secret = newSecret();
  const row = {
    org_id: scope.orgId,
    token_id: randomUUID(),
    person_id: personId,
    name: request.name,
    secret_hash: hashOf(secret),
    ...grant,
    created_at: new Date(now),
    expires_at: new Date(now + request.days * dayMs),
    last_used_at: null,
  };
  await withScope(db, scope, async (tx) => {
    const { count } = await tx
      .selectFrom("api_token")
      .select(({ fn }) => fn.countAll<number>().as("count"))
      .where("org_id", "=", scope.orgId)
      .where("person_id", "=", personId)
      .executeTakeFirstOrThrow();
    if (count >= maxTokens) {
      throw new ProblemError("conflict", "You have too many tokens: revoke some first");
    }
    await tx.insertInto("api_token").values(row).execute();
  });
  const text = `obs_${row.token_id.replaceAll("-", "")}_${secret}`;
  return { ...describe(row), token: text + checksum(text) };
}

type TokenRow = StoredGrant & {
  readonly token_id: string;
  readonly name: string;
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly last_used_at: Date | null;
};

function describe(row: TokenRow): Token {
  return {
    id: row.token_id,
    name: row.name,
    ...describeGrant(row),
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    ...(row.last_used_at === null ? {} : { lastUsedAt: row.last_used_at.toISOString() }),
  };
}

/** The caller's own, the newest first; expired ones too, until they are revoked. */
export async function listTokens(db: Db, { scope, personId }: PersonIdentity): Promise<Token[]> {
  const rows = await withScope(db, scope, (tx) =>
    tx
      .selectFrom("api_token")
      .select(["token_id", "name", "role", "access", "created_at", "expires_at", "last_used_at"])
      .where("org_id", "=", scope.orgId)
      .where("person_id", "=", personId)
      .orderBy("created_at", "desc")
      .execute(),
  );
  return rows.map(describe);
}

/** The caller's own. @throws {ProblemError} `not-found` */
export async function revokeToken(
  db: Db,
  { scope, personId }: PersonIdentity,
  tokenId: string,
): Promise<void> {
  const { numDeletedRows } = await withScope(db, scope, (tx) =>
    tx
      .deleteFrom("api_token")
      .where("org_id", "=", scope.orgId)
      .where("person_id", "=", personId)
      .where("token_id", "=", tokenId)
      .executeTakeFirst(),
  );
  if (numDeletedRows === 0n) throw new ProblemError("not-found", "You have no such token");
}

type FoundToken = {
  org_id: number;
  public_id: string;
  org_name: string;
  person_id: string;
  account_id: string;
  person_name: string;
  role: StoredGrant["role"];
  access: AccessLimits | null;
  token_role: StoredGrant["role"];
  token_access: AccessLimits | null;
  expires_at: Date;
  last_used_at: Date | null;
};

/** @returns who the token stands for; `undefined` when it is malformed, unknown, revoked or expired */
export async function readToken(
  db: Db,
  clock: Clock,
  token: string,
): Promise<PersonIdentity | undefined> {
  const [, body = "", id = "", secret = "", sum] = tokenPattern.exec(token) ?? [];
  if (sum === undefined || checksum(body) !== sum) return undefined;
  const [row] = await db.ask<FoundToken>("find_api_token", [id, hashOf(secret)]);
  const now = clock.now();
  if (row === undefined || row.expires_at.getTime() <= now) return undefined;
  const grant = narrowGrant(row, { role: row.token_role, access: row.token_access });
  const scope = createScope(row.org_id, grant.role, grant.access ?? undefined);
  if (row.last_used_at === null || now - row.last_used_at.getTime() > touchMs) {
    await withScope(db, scope, (tx) =>
      tx
        .updateTable("api_token")
        .set({ last_used_at: new Date(now) })
        .where("org_id", "=", scope.orgId)
        .where("token_id", "=", id)
        .execute(),
    );
  }
  return {
    scope,
    grant,
    role: grant.role,
    personId: row.person_id,
    accountId: row.account_id,
    personName: row.person_name,
    orgId: row.public_id,
    orgName: row.org_name,
    sessionId: undefined,
  };
}
