/** People, invitations and sign-in links: what an owner or admin does for others. Roles are in http/route-roles.ts. */
import {
  acceptInvitationSchema,
  apiPaths,
  invitationRequestSchema,
  invitationSchema,
  newInvitationSchema,
  personChangeSchema,
  personSchema,
  sessionSchema,
  signInLinkSchema,
} from "@obsyk/contract";
import { z } from "zod";
import {
  browserOf,
  describeSession,
  readCookie,
  setSessionCookie,
  type SessionOptions,
} from "../auth/console-routes.ts";
import { createSignInLink, linkMs, openSessionOf, readSession } from "../auth/sessions.ts";
import type { Deps } from "../http/deps.ts";
import { ProblemError } from "../http/problem.ts";
import type { HttpServer } from "../http/server.ts";
import {
  acceptInvitation,
  createInvitation,
  listInvitations,
  withdrawInvitation,
} from "./invitations.ts";
import { changePerson, listPeople, removePerson, requireSubordinate } from "./people.ts";

export type PeopleOptions = SessionOptions & {
  /** Origin of the console; known once it listens. */
  readonly consoleUrl: () => string;
};

const id = z.uuid().transform((text) => text.toLowerCase());
const itemsOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) });

export function registerPeople(server: HttpServer, deps: Deps, options: PeopleOptions): void {
  registerPersonRoutes(server, deps, options);
  registerInvitations(server, deps, options);
  registerAccepting(server, deps, options);
}

function registerPersonRoutes(server: HttpServer, deps: Deps, options: PeopleOptions): void {
  const { clock, events } = deps;
  const { db } = deps.database;
  const params = z.object({ personId: id });
  server.get(
    apiPaths.people,
    { schema: { response: { 200: itemsOf(personSchema) } } },
    async (request) => {
      const { scope } = await deps.authenticatePerson(request);
      return { items: await listPeople(db, scope) };
    },
  );
  server.patch(
    apiPaths.person,
    { schema: { params, body: personChangeSchema } },
    async (request, reply) => {
      const caller = await deps.authenticatePerson(request);
      const { personId } = request.params;
      await changePerson(db, caller, { personId, change: request.body });
      events.personChanged({ personId, byId: caller.personId, role: request.body.role });
      return reply.code(204).send();
    },
  );
  server.delete(apiPaths.person, { schema: { params } }, async (request, reply) => {
    const caller = await deps.authenticatePerson(request);
    const { personId } = request.params;
    await removePerson(db, caller, personId);
    events.personRemoved({ personId, byId: caller.personId });
    return reply.code(204).send();
  });
  server.post(
    apiPaths.personLink,
    { schema: { params, response: { 201: signInLinkSchema } } },
    async (request, reply) => {
      const caller = await deps.authenticatePerson(request);
      const { personId } = request.params;
      await requireSubordinate(db, caller, personId);
      const token = await createSignInLink(db, clock, { orgId: caller.scope.orgId, personId });
      events.signInLinkMade({ personId, byId: caller.personId });
      void reply.header("cache-control", "no-store");
      return reply.code(201).send({
        url: `${options.consoleUrl()}/sign-in?token=${token}`,
        expiresAt: new Date(clock.now() + linkMs).toISOString(),
      });
    },
  );
}

function registerInvitations(server: HttpServer, deps: Deps, options: PeopleOptions): void {
  const { clock, events } = deps;
  const { db } = deps.database;
  server.get(
    apiPaths.invitations,
    { schema: { response: { 200: itemsOf(invitationSchema) } } },
    async (request) => {
      const { scope } = await deps.authenticatePerson(request);
      return { items: await listInvitations(db, scope, clock.now()) };
    },
  );
  server.post(
    apiPaths.invitations,
    { schema: { body: invitationRequestSchema, response: { 201: newInvitationSchema } } },
    async (request, reply) => {
      const caller = await deps.authenticatePerson(request);
      const { token, ...invitation } = await createInvitation(db, caller, {
        request: request.body,
        now: clock.now(),
      });
      events.personInvited({ invitationId: invitation.id, byId: caller.personId });
      void reply.header("cache-control", "no-store");
      const url = `${options.consoleUrl()}/join?token=${token}`;
      return reply.code(201).send({ ...invitation, url });
    },
  );
  server.delete(
    apiPaths.invitation,
    { schema: { params: z.object({ invitationId: id }) } },
    async (request, reply) => {
      const { scope } = await deps.authenticatePerson(request);
      await withdrawInvitation(db, scope, request.params.invitationId);
      return reply.code(204).send();
    },
  );
}

function registerAccepting(server: HttpServer, deps: Deps, options: PeopleOptions): void {
  const { clock, events } = deps;
  const { db } = deps.database;
  server.post(
    apiPaths.acceptInvitation,
    { schema: { body: acceptInvitationSchema, response: { 200: sessionSchema } } },
    async (request, reply) => {
      const cookie = readCookie(request, options);
      const member = cookie === undefined ? undefined : await readSession(db, clock, cookie);
      const joined = await acceptInvitation(db, request.body, { member, now: clock.now() });
      const sessionId = await openSessionOf(db, clock, {
        ...joined,
        ...browserOf(request, options),
      });
      const person = await readSession(db, clock, sessionId);
      if (person === undefined) throw new ProblemError("unauthorized", "You were removed again");
      events.personJoined({ personId: person.personId });
      setSessionCookie(reply, options, sessionId);
      return describeSession(person, options.agentAddress());
    },
  );
}
