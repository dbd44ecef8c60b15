/**
 * `POST /oauth/token` with the JWT bearer grant (RFC 7523 §2.1) and the metadata that names it (RFC 8414).
 *
 * @module
 */
import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
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
  /** The same for one client, as the assertion names it: whether it speaks the truth is what a key would tell. */
  readonly clientRequestsPerMinute: number;
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
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const dummyKey = publicKey.export({ format: "der", type: "spki" });
  const limit = scope.createRateLimit({
    max: options.clientRequestsPerMinute,
    timeWindow: 60_000,
    keyGenerator: claimedClient,
  });
  scope.post(agentPaths.token, async (request, reply) => {
    const form = readForm(bodyOf(request));
    const shape = readChecked(form.assertion);
    const asked = await limit(request);
    if (!asked.isAllowed && asked.isExceeded) {
      void reply.header("retry-after", String(asked.ttlInSeconds));
      throw new ProblemError("too-many-requests", "this client asked too often: wait, then ask");
    }
    const client = await proveClient(form, shape, { ...options, dummyKey });
    const token = await options.tokens.issue(client);
    options.events.tokenIssued({ clientId: client.clientId });
    void reply.header("cache-control", "no-store").header("pragma", "no-cache");
    return { access_token: token, token_type: "Bearer", expires_in: accessTokenSeconds };
  });
}

function bodyOf({ body }: FastifyRequest): string {
  return typeof body === "string" ? body : "";
}

/** Of an assertion whose form was checked. */
function claimedClient(request: FastifyRequest): string {
  return String(readChecked(readForm(bodyOf(request)).assertion).claims["iss"]);
}

/** Everything that can be checked without a key. */
function readChecked(assertion: string): Shape {
  const shape = readShape(assertion);
  if (isRefusal(shape)) throw new OAuthError("invalid_grant", shape);
  const refusal = firstRefusal(headerChecks, shape);
  if (refusal !== undefined) throw new OAuthError("invalid_grant", refusal);
  return shape;
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
  shape: Shape,
  options: TokenEndpointOptions & { readonly dummyKey: Buffer },
): Promise<KnownClient> {
  const { db, issuer, clock } = options;
  const client = await verifySignature(shape, options);
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

async function verifySignature(
  shape: Shape,
  { db, events, dummyKey }: TokenEndpointOptions & { readonly dummyKey: Buffer },
): Promise<KnownClient> {
  // Both are strings of a checked form: headerChecks passed.
  const known = await readClientKey(db, {
    clientId: String(shape.claims["iss"]),
    thumbprint: String(shape.header["kid"]),
  });
  const stored = known?.publicKey ?? dummyKey;
  const key = createPublicKey({ key: stored, format: "der", type: "spki" });
  events.signatureVerified();
  const how = { key, dsaEncoding: "ieee-p1363" } as const;
  const isValid = verify("sha256", shape.signingInput, how, shape.signature);
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
