/**
 * Polled streams against a scripted API server that renders Tables without objects.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "@obsyk/runtime";
import {
  createCertificates,
  encodeTableList,
  openScriptedServer,
  type KubeObject,
} from "@obsyk/testkit";
import { openClusterAccess } from "../kube/client.ts";
import {
  definitionOf,
  RecordingSink,
  recordingEvents,
  sameCluster,
  targetOf,
  until,
} from "./reader-harness.test.ts";
import { startReader, type PollingReader } from "./reader.ts";
import { createSemaphore } from "./semaphore.ts";
import { defaultTimings } from "./timings.ts";

const secrets = definitionOf("secrets");

function secret(name: string, keys: readonly string[]): KubeObject {
  return {
    metadata: { name, resourceVersion: "1", creationTimestamp: "2026-11-01T00:00:00Z" },
    type: "Opaque",
    data: Object.fromEntries(keys.map((key) => [key, "Y2FuYXJ5"])),
  };
}

test("startReader: in mode counts polls, says only what differs, and empties a namespace that is gone (W19)", async () => {
  const { ca, cert, key } = await createCertificates();
  const content = new Map<string, readonly KubeObject[]>([
    ["shop", [secret("a", ["x"]), secret("b", ["x", "y"])]],
    ["pay", [secret("a", ["z"])]],
  ]);
  let version = 10;
  await using server = await openScriptedServer({
    tls: { cert, key },
    respond: ({ path, query, reply }) => {
      assert.equal(query.get("watch"), null);
      assert.equal(query.get("includeObject"), "None");
      const namespace = path.split("/")[4] ?? "";
      version += 1;
      const items = content.get(namespace) ?? [];
      const options = { definition: secrets, includeObject: "None" } as const;
      reply.send(200, encodeTableList(options, items, { resourceVersion: String(version) }), {
        "content-type": "application/json",
      });
    },
  });
  await using access = openClusterAccess({ target: targetOf(server.url, ca), version: "0.0.0" });
  const stopping = new AbortController();
  const told: string[] = [];
  const lists = createSemaphore(3);
  const start = (
    namespace: string,
  ): { readonly sink: RecordingSink; readonly reader: PollingReader } => {
    const sink = new RecordingSink();
    const reader = startReader({
      definition: secrets,
      stream: { resource: "secrets", namespace, mode: "counts" },
      access,
      cluster: sameCluster,
      sink,
      clock: systemClock,
      random: Math.random,
      signal: stopping.signal,
      events: recordingEvents(told),
      lists,
      timings: { ...defaultTimings, pollMs: 10 },
    });
    return { sink, reader };
  };
  const shop = start("shop");
  const pay = start("pay");
  await until(() => shop.sink.of("mark").length > 3, "polls went on");
  assert.equal(shop.sink.of("begin").length, 1, "nothing differed");
  assert.deepEqual([...shop.sink.store.keys()], ["shop/a", "shop/b"]);
  await until(() => pay.sink.store.has("pay/a"), "the other namespace was listed");
  content.set("shop", [secret("b", ["x"]), secret("c", [])]);
  await until(() => shop.sink.store.has("shop/c"), "the change was handed over");
  await until(() => shop.sink.deleted.length === 1, "the deletion too");
  shop.reader.relist({ id: "r1", full: false });
  await until(() => shop.sink.of("begin").some(({ request }) => request === "r1"), "asked again");
  content.delete("pay");
  pay.reader.retire();
  pay.reader.retire();
  await pay.reader.done;
  assert.equal(pay.sink.states().at(-1), "stopped");
  assert.deepEqual([...pay.sink.store.keys()], []);
  assert.ok(server.connections.total <= 4);
  stopping.abort();
  await shop.reader.done;
  assert.ok(!told.includes("unexpected") && !told.includes("guarded"));
});
