/**
 * `POST /oauth/token` with the JWT bearer grant (RFC 7523 §2.1) and the metadata that names it (RFC 8414).
 *
 * @module
 */
import { generateKeyPairSync, verify, type KeyObject } from "node:crypto";
import rateLimit from "@fastify/rate-limit";
import { agentPaths, problemTypes } from "@obsyk/contract";
import type { Clock } from "@obsyk/runtime";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Events } from "../events.ts";
import { readEncoding, requireContentType } from "../http/body.ts";
import { asProblem, ProblemError } from "../http/problem.ts";
import type { HttpServer } from "../http/server.ts";
import type { Db } from "../store/database.ts";
import { createScope, withScope } from "../tenancy/scope.ts";
import { accessTokenSeconds, type AccessTokens } from "./access-token.ts";
import {
  claimChecks,
  firstRefusal,
  headerChecks,
  isRefusal,
  readShape,
  skewSeconds,
  unprovenDescription,
  type Refusal,
  type Shape,
} from "./assertion-checks.ts";
import { readClientKey, type KnownClient } from "./client-directory.ts";

export type TokenEndpointOptions = {
  readonly db: Db;
  readonly issuer: () => string;
  readonly tokens: AccessTokens;
  readonly clock: Clock;
  readonly events: Events;
  /** Token requests one address may make in a minute, before any key is touched. */
  readonly requestsPerMinute: number;
};

const formType = "application/x-www-form-urlencoded";
const formBytes = 8 * 1024;
const grantType = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** RFC 6749 §5.2. */
class OAuthError extends Error {
  override readonly name = "OAuthError";
  readonly code: "invalid_request" | "invalid_grant" | "invalid_scope" | "unsupported_grant_type";
  readonly check: string;
  readonly clientId: string | undefined;

  constructor(code: OAuthError["code"], refusal: Refusal, clientId?: string) {
    super(refusal.description);
    this.code = code;
    this.check = refusal.check;
    this.clientId = clientId;
  }
}

export function registerTokenEndpoint(server: HttpServer, options: TokenEndpointOptions): void {
  server.get("/.well-known/oauth-authorization-server", () => ({
    issuer: options.issuer(),
    token_endpoint: `${options.issuer()}${agentPaths.token}`,
    grant_types_supported: [grantType],
    response_types_supported: [],
    // The grant's assertion is the only credential.
    token_endpoint_auth_methods_supported: ["none"],
  }));
  server.register(async (scope) => {
    await scope.register(rateLimit, { max: options.requestsPerMinute, timeWindow: 60_000 });
    // What the listener takes elsewhere is not taken here.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      formType,
      { parseAs: "string", bodyLimit: formBytes },
      (request: FastifyRequest, body: string, done) => {
        requireForm(request);
        done(null, body);
      },
    );
    scope.setErrorHandler((error, request, reply) =>
      sendOAuthError(options, { error, request, reply }),
    );
    addRoute(scope, options);
  });
}

function requireForm(request: FastifyRequest): void {
  requireContentType(request, [formType]);
  if (readEncoding(request) !== undefined) {
    throw new ProblemError("unsupported-media-type", "Content-Encoding is not accepted here");
  }
}

function addRoute(scope: FastifyInstance, options: TokenEndpointOptions): void {
  // Verified against when there is no key, so that an unknown client costs what a known one costs.
  const dummyKey = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;
  scope.post(agentPaths.token, async (request, reply) => {
    const form = readForm(typeof request.body === "string" ? request.body : "");
    const client = await proveClient(form, dummyKey, options);
    const token = await options.tokens.issue(client);
    options.events.tokenIssued({ clientId: client.clientId });
    void reply.header("cache-control", "no-store").header("pragma", "no-cache");
    return { access_token: token, token_type: "Bearer", expires_in: accessTokenSeconds };
  });
}

type Form = { readonly assertion: string; readonly clientId: string | undefined };

function readForm(body: string): Form {
  const form = new URLSearchParams(body);
  const invalid = (check: string, description: string): OAuthError =>
    new OAuthError("invalid_request", { check, description });
  const names = [...form.keys()];
  if (new Set(names).size < names.length) {
    throw invalid("form-parameter-twice", "a parameter is sent more than once");
  }
  const grant = form.get("grant_type");
  if (grant === null) throw invalid("form-grant-type-absent", "grant_type is missing");
  if (grant !== grantType) {
    throw new OAuthError("unsupported_grant_type", {
      check: "form-grant-type",
      description: `grant_type must be ${grantType}`,
    });
  }
  const assertion = form.get("assertion");
  if (assertion === null) throw invalid("form-assertion-absent", "assertion is missing");
  const wanted = form.get("scope");
  if (wanted !== null && wanted !== "agent") {
    throw new OAuthError("invalid_scope", {
      check: "form-scope",
      description: "scope must be agent",
    });
  }
  return { assertion, clientId: form.get("client_id") ?? undefined };
}

async function proveClient(
  form: Form,
  dummyKey: KeyObject,
  { db, issuer, clock }: TokenEndpointOptions,
): Promise<KnownClient> {
  const shape = readShape(form.assertion);
  if (isRefusal(shape)) throw new OAuthError("invalid_grant", shape);
  const early = firstRefusal(headerChecks, shape);
  if (early !== undefined) throw new OAuthError("invalid_grant", early);
  const client = await verifySignature(db, shape, dummyKey);
  const { clientId } = client;
  const nowSeconds = Math.floor(clock.now() / 1000);
  const subject = { claims: shape.claims, issuer: issuer(), nowSeconds, clientId: form.clientId };
  const refusal = firstRefusal(claimChecks, subject) ?? (await consume(db, client, shape.claims));
  if (refusal !== undefined) throw new OAuthError("invalid_grant", refusal, clientId);
  if (!client.isActive) {
    const description = "this client was disabled";
    throw new OAuthError("invalid_grant", { check: "client-disabled", description }, clientId);
  }
  return client;
}

async function verifySignature(db: Db, shape: Shape, dummyKey: KeyObject): Promise<KnownClient> {
  // Both are strings of a checked form: headerChecks passed.
  const known = await readClientKey(db, {
    clientId: String(shape.claims["iss"]),
    thumbprint: String(shape.header["kid"]),
  });
  const key = { key: known?.key ?? dummyKey, dsaEncoding: "ieee-p1363" } as const;
  const isValid = verify("sha256", shape.signingInput, key, shape.signature);
  if (known !== undefined && isValid) return known.client;
  throw new OAuthError("invalid_grant", {
    check: known === undefined ? "client-or-key-unknown" : "signature",
    description: unprovenDescription,
  });
}

/** Keyed by what the client chose, never by the token's bytes: an ES256 signature has a twin that is valid too. */
async function consume(
  db: Db,
  client: KnownClient,
  claims: Shape["claims"],
): Promise<Refusal | undefined> {
  const scope = createScope(client.orgId);
  const inserted = await withScope(db, scope, (tx) =>
    tx
      .insertInto("used_assertion")
      .values({
        org_id: scope.orgId,
        client_id: client.clientId,
        jti: String(claims["jti"]),
        expires_at: new Date((Number(claims["exp"]) + skewSeconds) * 1000),
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning("jti")
      .executeTakeFirst(),
  );
  return inserted === undefined
    ? { check: "replay", description: "this assertion was used before: sign a new one" }
    : undefined;
}

function sendOAuthError(
  { events }: TokenEndpointOptions,
  {
    error,
    request,
    reply,
  }: {
    readonly error: unknown;
    readonly request: FastifyRequest;
    readonly reply: FastifyReply;
  },
): FastifyReply {
  void reply.header("cache-control", "no-store").header("pragma", "no-cache");
  if (error instanceof OAuthError) {
    events.tokenRefused({
      check: error.check,
      requestId: request.id,
      ...(error.clientId === undefined ? {} : { clientId: error.clientId }),
    });
    return reply.code(400).send({ error: error.code, error_description: error.message });
  }
  const problem = asProblem(error);
  if (problem === undefined || problem.code === "unavailable") {
    events.requestFailed({
      listener: "agent",
      route: agentPaths.token,
      requestId: request.id,
      error,
    });
    return reply
      .code(problem === undefined ? 500 : 503)
      .send({ error: problem === undefined ? "server_error" : "temporarily_unavailable" });
  }
  events.tokenRefused({ check: `form-${problem.code}`, requestId: request.id });
  return reply
    .code(problemTypes[problem.code])
    .send({ error: "invalid_request", error_description: problem.message });
}
