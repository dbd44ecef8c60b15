import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalize } from "../canonical.ts";
import { limits } from "../limits.ts";
import type { Mode } from "../stream.ts";
import {
  embeddedCopyKeys,
  findingsOf,
  findResource,
  listLiteralEnv,
  recordOf,
  suggestsSecret,
} from "./index.ts";

const secretNames = [
  "DB_PASSWORD",
  "PGPASSWORD",
  "password",
  "dbPassword",
  "AWS_SECRET_ACCESS_KEY",
  "GITHUB_TOKEN",
  "SLACK_BOT_TOKEN",
  "apiKey",
  "STRIPE_API_KEY",
  "client-secret",
  "REDIS_PASS",
  "SSH_PRIVATE_KEY",
  "AZURE_STORAGE_KEY",
  "app.credentials",
  "TLS_PASSPHRASE",
];
const otherNames = [
  "",
  "PWD",
  "OLDPWD",
  "COMPASS_HOST",
  "PASSENGER_POOL",
  "DB_PASSWORD_FILE",
  "TOKEN_URL",
  "TOKEN_TTL",
  "SECRET_NAME",
  "AWS_ACCESS_KEY_ID",
  "KEY",
  "CACHE_KEY",
  "SORT_KEY",
  "KEYBOARD",
  "LOG_LEVEL",
  "PASSWORD_RESET_ENABLED",
];

test("suggestsSecret: names that hold secrets, and names that only speak of them", () => {
  assert.deepEqual(
    secretNames.filter((name) => !suggestsSecret(name)),
    [],
  );
  assert.deepEqual(
    otherNames.filter((name) => suggestsSecret(name)),
    [],
  );
});

function evidence(resource: string, mode: Mode, source: object): unknown {
  return recordOf(findResource(resource)!, source, { mode })["obsyk"];
}

const container = {
  name: "web",
  env: [
    { name: "DB_PASSWORD", value: "canary" },
    { name: "API_TOKEN", valueFrom: { secretKeyRef: { name: "s", key: "k" } } },
    { name: "EMPTY_SECRET", value: "" },
    { name: "LEVEL", value: "debug" },
    { name: "DB_PASSWORD", value: "again" },
  ],
};
const template = {
  spec: {
    initContainers: [{ name: "migrate", env: [{ name: "PGPASSWORD", value: "canary" }] }],
    containers: [container],
    ephemeralContainers: [{ name: "debug", env: [{ name: "TOKEN", value: "canary" }] }],
  },
};
const found = [
  { container: "debug", name: "TOKEN" },
  { container: "migrate", name: "PGPASSWORD" },
  { container: "web", name: "DB_PASSWORD" },
];

test("recordOf: literal values of variables that suggest secrets, by container and name alone (I2)", () => {
  const places: readonly (readonly [string, object])[] = [
    ["pods", template],
    ["deployments.apps", { spec: { template } }],
    ["daemonsets.apps", { spec: { template } }],
    ["jobs.batch", { spec: { template } }],
    ["cronjobs.batch", { spec: { jobTemplate: { spec: { template } } } }],
  ];
  for (const [resource, source] of places) {
    const record = recordOf(findResource(resource)!, source, { mode: "full" });
    assert.equal(canonicalize(record["obsyk"]!), canonicalize({ literalSecretEnv: found }));
    assert.ok(!canonicalize(record).includes("canary"), resource);
  }
  assert.equal(evidence("pods", "metadata", template), undefined);
  assert.equal(evidence("services", "full", template), undefined);
});

test("recordOf: annotations that copy a Secret or ConfigMap, by key alone (I2)", () => {
  const annotations = Object.fromEntries(embeddedCopyKeys.map((key) => [key, "canary"]));
  const source = { metadata: { name: "s", annotations: { ...annotations, other: "canary" } } };
  for (const resource of ["secrets", "configmaps"]) {
    assert.equal(
      canonicalize(recordOf(findResource(resource)!, source, { mode: "keys" })["obsyk"]!),
      canonicalize({ embeddedCopies: embeddedCopyKeys }),
    );
  }
  assert.equal(evidence("deployments.apps", "full", source), undefined);
  assert.deepEqual([...embeddedCopyKeys].sort(), embeddedCopyKeys);
});

test("listLiteralEnv: each once, sorted, bounded, as storable text", () => {
  const many = Array.from({ length: limits.findingItems + 5 }, (_, index) => ({
    container: `c${String(index).padStart(4, "0")}`,
    name: "TOKEN",
  }));
  assert.equal(listLiteralEnv([...many, ...many].reverse()).length, limits.findingItems);
  assert.deepEqual(listLiteralEnv(many)[0], many[0]);
  assert.deepEqual(listLiteralEnv([{ container: "a\0", name: "\ud800_TOKEN" }]), [
    { container: "a\uFFFD", name: "\uFFFD_TOKEN" },
  ]);
});

test("findingsOf: says where, how it is known and how to fix it, never what it holds", () => {
  const metadata = { name: "db", namespace: "shop" };
  const copies = findingsOf("secrets", {
    metadata,
    obsyk: { embeddedCopies: [...embeddedCopyKeys, "unknown/key"] },
  });
  assert.equal(copies.length, embeddedCopyKeys.length);
  const variables = findingsOf("pods", {
    metadata,
    obsyk: { literalSecretEnv: [{ container: "web", name: "DB_PASSWORD" }] },
  });
  assert.equal(variables[0]?.location, "container web, variable DB_PASSWORD");
  const release = findingsOf("configmaps", {
    metadata: { ...metadata, name: "sh.helm.release.v1.shop.v3", labels: { owner: "helm" } },
  });
  assert.deepEqual(
    [copies[0]?.kind, variables[0]?.kind, release.map(({ kind }) => kind)],
    ["embedded-copy", "literal-secret-env", ["release-in-configmap"]],
  );
  for (const finding of [...copies, ...variables, ...release]) {
    assert.equal(finding.namespace, "shop");
    assert.match(finding.fix, /^[A-Z].*\.$/);
    assert.match(finding.evidence, /not read/);
  }
  for (const nothing of [{}, { metadata: 7, obsyk: [] }, { obsyk: { literalSecretEnv: {} } }]) {
    assert.deepEqual(findingsOf("pods", nothing), []);
  }
});
