/**
 * Access tokens (RFC 9068): made by the token endpoint, proven on every agent call. The key signs nothing else.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import type { Clock, SigningKey } from "@obsyk/runtime";
import type { FastifyRequest } from "fastify";
import { errors, jwtVerify, SignJWT } from "jose";
import type { Events } from "../events.ts";
import type { AgentIdentity } from "../http/deps.ts";
import { ProblemError } from "../http/problem.ts";
import { createScope } from "../tenancy/scope.ts";
import type { ClientDirectory, KnownClient } from "./client-directory.ts";

export const accessTokenSeconds = 3600;
const accessType = "at+jwt";

export type AccessTokens = {
  issue(client: KnownClient): Promise<string>;
  authenticate(request: FastifyRequest): Promise<AgentIdentity>;
};

export type AccessTokenOptions = {
  readonly signingKey: SigningKey;
  /** Asked late: the listener's own port may become part of it. */
  readonly issuer: () => string;
  readonly directory: ClientDirectory;
  readonly clock: Clock;
  readonly events: Events;
};

export function createAccessTokens(options: AccessTokenOptions): AccessTokens {
  const { signingKey, issuer, directory, clock, events } = options;
  // What the token is for; differs from the issuer, so that no assertion passes for a token.
  const audience = (): string => `${issuer()}/api/v2/agent`;
  const refuse = (request: FastifyRequest, check: string): never => {
    events.accessRefused({ check, requestId: request.id });
    throw new ProblemError(
      "unauthorized",
      "The access token is missing, wrong or expired: get a new one",
      { challenge: 'Bearer error="invalid_token"' },
    );
  };
  return {
    issue(client) {
      const now = Math.floor(clock.now() / 1000);
      return new SignJWT({ client_id: client.clientId, scope: "agent" })
        .setProtectedHeader({ alg: "ES256", typ: accessType, kid: signingKey.publicKey.thumbprint })
        .setIssuer(issuer())
        .setSubject(client.clientId)
        .setAudience(audience())
        .setIssuedAt(now)
        .setExpirationTime(now + accessTokenSeconds)
        .setJti(randomBytes(16).toString("base64url"))
        .sign(signingKey.privateKey);
    },
    async authenticate(request) {
      const [, token] =
        /^Bearer ([A-Za-z0-9_.-]{1,4096})$/.exec(request.headers.authorization ?? "") ?? [];
      if (token === undefined) return refuse(request, "token-absent");
      let clientId: string | undefined;
      try {
        const { payload } = await jwtVerify(token, signingKey.publicKey.key, {
          algorithms: ["ES256"],
          typ: accessType,
          issuer: issuer(),
          audience: audience(),
          requiredClaims: ["exp", "iat", "jti", "sub"],
          currentDate: new Date(clock.now()),
        });
        clientId = payload.sub;
      } catch (error) {
        if (!(error instanceof errors.JOSEError)) throw error;
        return refuse(request, error.code === "ERR_JWT_EXPIRED" ? "token-expired" : "token-wrong");
      }
      const client = clientId === undefined ? undefined : await directory.read(clientId);
      if (client === undefined) return refuse(request, "client-unknown");
      if (!client.isActive) return refuse(request, "client-disabled");
      return {
        scope: createScope(client.orgId),
        clientId: client.clientId,
        clusterId: client.clusterId,
      };
    },
  };
}
