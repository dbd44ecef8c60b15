/**
 * The listener for people: API and console pages, with the headers and origin checks that browsers need.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import cookie from "@fastify/cookie";
import fastifyStatic from "@fastify/static";
import swagger from "@fastify/swagger";
import { apiPaths } from "@obsyk/contract";
import type { FastifyReply, FastifyRequest } from "fastify";
import { jsonSchemaTransform } from "fastify-type-provider-zod";
import { acceptJson } from "./body.ts";
import { compressAnswer } from "./compress.ts";
import { completeDocument, openApiInfo } from "./openapi.ts";
import { ProblemError } from "./problem.ts";
import { sessionCookieName } from "./session-cookie.ts";
import {
  createListenerServer,
  sendNotFound,
  type HttpEvents,
  type HttpServer,
  type Tls,
} from "./server.ts";

export type ConsoleServerOptions = {
  readonly tls: Tls | undefined;
  /** Origins that pages of ours have; asked again for each request, because a port may be known late. */
  readonly origins: () => readonly string[];
  readonly isSecure: boolean;
  /** Built console; `undefined`: API alone. */
  readonly consoleDir: string | undefined;
  /** What the sign-in page tells people to run for a link. */
  readonly signInCommand: string;
  readonly events: HttpEvents;
};

const bodyBytes = 64 * 1024;
const maxConnections = 2000;

export async function createConsoleServer(options: ConsoleServerOptions): Promise<HttpServer> {
  const { consoleDir, signInCommand } = options;
  const sendPage = consoleDir === undefined ? undefined : await readPage(consoleDir, signInCommand);
  const server = createListenerServer({
    listener: "console",
    tls: options.tls,
    bodyBytes,
    maxConnections,
    events: options.events,
    answerUnknown: (request, reply) =>
      sendPage !== undefined && isNavigation(request)
        ? sendPage(reply)
        : sendNotFound(request, reply),
  });
  acceptJson(server, { bodyBytes, inflatedBytes: bodyBytes });
  await server.register(cookie);
  await server.register(swagger, {
    openapi: openApiInfo,
    transform: jsonSchemaTransform,
  });
  server.addHook("onRequest", (request, reply, done) => {
    addSecurityHeaders(reply, options.isSecure);
    done(findCrossSite(request, options.origins()));
  });
  server.addHook("onSend", compressAnswer);
  server.get(apiPaths.openapi, { schema: { hide: true } }, () =>
    completeDocument(server.swagger(), sessionCookieName(options.isSecure)),
  );
  if (consoleDir !== undefined && sendPage !== undefined) {
    await servePages(server, consoleDir, sendPage);
  }
  return server;
}

function addSecurityHeaders(reply: FastifyReply, isSecure: boolean): void {
  void reply.headers({
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    ...(isSecure ? { "strict-transport-security": "max-age=63072000; includeSubDomains" } : {}),
  });
}

/** Whatever changes something must come from a page of ours: a browser says so in one of two headers. */
function findCrossSite(
  request: FastifyRequest,
  origins: readonly string[],
): ProblemError | undefined {
  if (request.method === "GET" || request.method === "HEAD") return undefined;
  const { origin, "sec-fetch-site": site, authorization } = request.headers;
  // Carried by its token alone, which no browser adds by itself.
  if (authorization !== undefined) return undefined;
  const isOurs =
    (origin === undefined || origins.includes(origin)) &&
    (site === undefined || site === "same-origin") &&
    (origin !== undefined || site !== undefined);
  return isOurs
    ? undefined
    : new ProblemError(
        "forbidden",
        "A request that changes something must carry the Origin of this console",
      );
}

function contentPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    // One policy, made once: console/src/trusted-types.ts.
    "require-trusted-types-for 'script'",
    "trusted-types default",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}

const noncePlaceholder = "__CSP_NONCE__";
const commandPlaceholder = "__SIGN_IN_COMMAND__";

function escapeAttribute(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The console's page, each time with a nonce of its own. */
type SendPage = (reply: FastifyReply) => FastifyReply;

async function readPage(consoleDir: string, signInCommand: string): Promise<SendPage> {
  const file = await readFile(path.join(consoleDir, "index.html"), "utf8");
  const page = file.replace(commandPlaceholder, () => escapeAttribute(signInCommand));
  return (reply) => {
    const nonce = randomBytes(16).toString("base64");
    return reply
      .header("content-security-policy", contentPolicy(nonce))
      .header("cache-control", "no-store")
      .type("text/html; charset=utf-8")
      .send(page.replaceAll(noncePlaceholder, nonce));
  };
}

/** Whatever a browser navigates to that is no file gets the page, whose router knows the rest. */
function isNavigation({ method, url, headers }: FastifyRequest): boolean {
  return (
    method === "GET" &&
    !url.startsWith("/api/") &&
    !url.startsWith("/assets/") &&
    headers.accept?.includes("text/html") === true
  );
}

async function servePages(
  server: HttpServer,
  consoleDir: string,
  sendPage: SendPage,
): Promise<void> {
  await server.register(fastifyStatic, {
    root: path.resolve(consoleDir),
    index: false,
    cacheControl: false,
    // The build leaves a compressed twin beside each large file.
    preCompressed: true,
    // Names of built files carry a hash of their content.
    setHeaders: (reply, file) => {
      const isHashed = file.includes(`${path.sep}assets${path.sep}`);
      void reply.header(
        "cache-control",
        isHashed ? "public, max-age=31536000, immutable" : "no-cache",
      );
    },
  });
  server.get("/", { schema: { hide: true } }, (_, reply) => sendPage(reply));
  server.get("/index.html", { schema: { hide: true } }, (_, reply) => sendPage(reply));
}
