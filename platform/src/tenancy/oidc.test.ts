import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  callConsole,
  membersOf,
  openTestPlatform,
  signInOwner,
  type Answer,
  type TestPlatform,
} from "../test-platform.ts";
import { callAs, created, type Caller } from "./test-people.ts";
import { openTestProvider, signInAt, type TestProvider } from "./test-provider.ts";

let target: TestPlatform;
let provider: TestProvider;
let owner: Caller;
let secretDir: string;
const records = new Map<string, string>();
const resolveTxt = async (name: string): Promise<string[][]> => {
  const value = records.get(name);
  if (value === undefined) throw new Error("ENOTFOUND");
  // A long record comes in pieces.
  return [["v=spf1 -all"], [value.slice(0, 10), value.slice(10)]];
};

before(async () => {
  secretDir = await mkdtemp(path.join(tmpdir(), "obsyk-test-"));
  target = await openTestPlatform({
    env: { OBSYK_ALLOW_PRIVATE_ISSUERS: "true", OBSYK_OIDC_SECRET_DIR: secretDir },
    resolveTxt,
  });
  provider = await openTestProvider(`${target.platform.consoleUrl}/api/v1/sign-in/callback`);
  owner = { cookie: await signInOwner(target) };
});
after(async () => {
  await provider[Symbol.asyncDispose]();
  await target[Symbol.asyncDispose]();
  await rm(secretDir, { recursive: true });
});

const call = (caller: Caller | undefined, method: string, name: string, body?: unknown) =>
  callAs(target, caller, {
    method,
    path: `/api/v1/${name}`,
    ...(body === undefined ? {} : { body }),
  });
const begin = (email: string): Promise<Answer> =>
  call(undefined, "POST", "sign-in/provider", { email });

async function addProvider(
  at: TestProvider,
  domain: string,
): Promise<{ readonly [name: string]: unknown }> {
  return created(target, owner, {
    method: "POST",
    path: "/api/v1/identity-providers",
    body: {
      name: "Example",
      issuer: at.issuer,
      clientId: at.clientId,
      domain,
      groups: { owner: ["obsyk-owners"], admin: ["platform"], viewer: ["developers"] },
    },
  });
}

async function verify(made: { readonly [name: string]: unknown }): Promise<Answer> {
  records.set(String(made["txtName"]), String(made["txtValue"]));
  return call(owner, "POST", `identity-providers/${String(made["id"])}/verify`);
}

/** The whole way of a browser. @returns where it ends and what it has then */
async function signIn(
  email: string,
  login: string,
  change: (callback: URL) => void = () => undefined,
): Promise<{ readonly location: string; readonly cookie: string | undefined }> {
  const begun = await begin(email);
  assert.equal(begun.status, 200, begun.text);
  const attempt = String(begun.headers["set-cookie"]).split(";", 1)[0] ?? "";
  const back = await signInAt(String(membersOf(begun)["url"]), login);
  change(back);
  return come(back, attempt);
}

async function come(
  back: URL,
  cookie: string | undefined,
): Promise<{ readonly location: string; readonly cookie: string | undefined }> {
  const response = await fetch(back, {
    redirect: "manual",
    headers: cookie === undefined ? {} : { cookie },
  });
  assert.equal(response.status, 303);
  const session = response.headers.getSetCookie().find((line) => /obsyk-session=[\w-]/.test(line));
  return {
    location: response.headers.get("location") ?? "",
    cookie: session?.split(";", 1)[0],
  };
}

const whoIs = async (
  cookie: string | undefined,
): Promise<{ name: string; role: string; id: string }> => {
  assert(cookie !== undefined, "signed in");
  const answer = await callConsole(target, { path: "/api/v1/session", cookie });
  return (membersOf(answer) as { person: { name: string; role: string; id: string } }).person;
};

test("identity provider: works once its domain is verified, and makes a person of whom it vouches for", async () => {
  const made = await addProvider(provider, "example.com");
  assert.equal((await begin("ada@example.com")).status, 404, "not verified yet");
  const id = String(made["id"]);
  assert.equal((await call(owner, "POST", `identity-providers/${id}/verify`)).status, 409);
  records.set(String(made["txtName"]), "obsyk-domain=something else");
  assert.equal((await call(owner, "POST", `identity-providers/${id}/verify`)).status, 409);
  assert.equal((await verify(made)).status, 204);
  assert.equal((await begin("ada@elsewhere.example")).status, 404);
  assert.equal((await begin("ada@sub.example.com")).status, 404, "a subdomain is another domain");

  const begun = await begin("Ada@EXAMPLE.com");
  const url = new URL(String(membersOf(begun)["url"]));
  assert.equal(url.searchParams.get("code_challenge_method"), "S256");
  assert(url.searchParams.get("nonce") !== null && url.searchParams.get("state") !== null);
  assert.match(String(begun.headers["set-cookie"]), /HttpOnly; SameSite=Lax/);

  const ada = {
    email: "ada@example.com",
    email_verified: true,
    name: "Ada",
    groups: ["developers"],
  };
  provider.users.set("ada", ada);
  const first = await signIn("ada@example.com", "ada");
  assert.equal(first.location, "/");
  const person = await whoIs(first.cookie);
  assert.deepEqual([person.name, person.role], ["Ada", "viewer"]);

  // The same subject is the same person, whatever else changed; groups decide at each sign-in.
  provider.users.set("ada", {
    ...ada,
    email: "lovelace@example.com",
    groups: ["x", "platform", "developers"],
  });
  const again = await whoIs((await signIn("ada@example.com", "ada")).cookie);
  assert.deepEqual([again.id, again.role], [person.id, "admin"]);
  // An address that is given to someone else does not make them the same person.
  provider.users.set("new", { ...ada, name: "Another Ada" });
  const other = await whoIs((await signIn("ada@example.com", "new")).cookie);
  assert.notEqual(other.id, person.id);
});

test("identity provider: refuses whom it does not vouch for, and answers that are not for this browser", async () => {
  const good = { email: "eve@example.com", email_verified: true, groups: ["developers"] };
  const people = async (): Promise<number> =>
    (membersOf(await call(owner, "GET", "people")) as { items: readonly unknown[] }).items.length;
  const before = await people();
  const users = [
    ["unverified", { ...good, email_verified: false }],
    ["foreign", { ...good, email: "eve@example.com.evil.example" }],
    ["suffix", { ...good, email: "eve@evil-example.com" }],
    ["groupless", { ...good, groups: [] }],
    ["wrong group", { ...good, groups: ["obsyk-owner"] }],
  ] as const;
  for (const [why, user] of users) {
    provider.users.set("eve", user);
    const { location, cookie } = await signIn("eve@example.com", "eve");
    assert.equal(location, "/sign-in?refused=forbidden", why);
    assert.equal(cookie, undefined, why);
  }
  provider.users.set("eve", good);
  const changes: readonly (readonly [string, (url: URL) => void])[] = [
    ["another state", (url) => url.searchParams.set("state", "x".repeat(43))],
    ["no state", (url) => url.searchParams.delete("state")],
    ["another issuer (RFC 9207)", (url) => url.searchParams.set("iss", "https://evil.example")],
    ["no issuer", (url) => url.searchParams.delete("iss")],
    ["another code", (url) => url.searchParams.set("code", "x".repeat(43))],
  ];
  for (const [why, change] of changes) {
    const { location, cookie } = await signIn("eve@example.com", "eve", change);
    assert.equal(location, "/sign-in?refused=unauthorized", why);
    assert.equal(cookie, undefined, why);
  }
  // A callback carried to another browser: one without an attempt, and one with its own.
  const begun = await begin("eve@example.com");
  const back = await signInAt(String(membersOf(begun)["url"]), "eve");
  const own = String((await begin("eve@example.com")).headers["set-cookie"]).split(";", 1)[0];
  for (const cookie of [undefined, own, "obsyk-sign-in=rubbish"]) {
    assert.equal((await come(back, cookie)).location, "/sign-in?refused=unauthorized");
  }
  // An attempt with another verifier or nonce.
  for (const member of ["verifier", "nonce"]) {
    const started = await begin("eve@example.com");
    const attempt = String(started.headers["set-cookie"]).split(";", 1)[0] ?? "";
    const [name = "", value = ""] = attempt.split("=");
    const text = Buffer.from(value, "base64url").toString();
    const forged = { ...(JSON.parse(text) as object), [member]: "y".repeat(43) };
    const cookie = `${name}=${Buffer.from(JSON.stringify(forged)).toString("base64url")}`;
    const answer = await come(await signInAt(String(membersOf(started)["url"]), "eve"), cookie);
    assert.equal(answer.location, "/sign-in?refused=unauthorized", member);
  }
  assert.equal(await people(), before, "nobody was made");
  const whole = await signIn("eve@example.com", "eve");
  assert.equal(whole.location, "/", "and all of it together works");
});

test("identity provider: client secrets are files, and removal ends sign-in", async () => {
  const secret = "a-client-secret-of-a-test-provider-0123456789";
  const redirect = `${target.platform.consoleUrl}/api/v1/sign-in/callback`;
  await using confidential = await openTestProvider(redirect, secret);
  confidential.users.set("bob", {
    email: "bob@secret.example",
    email_verified: true,
    groups: ["platform"],
  });
  const made = await addProvider(confidential, "secret.example");
  await verify(made);
  assert.equal(
    (await signIn("bob@secret.example", "bob")).location,
    "/sign-in?refused=unauthorized",
  );
  await writeFile(path.join(secretDir, String(made["id"])), `${secret}\n`);
  const bob = await signIn("bob@secret.example", "bob");
  assert.equal((await whoIs(bob.cookie)).role, "admin");
  const dump = JSON.stringify(await target.query("select * from identity_provider"));
  assert(!dump.includes(secret) && !target.log.join("").includes(secret));

  const second = await addProvider(confidential, "secret.example");
  assert.equal((await verify(second)).status, 409, "a domain has one provider");
  const remove = `identity-providers/${String(made["id"])}`;
  assert.equal((await call(owner, "DELETE", remove)).status, 204);
  assert.equal((await call(owner, "DELETE", remove)).status, 404);
  assert.equal((await begin("bob@secret.example")).status, 404);
});
