/**
 * Who may call what of the API on the console listener: one table. A route that is not in it is for owners, so that
 * forgetting it opens nothing.
 *
 * @module
 */
import { apiPaths, type Role } from "@obsyk/contract";

/** `anyone`: the route itself decides whom it answers. */
export type Required = Role | "anyone";

export const routeRoles: { readonly [route: string]: Required } = {
  [`GET ${apiPaths.openapi}`]: "anyone",
  [`POST ${apiPaths.signIn}`]: "anyone",
  [`POST ${apiPaths.acceptInvitation}`]: "anyone",
  [`POST ${apiPaths.providerSignIn}`]: "anyone",
  [`GET ${apiPaths.providerCallback}`]: "anyone",
  [`DELETE ${apiPaths.session}`]: "anyone",

  [`GET ${apiPaths.session}`]: "viewer",
  [`PUT ${apiPaths.sessionOrg}`]: "viewer",
  [`GET ${apiPaths.sessions}`]: "viewer",
  [`DELETE ${apiPaths.ownSession}`]: "viewer",
  [`GET ${apiPaths.orgs}`]: "viewer",
  [`GET ${apiPaths.org}`]: "viewer",
  [`GET ${apiPaths.tokens}`]: "viewer",
  [`POST ${apiPaths.tokens}`]: "viewer",
  [`DELETE ${apiPaths.token}`]: "viewer",
  [`GET ${apiPaths.clusters}`]: "viewer",
  [`GET ${apiPaths.cluster}`]: "viewer",
  [`GET ${apiPaths.counts}`]: "viewer",
  [`GET ${apiPaths.objects}`]: "viewer",
  [`GET ${apiPaths.object}`]: "viewer",
  [`GET ${apiPaths.related}`]: "viewer",
  [`GET ${apiPaths.references}`]: "viewer",
  [`GET ${apiPaths.findings}`]: "viewer",
  [`GET ${apiPaths.live}`]: "viewer",
  [`GET ${apiPaths.clients}`]: "viewer",

  [`POST ${apiPaths.clients}`]: "admin",
  [`DELETE ${apiPaths.clients}/:clientId`]: "admin",
  [`GET ${apiPaths.people}`]: "admin",
  [`PATCH ${apiPaths.person}`]: "admin",
  [`DELETE ${apiPaths.person}`]: "admin",
  [`POST ${apiPaths.personLink}`]: "admin",
  [`GET ${apiPaths.invitations}`]: "admin",
  [`POST ${apiPaths.invitations}`]: "admin",
  [`DELETE ${apiPaths.invitation}`]: "admin",

  [`POST ${apiPaths.orgs}`]: "owner",
  [`PATCH ${apiPaths.org}`]: "owner",
  [`DELETE ${apiPaths.org}`]: "owner",
  [`GET ${apiPaths.orgExport}`]: "owner",
  [`GET ${apiPaths.identityProviders}`]: "owner",
  [`POST ${apiPaths.identityProviders}`]: "owner",
  [`DELETE ${apiPaths.identityProvider}`]: "owner",
  [`POST ${apiPaths.verifyProvider}`]: "owner",
};

export function requiredRole(method: string, path: string): Required {
  // Fastify answers HEAD wherever it answers GET.
  return routeRoles[`${method === "HEAD" ? "GET" : method} ${path}`] ?? "owner";
}

const ranks = { viewer: 1, admin: 2, owner: 3 } as const satisfies { [role in Role]: number };

export function isAtLeast(role: Role, required: Role): boolean {
  return ranks[role] >= ranks[required];
}
