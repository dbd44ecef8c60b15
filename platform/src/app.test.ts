import assert from "node:assert/strict";
import { test } from "node:test";
import { callAgent, callConsole, openTestPlatform, signInOwner } from "./test-platform.ts";

test("openPlatform: serves three listeners, signs in, and stops", async () => {
  await using target = await openTestPlatform();
  const { platform } = target;
  for (const path of ["/healthz", "/readyz"]) {
    const response = await fetch(new URL(path, platform.observeUrl));
    assert.equal(await response.text(), "ok\n");
  }
  const metadata = await callAgent(target, { path: "/.well-known/oauth-authorization-server" });
  assert.equal(JSON.parse(metadata.text).issuer, platform.agentUrl);
  const cookie = await signInOwner(target);
  const session = await callConsole(target, { path: "/api/v1/session", cookie });
  assert.equal(session.status, 200, session.text);
  assert.equal(JSON.parse(session.text).person.role, "owner");
  const openapi = await callConsole(target, { path: "/api/v1/openapi.json" });
  assert(JSON.parse(openapi.text).paths["/api/v1/clients"].post);
  const metrics = await (await fetch(new URL("/metrics", platform.observeUrl))).text();
  assert.match(metrics, /obsyk_database_up 1/);
  assert.match(metrics, /route="\/api\/v1\/session",status="200"/);
});
