/**
 * Sign-in by OpenID Connect: authorization code flow with PKCE (S256), state, nonce and issuer checks, all by
 * openid-client. What it proves is turned into a person here.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { apiPaths, roles, type Role } from "@obsyk/contract";
import * as oidc from "openid-client";
import { ProblemError } from "../http/problem.ts";
import { createPublicFetch } from "../http/public-fetch.ts";
import type { Db } from "../store/database.ts";
import { createScope, withScope, type OrgScope } from "./scope.ts";

export type OidcOptions = {
  readonly fetch: (url: string, options: oidc.CustomFetchOptions) => Promise<Response>;
  /** Folder with a file for each provider that has a client secret, named by the provider's id. */
  readonly secretDir: string | undefined;
  /** Plain HTTP to an issuer, as `fetch` allows it. */
  readonly allowHttp: boolean;
  readonly redirectUri: () => string;
};

/** As the platform's settings say. */
export function openIdOptions(
  settings: { readonly oidcSecretDir: string | undefined; readonly allowPrivateIssuers: boolean },
  ca: string | undefined,
  consoleUrl: () => string,
): OidcOptions {
  const { oidcSecretDir: secretDir, allowPrivateIssuers: allowPrivate } = settings;
  return {
    fetch: createPublicFetch({ allowPrivate, ca }),
    secretDir,
    allowHttp: allowPrivate,
    redirectUri: () => consoleUrl() + apiPaths.providerCallback,
  };
}

type Provider = {
  org_id: number;
  provider_id: string;
  issuer: string;
  client_id: string;
  domain: string;
  groups_claim: string;
  groups: { readonly [role in Role]: readonly string[] };
};

/** What the browser keeps between the two halves of a sign-in; nobody else can have it. */
export type Attempt = {
  readonly providerId: string;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
};

/** @throws {ProblemError} `not-found` for a domain without a provider, `unavailable` when the provider is not there. */
export async function beginSignIn(
  db: Db,
  options: OidcOptions,
  email: string,
): Promise<{ readonly url: string; readonly attempt: Attempt }> {
  const domain = email.slice(email.lastIndexOf("@") + 1).toLowerCase();
  const [provider] = await db.ask<Provider>("find_identity_provider", [domain, null]);
  if (provider === undefined) {
    throw new ProblemError("not-found", "No identity provider is set up for this domain", {
      pointer: "/email",
    });
  }
  const config = await discover(provider, options).catch(() => {
    throw new ProblemError(
      "unavailable",
      "The identity provider does not answer: try again later",
      {
        retryAfterSeconds: 30,
      },
    );
  });
  const attempt = {
    providerId: provider.provider_id,
    state: oidc.randomState(),
    nonce: oidc.randomNonce(),
    verifier: oidc.randomPKCECodeVerifier(),
  };
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: options.redirectUri(),
    scope: "openid email profile",
    code_challenge: await oidc.calculatePKCECodeChallenge(attempt.verifier),
    code_challenge_method: "S256",
    state: attempt.state,
    nonce: attempt.nonce,
    login_hint: email,
  });
  return { url: url.href, attempt };
}

async function discover(provider: Provider, options: OidcOptions): Promise<oidc.Configuration> {
  const secret = await readSecret(provider.provider_id, options.secretDir);
  const authentication = secret === undefined ? oidc.None() : oidc.ClientSecretBasic(secret);
  return oidc.discovery(new URL(provider.issuer), provider.client_id, undefined, authentication, {
    [oidc.customFetch]: options.fetch,
    timeout: 10,
    // oxlint-disable-next-line typescript/no-deprecated -- marked so that nobody uses it by chance: here a setting asks
    ...(options.allowHttp ? { execute: [oidc.allowInsecureRequests] } : {}),
  });
}

async function readSecret(id: string, folder: string | undefined): Promise<string | undefined> {
  if (folder === undefined) return undefined;
  // The id is a uuid from the database: no path can be made of it.
  const text = await readFile(path.join(folder, id), "utf8").catch(() => undefined);
  return text?.trim();
}

export type Admitted = { readonly scope: OrgScope; readonly personId: string };

/**
 * @param callback the whole URL that the browser came back with
 * @throws {ProblemError} `unauthorized` when the provider's answer does not hold, `forbidden` when it holds for someone
 * who does not belong here.
 */
export async function finishSignIn(
  db: Db,
  options: OidcOptions,
  {
    callback,
    attempt,
    now,
  }: { readonly callback: URL; readonly attempt: Attempt; readonly now: number },
): Promise<Admitted> {
  const [provider] = await db.ask<Provider>("find_identity_provider", [null, attempt.providerId]);
  if (provider === undefined) throw refused("the identity provider was removed");
  const claims = await redeem(await discover(provider, options), callback, attempt).catch(
    (error: unknown) => {
      throw refused(error instanceof Error ? codeOf(error) : "unknown");
    },
  );
  const person = judge(provider, claims);
  return admit(db, provider, { ...person, now });
}

type Claims = { readonly sub: string; readonly [name: string]: unknown };

async function redeem(
  config: oidc.Configuration,
  callback: URL,
  attempt: Attempt,
): Promise<Claims> {
  const tokens = await oidc.authorizationCodeGrant(config, callback, {
    pkceCodeVerifier: attempt.verifier,
    expectedState: attempt.state,
    expectedNonce: attempt.nonce,
    idTokenExpected: true,
  });
  const claims = tokens.claims();
  if (claims === undefined) throw new Error("no ID token");
  if (config.serverMetadata().userinfo_endpoint === undefined) return claims;
  // Many providers put e-mail and groups there only; what the ID token says counts first.
  return { ...(await oidc.fetchUserInfo(config, tokens.access_token, claims.sub)), ...claims };
}

type Judged = {
  readonly subject: string;
  readonly name: string;
  readonly email: string;
  readonly role: Role;
};

function judge(provider: Provider, claims: Claims): Judged {
  const { sub, email, email_verified: isVerified, name } = claims;
  if (typeof email !== "string" || isVerified !== true) {
    throw new ProblemError(
      "forbidden",
      "The identity provider does not vouch for an e-mail address",
    );
  }
  if (!email.toLowerCase().endsWith(`@${provider.domain}`)) {
    throw new ProblemError("forbidden", "This e-mail address is not of the organisation's domain");
  }
  const groups = claims[provider.groups_claim];
  const names = Array.isArray(groups) ? groups : [groups];
  const role = roles.find((one) => provider.groups[one].some((group) => names.includes(group)));
  if (role === undefined) {
    throw new ProblemError("forbidden", "None of your groups gives access to this organisation");
  }
  const shown = typeof name === "string" && name.trim() !== "" ? name.trim() : email;
  return { subject: sub, name: shown.slice(0, 128), email: email.toLowerCase(), role };
}

/** Known by issuer and subject, never by e-mail address: addresses are given to others in time. */
async function admit(
  db: Db,
  provider: Provider,
  { subject, name, email, role, now }: Judged & { readonly now: number },
): Promise<Admitted> {
  const scope = createScope(provider.org_id);
  const { orgId } = scope;
  return withScope(db, scope, async (tx) => {
    // One at a time: two first sign-ins of one person make one person.
    await tx.selectFrom("org").select("org_id").where("org_id", "=", orgId).forUpdate().execute();
    const known = await tx
      .selectFrom("identity")
      .innerJoin("person", (join) =>
        join
          .onRef("person.org_id", "=", "identity.org_id")
          .onRef("person.person_id", "=", "identity.person_id"),
      )
      .select(["person.person_id", "person.role", "person.access"])
      .where("identity.org_id", "=", orgId)
      .where("identity.provider_id", "=", provider.provider_id)
      .where("identity.subject", "=", subject)
      .executeTakeFirst();
    if (known === undefined) {
      const { person_id: personId } = await tx
        .insertInto("person")
        .values({ org_id: orgId, name, email, role, access: null })
        .returning("person_id")
        .executeTakeFirstOrThrow();
      const identity = { org_id: orgId, provider_id: provider.provider_id, subject };
      await tx
        .insertInto("identity")
        .values({ ...identity, person_id: personId, created_at: new Date(now) })
        .execute();
      return { scope, personId };
    }
    const { owners } = await tx
      .selectFrom("person")
      .select(({ fn }) => fn.countAll<number>().as("owners"))
      .where("org_id", "=", orgId)
      .where("role", "=", "owner")
      .executeTakeFirstOrThrow();
    // Groups decide, but not that an organisation has nobody left.
    const kept = known.role === "owner" && owners < 2 ? "owner" : role;
    await tx
      .updateTable("person")
      .set({ name, email, role: kept, access: kept === "viewer" ? known.access : null })
      .where("org_id", "=", orgId)
      .where("person_id", "=", known.person_id)
      .execute();
    return { scope, personId: known.person_id };
  });
}

/** Codes of the library and of the protocol are fixed texts; their messages may quote an answer. */
function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}

function refused(code: string): ProblemError {
  return new ProblemError("unauthorized", `The identity provider's answer was refused (${code})`);
}
