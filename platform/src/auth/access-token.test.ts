import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { test } from "node:test";
import {
  createLog,
  generateSigningKey,
  parseSigningKey,
  Registry,
  systemClock,
  type SigningKey,
} from "@obsyk/runtime";
import { SignJWT } from "jose";
import { createEvents } from "../events.ts";
import { createListenerServer, listen } from "../http/server.ts";
import { openTestDatabase } from "../store/test-database.ts";
import { disableClient, registerClient } from "../tenancy/clients.ts";
import { ensureFirstPerson } from "../tenancy/first-start.ts";
import { createScope } from "../tenancy/scope.ts";
import { createAccessTokens } from "./access-token.ts";
import { ClientDirectory, type KnownClient } from "./client-directory.ts";

const issuer = "https://platform.example";
const audience = `${issuer}/api/v2/agent`;

function newKey(): SigningKey {
  return parseSigningKey(generateSigningKey().privatePem);
}

type Forged = {
  readonly header?: { readonly alg?: string; readonly typ?: string };
  readonly claims?: { readonly [name: string]: unknown };
  readonly key?: KeyObject;
};

test("authenticateAgent: pins what a token is, and follows its client within 10 s (OA-15)", async (t) => {
  await using database = await openTestDatabase();
  const { orgId } = await ensureFirstPerson(database.db);
  const scope = createScope(orgId);
  const registered = await registerClient(database.db, scope, {
    name: "one",
    publicKey: newKey().publicKey,
    now: new Date(),
  });
  assert(registered.kind === "registered");
  const { clientId, clusterId } = registered.client;
  let offsetMs = 0;
  const clock = {
    ...systemClock,
    now: () => Date.now() + offsetMs,
    monotonic: () => performance.now() + offsetMs,
  };
  const log: string[] = [];
  const events = createEvents(
    createLog({
      name: "test",
      level: "debug",
      destination: { write: (line) => void log.push(line) },
    }),
    new Registry(),
  );
  const signingKey = newKey();
  const directory = new ClientDirectory(database.db, clock);
  const tokens = createAccessTokens({ signingKey, issuer: () => issuer, directory, clock, events });
  const server = createListenerServer({
    listener: "agent",
    tls: undefined,
    bodyBytes: 1024,
    maxConnections: 10,
    events,
  });
  server.get("/whoami", (request) => tokens.authenticate(request));
  const port = await listen(server, { host: "127.0.0.1", port: 0 });
  t.after(() => server.close());
  const call = async (authorization?: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}/whoami`, {
      headers: authorization === undefined ? {} : { authorization },
    });
  const forge = (forged: Forged = {}): Promise<string> => {
    const now = Math.floor(clock.now() / 1000);
    return new SignJWT({
      iss: issuer,
      aud: audience,
      sub: clientId,
      iat: now,
      exp: now + 60,
      jti: "j",
      ...forged.claims,
    })
      .setProtectedHeader({ alg: "ES256", typ: "at+jwt", ...forged.header })
      .sign(forged.key ?? signingKey.privateKey);
  };
  const known: KnownClient = { orgId, clientId, clusterId, isActive: true };
  const token = await tokens.issue(known);

  const good = await call(`Bearer ${token}`);
  assert.equal(good.status, 200);
  assert.deepEqual(await good.json(), { scope: { orgId, role: "agent" }, clientId, clusterId });
  assert.equal((await call(`Bearer ${await forge()}`)).status, 200, "the forger can forge");

  const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const wrong: readonly (readonly [string, string, string | undefined])[] = [
    ["none", "token-absent", undefined],
    ["another scheme", "token-absent", `Basic ${token}`],
    ["no token", "token-absent", "Bearer "],
    ["signed by a stranger", "token-wrong", `Bearer ${await forge({ key: stranger })}`],
    ["RS256", "token-wrong", `Bearer ${await forge({ key: rsa, header: { alg: "RS256" } })}`],
    [
      "an assertion's type",
      "token-wrong",
      `Bearer ${await forge({ header: { typ: "obs-client-assertion+jwt" } })}`,
    ],
    [
      "another issuer",
      "token-wrong",
      `Bearer ${await forge({ claims: { iss: "https://elsewhere" } })}`,
    ],
    ["another audience", "token-wrong", `Bearer ${await forge({ claims: { aud: issuer } })}`],
    ["expired", "token-expired", `Bearer ${await forge({ claims: { exp: 1 } })}`],
    ["no jti", "token-wrong", `Bearer ${await forge({ claims: { jti: undefined } })}`],
    [
      "client unknown",
      "client-unknown",
      `Bearer ${await forge({ claims: { sub: "obsyk-nobody" } })}`,
    ],
  ];
  for (const [why, check, authorization] of wrong) {
    const answer = await call(authorization);
    assert.equal(answer.status, 401, why);
    assert.match(answer.headers.get("www-authenticate") ?? "", /^Bearer /);
    assert(log.at(-1)?.includes(`"check":"${check}"`), `${why}: ${log.at(-1)}`);
  }

  await disableClient(database.db, scope, { clientId, now: new Date() });
  offsetMs += 10_000;
  assert.equal((await call(`Bearer ${token}`)).status, 401, "disabled 10 s ago");
  assert(log.at(-1)?.includes('"check":"client-disabled"'));
  assert(!log.join("").includes(token), "tokens are not logged");
});
