import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  createCertificates,
  openMemoryPlatform,
  openProcessGuard,
  startControlPlane,
  waitFor,
} from "@obsyk/testkit";
import { readRules, resourceOfKind, twentyObjects } from "../proofs/sample-objects.ts";
import { Supervised } from "../proofs/supervised.ts";

const operatorMain = fileURLToPath(new URL("../../operator/src/main.ts", import.meta.url));

type List = { readonly items: readonly { readonly metadata: { readonly uid: string } }[] };

test("operator: with list and watch rights alone it follows a real API server and writes nothing (I1, I4)", async () => {
  const signal = AbortSignal.timeout(120_000);
  await using plane = await startControlPlane({ signal });
  await using guard = await openProcessGuard("operator");
  const certificates = await createCertificates();
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const publicKey = pair.publicKey.export({ type: "spki", format: "pem" }).toString();
  await using platform = await openMemoryPlatform({ certificates, clientId: "c", publicKey });
  const access = await plane.createServiceAccountKubeconfig({
    namespace: "obsyk",
    name: "operator",
    rules: readRules,
  });
  const keyFile = join(guard.folder, "key.pem");
  const caFile = join(guard.folder, "ca.pem");
  await writeFile(keyFile, pair.privateKey.export({ type: "pkcs8", format: "pem" }));
  await writeFile(caFile, certificates.ca);
  await plane.kubectl(["apply", "-f", "-"], listOf("before"));
  await using operator = new Supervised({
    guard,
    args: [operatorMain],
    env: {
      OBSYK_PLATFORM_URL: platform.url.origin,
      OBSYK_CLUSTER_NAME: "test",
      OBSYK_CLIENT_ID: "c",
      OBSYK_PRIVATE_KEY_FILE: keyFile,
      OBSYK_CA_FILE: caFile,
      OBSYK_KUBECONFIG: access.kubeconfig,
      OBSYK_OBSERVE_HOST: "127.0.0.1",
      OBSYK_OBSERVE_PORT: "0",
    },
    logFile: join(guard.folder, "operator.log"),
  });
  const streams = Object.values(resourceOfKind).map((resource) => {
    const mode = ["secrets", "configmaps"].includes(resource) ? "keys" : "full";
    return { resource, name: `${resource}/*/${mode}` };
  });
  const isCurrent = async (): Promise<boolean> => {
    for (const { resource, name } of streams) {
      const [plural = "", group] = resource.split(".");
      const base = group === undefined ? "/api/v1" : `/apis/${group}/v1`;
      const { items } = (await plane.admin.json({ path: `${base}/${plural}` })) as List;
      const held = platform.inventory.stream(name).objects;
      const isSame = items.every(({ metadata }) => held.has(metadata.uid));
      if (items.length === 0 || held.size !== items.length || !isSame) return false;
    }
    return true;
  };
  await waitFor("the platform equals a first list", isCurrent, { timeoutMs: 30_000 });
  await plane.kubectl(["apply", "-f", "-"], listOf("after"));
  await waitFor("the platform follows what was applied", isCurrent, { timeoutMs: 10_000 });
  await plane.kubectl(["delete", "pods,services,secrets,configmaps", "--all", "-n", "after-shop"]);
  await waitFor("the platform follows what was deleted", isCurrent, { timeoutMs: 10_000 });
  plane.killApiServer("SIGKILL");
  await plane.restartApiServer();
  await plane.kubectl(["label", "node", "after-node-a", "zone=b"]);
  await plane.kubectl(["delete", "node", "before-node-a"]);
  await waitFor("the platform follows after a restart", isCurrent, { timeoutMs: 40_000 });
  assert.equal(operator.lives, 1, "it never ended");
  assert.deepEqual(platform.violations, []);
  const events = await plane.auditLog();
  const own = events.filter(({ user }) => user.username === access.username);
  const verbs = new Set(own.map(({ verb }) => verb));
  assert.ok(verbs.has("list") && verbs.has("watch"));
  for (const { verb, requestURI } of own) {
    assert.ok(["list", "watch", "get"].includes(verb), `${verb} ${requestURI}`);
  }
  const lists = own.filter(({ verb }) => verb === "list");
  assert.ok(lists.length >= streams.length, "every stream lists");
  // `get` is discovery and version only: no object is read by itself.
  const objects = own.filter(({ verb, objectRef }) => verb === "get" && objectRef !== undefined);
  assert.deepEqual(
    objects.map(({ requestURI }) => requestURI),
    [],
  );
});

function listOf(prefix: string): string {
  return JSON.stringify({ apiVersion: "v1", kind: "List", items: twentyObjects(prefix) });
}

test("operator: of custom resources it reads metadata alone, once a scope file names them (I2, R14)", async () => {
  const signal = AbortSignal.timeout(120_000);
  await using plane = await startControlPlane({ signal });
  await using guard = await openProcessGuard("operator-others");
  const certificates = await createCertificates();
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const publicKey = pair.publicKey.export({ type: "spki", format: "pem" }).toString();
  await using platform = await openMemoryPlatform({ certificates, clientId: "c", publicKey });
  const group = "shapes.example.com";
  const access = await plane.createServiceAccountKubeconfig({
    namespace: "obsyk",
    name: "operator",
    rules: [...readRules, { apiGroups: [group], resources: ["*"], verbs: ["list", "watch"] }],
  });
  await plane.kubectl(["apply", "-f", "-"], JSON.stringify(definitionOf(group)));
  const widget = {
    apiVersion: `${group}/v1`,
    kind: "Widget",
    metadata: { name: "one", namespace: "default" },
  };
  const text = JSON.stringify({ ...widget, spec: { token: "canary-5f1c" } });
  const apply = async (): Promise<boolean> => {
    await plane.kubectl(["apply", "--server-side", "-f", "-"], text);
    return true;
  };
  await waitFor("the custom resource is served", apply, {
    timeoutMs: 20_000,
    intervalMs: 500,
    signal,
  });
  const at = (name: string) => join(guard.folder, name);
  await writeFile(at("key.pem"), pair.privateKey.export({ type: "pkcs8", format: "pem" }));
  await writeFile(at("ca.pem"), certificates.ca);
  await writeFile(at("scope.yaml"), "resources: { pods: off }\n");
  await using _ = new Supervised({
    guard,
    args: [operatorMain],
    env: {
      OBSYK_PLATFORM_URL: platform.url.origin,
      OBSYK_CLUSTER_NAME: "test",
      OBSYK_CLIENT_ID: "c",
      OBSYK_PRIVATE_KEY_FILE: at("key.pem"),
      OBSYK_CA_FILE: at("ca.pem"),
      OBSYK_KUBECONFIG: access.kubeconfig,
      OBSYK_SCOPE_FILE: at("scope.yaml"),
      OBSYK_OBSERVE_HOST: "127.0.0.1",
      OBSYK_OBSERVE_PORT: "0",
    },
    logFile: at("operator.log"),
  });
  const nodes = platform.inventory.stream("nodes/*/full");
  await waitFor("a first list", () => nodes.ends === 1, { timeoutMs: 30_000 });
  const other = { group, version: "v1", resource: "widgets", kind: "Widget", namespaced: true };
  await writeFile(at("scope.yaml"), JSON.stringify({ others: [other] }));
  const widgets = platform.inventory.stream(`widgets.${group}/*/metadata`);
  await waitFor("the custom resource", () => widgets.objects.size === 1, { timeoutMs: 30_000 });
  const [stored] = widgets.objects.values();
  assert.deepEqual(Object.keys(stored?.record ?? {}).sort(), ["apiVersion", "kind", "metadata"]);
  assert.ok(!JSON.stringify(platform.inventory.lines).includes("canary-5f1c"));
  assert.deepEqual(platform.violations, []);
});

function definitionOf(group: string): object {
  const schema = {
    openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
  };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      names: { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" },
      scope: "Namespaced",
      versions: [{ name: "v1", served: true, storage: true, schema }],
    },
  };
}
