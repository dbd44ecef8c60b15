/**
 * Questions and changes of the settings pages: people, invitations, tokens, sessions, organisations.
 *
 * @module
 */
import {
  apiPaths,
  identityProviderSchema,
  invitationSchema,
  membershipSchema,
  newInvitationSchema,
  newTokenSchema,
  orgSchema,
  ownSessionSchema,
  personSchema,
  providerUrlSchema,
  sessionSchema,
  signInLinkSchema,
  tokenSchema,
  type IdentityProviderRequest,
  type InvitationRequest,
  type NewInvitation,
  type NewToken,
  type Org,
  type PersonChange,
  type ProviderUrl,
  type SignInLink,
  type TokenRequest,
} from "@obsyk/contract";
import { queryOptions } from "@tanstack/react-query";
import { z } from "zod";
import { ApiError, fillPath, type Api } from "./client.ts";

function listQuery<T extends z.ZodType>(api: Api, name: string, path: string, item: T) {
  const schema = z.object({ items: z.array(item) });
  return queryOptions({
    queryKey: ["settings", name],
    queryFn: async ({ signal }) => (await api.read(schema, { path, signal })).items,
  });
}

export const peopleQuery = (api: Api) => listQuery(api, "people", apiPaths.people, personSchema);
export const invitationsQuery = (api: Api) =>
  listQuery(api, "invitations", apiPaths.invitations, invitationSchema);
export const tokensQuery = (api: Api) => listQuery(api, "tokens", apiPaths.tokens, tokenSchema);
export const sessionsQuery = (api: Api) =>
  listQuery(api, "sessions", apiPaths.sessions, ownSessionSchema);
export const orgsQuery = (api: Api) => listQuery(api, "orgs", apiPaths.orgs, membershipSchema);

/** The session, or null for who has none: on a page that is for both. */
export function guestQuery(api: Api) {
  return queryOptions({
    queryKey: ["settings", "guest"],
    queryFn: async ({ signal }) => {
      try {
        return await api.read(sessionSchema, { path: apiPaths.session, signal });
      } catch (error) {
        if (error instanceof ApiError && error.status === 401) return null;
        throw error;
      }
    },
  });
}

export async function changePerson(api: Api, personId: string, body: PersonChange): Promise<void> {
  await api.send({ path: fillPath(apiPaths.person, { personId }), method: "PATCH", body });
}

export async function removePerson(api: Api, personId: string): Promise<void> {
  await api.send({ path: fillPath(apiPaths.person, { personId }), method: "DELETE" });
}

export async function makeSignInLink(api: Api, personId: string): Promise<SignInLink> {
  const path = fillPath(apiPaths.personLink, { personId });
  return api.read(signInLinkSchema, { path, method: "POST" });
}

export async function invite(api: Api, body: InvitationRequest): Promise<NewInvitation> {
  return api.read(newInvitationSchema, { path: apiPaths.invitations, method: "POST", body });
}

export async function withdrawInvitation(api: Api, invitationId: string): Promise<void> {
  await api.send({ path: fillPath(apiPaths.invitation, { invitationId }), method: "DELETE" });
}

/** @param body the name is only needed of who is not signed in */
export async function acceptInvitation(
  api: Api,
  body: { readonly token: string; readonly name?: string },
): Promise<void> {
  await api.send({ path: apiPaths.acceptInvitation, method: "POST", body });
}

export async function makeToken(api: Api, body: TokenRequest): Promise<NewToken> {
  return api.read(newTokenSchema, { path: apiPaths.tokens, method: "POST", body });
}

export async function revokeToken(api: Api, tokenId: string): Promise<void> {
  await api.send({ path: fillPath(apiPaths.token, { tokenId }), method: "DELETE" });
}

export const providersQuery = (api: Api) =>
  listQuery(api, "providers", apiPaths.identityProviders, identityProviderSchema);

export async function addProvider(api: Api, body: IdentityProviderRequest): Promise<void> {
  await api.send({ path: apiPaths.identityProviders, method: "POST", body });
}

export async function verifyProvider(api: Api, providerId: string): Promise<void> {
  await api.send({ path: fillPath(apiPaths.verifyProvider, { providerId }), method: "POST" });
}

export async function removeProvider(api: Api, providerId: string): Promise<void> {
  await api.send({ path: fillPath(apiPaths.identityProvider, { providerId }), method: "DELETE" });
}

export async function beginProviderSignIn(api: Api, email: string): Promise<ProviderUrl> {
  const path = apiPaths.providerSignIn;
  return api.read(providerUrlSchema, { path, method: "POST", body: { email } });
}

export async function endSession(api: Api, sessionId: string): Promise<void> {
  await api.send({ path: fillPath(apiPaths.ownSession, { sessionId }), method: "DELETE" });
}

export async function makeOrg(api: Api, name: string): Promise<Org> {
  return api.read(orgSchema, { path: apiPaths.orgs, method: "POST", body: { name } });
}

export async function renameOrg(api: Api, name: string): Promise<void> {
  await api.send({ path: apiPaths.org, method: "PATCH", body: { name } });
}

export async function switchOrg(api: Api, orgId: string): Promise<void> {
  await api.send({ path: apiPaths.sessionOrg, method: "PUT", body: { orgId } });
}
