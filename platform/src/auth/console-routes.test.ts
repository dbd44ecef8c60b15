import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { execFileSync } from "node:child_process";
import { readFile, readdir, stat } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";
import { generateSigningKey, systemClock } from "@obsyk/runtime";
import {
  callConsole,
  membersOf,
  openTestPlatform,
  signInOwner,
  type TestPlatform,
} from "../test-platform.ts";
import { purgeExpired } from "./sessions.ts";

let target: TestPlatform;
const time = { offsetMs: 0 };
const clock = { ...systemClock, now: () => Date.now() + time.offsetMs };

before(async () => {
  target = await openTestPlatform({ clock });
});
after(() => target[Symbol.asyncDispose]());

const signInWith = (token: string | null, cookie?: string) =>
  callConsole(target, {
    path: "/api/v1/sign-in",
    method: "POST",
    body: { token },
    ...(cookie === undefined ? {} : { cookie }),
  });
const newToken = async (): Promise<string> =>
  new URL(await target.platform.createSignInUrl()).searchParams.get("token") ?? "";
const sessionStatus = async (cookie: string): Promise<number> =>
  (await callConsole(target, { path: "/api/v1/session", cookie })).status;

test("sign-in link: works once, side by side too, and for 10 minutes", async () => {
  const token = await newToken();
  const answers = await Promise.all(Array.from({ length: 8 }, () => signInWith(token)));
  assert.deepEqual(
    answers.map(({ status }) => status).sort((a, b) => a - b),
    [200, ...Array<number>(7).fill(401)],
  );
  assert.equal((await signInWith("x".repeat(43))).status, 401);
  const late = await newToken();
  time.offsetMs += 10 * 60_000;
  assert.equal((await signInWith(late)).status, 401);
  assert(!target.log.join("").includes(token), "links are not logged");
});

test("session: the cookie is for this host's HTTP alone, and a new sign-in ends the old session", async () => {
  const first = await signInWith(await newToken());
  const header = String(first.headers["set-cookie"]);
  assert.match(header, /^obsyk-session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/);
  const cookie = header.split(";", 1)[0] ?? "";
  assert.equal(await sessionStatus(cookie), 200);
  const second = await signInWith(await newToken(), cookie);
  assert.equal(second.status, 200);
  assert.equal(await sessionStatus(cookie), 401);
});

test("session: ends after 30 idle minutes, after 12 hours, and on sign-out (PLAT-7)", async () => {
  const idle = await signInOwner(target);
  time.offsetMs += 29 * 60_000;
  assert.equal(await sessionStatus(idle), 200, "use keeps it");
  time.offsetMs += 29 * 60_000;
  assert.equal(await sessionStatus(idle), 200);
  time.offsetMs += 31 * 60_000;
  assert.equal(await sessionStatus(idle), 401);

  const busy = await signInOwner(target);
  for (let minutes = 0; minutes < 12 * 60; minutes += 20) {
    assert.equal(await sessionStatus(busy), 200, `after ${minutes} minutes`);
    time.offsetMs += 20 * 60_000;
  }
  assert.equal(await sessionStatus(busy), 401);

  const left = await signInOwner(target);
  const out = await callConsole(target, {
    path: "/api/v1/session",
    method: "DELETE",
    cookie: left,
  });
  assert.equal(out.status, 204);
  assert.equal(await sessionStatus(left), 401);

  time.offsetMs += 24 * 60 * 60_000;
  await purgeExpired(target.platform.database.db, clock);
  assert.deepEqual(await target.query("select * from session"), []);
});

test("console listener: what changes something must come from our pages (PLAT-8)", async () => {
  const cookie = await signInOwner(target);
  const { publicKey } = generateSigningKey();
  const attempt = async (headers: { readonly [name: string]: string }): Promise<number> => {
    const response = await fetch(new URL("/api/v1/clients", target.platform.consoleUrl), {
      method: "POST",
      headers: { cookie, "content-type": "application/json", ...headers },
      body: JSON.stringify({ name: "forged", publicKey: publicKey.pem }),
    });
    return response.status;
  };
  const origin = target.platform.consoleUrl;
  assert.equal(await attempt({}), 403, "neither header");
  assert.equal(await attempt({ origin: "https://elsewhere.example" }), 403);
  assert.equal(await attempt({ origin: "null" }), 403);
  assert.equal(await attempt({ origin, "sec-fetch-site": "cross-site" }), 403);
  assert.equal(await attempt({ origin, "sec-fetch-site": "same-site" }), 403);
  assert.equal(await attempt({ origin, "content-type": "text/plain" }), 415, "a form's type");
  assert.equal(await attempt({ origin, "sec-fetch-site": "same-origin" }), 201);
});

test("clients: a public key in, a pending cluster out; refusals say what to change", async () => {
  const cookie = await signInOwner(target);
  const { publicKey } = generateSigningKey();
  const post = (body: unknown) =>
    callConsole(target, { path: "/api/v1/clients", method: "POST", cookie, body });
  const created = await post({ name: "shop", publicKey: publicKey.pem });
  assert.equal(created.status, 201, created.text);
  assert.equal(membersOf(created)["thumbprint"], publicKey.thumbprint);
  const listed = await callConsole(target, { path: "/api/v1/clients", cookie });
  const { items } = membersOf(listed) as { items: readonly { name: string }[] };
  assert.deepEqual(
    items.find(({ name }) => name === "shop"),
    membersOf(created),
  );

  const other = generateSigningKey().publicKey.pem;
  const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey;
  const rows: readonly (readonly [string, unknown, number, RegExp])[] = [
    ["name taken", { name: "shop", publicKey: other }, 409, /choose another/],
    ["key taken", { name: "shop2", publicKey: publicKey.pem }, 409, /its own/],
    [
      "P-384",
      { name: "p384", publicKey: p384.export({ format: "pem", type: "spki" }) },
      422,
      /P-384/,
    ],
    ["no key", { name: "none", publicKey: "hello" }, 422, /BEGIN PUBLIC KEY/],
    ["no name", { publicKey: other }, 400, /\/name/],
    ["long key", { name: "long", publicKey: "A".repeat(5000) }, 400, /\/publicKey/],
    ["prototype", JSON.parse('{"name":"p","publicKey":"x","__proto__":{"a":1}}'), 400, /not JSON/],
  ];
  for (const [why, body, status, says] of rows) {
    const answer = await post(body);
    assert.equal(answer.status, status, `${why}: ${answer.text}`);
    assert.match(answer.text, says, why);
    assert.equal(answer.headers["content-type"], "application/problem+json");
    assert.equal(typeof membersOf(answer)["requestId"], "string");
  }
  const anonymous = await callConsole(target, {
    path: "/api/v1/clients",
    method: "POST",
    body: { name: "x", publicKey: other },
  });
  assert.equal(anonymous.status, 401);
});

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true });
  const files: string[] = [];
  for (const entry of entries) {
    const file = path.join(folder, entry);
    if ((await stat(file)).isFile()) files.push(file);
  }
  return files;
}

test("clients: a pasted private key is refused and kept nowhere (I5, OA-23)", async () => {
  const cookie = await signInOwner(target);
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const scalar = Buffer.from(pair.privateKey.export({ format: "jwk" }).d ?? "", "base64url");
  const pkcs8 = pair.privateKey.export({ format: "pem", type: "pkcs8" }).toString();
  const rsa = generateKeyPairSync("rsa", { modulusLength: 4096 }).privateKey;
  const pastes: readonly (readonly [string, unknown])[] = [
    ["PKCS#8", { name: "a", publicKey: pkcs8 }],
    ["SEC1", { name: "a", publicKey: pair.privateKey.export({ format: "pem", type: "sec1" }) }],
    ["as the name", { name: pkcs8.slice(0, 250), publicKey: "x" }],
    ["base64 of PEM", { name: "a", publicKey: Buffer.from(pkcs8).toString("base64") }],
    ["a member we do not know", { name: "a", publicKey: "x", privateKey: pkcs8 }],
    [
      "RSA, longer than the schema allows",
      { name: "a", publicKey: rsa.export({ format: "pem", type: "pkcs8" }) + "\n".repeat(3000) },
    ],
    ["JWK", { name: "a", publicKey: JSON.stringify(pair.privateKey.export({ format: "jwk" })) }],
  ];
  for (const [why, body] of pastes) {
    const answer = await callConsole(target, {
      path: "/api/v1/clients",
      method: "POST",
      cookie,
      body,
    });
    assert.equal(answer.status, 422, `${why}: ${answer.text}`);
    assert.equal(membersOf(answer)["type"], "urn:obsyk:problem:private-key-received");
    assert.match(answer.text, /compromised/);
  }
  // Not even as broken JSON, whose parser quotes what it read.
  const broken = await fetch(new URL("/api/v1/clients", target.platform.consoleUrl), {
    method: "POST",
    headers: { cookie, origin: target.platform.consoleUrl, "content-type": "application/json" },
    body: `{"publicKey": ${pkcs8}`,
  });
  assert.equal(broken.status, 400);
  const brokenText = await broken.text();

  // What proves the search: a public key that was accepted is found by it.
  const { publicKey } = generateSigningKey();
  const kept = await callConsole(target, {
    path: "/api/v1/clients",
    method: "POST",
    cookie,
    body: { name: "kept", publicKey: publicKey.pem },
  });
  assert.equal(kept.status, 201);
  await target.query("checkpoint");
  const forms = ["hex", "base64", "base64url", "latin1"] as const;
  const lineOf = (text: string): string => text.split("\n")[1] ?? "";
  const needles = [
    ...forms.map((form) => Buffer.from(scalar.toString(form), "latin1")),
    Buffer.from(lineOf(pkcs8)),
  ];
  let sawKept = false;
  const point = publicKey.key.export({ format: "der", type: "spki" });
  for (const file of await filesBelow(target.dataDir)) {
    // The server makes and removes files of its own meanwhile.
    const bytes = await readFile(file).catch(() => Buffer.alloc(0));
    sawKept ||= bytes.includes(point);
    for (const needle of needles) assert(!bytes.includes(needle), `found in ${file}`);
  }
  assert(sawKept, "the search looked at the database");
  const said = target.log.join("") + brokenText;
  for (const needle of needles) assert(!said.includes(needle.toString("latin1")));
});

test("sign-in-link: the command prints a URL that signs in at the running platform", async () => {
  const main = new URL("../main.ts", import.meta.url).pathname;
  const printed = execFileSync(process.execPath, [main, "sign-in-link"], {
    encoding: "utf8",
    env: { OBSYK_DATA_DIR: target.dataDir, OBSYK_CONSOLE_URL: target.platform.consoleUrl },
  });
  const url = new URL(printed.trim());
  assert.equal(url.origin, target.platform.consoleUrl);
  // Its clock is the real one, and links of the future are fine.
  time.offsetMs = 0;
  assert.equal((await signInWith(url.searchParams.get("token"))).status, 200);
});
