import assert from "node:assert/strict";
import { test } from "node:test";
import { callConsole, membersOf, openTestPlatform } from "../test-platform.ts";

type Operation = {
  readonly description: string;
  readonly security: readonly object[];
  readonly responses: { readonly [status: string]: { readonly content?: object } };
};

test("openapi.json: every operation says who may call it and how it refuses; events have a schema", async () => {
  await using target = await openTestPlatform();
  const answer = await callConsole(target, { path: "/api/v1/openapi.json" });
  const document = membersOf(answer) as {
    readonly openapi: string;
    readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } };
    readonly components: {
      readonly schemas: { readonly [name: string]: { readonly required: readonly string[] } };
      readonly securitySchemes: { readonly [name: string]: { readonly [member: string]: string } };
    };
  };
  assert.equal(document.openapi, "3.1.0");
  const { securitySchemes, schemas } = document.components;
  assert.equal(securitySchemes["session"]?.["name"], "obsyk-session");
  assert.equal(securitySchemes["token"]?.["scheme"], "bearer");
  assert.deepEqual(schemas["Problem"]?.required, ["type", "title", "status"]);
  assert.deepEqual(schemas["LiveEvent"]?.required, ["clusterId", "changeNumber", "resources"]);
  const problem = {
    "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
  };
  let open = 0;
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, { description, security, responses }] of Object.entries(operations)) {
      const named = `${method} ${path}`;
      assert.deepEqual(responses["default"]?.content, problem, named);
      assert(
        Object.keys(responses).some((status) => /^[23]/.test(status)),
        named,
      );
      if (security.length === 0) open += 1;
      else {
        assert.deepEqual(security, [{ session: [] }, { token: [] }], named);
        assert.match(description, /Needs the role (viewer|admin|owner)\./, named);
        assert.deepEqual(responses["401"]?.content, problem, named);
        assert.deepEqual(responses["403"]?.content, problem, named);
      }
    }
  }
  assert.equal(open, 4, "operations for anyone");
  const live = document.paths["/api/v1/live"]?.["get"];
  assert.match(live?.description ?? "", /server-sent event/);
  assert.match(JSON.stringify(live?.responses["200"]?.content), /event-stream.*schemas\/LiveEvent/);
  for (const [, name] of answer.text.matchAll(/#\/components\/schemas\/(\w+)/g)) {
    assert(name !== undefined && Object.hasOwn(schemas, name), `a reference to ${name}`);
  }
});
