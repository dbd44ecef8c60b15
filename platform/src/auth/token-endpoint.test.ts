/**
 * The token endpoint against wrong assertions. Each differs from a right one in one thing, is refused by the check
 * named for it in the log, and leaves nothing that would stop the right one from passing.
 */
import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";
import { after, before, test } from "node:test";
import { systemClock } from "@obsyk/runtime";
import {
  callAgent,
  callConsole,
  membersOf,
  openTestPlatform,
  registerTestClient,
  signInOwner,
  type Answer,
  type TestClient,
  type TestPlatform,
} from "../test-platform.ts";
import { purgeExpired } from "./sessions.ts";

const grantType = "urn:ietf:params:oauth:grant-type:jwt-bearer";

type Members = { readonly [name: string]: unknown };
type Recipe = {
  readonly header?: Members;
  readonly claims?: Members;
  /** Text instead of what the members would give. */
  readonly headerText?: string;
  readonly claimsText?: string;
  readonly key?: KeyObject;
  /** Last touch to the finished token. */
  readonly mangle?: (token: string) => string;
};

let target: TestPlatform;
let client: TestClient;
let other: TestClient;
let cookie: string;
const time = { offsetMs: 0 };

before(async () => {
  target = await openTestPlatform({
    clock: {
      ...systemClock,
      now: () => Date.now() + time.offsetMs,
      monotonic: () => performance.now() + time.offsetMs,
    },
  });
  cookie = await signInOwner(target);
  client = await registerTestClient(target, { cookie, name: "first" });
  other = await registerTestClient(target, { cookie, name: "second" });
});
after(() => target[Symbol.asyncDispose]());

const encode = (value: string | Buffer): string => Buffer.from(value).toString("base64url");

function rightClaims(): Members {
  const now = Math.floor((Date.now() + time.offsetMs) / 1000);
  return {
    iss: client.clientId,
    sub: client.clientId,
    aud: target.platform.agentUrl,
    iat: now,
    nbf: now,
    exp: now + 60,
    jti: randomBytes(16).toString("base64url"),
  };
}

function rightHeader(): Members {
  return {
    alg: "ES256",
    typ: "obs-client-assertion+jwt",
    kid: client.signingKey.publicKey.thumbprint,
  };
}

function build(recipe: Recipe = {}): string {
  const header = recipe.headerText ?? JSON.stringify({ ...rightHeader(), ...recipe.header });
  const claims = recipe.claimsText ?? JSON.stringify({ ...rightClaims(), ...recipe.claims });
  const input = `${encode(header)}.${encode(claims)}`;
  const signature = sign("sha256", Buffer.from(input), {
    key: recipe.key ?? client.signingKey.privateKey,
    dsaEncoding: "ieee-p1363",
  });
  const token = `${input}.${encode(signature)}`;
  return recipe.mangle?.(token) ?? token;
}

async function post(
  body: string,
  headers: { readonly [name: string]: string } = {},
): Promise<Answer> {
  return callAgent(target, {
    path: "/oauth/token",
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    body,
  });
}

const form = (assertion: string, more: { readonly [name: string]: string } = {}): string =>
  new URLSearchParams({ grant_type: grantType, assertion, ...more }).toString();

/** The check that the last refusal in the log names. */
function lastCheck(): unknown {
  const line = target.log.findLast((text) => text.includes('"token.refused"'));
  return (JSON.parse(line ?? "{}") as Members)["check"];
}

const now = (): number => Math.floor((Date.now() + time.offsetMs) / 1000);
const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" });

/** The signature's twin (r, n - s), which ECDSA accepts as well. */
function twin(token: string): string {
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const [header = "", claims = "", signature = ""] = token.split(".");
  const bytes = Buffer.from(signature, "base64url");
  const s = BigInt(`0x${bytes.subarray(32).toString("hex")}`);
  const flipped = Buffer.from((order - s).toString(16).padStart(64, "0"), "hex");
  return `${header}.${claims}.${encode(Buffer.concat([bytes.subarray(0, 32), flipped]))}`;
}

function withSignature(token: string, signature: string): string {
  return `${token.slice(0, token.lastIndexOf("."))}.${signature}`;
}

/** The last character of 64 bytes in base64url carries four bits that must be zero. */
function looseTail(token: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return token.slice(0, -1) + (alphabet[alphabet.indexOf(token.at(-1) ?? "") + 1] ?? "");
}

function hmacWithPublicKey(): string {
  const input = `${encode(JSON.stringify({ ...rightHeader(), alg: "HS256" }))}.${encode(JSON.stringify(rightClaims()))}`;
  const mac = createHmac("sha512", client.signingKey.publicKey.pem).update(input).digest();
  return `${input}.${encode(mac)}`;
}

const without = (members: Members, name: string): string =>
  JSON.stringify(Object.fromEntries(Object.entries(members).filter(([key]) => key !== name)));
const insert = (members: Members, text: string): string =>
  `${JSON.stringify(members).slice(0, -1)},${text}}`;

/** Why it is wrong · the check that must find it · how to make it. */
const wrong: readonly (readonly [string, string, () => string])[] = [
  [
    "longer than 4096 characters",
    "assertion-length",
    () => build({ claims: { more: "x".repeat(4096) } }),
  ],
  ["empty", "assertion-shape", () => ""],
  [
    "two parts",
    "assertion-shape",
    () => build({ mangle: (token) => token.slice(0, token.lastIndexOf(".")) }),
  ],
  ["four parts", "assertion-shape", () => build({ mangle: (token) => `${token}.AAAA` })],
  ["line break at the end", "assertion-shape", () => build({ mangle: (token) => `${token}\n` })],
  ["space inside", "assertion-shape", () => build({ mangle: (token) => token.replace(".", " .") })],
  ["padding", "assertion-shape", () => build({ mangle: (token) => `${token}==` })],
  [
    "no signature (alg none)",
    "assertion-shape",
    () => build({ header: { alg: "none" }, mangle: (token) => withSignature(token, "") }),
  ],
  [
    "DER signature",
    "assertion-shape",
    () =>
      build({
        mangle: (token) =>
          withSignature(
            token,
            encode(sign("sha256", Buffer.from("x"), client.signingKey.privateKey)),
          ),
      }),
  ],
  ["non-canonical last character", "assertion-base64url", () => build({ mangle: looseTail })],
  ["header no JSON", "header-json", () => build({ headerText: "{alg:ES256}" })],
  [
    "header not UTF-8",
    "header-json",
    () => build({ mangle: (token) => `_w${token.slice(token.indexOf("."))}` }),
  ],
  [
    "header with a byte order mark",
    "header-json",
    () => build({ headerText: `\u{feff}${JSON.stringify(rightHeader())}` }),
  ],
  ["header a list", "header-object", () => build({ headerText: "[]" })],
  ["header null", "header-object", () => build({ headerText: "null" })],
  [
    "header with alg twice",
    "header-duplicate",
    () => build({ headerText: insert(rightHeader(), '"alg":"ES256"') }),
  ],
  ["claims no JSON", "claims-json", () => build({ claimsText: "x" })],
  ["claims a string", "claims-object", () => build({ claimsText: '"x"' })],
  [
    "claims with aud twice",
    "claims-duplicate",
    () =>
      build({
        claimsText: insert(
          { ...rightClaims(), aud: "https://elsewhere" },
          `"aud":${JSON.stringify(target.platform.agentUrl)}`,
        ),
      }),
  ],
  [
    "claims with exp twice, once by escapes",
    "claims-duplicate",
    () => build({ claimsText: insert(rightClaims(), String.raw`"\u0065xp":1`) }),
  ],
  ["alg lower case", "header-alg", () => build({ header: { alg: "es256" } })],
  ["alg none with a signature", "header-alg", () => build({ header: { alg: "none" } })],
  ["alg ES384", "header-alg", () => build({ header: { alg: "ES384" } })],
  ["alg ES256K", "header-alg", () => build({ header: { alg: "ES256K" } })],
  ["HMAC with the public key as secret", "header-alg", hmacWithPublicKey],
  ["typ absent", "header-typ", () => build({ headerText: without(rightHeader(), "typ") })],
  ["typ JWT", "header-typ", () => build({ header: { typ: "JWT" } })],
  ["typ of an access token", "header-typ", () => build({ header: { typ: "at+jwt" } })],
  ["kid absent", "header-kid", () => build({ headerText: without(rightHeader(), "kid") })],
  ["kid no thumbprint", "header-kid", () => build({ header: { kid: "../../key" } })],
  ["kid a number", "header-kid", () => build({ header: { kid: 1 } })],
  [
    "own key in jwk",
    "header-jwk",
    () =>
      build({
        key: stranger.privateKey,
        header: { jwk: stranger.publicKey.export({ format: "jwk" }) },
      }),
  ],
  ["key address in jku", "header-jku", () => build({ header: { jku: "https://elsewhere/jwks" } })],
  ["x5u", "header-x5u", () => build({ header: { x5u: "https://elsewhere/cert" } })],
  ["x5c", "header-x5c", () => build({ header: { x5c: ["AAAA"] } })],
  ["x5t", "header-x5t", () => build({ header: { x5t: "AAAA" } })],
  ["crit", "header-crit", () => build({ header: { crit: ["exp"] } })],
  ["b64 false", "header-b64", () => build({ header: { b64: false } })],
  ["zip", "header-zip", () => build({ header: { zip: "DEF" } })],
  ["iss a list", "claim-iss-form", () => build({ claims: { iss: [client.clientId] } })],
  ["iss absent", "claim-iss-form", () => build({ claimsText: without(rightClaims(), "iss") })],
  [
    "iss unknown",
    "client-or-key-unknown",
    () => build({ claims: { iss: "obsyk-nobody", sub: "obsyk-nobody" } }),
  ],
  ["kid unknown", "client-or-key-unknown", () => build({ header: { kid: "A".repeat(43) } })],
  [
    "kid and key of another client",
    "client-or-key-unknown",
    () =>
      build({
        key: other.signingKey.privateKey,
        header: { kid: other.signingKey.publicKey.thumbprint },
      }),
  ],
  ["signed by a stranger", "signature", () => build({ key: stranger.privateKey })],
  ["signed by another client", "signature", () => build({ key: other.signingKey.privateKey })],
  [
    "signature all zero",
    "signature",
    () => build({ mangle: (token) => withSignature(token, "A".repeat(86)) }),
  ],
  [
    "claims changed after signing",
    "signature",
    () =>
      build({
        mangle: (token) =>
          token.replace(
            /\.[^.]+\./,
            `.${encode(JSON.stringify({ ...rightClaims(), exp: now() + 90 }))}.`,
          ),
      }),
  ],
  ["sub another client", "claim-sub", () => build({ claims: { sub: other.clientId } })],
  ["sub absent", "claim-sub", () => build({ claimsText: without(rightClaims(), "sub") })],
  ["aud a list of one", "claim-aud", () => build({ claims: { aud: [target.platform.agentUrl] } })],
  [
    "aud the token endpoint",
    "claim-aud",
    () => build({ claims: { aud: `${target.platform.agentUrl}/oauth/token` } }),
  ],
  [
    "aud with a slash at the end",
    "claim-aud",
    () => build({ claims: { aud: `${target.platform.agentUrl}/` } }),
  ],
  [
    "aud in upper case",
    "claim-aud",
    () => build({ claims: { aud: target.platform.agentUrl.toUpperCase() } }),
  ],
  ["aud absent", "claim-aud", () => build({ claimsText: without(rightClaims(), "aud") })],
  ["exp absent", "claim-exp-form", () => build({ claimsText: without(rightClaims(), "exp") })],
  ["exp a string", "claim-exp-form", () => build({ claims: { exp: String(now() + 60) } })],
  ["exp a fraction", "claim-exp-form", () => build({ claims: { exp: now() + 60.5 } })],
  ["iat absent", "claim-iat-form", () => build({ claimsText: without(rightClaims(), "iat") })],
  ["nbf null", "claim-nbf-form", () => build({ claims: { nbf: null } })],
  [
    "expired 10 s ago",
    "claim-exp-past",
    () => build({ claims: { iat: now() - 70, nbf: now() - 70, exp: now() - 10 } }),
  ],
  [
    "iat 15 s ahead",
    "claim-iat-future",
    () => build({ claims: { iat: now() + 15, exp: now() + 60 } }),
  ],
  ["nbf 15 s ahead", "claim-nbf-future", () => build({ claims: { nbf: now() + 15 } })],
  ["iat three minutes old", "claim-iat-old", () => build({ claims: { iat: now() - 180 } })],
  ["life of 121 s", "claim-life", () => build({ claims: { exp: now() + 121, iat: now() } })],
  ["exp before iat", "claim-life", () => build({ claims: { iat: now() + 5, exp: now() - 2 } })],
  ["jti absent", "claim-jti", () => build({ claimsText: without(rightClaims(), "jti") })],
  ["jti short", "claim-jti", () => build({ claims: { jti: "x" } })],
  ["jti a number", "claim-jti", () => build({ claims: { jti: 1234567890123456 } })],
];

test("token endpoint: every wrong assertion is refused by its own check", async (t) => {
  assert(wrong.length >= 40);
  const unproven = new Set<string>();
  for (const [why, check, make] of wrong) {
    await t.test(why, async () => {
      const assertion = make();
      const answer = await post(form(assertion));
      assert.equal(lastCheck(), check);
      assert.equal(answer.status, 400, answer.text);
      assert.equal(membersOf(answer)["error"], "invalid_grant");
      assert.equal(answer.headers["cache-control"], "no-store");
      assert.match(answer.text, /^[\x20-\x7e]+$/);
      if (check === "signature" || check === "client-or-key-unknown") unproven.add(answer.text);
      const [, claims = "none"] = assertion.split(".");
      if (claims.length > 40) assert(!target.log.join("").includes(claims), "not logged");
    });
  }
  assert.equal(unproven.size, 1, "client, key and signature cannot be told apart");
  const right = await post(form(build()));
  assert.equal(right.status, 200, right.text);
  assert.equal(membersOf(right)["token_type"], "Bearer");
  assert.equal(membersOf(right)["expires_in"], 3600);
});

test("token endpoint: wrong requests", async (t) => {
  const right = (): string => form(build());
  const rows: readonly (readonly [string, string, number, string, () => Promise<Answer>])[] = [
    [
      "assertion twice",
      "form-parameter-twice",
      400,
      "invalid_request",
      () => post(`${right()}&assertion=x`),
    ],
    [
      "grant_type absent",
      "form-grant-type-absent",
      400,
      "invalid_request",
      () => post(`assertion=${build()}`),
    ],
    [
      "another grant",
      "form-grant-type",
      400,
      "unsupported_grant_type",
      () => post("grant_type=client_credentials"),
    ],
    [
      "assertion absent",
      "form-assertion-absent",
      400,
      "invalid_request",
      () => post(`grant_type=${grantType}`),
    ],
    [
      "scope unknown",
      "form-scope",
      400,
      "invalid_scope",
      () => post(form(build(), { scope: "admin" })),
    ],
    [
      "client_id of another",
      "form-client-id",
      400,
      "invalid_grant",
      () => post(form(build(), { client_id: other.clientId })),
    ],
    [
      "9 KiB",
      "form-too-large",
      413,
      "invalid_request",
      () => post(`${right()}&x=${"x".repeat(9216)}`),
    ],
    [
      "JSON",
      "form-unsupported-media-type",
      415,
      "invalid_request",
      () => post("{}", { "content-type": "application/json" }),
    ],
    [
      "charset added",
      "form-unsupported-media-type",
      415,
      "invalid_request",
      () => post(right(), { "content-type": "application/x-www-form-urlencoded; charset=utf-8" }),
    ],
    [
      "compressed",
      "form-unsupported-media-type",
      415,
      "invalid_request",
      () => post(right(), { "content-encoding": "gzip" }),
    ],
  ];
  for (const [why, check, status, code, send] of rows) {
    await t.test(why, async () => {
      const answer = await send();
      assert.equal(lastCheck(), check, answer.text);
      assert.equal(answer.status, status);
      assert.equal(membersOf(answer)["error"], code);
    });
  }
});

test("token endpoint: an assertion works once, however many ask at a time (OA-10)", async () => {
  const body = form(build());
  const answers = await Promise.all(Array.from({ length: 40 }, () => post(body)));
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  assert.equal(answers.filter(({ status }) => status === 400).length, 39);
  assert.equal(lastCheck(), "replay");
});

test("token endpoint: the signature's valid twin is a replay too (OA-11)", async () => {
  const assertion = build();
  assert.equal((await post(form(assertion))).status, 200);
  assert.equal((await post(form(twin(assertion)))).status, 400);
  assert.equal(lastCheck(), "replay");
  // And the twin is valid in itself, or the check before would prove nothing.
  assert.equal((await post(form(twin(build())))).status, 200);
});

test("token endpoint: a client that was disabled gets no token", async () => {
  const doomed = await registerTestClient(target, { cookie, name: "doomed" });
  const { clientId, signingKey } = doomed;
  const recipe = (): Recipe => ({
    header: { kid: signingKey.publicKey.thumbprint },
    claims: { iss: clientId, sub: clientId },
    key: signingKey.privateKey,
  });
  assert.equal((await post(form(build(recipe())))).status, 200);
  const path = `/api/v1/clients/${clientId}`;
  const removed = await callConsole(target, { path, method: "DELETE", cookie });
  assert.equal(removed.status, 204);
  assert.equal((await post(form(build(recipe())))).status, 400);
  assert.equal(lastCheck(), "client-disabled");
  const again = await callConsole(target, { path, method: "DELETE", cookie });
  assert.equal(again.status, 404);
});

test("token endpoint: used assertions are forgotten once their age refuses them", async () => {
  assert.equal((await post(form(build()))).status, 200);
  const { db } = target.platform.database;
  const count = async (): Promise<number> =>
    (await target.query("select from used_assertion")).length;
  const clock = { ...systemClock, now: () => Date.now() + time.offsetMs };
  await purgeExpired(db, clock);
  assert((await count()) > 0, "young ones stay");
  time.offsetMs += 75_000;
  await purgeExpired(db, clock);
  assert.equal(await count(), 0);
});

/** Signatures verified so far, as the metric tells. */
async function verified(): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${target.platform.ports.observe}/metrics`);
  const [, count] =
    /^obsyk_assertion_signatures_verified_total (\d+)$/m.exec(await response.text()) ?? [];
  return Number(count);
}

test("token endpoint: unknown client, unknown key and bad signature take the same work", async (t) => {
  const kinds: readonly (readonly [string, string, Recipe])[] = [
    [
      "unknown client",
      "client-or-key-unknown",
      { claims: { iss: "obsyk-nobody", sub: "obsyk-nobody" } },
    ],
    ["unknown key", "client-or-key-unknown", { header: { kid: "A".repeat(43) } }],
    ["bad signature", "signature", { key: stranger.privateKey }],
  ];
  const times = new Map<string, number[]>();
  for (let turn = 0; turn < 30; turn += 1) {
    for (const [kind, check, recipe] of kinds) {
      const body = form(build(recipe));
      const before = await verified();
      const began = performance.now();
      const answer = await post(body);
      const tookMs = performance.now() - began;
      assert.equal(answer.status, 400);
      assert.equal(lastCheck(), check);
      assert.equal(await verified(), before + 1, `${kind}: one verification`);
      times.set(kind, [...(times.get(kind) ?? []), tookMs]);
    }
  }
  const before = await verified();
  await post(form(build({ header: { alg: "ES384" } })));
  assert.equal(await verified(), before, "what needs no key takes none");
  const medians = [...times].map(([kind, list]) => {
    const sorted = list.toSorted((one, other) => one - other);
    return `${kind} ${sorted[Math.floor(sorted.length / 2)]?.toFixed(2)} ms`;
  });
  t.diagnostic(`median of 30: ${medians.join(", ")}`);
});

test("token endpoint: one client cannot have signatures verified without end (OA-14)", async () => {
  await using limited = await openTestPlatform({
    env: { OBSYK_CLIENT_TOKEN_REQUESTS_PER_MINUTE: "3" },
  });
  const ask = (recipe: Recipe): Promise<Answer> =>
    callAgent(limited, {
      path: "/oauth/token",
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: form(build(recipe)),
    });
  const answers: Answer[] = [];
  for (let turn = 0; turn < 5; turn += 1) answers.push(await ask({}));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [400, 400, 400, 429, 429],
  );
  assert.match(String(answers[3]?.headers["retry-after"]), /^[1-9]\d?$/);
  assert.equal((await ask({ claims: { iss: "another" } })).status, 400, "another client may ask");
  const metrics = await fetch(`http://127.0.0.1:${limited.platform.ports.observe}/metrics`);
  assert.match(await metrics.text(), /^obsyk_assertion_signatures_verified_total 4$/m);
});

test("token endpoint: tokens and assertions are not logged, and one address cannot ask without end", async () => {
  await using limited = await openTestPlatform({ env: { OBSYK_TOKEN_REQUESTS_PER_MINUTE: "3" } });
  const statuses: number[] = [];
  for (let index = 0; index < 4; index += 1) {
    const answer = await callAgent(limited, {
      path: "/oauth/token",
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: form("a.b.c"),
    });
    statuses.push(answer.status);
    if (answer.status === 429) assert.match(String(answer.headers["retry-after"]), /^\d+$/);
  }
  assert.deepEqual(statuses, [400, 400, 400, 429]);
  const answer = await post(form(build()));
  const token = String(membersOf(answer)["access_token"]);
  assert.equal(token.split(".").length, 3);
  assert(!target.log.join("").includes(token));
});
