/**
 * One listener: Fastify with our limits, TLS 1.3 or nothing, and problem details for every error.
 *
 * @module
 */
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { randomBytes } from "node:crypto";
import { tlsFloor } from "@obsyk/runtime";
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from "fastify";
import {
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from "fastify-type-provider-zod";
import { asProblem, ProblemError, sendProblem } from "./problem.ts";

/** A listener that takes routes with zod schemas. */
export type HttpServer = FastifyInstance<
  Server,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

export type Tls = { readonly cert: Buffer; readonly key: Buffer };

export type HttpEvents = {
  requestFailed(fields: {
    readonly listener: string;
    readonly route: string;
    readonly requestId: string;
    readonly error: unknown;
  }): void;
  requestAnswered(fields: {
    readonly listener: string;
    readonly route: string;
    readonly status: number;
    readonly elapsedMs: number;
  }): void;
};

export type HttpServerOptions = {
  readonly listener: "agent" | "console";
  /** `undefined`: plain HTTP. */
  readonly tls: Tls | undefined;
  readonly bodyBytes: number;
  readonly maxConnections: number;
  readonly events: HttpEvents;
  /** Answers paths that have no route; a problem when absent. */
  readonly answerUnknown?: (request: FastifyRequest, reply: FastifyReply) => FastifyReply;
};

const requestMs = 60_000;
const headersMs = 10_000;
/** Longer than any load balancer's idle time, so that it closes first. */
const keepAliveMs = 75_000;
const headerBytes = 16 * 1024;

export function createListenerServer(options: HttpServerOptions): HttpServer {
  const server = fastify({
    serverFactory: (listener) => createListener(listener, options),
    bodyLimit: options.bodyBytes,
    logger: false,
    trustProxy: false,
    // A request id is ours alone: callers cannot write into our log.
    genReqId: () => randomBytes(12).toString("base64url"),
    requestIdHeader: false,
    forceCloseConnections: true,
    return503OnClosing: true,
    routerOptions: { maxParamLength: 512 },
  }).withTypeProvider<ZodTypeProvider>();
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  server.removeAllContentTypeParsers();
  server.setNotFoundHandler(options.answerUnknown ?? sendNotFound);
  server.setErrorHandler((error, request, reply) => {
    const problem = asProblem(error);
    if (problem === undefined || problem.code === "unavailable") {
      const route = request.routeOptions.url ?? "none";
      options.events.requestFailed({
        listener: options.listener,
        route,
        requestId: request.id,
        error,
      });
    }
    return sendProblem(
      request,
      reply,
      problem ?? new ProblemError("internal", "The request failed; the log has its id"),
    );
  });
  server.addHook("onResponse", (request, reply, done) => {
    options.events.requestAnswered({
      listener: options.listener,
      route: request.routeOptions.url ?? "none",
      status: reply.statusCode,
      elapsedMs: reply.elapsedTime,
    });
    done();
  });
  return server;
}

export function sendNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = new ProblemError("not-found", "There is nothing at this path");
  return sendProblem(request, reply, problem);
}

function createListener(listener: RequestListener, options: HttpServerOptions): Server {
  const limits = {
    maxHeaderSize: headerBytes,
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: 5000,
  };
  const { tls } = options;
  const server =
    tls === undefined
      ? createHttpServer(limits, listener)
      : createHttpsServer(
          {
            ...limits,
            cert: tls.cert,
            key: tls.key,
            minVersion: tlsFloor.minVersion,
            maxVersion: tlsFloor.maxVersion,
            ecdhCurve: tlsFloor.ecdhCurve,
            handshakeTimeout: headersMs,
          },
          listener,
        );
  server.maxConnections = options.maxConnections;
  // An HTTPS server is an HTTP server in all that Fastify uses.
  return server;
}

/** Listens and returns the port. */
export async function listen(
  server: HttpServer,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<number> {
  await server.listen({ host, port });
  // A listening TCP server always has an address record.
  return (server.server.address() as AddressInfo).port;
}
