/**
 * Authentication and roles before anything else of a request is looked at: who may not call a route learns nothing of
 * its parameters.
 *
 * @module
 */
import type { FastifyRequest } from "fastify";
import type { Deps, PersonIdentity } from "./deps.ts";
import { ProblemError } from "./problem.ts";
import { isAtLeast, requiredRole } from "./route-roles.ts";
import type { HttpServer } from "./server.ts";

/**
 * Guards the API's routes that are added after it.
 *
 * @returns who a request was proven to come from; proves it for a route that anyone may call.
 */
export function guardRoutes(
  server: HttpServer,
  authenticate: Deps["authenticatePerson"],
): Deps["authenticatePerson"] {
  const proven = new WeakMap<FastifyRequest, PersonIdentity>();
  server.addHook("onRequest", async (request) => {
    const path = request.routeOptions.url;
    // Pages, and paths without a route, are no part of the API.
    if (path === undefined || !path.startsWith("/api/")) return;
    const required = requiredRole(request.method, path);
    if (required === "anyone") return;
    const person = await authenticate(request);
    if (!isAtLeast(person.role, required)) {
      throw new ProblemError(
        "forbidden",
        `This needs the role ${required}; yours is ${person.role}`,
      );
    }
    proven.set(request, person);
  });
  return async (request) => proven.get(request) ?? authenticate(request);
}
