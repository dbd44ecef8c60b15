/** What everybody does for themselves: sessions, API tokens, and the organisations they belong to. */
import {
  apiPaths,
  deleteOrgSchema,
  membershipSchema,
  newTokenSchema,
  orgRequestSchema,
  orgSchema,
  ownSessionSchema,
  sessionSchema,
  switchOrgSchema,
  tokenRequestSchema,
  tokenSchema,
} from "@obsyk/contract";
import { z } from "zod";
import {
  browserOf,
  describeSession,
  setSessionCookie,
  type SessionOptions,
} from "../auth/console-routes.ts";
import { endOwnSession, listSessions, openSessionOf, readSession } from "../auth/sessions.ts";
import type { Deps } from "../http/deps.ts";
import { ProblemError } from "../http/problem.ts";
import type { HttpServer } from "../http/server.ts";
import { createToken, listTokens, revokeToken } from "./api-tokens.ts";
import { exportOrg } from "./export-org.ts";
import {
  createOrg,
  eraseMarked,
  findMembership,
  listMemberships,
  markErased,
  renameOrg,
} from "./orgs.ts";

const id = z.uuid().transform((text) => text.toLowerCase());
const itemsOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) });

export function registerOwn(server: HttpServer, deps: Deps, options: SessionOptions): void {
  registerSessions(server, deps);
  registerTokens(server, deps);
  registerOrgs(server, deps, options);
  registerOrg(server, deps);
}

function registerSessions(server: HttpServer, deps: Deps): void {
  const { db } = deps.database;
  server.get(
    apiPaths.sessions,
    { schema: { response: { 200: itemsOf(ownSessionSchema) } } },
    async (request) => {
      const caller = await deps.authenticatePerson(request);
      return { items: await listSessions(db, deps.clock, caller) };
    },
  );
  server.delete(
    apiPaths.ownSession,
    { schema: { params: z.object({ sessionId: id }) } },
    async (request, reply) => {
      const caller = await deps.authenticatePerson(request);
      if (!(await endOwnSession(db, caller, request.params.sessionId))) {
        throw new ProblemError("not-found", "You have no such session");
      }
      return reply.code(204).send();
    },
  );
}

function registerTokens(server: HttpServer, deps: Deps): void {
  const { clock, events } = deps;
  const { db } = deps.database;
  server.get(
    apiPaths.tokens,
    { schema: { response: { 200: itemsOf(tokenSchema) } } },
    async (request) => ({ items: await listTokens(db, await deps.authenticatePerson(request)) }),
  );
  server.post(
    apiPaths.tokens,
    { schema: { body: tokenRequestSchema, response: { 201: newTokenSchema } } },
    async (request, reply) => {
      const caller = await deps.authenticatePerson(request);
      const made = await createToken(db, caller, { request: request.body, now: clock.now() });
      events.apiTokenMade({ tokenId: made.id, personId: caller.personId });
      return reply.code(201).header("cache-control", "no-store").send(made);
    },
  );
  server.delete(
    apiPaths.token,
    { schema: { params: z.object({ tokenId: id }) } },
    async (request, reply) => {
      const caller = await deps.authenticatePerson(request);
      await revokeToken(db, caller, request.params.tokenId);
      events.apiTokenRevoked({ tokenId: request.params.tokenId, personId: caller.personId });
      return reply.code(204).send();
    },
  );
}

function registerOrgs(server: HttpServer, deps: Deps, options: SessionOptions): void {
  const { clock, events } = deps;
  const { db } = deps.database;
  server.get(
    apiPaths.orgs,
    { schema: { response: { 200: itemsOf(membershipSchema) } } },
    async (request) => ({
      items: await listMemberships(db, await deps.authenticatePerson(request)),
    }),
  );
  server.post(
    apiPaths.orgs,
    { schema: { body: orgRequestSchema, response: { 201: orgSchema } } },
    async (request, reply) => {
      const caller = await deps.authenticatePerson(request);
      const made = await createOrg(db, caller, request.body.name);
      events.orgMade({ orgId: made.id, personId: caller.personId });
      return reply.code(201).send(made);
    },
  );
  server.put(
    apiPaths.sessionOrg,
    { schema: { body: switchOrgSchema, response: { 200: sessionSchema } } },
    async (request, reply) => {
      const caller = await deps.authenticatePerson(request);
      if (caller.sessionId === undefined) {
        throw new ProblemError("forbidden", "An API token belongs to one organisation");
      }
      const place = await findMembership(db, caller, request.body.orgId.toLowerCase());
      if (place === undefined) throw new ProblemError("not-found", "There is no such organisation");
      const sessionId = await openSessionOf(db, clock, {
        ...place,
        ...browserOf(request, options),
      });
      const person = await readSession(db, clock, sessionId);
      if (person === undefined)
        throw new ProblemError("not-found", "There is no such organisation");
      setSessionCookie(reply, options, sessionId);
      return describeSession(person, options.agentAddress());
    },
  );
}

function registerOrg(server: HttpServer, deps: Deps): void {
  const { clock, events } = deps;
  const { db } = deps.database;
  server.get(apiPaths.org, { schema: { response: { 200: orgSchema } } }, async (request) => {
    const { orgId, orgName } = await deps.authenticatePerson(request);
    return { id: orgId, name: orgName };
  });
  server.patch(
    apiPaths.org,
    { schema: { body: orgRequestSchema, response: { 200: orgSchema } } },
    async (request) => {
      const caller = await deps.authenticatePerson(request);
      await renameOrg(db, caller, request.body.name);
      return { id: caller.orgId, name: request.body.name };
    },
  );
  server.delete(apiPaths.org, { schema: { body: deleteOrgSchema } }, async (request, reply) => {
    const caller = await deps.authenticatePerson(request);
    if (!(await markErased(db, caller, { name: request.body.name, now: clock.now() }))) {
      throw new ProblemError("conflict", "Confirm with the organisation's own name", {
        pointer: "/name",
      });
    }
    events.orgErased({ orgId: caller.orgId, personId: caller.personId });
    // What a stop or a failure leaves over is removed by whoever keeps house next.
    await eraseMarked(db, deps.stopping);
    return reply.code(204).header("clear-site-data", '"cache", "cookies", "storage"').send();
  });
  server.get(apiPaths.orgExport, async (request, reply) => {
    const { scope } = await deps.authenticatePerson(request);
    return reply
      .header("cache-control", "no-store")
      .header("content-disposition", 'attachment; filename="obsyk-export.jsonl"')
      .type("application/jsonl")
      .send(await exportOrg(db, scope));
  });
}
