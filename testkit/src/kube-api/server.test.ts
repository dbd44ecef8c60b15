import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { Agent, request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { after, before, beforeEach, describe, it, type TestContext } from "node:test";
import fc from "fast-check";
import {
  metadataOnly,
  requestFor,
  resources,
  type ResourceDefinition,
} from "@obsyk/contract/allow-list";
import { createCertificates, type Certificates } from "../certificates.ts";
import { waitFor } from "../wait-for.ts";
import { seededRandom } from "./encode/random-object.ts";
import { parseObject, stringAt } from "./object.ts";
import { openKubeApi, type KubeApi } from "./server.ts";
import { ObjectStore } from "./store.ts";

const widgets = metadataOnly({
  group: "example.com",
  version: "v1",
  resource: "widgets",
  kind: "Widget",
  namespaced: true,
});
const token = "token-of-the-operator";
let certificates: Certificates;
let api: KubeApi;
let agent: Agent;

type Answer = { readonly status: number; readonly type: string; readonly body: Buffer };

async function send(path: string, headers: { readonly [name: string]: string } = {}) {
  const request = httpsRequest(`${api.url}${path}`, {
    agent,
    headers: { authorization: `Bearer ${token}`, accept: "application/json", ...headers },
  });
  request.end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return { request, response };
}

async function get(path: string, headers?: { readonly [name: string]: string }): Promise<Answer> {
  const { response } = await send(path, headers);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return {
    status: response.statusCode ?? 0,
    type: response.headers["content-type"] ?? "",
    body: Buffer.concat(chunks),
  };
}

type ListBody = {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly items: readonly { readonly metadata: { readonly name: string; readonly uid: string } }[];
};

async function list(path: string): Promise<ListBody> {
  const answer = await get(path);
  assert.equal(answer.status, 200, answer.body.toString());
  return JSON.parse(answer.body.toString()) as ListBody;
}

type Event = { readonly type: string; readonly object: { readonly [key: string]: unknown } };

/** Collects JSON watch events until closed. */
async function watch(path: string) {
  const { request, response } = await send(path);
  const events: Event[] = [];
  let rest = "";
  const ended = new Promise<void>((resolve) => {
    response.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) events.push(JSON.parse(line) as Event);
    });
    response.once("close", resolve);
    response.on("error", () => {});
  });
  return { response, events, ended, [Symbol.dispose]: () => void request.destroy() };
}

function configMap(name: string, data: { readonly [key: string]: string }, namespace = "default") {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data };
}

function newStore(): ObjectStore {
  return new ObjectStore({
    now: () => 1_700_000_000_000,
    random: seededRandom(1),
    historyEvents: 50,
  });
}

before(async () => {
  certificates = await createCertificates();
  agent = new Agent({ ca: certificates.ca, keepAlive: true, minVersion: "TLSv1.3" });
});
after(() => agent.destroy());

async function openForTest(context: unknown): Promise<void> {
  const opened = await openKubeApi({
    store: newStore(),
    certificates,
    token,
    definitions: [...resources, widgets],
    bookmarkMs: 20,
  });
  api = opened;
  // Within beforeEach this is the context of the test itself.
  (context as TestContext).after(() => opened[Symbol.asyncDispose]());
}

describe("KubeApi", () => {
  beforeEach(openForTest);

  it("refuses other tokens, other methods and TLS 1.2", async () => {
    assert.equal((await get("/api/v1/pods", { authorization: "Bearer other" })).status, 401);
    const { request } = {
      request: httpsRequest(`${api.url}/api/v1/pods`, {
        agent,
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
      }),
    };
    request.end("{}");
    const [response] = (await once(request, "response")) as [IncomingMessage];
    response.resume();
    assert.equal(response.statusCode, 405);
    const old = httpsRequest(`${api.url}/version`, {
      ca: certificates.ca,
      maxVersion: "TLSv1.2",
      agent: false,
    });
    old.end();
    await assert.rejects(once(old, "response"), /protocol version|EPROTO|ECONNRESET/i);
  });

  it("forbids one resource and nothing else, until allowed again", async () => {
    api.forbid("deployments.apps");
    const refused = await get("/apis/apps/v1/deployments");
    assert.equal(refused.status, 403);
    assert.match(refused.body.toString(), /\n {2}"reason": "Forbidden"/);
    assert.equal((await get("/apis/apps/v1/replicasets")).status, 200);
    api.allow("deployments.apps");
    assert.equal((await get("/apis/apps/v1/deployments")).status, 200);
  });

  it("names every resource in discovery, and no path beside them", async () => {
    for (const groupVersion of ["/api/v1", "/apis/apps/v1"]) {
      const document = JSON.parse((await get(groupVersion)).body.toString()) as {
        resources: { name: string }[];
      };
      const group = groupVersion === "/api/v1" ? "" : "apps";
      assert.deepEqual(
        document.resources.map((resource) => resource.name),
        resources.filter((one) => one.group === group).map((one) => one.plural),
      );
    }
    for (const path of [
      "/api/v1/unknown",
      "/nothing",
      "/api/v1/namespaces/a/pods/b/c",
      "/api/v1/%ff",
    ]) {
      assert.equal((await get(path)).status, 404, path);
    }
  });

  it("gives metadata alone in protobuf, and no protobuf of custom resources (I2)", async () => {
    api.store.apply("widgets.example.com", {
      apiVersion: "example.com/v1",
      kind: "Widget",
      metadata: { name: "w", namespace: "default" },
      spec: { token: "canary" },
    });
    const path = "/apis/example.com/v1/widgets";
    const { accept } = requestFor(widgets, "metadata", "list");
    const partial = await get(path, { accept });
    assert.equal(partial.status, 200);
    assert.match(partial.body.toString("latin1"), /^k8s\0.*PartialObjectMetadataList/s);
    assert.ok(!partial.body.includes("canary"));
    assert.equal((await get(path, { accept: "application/vnd.kubernetes.protobuf" })).status, 406);
    assert.equal((await get("/api/v1/pods", { accept })).status, 200);
  });

  it("lists in pages of one moment while writes go on", async () => {
    for (let index = 0; index < 25; index += 1) {
      api.store.apply("configmaps", configMap(`c${String(index).padStart(2, "0")}`, { a: "1" }));
    }
    const first = await list("/api/v1/configmaps?limit=10");
    assert.equal(first.metadata.remainingItemCount, 15);
    api.store.delete("configmaps", { namespace: "default", name: "c11" });
    api.store.apply("configmaps", configMap("c12-new", {}));
    const names = first.items.map((item) => item.metadata.name);
    let page = first;
    while (page.metadata.continue !== undefined) {
      page = await list(`/api/v1/configmaps?limit=10&continue=${page.metadata.continue}`);
      assert.equal(page.metadata.resourceVersion, first.metadata.resourceVersion);
      names.push(...page.items.map((item) => item.metadata.name));
    }
    assert.equal(names.length, 25);
    assert.ok(names.includes("c11") && !names.includes("c12-new"));
    assert.equal((await list("/api/v1/configmaps?limit=10&resourceVersion=0")).items.length, 25);
  });

  it("answers 410 with an inconsistent token when a list under way was compacted", async () => {
    for (const name of ["a", "b", "c"]) api.store.apply("configmaps", configMap(name, {}));
    const page = await list("/api/v1/configmaps?limit=1");
    api.store.apply("configmaps", configMap("d", {}));
    api.compact();
    const answer = await get(`/api/v1/configmaps?limit=1&continue=${page.metadata.continue ?? ""}`);
    assert.equal(answer.status, 410);
    const status = JSON.parse(answer.body.toString()) as { metadata: { continue: string } };
    const other = await list(`/api/v1/configmaps?continue=${status.metadata.continue}`);
    assert.deepEqual(
      other.items.map((item) => item.metadata.name),
      ["b", "c", "d"],
    );
    assert.notEqual(other.metadata.resourceVersion, page.metadata.resourceVersion);
  });

  it("refuses wrong list parameters with the codes of the real server", async () => {
    const path = "/api/v1/configmaps";
    assert.equal((await get(`${path}?resourceVersionMatch=Exact`)).status, 422);
    assert.equal((await get(`${path}?continue=rubbish`)).status, 400);
    assert.equal((await get(`${path}?resourceVersion=999999`)).status, 504);
    assert.equal((await get(`${path}?labelSelector=a%3Db`)).status, 400);
    assert.equal((await get(`${path}?fieldSelector=spec.nodeName%3Da`)).status, 400);
  });
});

describe("KubeApi: watches and faults", () => {
  beforeEach(openForTest);

  it("watches from a version on, sends bookmarks, and ends at the deadline", async () => {
    api.store.apply("configmaps", configMap("a", { k: "1" }));
    const { metadata } = await list("/api/v1/configmaps");
    api.store.apply("configmaps", configMap("a", { k: "2" }));
    using watching = await watch(
      `/api/v1/configmaps?watch=true&resourceVersion=${metadata.resourceVersion}&allowWatchBookmarks=true&timeoutSeconds=1`,
    );
    api.store.apply("configmaps", configMap("b", {}, "other"));
    api.store.delete("configmaps", { namespace: "default", name: "a" });
    await watching.ended;
    const changes = watching.events.filter((event) => event.type !== "BOOKMARK");
    assert.deepEqual(
      changes.map((event) => event.type),
      ["MODIFIED", "ADDED", "DELETED"],
    );
    const bookmark = watching.events.at(-1);
    assert.equal(bookmark?.type, "BOOKMARK");
    assert.deepEqual(bookmark?.object["metadata"], {
      resourceVersion: String(api.store.resourceVersion),
    });
  });

  it("writes nothing more into a watch that it has ended, even in the same turn", async () => {
    const from = api.store.resourceVersion;
    const stopping = setInterval(
      () => api.store.apply("configmaps", configMap("a", { n: String(Math.random()) })),
      1,
    );
    using watching = await watch(
      `/api/v1/configmaps?watch=1&resourceVersion=${from}&allowWatchBookmarks=true&timeoutSeconds=1`,
    );
    // A reader that is slow to close keeps the ended stream open while events go on.
    await watching.ended;
    clearInterval(stopping);
    assert.ok(watching.events.length > 0);
  });

  it("keeps a namespaced watch to its namespace", async () => {
    const from = api.store.resourceVersion;
    api.store.apply("configmaps", configMap("in", {}, "one"));
    api.store.apply("configmaps", configMap("out", {}, "two"));
    using watching = await watch(
      `/api/v1/namespaces/one/configmaps?watch=1&resourceVersion=${from}&timeoutSeconds=1`,
    );
    await watching.ended;
    assert.equal(watching.events.length, 1);
    assert.equal((await list("/api/v1/namespaces/two/configmaps")).items[0]?.metadata.name, "out");
  });

  it("tells 410 inside a 200 answer when the window has moved on", async () => {
    for (let index = 0; index < 60; index += 1) {
      api.store.apply("configmaps", configMap("a", { k: String(index) }));
    }
    using watching = await watch("/api/v1/configmaps?watch=true&resourceVersion=1001");
    await watching.ended;
    assert.equal(watching.response.statusCode, 200);
    assert.equal(watching.events[0]?.type, "ERROR");
    assert.equal(watching.events[0]?.object["code"], 410);
  });

  it("cuts, hangs, delays and fails by script", async () => {
    api.store.apply("configmaps", configMap("a", { k: "x".repeat(10_000) }));
    api.faults.add({ call: "list", effect: { kind: "status", code: 429, retryAfter: "7" } });
    const { response } = await send("/api/v1/configmaps");
    response.resume();
    assert.equal(response.statusCode, 429);
    assert.equal(response.headers["retry-after"], "7");
    api.faults.add({ resource: "configmaps", effect: { kind: "reset", afterBytes: 100 } });
    await assert.rejects(get("/api/v1/configmaps"), /aborted|ECONNRESET|hang up/);
    api.faults.add({ effect: { kind: "delay", ms: 30 } });
    const started = performance.now();
    assert.equal((await get("/api/v1/configmaps")).status, 200);
    assert.ok(performance.now() - started >= 25);
    api.faults.add({ effect: { kind: "hang" } });
    const silent = httpsRequest(`${api.url}/api/v1/pods`, { agent, timeout: 150 });
    silent.end();
    const winner = await Promise.race([
      once(silent, "response").then(
        () => "answered",
        () => "closed",
      ),
      once(silent, "timeout").then(() => "silent"),
    ]);
    silent.on("error", () => {});
    silent.destroy();
    assert.equal(winner, "silent");
    assert.equal(api.faults.hits, 4);
  });

  it("ends watches on restart and remembers what was asked", async () => {
    using watching = await watch(
      `/api/v1/pods?watch=true&resourceVersion=${api.store.resourceVersion}`,
    );
    api.restart();
    await watching.ended;
    await waitFor("the watch is recorded", () => api.requests.length > 0, { timeoutMs: 2000 });
    assert.equal(api.requests.at(-1)?.call, "watch");
    assert.equal(api.requests.at(-1)?.resource, "pods");
  });

  it("gives Secrets as Tables without values, and whole to whoever asks for JSON", async () => {
    const value = Buffer.from("a value").toString("base64");
    api.store.apply("secrets", {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s", namespace: "default" },
      type: "Opaque",
      data: { password: value },
    });
    const secrets = resources.find((one) => one.resource === "secrets") as ResourceDefinition;
    for (const mode of ["keys", "counts"] as const) {
      const { accept, query } = requestFor(secrets, mode, "list");
      const answer = await get(`/api/v1/secrets?${new URLSearchParams(query).toString()}`, {
        accept,
      });
      const text = answer.body.toString();
      assert.ok(text.startsWith('{"kind":"Table",'), mode);
      assert.ok(!text.includes(value), mode);
      assert.equal(text.includes("f:password"), mode === "keys");
    }
    assert.ok((await get("/api/v1/secrets")).body.includes(value));
    for (const accept of [
      "application/json;as=Table;v=v2;g=meta.k8s.io",
      "text/html",
      "application/yaml",
    ]) {
      assert.equal((await get("/api/v1/secrets", { accept })).status, 406, accept);
    }
  });
});

describe("KubeApi: list and watch together", () => {
  beforeEach(openForTest);

  it("replaying watch events over a list gives the store (property)", async () => {
    const change = fc.record({
      name: fc.constantFrom("a", "b", "c", "d"),
      value: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
    });
    const histories = fc.tuple(
      fc.array(change, { maxLength: 12 }),
      fc.array(change, { maxLength: 12 }),
    );
    const write = ({ name, value }: { name: string; value: number | undefined }): void => {
      if (value === undefined) api.store.delete("configmaps", { namespace: "default", name });
      else api.store.apply("configmaps", configMap(name, { k: String(value) }));
    };
    await fc.assert(
      fc.asyncProperty(histories, async ([first, second]) => {
        first.forEach(write);
        const page = await list("/api/v1/configmaps?limit=2");
        const items = [...page.items];
        second.forEach(write);
        for (let next = page; next.metadata.continue !== undefined;) {
          next = await list(`/api/v1/configmaps?limit=2&continue=${next.metadata.continue}`);
          items.push(...next.items);
        }
        const state = new Map(items.map((item) => [item.metadata.uid, JSON.stringify(item)]));
        using watching = await watch(
          `/api/v1/configmaps?watch=true&resourceVersion=${page.metadata.resourceVersion}`,
        );
        api.store.apply(
          "configmaps",
          configMap("z-last", { k: String(api.store.resourceVersion) }),
        );
        await waitFor(
          "the last write arrives",
          () =>
            stringAt(
              parseObject(JSON.stringify(watching.events.at(-1)?.object ?? {})),
              "metadata",
              "name",
            ) === "z-last",
          { timeoutMs: 5000, intervalMs: 1 },
        );
        for (const { type, object } of watching.events) {
          const { uid } = object["metadata"] as { uid: string };
          if (type === "DELETED") assert.ok(state.delete(uid));
          else state.set(uid, JSON.stringify(object));
        }
        const truth = new Map(api.store.list("configmaps").map((one) => [one.uid, one.json]));
        assert.deepEqual(state, truth);
      }),
      { numRuns: 40 },
    );
  });
});

it("KubeApi: is closed at once although a client is still in its handshake", async () => {
  const server = await openKubeApi({ store: newStore(), certificates, token });
  const { port } = new URL(server.url);
  const client = connect({ host: "127.0.0.1", port: Number(port) });
  client.on("error", () => undefined);
  await once(client, "connect");
  const ended = once(client, "close");
  const startedAt = performance.now();
  await server[Symbol.asyncDispose]();
  await ended;
  assert.ok(performance.now() - startedAt < 5000);
});
