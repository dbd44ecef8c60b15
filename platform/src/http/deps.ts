/**
 * What a module of routes is given. A module exports `register…(server, deps)`; app.ts composes them.
 *
 * @module
 */
import type { Role } from "@obsyk/contract";
import type { Clock } from "@obsyk/runtime";
import type { FastifyRequest } from "fastify";
import type { Events } from "../events.ts";
import type { Database } from "../store/database.ts";
import type { StoredGrant } from "../tenancy/access.ts";
import type { OrgScope } from "../tenancy/scope.ts";

/** Proven by an access token on the agent listener. */
export type AgentIdentity = {
  readonly scope: OrgScope;
  readonly clientId: string;
  /** The cluster this client was registered for. */
  readonly clusterId: string;
};

/** Proven by a session or an API token on the console listener. */
export type PersonIdentity = {
  readonly scope: OrgScope;
  /** What the person, or the token, was given. */
  readonly grant: StoredGrant;
  readonly role: Role;
  readonly personId: string;
  /** The same in every organisation that this person belongs to. */
  readonly accountId: string;
  readonly personName: string;
  /** As the API names it. */
  readonly orgId: string;
  readonly orgName: string;
  /** `undefined`: an API token. */
  readonly sessionId: string | undefined;
};

export type Deps = {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: () => number;
  readonly events: Events;
  /** @throws {ProblemError} 401 when the access token is absent, wrong, expired, or its client was disabled. */
  readonly authenticateAgent: (request: FastifyRequest) => Promise<AgentIdentity>;
  /** @throws {ProblemError} 401 without a live session or API token; 403 below the role the route needs. */
  readonly authenticatePerson: (request: FastifyRequest) => Promise<PersonIdentity>;
  /** Aborts when the process stops: long answers such as event streams end then. */
  readonly stopping: AbortSignal;
};
