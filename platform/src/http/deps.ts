/**
 * What a module of routes is given. A module exports `register…(server, deps)`; app.ts composes them.
 *
 * @module
 */
import type { Clock } from "@obsyk/runtime";
import type { FastifyRequest } from "fastify";
import type { Events } from "../events.ts";
import type { Database } from "../store/database.ts";
import type { OrgScope } from "../tenancy/scope.ts";

/** Proven by an access token on the agent listener. */
export type AgentIdentity = {
  readonly scope: OrgScope;
  readonly clientId: string;
  /** The cluster this client was registered for. */
  readonly clusterId: string;
};

type Role = "owner" | "admin" | "viewer";

/** Proven by a session on the console listener. */
export type PersonIdentity = {
  readonly scope: OrgScope;
  readonly personId: string;
  readonly personName: string;
  readonly orgName: string;
  readonly role: Role;
};

export type Deps = {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: () => number;
  readonly events: Events;
  /** @throws {ProblemError} 401 when the access token is absent, wrong, expired, or its client was disabled. */
  readonly authenticateAgent: (request: FastifyRequest) => Promise<AgentIdentity>;
  /** @throws {ProblemError} 401 without a live session. */
  readonly authenticatePerson: (request: FastifyRequest) => Promise<PersonIdentity>;
  /** Aborts when the process stops: long answers such as event streams end then. */
  readonly stopping: AbortSignal;
};
