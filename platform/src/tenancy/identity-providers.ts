/**
 * The identity providers of an organisation, and the proof that a domain is its own.
 *
 * @module
 */
import type { IdentityProvider, IdentityProviderRequest } from "@obsyk/contract";
import { ProblemError } from "../http/problem.ts";
import type { Db } from "../store/database.ts";
import { newSecret } from "./one-time.ts";
import { withScope, type OrgScope } from "./scope.ts";

/** Answers what a name's TXT records say; rejects when there are none. */
export type ResolveTxt = (name: string) => Promise<readonly (readonly string[])[]>;

const maxProviders = 20;

type ProviderRow = {
  readonly provider_id: string;
  readonly name: string;
  readonly issuer: string;
  readonly client_id: string;
  readonly domain: string;
  readonly domain_token: string;
  readonly domain_verified_at: Date | null;
  readonly groups_claim: string;
  readonly groups: IdentityProviderRequest["groups"];
};

function describe(row: ProviderRow, redirectUri: string): IdentityProvider {
  return {
    id: row.provider_id,
    name: row.name,
    issuer: row.issuer,
    clientId: row.client_id,
    domain: row.domain,
    groupsClaim: row.groups_claim,
    groups: row.groups,
    isDomainVerified: row.domain_verified_at !== null,
    txtName: txtName(row.domain),
    txtValue: txtValue(row.domain_token),
    redirectUri,
  };
}

const txtName = (domain: string): string => `_obsyk.${domain}`;
const txtValue = (token: string): string => `obsyk-domain=${token}`;

export async function listProviders(
  db: Db,
  scope: OrgScope,
  redirectUri: string,
): Promise<IdentityProvider[]> {
  const rows = await withScope(db, scope, (tx) =>
    tx
      .selectFrom("identity_provider")
      .selectAll()
      .where("org_id", "=", scope.orgId)
      .orderBy("created_at")
      .orderBy("provider_id")
      .execute(),
  );
  return rows.map((row) => describe(row, redirectUri));
}

/** @throws {ProblemError} `conflict` when there are too many. */
export async function addProvider(
  db: Db,
  scope: OrgScope,
  wanted: {
    readonly request: IdentityProviderRequest;
    readonly now: number;
    readonly redirectUri: string;
  },
): Promise<IdentityProvider> {
  const { request, now, redirectUri } = wanted;
  return withScope(db, scope, async (tx) => {
    const { count } = await tx
      .selectFrom("identity_provider")
      .select(({ fn }) => fn.countAll<number>().as("count"))
      .where("org_id", "=", scope.orgId)
      .executeTakeFirstOrThrow();
    if (count >= maxProviders) {
      throw new ProblemError(
        "conflict",
        "There are too many identity providers: remove some first",
      );
    }
    const row = await tx
      .insertInto("identity_provider")
      .values({
        org_id: scope.orgId,
        name: request.name,
        issuer: request.issuer,
        client_id: request.clientId,
        domain: request.domain,
        domain_token: newSecret(),
        domain_verified_at: null,
        groups_claim: request.groupsClaim,
        groups: request.groups,
        created_at: new Date(now),
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    return describe(row, redirectUri);
  });
}

/** People who came by it stay, and need an invitation or a link to come again. @throws {ProblemError} `not-found` */
export async function removeProvider(db: Db, scope: OrgScope, providerId: string): Promise<void> {
  const { numDeletedRows } = await withScope(db, scope, (tx) =>
    tx
      .deleteFrom("identity_provider")
      .where("org_id", "=", scope.orgId)
      .where("provider_id", "=", providerId)
      .executeTakeFirst(),
  );
  if (numDeletedRows === 0n) throw noProvider();
}

/**
 * Looks whether the domain's TXT record is there.
 *
 * @throws {ProblemError} `not-found`; `conflict` when it is not there, or when another organisation proved the domain.
 */
export async function verifyDomain(
  db: Db,
  scope: OrgScope,
  wanted: { readonly providerId: string; readonly now: number; readonly resolveTxt: ResolveTxt },
): Promise<void> {
  const { providerId, now, resolveTxt } = wanted;
  const row = await withScope(db, scope, (tx) =>
    tx
      .selectFrom("identity_provider")
      .select(["domain", "domain_token"])
      .where("org_id", "=", scope.orgId)
      .where("provider_id", "=", providerId)
      .executeTakeFirst(),
  );
  if (row === undefined) throw noProvider();
  // A name without such records, and a server that does not answer, are the same to the caller: try again later.
  const records = await resolveTxt(txtName(row.domain)).catch(() => []);
  const value = txtValue(row.domain_token);
  if (!records.some((chunks) => chunks.join("") === value)) {
    throw new ProblemError(
      "conflict",
      `There is no TXT record ${txtName(row.domain)} with the value shown. It can take a while until it is seen`,
    );
  }
  await withScope(db, scope, (tx) =>
    tx
      .updateTable("identity_provider")
      .set({ domain_verified_at: new Date(now) })
      .where("org_id", "=", scope.orgId)
      .where("provider_id", "=", providerId)
      .execute(),
  ).catch((error: unknown) => {
    if (!isTaken(error)) throw error;
    throw new ProblemError("conflict", "Another identity provider has this domain already");
  });
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "23505";
}

function noProvider(): ProblemError {
  return new ProblemError("not-found", "There is no such identity provider");
}
