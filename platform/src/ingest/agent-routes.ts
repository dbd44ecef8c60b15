/**
 * The agent's calls on the agent listener (PROTOCOL: Calls). Who calls is known before a body is read.
 *
 * @module
 */
import { randomBytes, randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import {
  agentHeaders,
  agentPaths,
  batchAnswerSchema,
  heartbeatAnswerSchema,
  heartbeatSchema,
  maxBodyBytes,
  mediaTypes,
  sessionAnswerSchema,
  sessionRequestSchema,
} from "@obsyk/contract";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { acceptLines, type LinesBody } from "../http/body.ts";
import type { AgentIdentity, Deps } from "../http/deps.ts";
import { ProblemError } from "../http/problem.ts";
import type { HttpServer } from "../http/server.ts";
import { applyBatch, verifyDigest } from "./apply-batch.ts";
import { endSession, recordHeartbeat, type HolderContext } from "./heartbeat.ts";
import type { Holder } from "./holder.ts";
import { openIndexSnapshot } from "./index-snapshot.ts";
import { openSession } from "./open-session.ts";

export type IngestDeps = Pick<Deps, "database" | "clock" | "events" | "authenticateAgent">;

/** Room for ten thousand streams with their versions. */
const jsonBytes = 8 * 1024 * 1024;

export function registerIngest(server: HttpServer, deps: IngestDeps): void {
  if (!server.hasContentTypeParser(mediaTypes.lines)) {
    acceptLines(server, { bodyBytes: maxBodyBytes, inflatedBytes: maxBodyBytes });
  }
  const agents = new WeakMap<FastifyRequest, AgentIdentity>();
  const route = {
    onRequest: async (request: FastifyRequest): Promise<void> => {
      agents.set(request, await deps.authenticateAgent(request));
    },
  };
  const caller = (request: FastifyRequest): AgentIdentity => {
    const agent = agents.get(request);
    if (agent === undefined) throw new ProblemError("unauthorized", "An access token is needed");
    return agent;
  };
  registerSessionCalls(server, deps, { route, caller });
  registerDataCalls(server, deps, { route, caller });
}

type Callers = {
  readonly route: { readonly onRequest: (request: FastifyRequest) => Promise<void> };
  readonly caller: (request: FastifyRequest) => AgentIdentity;
};

function registerSessionCalls(server: HttpServer, deps: IngestDeps, callers: Callers): void {
  const { route, caller } = callers;
  server.post(
    agentPaths.sessions,
    {
      ...route,
      bodyLimit: jsonBytes,
      schema: { body: sessionRequestSchema, response: { 200: sessionAnswerSchema } },
    },
    async (request) => {
      const { scope, clusterId } = caller(request);
      const answer = await openSession(request.body, {
        pool: deps.database.pool,
        scope,
        clusterId,
        receivedAt: deps.clock.now(),
        newId: randomUUID,
        newKey: () => randomBytes(16).toString("hex"),
      });
      deps.events.sessionAnswered({
        clusterId,
        status: answer.status,
        ...(answer.status === "granted" ? { epoch: answer.epoch } : {}),
      });
      return answer;
    },
  );
  server.post(
    agentPaths.heartbeat,
    {
      ...route,
      bodyLimit: jsonBytes,
      schema: { body: heartbeatSchema, response: { 200: heartbeatAnswerSchema } },
    },
    async (request) => recordHeartbeat(request.body, holderContext(request, caller(request), deps)),
  );
  server.post(agentPaths.goodbye, route, async (request, reply) => {
    await endSession(holderContext(request, caller(request), deps));
    return reply.code(204).send();
  });
}

function registerDataCalls(server: HttpServer, deps: IngestDeps, callers: Callers): void {
  const { route, caller } = callers;
  server.post(
    agentPaths.batches,
    { ...route, bodyLimit: maxBodyBytes, schema: { response: { 200: batchAnswerSchema } } },
    async (request) => {
      const agent = caller(request);
      const body = linesBody(request);
      const digest = verifyDigest(header(request, agentHeaders.digest), body.raw);
      const { changed, ...answer } = await applyBatch(
        {
          ...readHolder(request),
          clusterId: agent.clusterId,
          sequence: readNumber(request, agentHeaders.sequence),
          digest,
          content: body.content,
        },
        {
          pool: deps.database.pool,
          scope: agent.scope,
          receivedAt: deps.clock.now(),
          newId: randomUUID,
        },
      );
      deps.events.batchApplied({
        clusterId: agent.clusterId,
        sequence: answer.appliedSequence,
        bodyBytes: body.content.length,
        changed,
        notStored: answer.results.length,
      });
      return answer;
    },
  );
  server.get(
    agentPaths.index,
    { ...route, schema: { querystring: z.object({ stream: z.string().min(5).max(512) }) } },
    async (request, reply) => {
      const { stream } = request.query;
      const snapshot = await openIndexSnapshot(
        stream,
        holderContext(request, caller(request), deps),
      );
      return reply
        .header(agentHeaders.appliedSequence, String(snapshot.appliedSequence))
        .header(agentHeaders.count, String(snapshot.count))
        .header("cache-control", "no-store")
        .type(mediaTypes.index)
        .send(Readable.from(snapshot.chunks, { objectMode: false }));
    },
  );
}

function holderContext(
  request: FastifyRequest,
  agent: AgentIdentity,
  deps: IngestDeps,
): HolderContext {
  return {
    ...readHolder(request),
    pool: deps.database.pool,
    scope: agent.scope,
    clusterId: agent.clusterId,
    receivedAt: deps.clock.now(),
  };
}

function readHolder(request: FastifyRequest): Holder {
  const sessionId = header(request, agentHeaders.session);
  if (sessionId === undefined || !/^[0-9a-f]{32}$/.test(sessionId)) {
    throw new ProblemError("bad-request", "The header must hold the session id", {
      pointer: agentHeaders.session,
    });
  }
  return { sessionId, epoch: readNumber(request, agentHeaders.epoch, largestEpoch) };
}

/** What the database's `int` holds. */
const largestEpoch = 2 ** 31 - 1;

function readNumber(
  request: FastifyRequest,
  name: string,
  largest: number = Number.MAX_SAFE_INTEGER,
): number {
  const text = header(request, name);
  const value = text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 0 && value <= largest)) {
    throw new ProblemError("bad-request", "The header must hold a whole number", { pointer: name });
  }
  return value;
}

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === "string" ? value : undefined;
}

function linesBody(request: FastifyRequest): LinesBody {
  const body = request.body as LinesBody | undefined;
  if (body?.raw instanceof Buffer) return body;
  throw new ProblemError("unsupported-media-type", `Content-Type must be ${mediaTypes.lines}`);
}
