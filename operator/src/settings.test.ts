import assert from "node:assert/strict";
import { test } from "node:test";
import { SettingsError } from "@obsyk/runtime";
import { findUrlProblem } from "./deliver/platform-url.ts";
import { declarationOf, digestOf, scopeOf, selectionOf, streamsOf } from "./scope.ts";
import { readSettings } from "./settings.ts";

const env = {
  OBSYK_PLATFORM_URL: "https://obsyk.example.com",
  OBSYK_CLUSTER_NAME: "demo",
  OBSYK_CLIENT_ID: "client-1",
  OBSYK_PRIVATE_KEY_FILE: "/keys/key.pem",
};
const read = (changes: { readonly [name: string]: string | undefined }) =>
  readSettings({ env: { ...env, ...changes }, args: [] });

const refused: readonly (readonly [string, { [name: string]: string | undefined }, RegExp])[] = [
  ["no platform", { OBSYK_PLATFORM_URL: undefined }, /OBSYK_PLATFORM_URL is missing/],
  ["no key", { OBSYK_PRIVATE_KEY_FILE: "" }, /OBSYK_PRIVATE_KEY_FILE is missing/],
  ["two client ids", { OBSYK_CLIENT_ID_FILE: "/id" }, /exactly one/],
  ["no client id", { OBSYK_CLIENT_ID: undefined }, /exactly one/],
  ["an unknown resource", { OBSYK_RESOURCES: "pods,sheep" }, /unknown resources: sheep/],
  ["no namespace name", { OBSYK_NAMESPACES_EXCLUDE: "a,b*c" }, /NAMESPACES_EXCLUDE: entry 1 is no/],
  [
    "counts without namespaces",
    { OBSYK_RESOURCES: "secrets", OBSYK_SECRETS_MODE: "counts" },
    /namespaces must be on/,
  ],
  ["NODE_OPTIONS", { NODE_OPTIONS: "--tls-min-v1.0" }, /NODE_OPTIONS in the environment/],
  ["TLS checks off", { NODE_TLS_REJECT_UNAUTHORIZED: "0" }, /NODE_TLS_REJECT_UNAUTHORIZED/],
  ["a key log", { SSLKEYLOGFILE: "/tmp/keys" }, /SSLKEYLOGFILE/],
  ["further authorities", { NODE_EXTRA_CA_CERTS: "/evil.pem" }, /NODE_EXTRA_CA_CERTS/],
];
for (const [why, changes, message] of refused) {
  test(`readSettings: refuses ${why}`, () => {
    assert.throws(
      () => read(changes),
      (error) =>
        error instanceof SettingsError &&
        error.problems.length === 1 &&
        error.exitCode === 2 &&
        message.test(error.message),
    );
  });
}

test("readSettings: takes defaults, and names every value that cannot be read", () => {
  const settings = read({});
  assert.deepEqual([settings.observeHost, settings.observePort], ["0.0.0.0", 8081]);
  assert.equal(settings.secretsMode, "keys");
  assert.throws(
    () => read({ OBSYK_OBSERVE_PORT: "x", OBSYK_SECRETS_MODE: "values" }),
    (error) => error instanceof SettingsError && error.problems.length === 2,
  );
});

test("readSettings: names all that is missing and wrong in one list", () => {
  const problems = (() => {
    try {
      readSettings({
        env: {
          OBSYK_PLATFORM_URL: "http://obsyk.example.com",
          OBSYK_OBSERVE_PORT: "x",
          OBSYK_RESOURCES: "sheep",
          NODE_OPTIONS: "--inspect",
        },
        args: ["--colour", "red"],
      });
    } catch (error) {
      assert.ok(error instanceof SettingsError);
      return error.problems.join("\n");
    }
    assert.fail("they were taken");
  })();
  for (const named of [
    "OBSYK_PLATFORM_URL",
    "http:// is refused",
    "OBSYK_CLUSTER_NAME is missing",
    "OBSYK_PRIVATE_KEY_FILE is missing",
    "OBSYK_CLIENT_ID",
    "OBSYK_OBSERVE_PORT",
    "sheep",
    "NODE_OPTIONS",
    "--colour",
  ]) {
    assert.ok(problems.includes(named), `${named} in\n${problems}`);
  }
});

test("readSettings: further authorities do no harm when a bundle of our own replaces them", () => {
  const settings = read({ NODE_EXTRA_CA_CERTS: "/more.pem", OBSYK_CA_FILE: "/ca.pem" });
  assert.equal(settings.caFile, "/ca.pem");
});

test("scopeOf: reads namespaces first, pods last, and what the modes say", () => {
  const all = scopeOf(read({})).map(({ definition }) => definition.resource);
  assert.deepEqual([all[0], all.at(-1)], ["namespaces", "pods"]);
  const some = scopeOf(read({ OBSYK_RESOURCES: "secrets,pods", OBSYK_SECRETS_MODE: "off" }));
  assert.deepEqual(
    some.map(({ definition, mode }) => [definition.resource, mode]),
    [["pods", "full"]],
  );
});

const widgets = {
  group: "example.com",
  version: "v1",
  resource: "widgets",
  kind: "Widget",
  namespaced: true,
} as const;

test("selectionOf: further kinds are read by their metadata alone, and only when they are named", () => {
  const settings = read({ OBSYK_RESOURCES: "nodes" });
  const streams = streamsOf(selectionOf(settings, { others: [widgets, widgets] }));
  assert.deepEqual(
    streams.map(({ stream }) => `${stream.resource}/${stream.namespace}/${stream.mode}`).sort(),
    ["nodes/*/full", "widgets.example.com/*/metadata"],
  );
});

test("selectionOf: the file speaks louder than the settings, one resource at a time (R14)", () => {
  const settings = read({ OBSYK_RESOURCES: "namespaces,pods", OBSYK_SECRETS_MODE: "counts" });
  const file = {
    resources: { pods: "off", nodes: true, secrets: "on", configmaps: "references" },
  } as const;
  const selection = selectionOf(settings, file);
  assert.deepEqual(
    declarationOf(selection)
      .resources.map(({ resource, mode }) => `${resource}/${mode}`)
      .sort(),
    ["configmaps/references", "namespaces/full", "nodes/full", "secrets/counts"],
  );
  const names = (resources: Parameters<typeof selectionOf>[1]) =>
    streamsOf(selectionOf(settings, resources)).map(({ stream }) => stream.resource);
  assert.deepEqual(names(file), ["namespaces", "nodes"], "nobody reads what is only referred to");
  assert.notEqual(digestOf(selection), digestOf(selectionOf(settings)));
  const refusals: readonly (readonly [Parameters<typeof selectionOf>[1], RegExp])[] = [
    [
      { others: [{ ...widgets, group: "apps", resource: "deployments" }] },
      /has a table of its own/,
    ],
    [{ resources: { sheep: "on" } }, /unknown resources: sheep. Known: .*pods/],
    [
      { resources: { pods: "keys" } },
      /pods is not read in mode keys: its modes are full, metadata/,
    ],
    [{ resources: { namespaces: false, secrets: "counts" } }, /namespaces must be on/],
  ];
  for (const [wrong, message] of refusals) {
    assert.throws(() => selectionOf(settings, wrong), message);
  }
});

test("streamsOf: few whole names get streams of their own, anything else one for the cluster (R14)", () => {
  const places = (include: readonly string[], exclude: readonly string[] = []) =>
    streamsOf(
      selectionOf(read({ OBSYK_RESOURCES: "nodes,pods" }), {
        namespaces: { include: [...include], exclude: [...exclude] },
      }),
    ).map(({ stream }) => `${stream.resource}/${stream.namespace}`);
  assert.deepEqual(places([]), ["nodes/*", "pods/*"]);
  assert.deepEqual(places(["a", "b", "a"]), ["nodes/*", "pods/a", "pods/b"]);
  assert.deepEqual(places(["a", "b"], ["b"]), ["nodes/*", "pods/a"]);
  assert.deepEqual(places(["a", "b*"]), ["nodes/*", "pods/*"]);
  assert.deepEqual(places(["a", "b", "c", "d", "e", "f", "g", "h", "i"]), ["nodes/*", "pods/*"]);
});

const urls: readonly (readonly [string, boolean, RegExp | undefined])[] = [
  ["https://obsyk.example.com", false, undefined],
  ["https://localhost:8443/", false, undefined],
  ["http://127.0.0.1:8080", true, undefined],
  ["http://[::1]:8080", true, undefined],
  ["http://127.0.0.1:8080", false, /https/],
  ["http://obsyk.example.com", true, /localhost/],
  ["http://127.0.0.1.example.com", true, /localhost/],
  ["https://user:word@obsyk.example.com", false, /password/],
  ["https://obsyk.example.com/agent", false, /origin/],
  ["https://obsyk.example.com/?x=1", false, /origin/],
  ["ftp://obsyk.example.com", true, /https/],
  ["obsyk", false, /not a URL/],
];
for (const [text, allowHttpLoopback, message] of urls) {
  test(`findUrlProblem: ${message === undefined ? "takes" : "refuses"} ${text} (switch ${allowHttpLoopback})`, () => {
    const problem = findUrlProblem(text, allowHttpLoopback);
    if (message === undefined) assert.equal(problem, undefined);
    else assert.match(problem ?? "", message);
  });
}
