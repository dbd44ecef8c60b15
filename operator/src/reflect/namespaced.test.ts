/**
 * Polled streams against a scripted API server that renders Tables without objects.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Stream } from "@obsyk/contract";
import { systemClock } from "@obsyk/runtime";
import {
  createCertificates,
  encodeTableList,
  openScriptedServer,
  type KubeObject,
} from "@obsyk/testkit";
import { openClusterAccess } from "../kube/client.ts";
import { startNamespacedReaders } from "./namespaced.ts";
import {
  definitionOf,
  RecordingSink,
  recordingEvents,
  targetOf,
  until,
} from "./reader-harness.test.ts";
import { createSemaphore } from "./semaphore.ts";
import { defaultTimings } from "./timings.ts";

const secrets = definitionOf("secrets");

/** Namespaces as a queue that a test fills. */
function openQueue(signal: AbortSignal): AsyncIterable<readonly string[]> & {
  push(namespaces: readonly string[]): void;
} {
  const waiting: (readonly string[])[] = [];
  let wake = (): void => undefined;
  signal.addEventListener("abort", () => wake());
  return {
    push(namespaces) {
      waiting.push(namespaces);
      wake();
    },
    async *[Symbol.asyncIterator]() {
      while (!signal.aborted) {
        const next = waiting.shift();
        if (next !== undefined) yield next;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    },
  };
}

function secret(name: string, keys: readonly string[]): KubeObject {
  return {
    metadata: { name, resourceVersion: "1", creationTimestamp: "2026-11-01T00:00:00Z" },
    type: "Opaque",
    data: Object.fromEntries(keys.map((key) => [key, "Y2FuYXJ5"])),
  };
}

test("startNamespacedReaders: polls each namespace and says only what differs; a gone one is emptied (W19)", async () => {
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
  const queue = openQueue(stopping.signal);
  const sinks = new Map<string, RecordingSink>();
  const told: string[] = [];
  const readers = startNamespacedReaders({
    definition: secrets,
    namespaces: queue,
    access,
    clock: systemClock,
    random: Math.random,
    signal: stopping.signal,
    events: recordingEvents(told),
    lists: createSemaphore(3),
    timings: { ...defaultTimings, pollMs: 10 },
    sinkOf(stream: Stream) {
      const sink = new RecordingSink();
      sinks.set(stream.namespace, sink);
      return sink;
    },
  });
  const sinkOf = (namespace: string): RecordingSink => sinks.get(namespace)!;
  queue.push(["shop", "pay"]);
  await until(() => sinks.size === 2, "two streams started");
  await until(() => sinkOf("shop").of("mark").length > 3, "polls went on");
  assert.equal(sinkOf("shop").of("begin").length, 1, "nothing differed");
  assert.deepEqual([...sinkOf("shop").store.keys()], ["shop/a", "shop/b"]);
  assert.deepEqual([...sinkOf("pay").store.keys()], ["pay/a"]);
  content.set("shop", [secret("b", ["x"]), secret("c", [])]);
  await until(() => sinkOf("shop").store.has("shop/c"), "the change was handed over");
  await until(() => sinkOf("shop").deleted.length === 1, "the deletion too");
  readers.relist("shop", { id: "r1", full: false });
  await until(
    () =>
      sinkOf("shop")
        .of("begin")
        .some(({ request }) => request === "r1"),
    "asked again",
  );
  content.delete("pay");
  queue.push(["shop"]);
  await until(() => sinkOf("pay").states().at(-1) === "stopped", "the gone namespace stopped");
  assert.deepEqual([...sinkOf("pay").store.keys()], []);
  assert.ok(server.connections.total <= 4);
  stopping.abort();
  await readers.done;
  assert.ok(!told.includes("unexpected") && !told.includes("guarded"));
});
