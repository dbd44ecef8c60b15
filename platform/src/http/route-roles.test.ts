import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { callConsole, membersOf, openTestPlatform, type TestPlatform } from "../test-platform.ts";
import { isAtLeast, requiredRole, routeRoles } from "./route-roles.ts";

let target: TestPlatform;
before(async () => {
  target = await openTestPlatform();
});
after(() => target[Symbol.asyncDispose]());

/** `METHOD /path/:parameter` of everything the document names. */
async function documented(): Promise<readonly string[]> {
  const { paths } = membersOf(await callConsole(target, { path: "/api/v1/openapi.json" })) as {
    paths: { [path: string]: object };
  };
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map(
      (method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`,
    ),
  );
}

test("routeRoles: every route of the OpenAPI document is in it, and nothing else", async () => {
  const routes = await documented();
  assert(routes.length >= 30, `${routes.length} routes`);
  const hidden = ["GET /api/v1/openapi.json", "GET /api/v1/sign-in/callback"];
  assert.deepEqual([...routes, ...hidden].sort(), Object.keys(routeRoles).sort());
});

test("guardRoutes: without a session, what needs a role answers 401 before it looks at anything", async () => {
  for (const route of await documented()) {
    const [method = "", path = ""] = route.split(" ");
    const answer = await callConsole(target, {
      method,
      path: path.replaceAll(/:\w+/g, "not-an-id"),
      ...(method === "GET" ? {} : { body: { nonsense: true } }),
    });
    const isOpen = routeRoles[route] === "anyone";
    assert.equal(answer.status === 401, !isOpen, `${route}: ${answer.status}`);
  }
});

test("requiredRole: HEAD is GET, and what was forgotten is for owners", () => {
  assert.equal(requiredRole("HEAD", "/api/v1/clusters"), "viewer");
  assert.equal(requiredRole("POST", "/api/v1/forgotten"), "owner");
  assert.deepEqual(
    [isAtLeast("viewer", "admin"), isAtLeast("owner", "viewer"), isAtLeast("admin", "admin")],
    [false, true, true],
  );
});
