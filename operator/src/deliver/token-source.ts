/**
 * Access tokens by the JWT bearer grant (RFC 7523 §2.1): one request at a time, refreshed early, the old one kept while
 * it lives.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { agentPaths, tokenAnswerSchema } from "@obsyk/contract";
import { backoffMs, Secret, type Clock } from "@obsyk/runtime";
import { PlatformAnswerError } from "../errors.ts";
import { readSigningKey, signAssertion } from "./assertion.ts";
import { parseJson, refusalOf, type PlatformClient } from "./platform-client.ts";

export type TokenEvents = {
  tokenGranted(grant: { readonly thumbprint: string; readonly lifeSeconds: number }): void;
  tokenFailed(failure: { readonly error: unknown; readonly stillValid: boolean }): void;
};

export type TokenSource = {
  /**
   * The current token; asks for one when there is none.
   *
   * @throws {PlatformUnreachableError | PlatformAnswerError | KeyFileError}
   */
  token(signal: AbortSignal): Promise<Secret<string>>;
  /** The platform refused this token: the next `token` call asks for another one. */
  refused(token: Secret<string>): void;
  /** Seconds since the current token was granted; `undefined` without one. */
  ageSeconds(): number | undefined;
};

type Grant = {
  readonly token: Secret<string>;
  readonly grantedAt: number;
  readonly refreshAt: number;
  readonly expiresAt: number;
};

const grantType = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/** A token is refreshed at three quarters of its life, up to a tenth earlier. */
const refreshShare = 0.75;
const refreshJitter = 0.1;
/** A clock this far off is worth a second try with the platform's time. */
const clockToleranceMs = 5_000;
/** A grant that nobody waits for any more is given up after this. */
const grantTimeoutMs = 60_000;

type TokenOptions = {
  readonly client: PlatformClient;
  readonly clientId: string;
  readonly keyFile: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly events: TokenEvents;
};

export function createTokenSource(options: TokenOptions): TokenSource {
  const { clock, events } = options;
  let grant: Grant | undefined;
  let asking: Promise<Grant> | undefined;
  let failures = 0;
  let retryAt = 0;

  /** Single flight: whoever asks meanwhile shares the answer. */
  async function ask(): Promise<Grant> {
    try {
      grant = await requestGrant(options);
      failures = 0;
      return grant;
    } catch (error) {
      failures += 1;
      retryAt = clock.monotonic() + backoffMs(failures, options.random);
      events.tokenFailed({ error, stillValid: grant !== undefined });
      throw error;
    } finally {
      asking = undefined;
    }
  }

  return {
    async token(signal) {
      signal.throwIfAborted();
      const now = clock.monotonic();
      if (grant !== undefined && now >= grant.expiresAt) grant = undefined;
      if (grant === undefined) return (await abortable((asking ??= ask()), signal)).token;
      if (now >= grant.refreshAt && now >= retryAt && asking === undefined) {
        asking = ask();
        // The old token is good: nobody waits, and the failure was reported.
        asking.catch(() => {});
      }
      return grant.token;
    },
    refused(token) {
      if (grant?.token === token) grant = undefined;
    },
    ageSeconds: () =>
      grant === undefined ? undefined : (clock.monotonic() - grant.grantedAt) / 1000,
  };
}

async function requestGrant(options: TokenOptions): Promise<Grant> {
  const { client, clock } = options;
  const key = await readSigningKey(options.keyFile);
  const usedOffsetMs = client.clockOffsetMs();
  let answer = await requestToken(options, key, usedOffsetMs);
  const driftMs = Math.abs(client.clockOffsetMs() - usedOffsetMs);
  if (answer.status === 400 && driftMs > clockToleranceMs) {
    answer = await requestToken(options, key, client.clockOffsetMs());
  }
  if (answer.status !== 200) throw refusalOf("asking for a token", answer);
  const parsed = tokenAnswerSchema.safeParse(parseJson(answer.body));
  if (!parsed.success || parsed.data.token_type.toLowerCase() !== "bearer") {
    throw new PlatformAnswerError("asking for a token", { status: 200, type: "no token" });
  }
  const lifeSeconds = parsed.data.expires_in;
  const grantedAt = clock.monotonic();
  options.events.tokenGranted({ thumbprint: key.publicKey.thumbprint, lifeSeconds });
  return {
    token: new Secret(parsed.data.access_token),
    grantedAt,
    refreshAt: grantedAt + lifeSeconds * 1000 * (refreshShare - refreshJitter * options.random()),
    expiresAt: grantedAt + lifeSeconds * 1000,
  };
}

function requestToken(
  options: { readonly client: PlatformClient; readonly clientId: string; readonly clock: Clock },
  key: Awaited<ReturnType<typeof readSigningKey>>,
  offsetMs: number,
) {
  return signAssertion(key, {
    clientId: options.clientId,
    issuer: options.client.origin,
    nowMs: options.clock.now() + offsetMs,
    jti: randomBytes(16).toString("hex"),
  }).then((assertion) =>
    options.client.send({
      method: "POST",
      path: agentPaths.token,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: Buffer.from(new URLSearchParams({ grant_type: grantType, assertion }).toString()),
      step: "asking for a token",
      maxAnswerBytes: 64 * 1024,
      signal: AbortSignal.timeout(grantTimeoutMs),
    }),
  );
}

/** Waits no longer than the signal; the work itself goes on for others. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
