/** Identity providers of an organisation, and sign-in by them. */
import {
  apiPaths,
  identityProviderRequestSchema,
  identityProviderSchema,
  providerSignInSchema,
  providerUrlSchema,
} from "@obsyk/contract";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { browserOf, setSessionCookie, type SessionOptions } from "../auth/console-routes.ts";
import { openSessionOf } from "../auth/sessions.ts";
import type { Deps } from "../http/deps.ts";
import { ProblemError } from "../http/problem.ts";
import type { HttpServer } from "../http/server.ts";
import {
  addProvider,
  listProviders,
  removeProvider,
  verifyDomain,
  type ResolveTxt,
} from "./identity-providers.ts";
import { beginSignIn, finishSignIn, type Attempt, type OidcOptions } from "./oidc.ts";

export type OidcRouteOptions = SessionOptions & {
  readonly oidc: OidcOptions;
  readonly resolveTxt: ResolveTxt;
};

const id = z.uuid().transform((text) => text.toLowerCase());

export function registerOidc(server: HttpServer, deps: Deps, options: OidcRouteOptions): void {
  registerProviders(server, deps, options);
  registerProviderSignIn(server, deps, options);
}

function registerProviders(server: HttpServer, deps: Deps, options: OidcRouteOptions): void {
  const { clock, events } = deps;
  const { db } = deps.database;
  const { redirectUri } = options.oidc;
  const params = z.object({ providerId: id });
  server.get(
    apiPaths.identityProviders,
    { schema: { response: { 200: z.object({ items: z.array(identityProviderSchema) }) } } },
    async (request) => {
      const { scope } = await deps.authenticatePerson(request);
      return { items: await listProviders(db, scope, redirectUri()) };
    },
  );
  server.post(
    apiPaths.identityProviders,
    { schema: { body: identityProviderRequestSchema, response: { 201: identityProviderSchema } } },
    async (request, reply) => {
      const { scope, personId } = await deps.authenticatePerson(request);
      const made = await addProvider(db, scope, {
        request: request.body,
        now: clock.now(),
        redirectUri: redirectUri(),
      });
      events.identityProviderChanged({ providerId: made.id, personId, what: "added" });
      return reply.code(201).send(made);
    },
  );
  server.delete(apiPaths.identityProvider, { schema: { params } }, async (request, reply) => {
    const { scope, personId } = await deps.authenticatePerson(request);
    const { providerId } = request.params;
    await removeProvider(db, scope, providerId);
    events.identityProviderChanged({ providerId, personId, what: "removed" });
    return reply.code(204).send();
  });
  server.post(apiPaths.verifyProvider, { schema: { params } }, async (request, reply) => {
    const { scope, personId } = await deps.authenticatePerson(request);
    const { providerId } = request.params;
    const { resolveTxt } = options;
    await verifyDomain(db, scope, { providerId, now: clock.now(), resolveTxt });
    events.identityProviderChanged({ providerId, personId, what: "domain verified" });
    return reply.code(204).send();
  });
}

const attemptSeconds = 600;

const attemptSchema = z.strictObject({
  providerId: z.uuid(),
  state: z.string().max(128),
  nonce: z.string().max(128),
  verifier: z.string().max(128),
});

function registerProviderSignIn(server: HttpServer, deps: Deps, options: OidcRouteOptions): void {
  const { clock, events } = deps;
  const { db } = deps.database;
  const name = options.isSecure ? "__Host-obsyk-sign-in" : "obsyk-sign-in";
  const cookie = { path: "/", httpOnly: true, sameSite: "lax", secure: options.isSecure } as const;
  server.post(
    apiPaths.providerSignIn,
    { schema: { body: providerSignInSchema, response: { 200: providerUrlSchema } } },
    async (request, reply) => {
      const { url, attempt } = await beginSignIn(db, options.oidc, request.body.email);
      void reply
        .setCookie(name, encode(attempt), { ...cookie, maxAge: attemptSeconds })
        .header("cache-control", "no-store");
      return { url };
    },
  );
  // The browser comes here by itself: what it gets must be a page, whatever went wrong.
  server.get(apiPaths.providerCallback, { schema: { hide: true } }, async (request, reply) => {
    const attempt = decode(request.cookies[name]);
    void reply.clearCookie(name, cookie).header("cache-control", "no-store");
    try {
      if (attempt === undefined) {
        throw new ProblemError("unauthorized", "this browser began no sign-in");
      }
      const callback = new URL(options.oidc.redirectUri() + queryOf(request));
      const now = clock.now();
      const admitted = await finishSignIn(db, options.oidc, { callback, attempt, now });
      const session = { ...admitted, ...browserOf(request, options) };
      setSessionCookie(reply, options, await openSessionOf(db, clock, session));
      events.signedIn({ personId: admitted.personId });
      return await goTo(reply, "/");
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      events.providerSignInRefused({ requestId: request.id, reason: error.message });
      return goTo(reply, `/sign-in?refused=${error.code}`);
    }
  });
}

/** A path of ours: nothing of the request can lead elsewhere. */
function goTo(reply: FastifyReply, path: string): FastifyReply {
  return reply.code(303).header("location", path).send();
}

function queryOf(request: FastifyRequest): string {
  const at = request.url.indexOf("?");
  return at < 0 ? "" : request.url.slice(at);
}

function encode(attempt: Attempt): string {
  return Buffer.from(JSON.stringify(attempt)).toString("base64url");
}

function decode(text: string | undefined): Attempt | undefined {
  if (text === undefined || text.length > 2048) return undefined;
  try {
    return attemptSchema.parse(JSON.parse(Buffer.from(text, "base64url").toString()));
  } catch {
    // Whatever stands there is not what we put there.
    return undefined;
  }
}
