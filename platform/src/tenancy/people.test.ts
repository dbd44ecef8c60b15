import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { systemClock } from "@obsyk/runtime";
import {
  callConsole,
  membersOf,
  openTestPlatform,
  signInOwner,
  type Answer,
  type TestPlatform,
} from "../test-platform.ts";
import { callAs, created, joinAs, sessionOf, type Caller, type Call } from "./test-people.ts";

let target: TestPlatform;
let owner: Caller;
const time = { offsetMs: 0 };
const clock = { ...systemClock, now: () => Date.now() + time.offsetMs };

before(async () => {
  target = await openTestPlatform({ clock });
  owner = { cookie: await signInOwner(target) };
});
after(() => target[Symbol.asyncDispose]());

const call = (caller: Caller | undefined, method: string, path: string, body?: unknown) =>
  callAs(target, caller, {
    method,
    path: `/api/v1/${path}`,
    ...(body === undefined ? {} : { body }),
  });
const itemsOf = (answer: Answer) =>
  membersOf(answer)["items"] as readonly { readonly [name: string]: unknown }[];
const invite = (body: object): Promise<{ readonly [name: string]: unknown }> =>
  created(target, owner, { method: "POST", path: "/api/v1/invitations", body });
const tokenOf = (url: unknown): string | null => new URL(String(url)).searchParams.get("token");

test("invitations: work once, side by side too, for a week, and until withdrawn", async () => {
  const invitation = await invite({ role: "viewer", note: "for Ada" });
  const accept = (body: object) => call(undefined, "POST", "invitations/accept", body);
  const token = tokenOf(invitation["url"]);
  assert.equal((await accept({ token })).status, 422, "without a name");
  const answers = await Promise.all(
    Array.from({ length: 6 }, () => accept({ token, name: "Ada" })),
  );
  const refused = answers.filter(({ status }) => status === 401);
  assert.equal(refused.length, 5);
  const joined = answers.find(({ status }) => status === 200)!;
  assert.equal((await call(sessionOf(joined), "GET", "clusters")).status, 200);
  const people = itemsOf(await call(owner, "GET", "people"));
  assert.deepEqual(
    people.filter(({ name }) => name === "Ada").map(({ role }) => role),
    ["viewer"],
  );

  const late = await invite({ role: "admin" });
  assert.equal(itemsOf(await call(owner, "GET", "invitations")).length, 1);
  time.offsetMs += 7 * 24 * 60 * 60_000;
  owner = { cookie: await signInOwner(target) };
  assert.equal((await accept({ token: tokenOf(late["url"]), name: "Late" })).status, 401);
  assert.deepEqual(itemsOf(await call(owner, "GET", "invitations")), []);
  const taken = await invite({ role: "admin" });
  const path = `invitations/${String(taken["id"])}`;
  assert.equal((await call(owner, "DELETE", path)).status, 204);
  assert.equal((await call(owner, "DELETE", path)).status, 404);
  assert.equal((await accept({ token: tokenOf(taken["url"]), name: "Gone" })).status, 401);
  const said = target.log.join("");
  for (const { url } of [invitation, late, taken]) {
    assert(!said.includes(tokenOf(url) ?? "?"), "invitations are not logged");
  }
});

test("roles: nobody gives or touches more than they have, and the last owner stays", async () => {
  const admin = await joinAs(target, owner, { role: "admin" });
  const viewer = await joinAs(target, owner, { role: "viewer" });
  const second = await joinAs(target, owner, { role: "owner" });
  const ownerId = (membersOf(await call(owner, "GET", "session")) as { person: { id: string } })
    .person.id;
  const statuses: readonly (readonly [string, Promise<Answer>, number])[] = [
    ["viewer invites", call(viewer, "POST", "invitations", { role: "viewer" }), 403],
    ["viewer lists people", call(viewer, "GET", "people"), 403],
    ["admin invites an owner", call(admin, "POST", "invitations", { role: "owner" }), 403],
    ["admin demotes an owner", call(admin, "PATCH", `people/${ownerId}`, { role: "viewer" }), 403],
    ["admin removes an owner", call(admin, "DELETE", `people/${ownerId}`), 403],
    ["admin signs in as owner", call(admin, "POST", `people/${ownerId}/sign-in-link`), 403],
    ["admin rises", call(admin, "PATCH", `people/${admin.personId}`, { role: "owner" }), 403],
    ["admin makes an org", call(admin, "POST", "orgs", { name: "x" }), 403],
    ["admin deletes the org", call(admin, "DELETE", "org", { name: "default" }), 403],
    ["admin exports", call(admin, "GET", "org/export"), 403],
    [
      "a limited admin",
      call(owner, "POST", "invitations", {
        role: "admin",
        access: [{ clusterId: "11111111-1111-4111-8111-111111111111" }],
      }),
      422,
    ],
  ];
  for (const [why, answer, status] of statuses) assert.equal((await answer).status, status, why);

  const demote = (caller: Caller, personId: string) =>
    call(caller, "PATCH", `people/${personId}`, { role: "viewer" });
  const both = await Promise.all([demote(owner, second.personId), demote(second, ownerId)]);
  assert.equal(both.filter(({ status }) => status === 204).length, 1, "one of two stays");
  const [kept, left] = both[0]?.status === 204 ? [owner, second] : [second, owner];
  const keptId = kept === owner ? ownerId : second.personId;
  assert.equal((await demote(kept, keptId)).status, 409);
  assert.equal((await call(kept, "DELETE", `people/${keptId}`)).status, 409);
  assert.equal((await call(left, "GET", "people")).status, 403, "takes effect at once");
  const other = kept === owner ? second.personId : ownerId;
  assert.equal((await call(kept, "PATCH", `people/${other}`, { role: "owner" })).status, 204);

  assert.equal((await call(owner, "DELETE", `people/${viewer.personId}`)).status, 204);
  assert.equal((await call(viewer, "GET", "session")).status, 401, "sessions go with the person");
  const link = await created(target, owner, {
    method: "POST",
    path: `/api/v1/people/${admin.personId}/sign-in-link`,
  });
  const back = await call(undefined, "POST", "sign-in", { token: tokenOf(link["url"]) });
  assert.equal((membersOf(back) as { person: { id: string } }).person.id, admin.personId);
});

test("sessions: one sees and ends one's own, nobody else's (PLAT-7)", async () => {
  const one = await joinAs(target, owner, { role: "viewer" });
  const two = await joinAs(target, owner, { role: "viewer" });
  const listed = itemsOf(await call(one, "GET", "sessions"));
  assert.deepEqual(
    listed.map(({ isCurrent }) => isCurrent),
    [true],
  );
  const path = `sessions/${String(listed[0]?.["id"])}`;
  assert.equal((await call(two, "DELETE", path)).status, 404);
  assert.equal((await call(one, "DELETE", path)).status, 204);
  assert.equal((await call(one, "GET", "session")).status, 401);
});

test("API tokens: told once, hashed, bounded by role, person and time (PLAT-11)", async () => {
  const admin = await joinAs(target, owner, { role: "admin" });
  const make = (caller: Caller, body: object) => call(caller, "POST", "tokens", body);
  assert.equal((await make(admin, { name: "x", role: "owner", days: 1 })).status, 403);
  assert.equal((await make(admin, { name: "x", role: "viewer", days: 400 })).status, 400);
  const made = membersOf(await make(admin, { name: "ci", role: "admin", days: 30 }));
  const token = String(made["token"]);
  assert.match(token, /^obs_[0-9a-f]{32}_[\w-]{49}$/);
  assert(!JSON.stringify(itemsOf(await call(admin, "GET", "tokens"))).includes(token.slice(37)));
  const machine = { token };
  assert.equal((await call(machine, "GET", "people")).status, 200);
  assert.equal((await call(machine, "GET", "org/export")).status, 403, "no owner");
  // What changes something needs no Origin: no browser adds the header by itself.
  const bare = await fetch(new URL("/api/v1/invitations", target.platform.consoleUrl), {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ role: "viewer" }),
  });
  assert.equal(bare.status, 201);
  const [listed] = itemsOf(await call(admin, "GET", "tokens"));
  assert.equal(typeof listed?.["lastUsedAt"], "string");

  const flip = (at: number): string =>
    token.slice(0, at) + (token[at] === "0" ? "1" : "0") + token.slice(at + 1);
  for (const wrong of [flip(6), flip(40), flip(token.length - 1), token.slice(4), "", "x y"]) {
    const answer = await callConsole(target, {
      path: "/api/v1/clusters",
      headers: { authorization: `Bearer ${wrong}` },
      // A good cookie does not help a request that has a bad token.
      ...("cookie" in owner ? { cookie: owner.cookie } : {}),
    });
    assert.equal(answer.status, 401, wrong);
  }
  const change = (role: string) => call(owner, "PATCH", `people/${admin.personId}`, { role });
  await change("viewer");
  assert.equal((await call(machine, "GET", "people")).status, 403, "never more than its person");
  await change("admin");
  assert.equal((await call(machine, "GET", "people")).status, 200);
  const dump = JSON.stringify(await target.query("select * from api_token"));
  assert(!dump.includes(token.slice(37, 80)), "the database holds no usable token");
  assert(!target.log.join("").includes(token.slice(37, 80)), "nor does the log");

  const short = {
    token: String(membersOf(await make(admin, { name: "s", role: "viewer", days: 1 }))["token"]),
  };
  assert.equal((await call(short, "GET", "clusters")).status, 200);
  const revoked = await call(admin, "DELETE", `tokens/${String(made["id"])}`);
  assert.equal(revoked.status, 204);
  assert.equal((await call(machine, "GET", "clusters")).status, 401);
  time.offsetMs += 24 * 60 * 60_000;
  assert.equal((await call(short, "GET", "clusters")).status, 401, "expired");
  owner = { cookie: await signInOwner(target) };
  const again = await joinAs(target, owner, { role: "admin" });
  const orphan = {
    token: String(membersOf(await make(again, { name: "o", role: "viewer", days: 9 }))["token"]),
  };
  await call(owner, "DELETE", `people/${again.personId}`);
  assert.equal((await call(orphan, "GET", "clusters")).status, 401, "its person is gone");
});

test("organisations: one person in several, a new session id at each switch", async () => {
  const made = await created(target, owner, {
    method: "POST",
    path: "/api/v1/orgs",
    body: { name: "second" },
  });
  const members = itemsOf(await call(owner, "GET", "orgs"));
  assert.deepEqual(
    members.map(({ name, role, isCurrent }) => [name, role, isCurrent]),
    [
      ["default", "owner", true],
      ["second", "owner", false],
    ],
  );
  const stranger = await joinAs(target, owner, { role: "admin" });
  const switchTo = (caller: Caller) => call(caller, "PUT", "session/org", { orgId: made["id"] });
  assert.equal((await switchTo(stranger)).status, 404, "not a member");
  const before = owner;
  const second = sessionOf(await switchTo(owner));
  assert.equal((await call(before, "GET", "session")).status, 401, "the old id is over");
  assert.deepEqual(itemsOf(await call(second, "GET", "clusters")), []);
  assert.equal(itemsOf(await call(second, "GET", "people")).length, 1);

  // An invitation that someone signed in takes up makes the same person a member there.
  const invitation = await created(target, second, {
    method: "POST",
    path: "/api/v1/invitations",
    body: { role: "viewer" },
  });
  const accept: Call = {
    method: "POST",
    path: "/api/v1/invitations/accept",
    body: { token: tokenOf(invitation["url"]) },
  };
  const joined = sessionOf(await callAs(target, stranger, accept));
  const places = itemsOf(await call(joined, "GET", "orgs"));
  assert.deepEqual(
    places.map(({ name, role }) => [name, role]),
    [
      ["default", "admin"],
      ["second", "viewer"],
    ],
  );
  owner = { cookie: await signInOwner(target) };
});
