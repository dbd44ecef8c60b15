/**
 * The read API on the console listener. Everything is bound to the organisation of whoever asks.
 *
 * @module
 */
import {
  apiPaths,
  clusterDetailSchema,
  clusterSchema,
  countsSchema,
  findingPageSchema,
  findingQuerySchema,
  objectDetailSchema,
  objectPageSchema,
  objectQuerySchema,
  referencePageSchema,
  referenceQuerySchema,
  relatedSchema,
} from "@obsyk/contract";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Deps } from "../http/deps.ts";
import type { HttpServer } from "../http/server.ts";
import { withScope, type OrgScope } from "../tenancy/scope.ts";
import { listClusters, readCluster, readCounts } from "./clusters.ts";
import { listFindings } from "./findings.ts";
import type { Tx } from "./freshness.ts";
import { LiveHub } from "./live.ts";
import { registerLive } from "./live-route.ts";
import { listObjects, readObject } from "./objects.ts";
import { listReferences } from "./references.ts";
import { readRelated } from "./related.ts";

export type QueryDeps = Pick<
  Deps,
  "database" | "clock" | "random" | "events" | "authenticatePerson" | "stopping"
>;

const uuid = z.uuid().transform((text) => text.toLowerCase());
const clusterParams = z.object({ clusterId: uuid });
const objectParams = z.object({ clusterId: uuid, resource: z.string().max(253), uid: uuid });
/** A NUL cannot be part of any stored text; the database would refuse it with an error of its own. */
const isStorable = (filters: object): boolean =>
  Object.values(filters).every((value) => !String(value).includes("\0"));
const unstorable = { message: "must not hold NUL" };
const query = objectQuerySchema.refine(isStorable, unstorable);
const referenceQuery = referenceQuerySchema.refine(isStorable, unstorable);
const findingQuery = findingQuerySchema.refine(isStorable, unstorable);

/** Adds the routes; the server's closing ends what they hold open. */
export function registerQuery(server: HttpServer, deps: QueryDeps): void {
  registerClusters(server, deps);
  registerObjects(server, deps);
  registerReferences(server, deps);
  registerFindings(server, deps);
  const hub = new LiveHub({
    database: deps.database,
    clock: deps.clock,
    random: deps.random,
    onListenFailed: (error) => deps.events.listenFailed({ error }),
  });
  server.addHook("onClose", () => hub[Symbol.asyncDispose]());
  registerLive(server, deps, hub);
}

function registerClusters(server: HttpServer, deps: QueryDeps): void {
  server.get(
    apiPaths.clusters,
    { schema: { response: { 200: z.object({ items: z.array(clusterSchema) }) } } },
    async (request, reply) =>
      answer(deps, request, reply, async (tx, scope) => ({
        items: await listClusters(tx, scope, deps.clock.now()),
      })),
  );
  server.get(
    apiPaths.cluster,
    { schema: { params: clusterParams, response: { 200: clusterDetailSchema } } },
    async (request, reply) =>
      answer(deps, request, reply, (tx, scope) =>
        readCluster(tx, scope, request.params.clusterId, deps.clock.now()),
      ),
  );
  server.get(
    apiPaths.counts,
    { schema: { params: clusterParams, response: { 200: countsSchema } } },
    async (request, reply) =>
      answer(deps, request, reply, (tx, scope) =>
        readCounts(tx, scope, request.params.clusterId, deps.clock.now()),
      ),
  );
}

function registerReferences(server: HttpServer, deps: QueryDeps): void {
  server.get(
    apiPaths.references,
    {
      schema: {
        params: clusterParams,
        querystring: referenceQuery,
        response: { 200: referencePageSchema },
      },
    },
    async (request, reply) =>
      answer(deps, request, reply, (tx, scope) => {
        const { clusterId } = request.params;
        const question = { clusterId, query: request.query, now: deps.clock.now() };
        return listReferences(tx, scope, question);
      }),
  );
}

function registerObjects(server: HttpServer, deps: QueryDeps): void {
  server.get(
    apiPaths.objects,
    { schema: { querystring: query, response: { 200: objectPageSchema } } },
    async (request, reply) =>
      answer(deps, request, reply, (tx, scope) =>
        listObjects(tx, scope, request.query, deps.clock.now()),
      ),
  );
  server.get(
    apiPaths.object,
    { schema: { params: objectParams, response: { 200: objectDetailSchema } } },
    async (request, reply) =>
      answer(deps, request, reply, (tx, scope) =>
        readObject(tx, scope, request.params, deps.clock.now()),
      ),
  );
  server.get(
    apiPaths.related,
    { schema: { params: objectParams, response: { 200: relatedSchema } } },
    async (request, reply) =>
      answer(deps, request, reply, (tx, scope) => readRelated(tx, scope, request.params)),
  );
}

function registerFindings(server: HttpServer, deps: QueryDeps): void {
  server.get(
    apiPaths.findings,
    { schema: { querystring: findingQuery, response: { 200: findingPageSchema } } },
    async (request, reply) =>
      answer(deps, request, reply, (tx, scope) =>
        listFindings(tx, scope, request.query, deps.clock.now()),
      ),
  );
}

async function answer<T>(
  deps: QueryDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  read: (tx: Tx, scope: OrgScope) => Promise<T>,
): Promise<T> {
  const { scope } = await deps.authenticatePerson(request);
  void reply.header("cache-control", "no-store");
  return withScope(deps.database.db, scope, (tx) => read(tx, scope));
}
