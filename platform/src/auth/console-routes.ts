/** Sign-in, the session, and clients: what a person does on the console listener. */
import {
  apiPaths,
  clientRequestSchema,
  clientSchema,
  product,
  sessionSchema,
} from "@obsyk/contract";
import { parsePublicKey, SigningKeyError, type PublicKey } from "@obsyk/runtime";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Deps, PersonIdentity } from "../http/deps.ts";
import { ProblemError } from "../http/problem.ts";
import { sessionCookieName } from "../http/session-cookie.ts";
import type { HttpServer } from "../http/server.ts";
import { disableClient, listClients, registerClient } from "../tenancy/clients.ts";
import { readToken } from "../tenancy/api-tokens.ts";
import { readSession, signIn, signOut, type Browser } from "./sessions.ts";

export type ConsoleAuth = {
  /** Whether cookies may be `Secure`: the listener, or the proxy before it, speaks TLS. */
  readonly isSecure: boolean;
};

/** What a person needs to know to start an operator. */
export type AgentAddress = {
  readonly url: string;
  /** PEM. */
  readonly ca: string | undefined;
};

export type SessionOptions = ConsoleAuth & {
  /** Known once the listener for operators listens. */
  readonly agentAddress: () => AgentAddress;
};

const cookieName = ({ isSecure }: ConsoleAuth): string => sessionCookieName(isSecure);

export function readCookie(request: FastifyRequest, auth: ConsoleAuth): string | undefined {
  const value = request.cookies[cookieName(auth)];
  return value !== undefined && /^[A-Za-z0-9_-]{43}$/.test(value) ? value : undefined;
}

/** An Authorization header decides alone: a request that has one is never carried by a cookie. */
export function createAuthenticatePerson(
  { database, clock }: Pick<Deps, "database" | "clock">,
  auth: ConsoleAuth,
): Deps["authenticatePerson"] {
  return async (request) => {
    const { authorization } = request.headers;
    if (authorization !== undefined) {
      const [, token = ""] = /^Bearer ([\w-]{1,200})$/.exec(authorization) ?? [];
      const person = await readToken(database.db, clock, token);
      if (person !== undefined) return person;
      throw new ProblemError("unauthorized", "The API token is wrong, revoked or expired", {
        challenge: 'Bearer error="invalid_token"',
      });
    }
    const id = readCookie(request, auth);
    const person = id === undefined ? undefined : await readSession(database.db, clock, id);
    if (person === undefined) {
      throw new ProblemError("unauthorized", "Open a sign-in link to start a session");
    }
    return person;
  };
}

/** Puts a session's id into the browser. */
export function setSessionCookie(reply: FastifyReply, auth: ConsoleAuth, id: string): void {
  void reply
    .setCookie(cookieName(auth), id, cookieOptions(auth))
    .header("cache-control", "no-store");
}

function cookieOptions(auth: ConsoleAuth) {
  return { path: "/", httpOnly: true, sameSite: "lax", secure: auth.isSecure } as const;
}

export function browserOf(request: FastifyRequest, auth: ConsoleAuth): Browser {
  return {
    oldSessionId: readCookie(request, auth),
    userAgent: request.headers["user-agent"],
  };
}

const signInSchema = z.object({ token: z.string().min(1).max(128) });

export function registerSessionRoutes(server: HttpServer, deps: Deps, auth: SessionOptions): void {
  const { database, clock, events } = deps;
  server.post(
    apiPaths.signIn,
    { schema: { body: signInSchema, response: { 200: sessionSchema } } },
    async (request, reply) => {
      const id = await signIn(database.db, clock, {
        token: request.body.token,
        ...browserOf(request, auth),
      });
      const person = id === undefined ? undefined : await readSession(database.db, clock, id);
      if (id === undefined || person === undefined) {
        events.signInRefused({ requestId: request.id });
        throw new ProblemError(
          "unauthorized",
          "This sign-in link was used before or has expired: make a new one",
        );
      }
      events.signedIn({ personId: person.personId });
      setSessionCookie(reply, auth, id);
      return describeSession(person, auth.agentAddress());
    },
  );
  server.get(
    apiPaths.session,
    { schema: { response: { 200: sessionSchema } } },
    async (request, reply) => {
      void reply.header("cache-control", "no-store");
      return describeSession(await deps.authenticatePerson(request), auth.agentAddress());
    },
  );
  server.delete(apiPaths.session, async (request, reply) => {
    const id = readCookie(request, auth);
    if (id !== undefined) {
      const person = await readSession(database.db, clock, id);
      await signOut(database.db, id);
      if (person !== undefined) events.signedOut({ personId: person.personId });
    }
    void reply.clearCookie(cookieName(auth), cookieOptions(auth));
    return reply.code(204).header("clear-site-data", '"cache", "cookies", "storage"').send();
  });
}

export function describeSession(
  person: PersonIdentity,
  agent: AgentAddress,
): z.infer<typeof sessionSchema> {
  return {
    person: { id: person.personId, name: person.personName, role: person.role },
    org: { id: person.orgId, name: person.orgName },
    version: product.version,
    agentUrl: agent.url,
    ...(agent.ca === undefined ? {} : { agentCa: agent.ca }),
  };
}

const clientListSchema = z.object({ items: z.array(clientSchema) });

export function registerClientRoutes(server: HttpServer, deps: Deps): void {
  const { database, clock, events } = deps;
  const now = (): Date => new Date(clock.now());
  server.get(
    apiPaths.clients,
    { schema: { response: { 200: clientListSchema } } },
    async (request) => {
      const { scope } = await deps.authenticatePerson(request);
      return { items: await listClients(database.db, scope) };
    },
  );
  server.post(
    apiPaths.clients,
    {
      // Before validation, whose refusals would otherwise hide what was sent.
      preValidation: (request) => refusePrivateKeys(request, deps),
      schema: { body: clientRequestSchema, response: { 201: clientSchema } },
    },
    async (request, reply) => {
      const person = await deps.authenticatePerson(request);
      const publicKey = readPublicKey(request.body.publicKey);
      const { name } = request.body;
      const result = await registerClient(database.db, person.scope, {
        name,
        publicKey,
        now: now(),
      });
      switch (result.kind) {
        case "name-taken":
          throw new ProblemError("conflict", "A cluster of this name exists: choose another", {
            pointer: "/name",
          });
        case "key-taken":
          throw new ProblemError(
            "conflict",
            "This key is registered already: every client needs its own",
            { pointer: "/publicKey" },
          );
        case "registered":
          events.clientRegistered({
            clientId: result.client.clientId,
            personId: person.personId,
          });
          return reply.code(201).send(result.client);
      }
    },
  );
  server.delete(
    `${apiPaths.clients}/:clientId`,
    { schema: { params: z.object({ clientId: z.string().max(128) }) } },
    async (request, reply) => {
      const { scope, personId } = await deps.authenticatePerson(request);
      const { clientId } = request.params;
      if (!(await disableClient(database.db, scope, { clientId, now: now() }))) {
        throw new ProblemError("not-found", "There is no such client");
      }
      events.clientDisabled({ clientId, personId });
      return reply.code(204).send();
    },
  );
}

/** Looks at every text of the body, whichever member it was pasted into and however long it is. */
async function refusePrivateKeys(request: FastifyRequest, deps: Deps): Promise<void> {
  const { personId } = await deps.authenticatePerson(request);
  const { body } = request;
  const texts = typeof body === "object" && body !== null ? Object.values(body) : [body];
  for (const text of texts) {
    if (typeof text === "string" && isPrivate(text)) {
      deps.events.privateKeyReceived({ personId, requestId: request.id });
      throw new ProblemError(
        "private-key-received",
        "This is a private key. It was not stored. Treat it as compromised: make a new key pair and register its public key only",
      );
    }
  }
}

function isPrivate(text: string): boolean {
  try {
    parsePublicKey(text);
    return false;
  } catch (error) {
    return error instanceof SigningKeyError && error.code === "PRIVATE_KEY_RECEIVED";
  }
}

function readPublicKey(text: string): PublicKey {
  try {
    return parsePublicKey(text);
  } catch (error) {
    if (!(error instanceof SigningKeyError)) throw error;
    throw new ProblemError("unprocessable", error.message, { pointer: "/publicKey" });
  }
}
