import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import type { InventoryObject } from "@obsyk/contract";
import { createCanaryFlock, openProcessGuard, waitFor, type RecordingProxy } from "@obsyk/testkit";
import { countInMemory, heapSnapshotFlags, readHeapSnapshot } from "../proofs/inspect.ts";
import { keyMistakes } from "../proofs/key-names.ts";
import { Supervised } from "../proofs/supervised.ts";
import { searchReceived } from "../proofs/wire.ts";

const flock = createCanaryFlock();

/** A recording made by hand; only its bytes matter. */
function recordingOf(...bodies: readonly (string | Buffer)[]): RecordingProxy {
  const bytes = Buffer.concat(
    bodies.map((body) => {
      const content = Buffer.from(body);
      const chunks = Buffer.concat(
        [content.subarray(0, 30), content.subarray(30)].flatMap((part) => [
          Buffer.from(`${part.length.toString(16)}\r\n`),
          part,
          Buffer.from("\r\n"),
        ]),
      );
      const head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
      return Buffer.concat([Buffer.from(head), chunks, Buffer.from("0\r\n\r\n")]);
    }),
  );
  return {
    url: "",
    ca: "",
    connections: () => 1,
    recordings: () => Promise.resolve([{ name: "one", bytes }]),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

test("searchReceived: annotation copies are told from values", async () => {
  const [copied, value, zipped] = [flock.next("K"), flock.next("K"), flock.next("C")];
  const inner = JSON.stringify({ stringData: { token: copied } });
  const body = JSON.stringify({
    annotations: { "kubectl.kubernetes.io/last-applied-configuration": inner },
    data: { token: Buffer.from(value).toString("base64") },
  });
  const found = await searchReceived(recordingOf(body, gzipSync(zipped)), flock);
  assert.deepEqual(found.annotated, [copied]);
  assert.deepEqual(found.values, [value, zipped]);
  assert.equal(found.messages, 2);
});

test("searchReceived: nothing planted, nothing found", async () => {
  const found = await searchReceived(
    recordingOf("some plain text without any canary", "plain text of some length, longer"),
    flock,
  );
  assert.deepEqual([found.values, found.annotated], [[], []]);
});

test("keyMistakes: quality must be honest", () => {
  const planted = [{ resource: "secrets", name: "s", keys: ["a", "b"] }] as const;
  const seen = (obsyk: object): InventoryObject[] => [
    {
      cluster: { id: "", name: "" },
      resource: "secrets",
      uid: "",
      name: "s",
      record: { obsyk },
      resourceVersion: "",
      seenAt: "",
      receivedAt: "",
    },
  ];
  const right = [
    { dataCount: 2, dataKeys: ["a", "b"], dataKeysQuality: "exact" },
    { dataCount: 2, dataKeys: ["a"], dataKeysQuality: "partial" },
    { dataCount: 2, dataKeysQuality: "none" },
  ];
  const wrong = [
    { dataCount: 1, dataKeys: ["a", "b"], dataKeysQuality: "exact" },
    { dataCount: 2, dataKeys: ["a"], dataKeysQuality: "exact" },
    { dataCount: 2, dataKeys: ["a", "c"], dataKeysQuality: "likely" },
    { dataCount: 2, dataKeys: ["c"], dataKeysQuality: "partial" },
    { dataCount: 2, dataKeys: ["a"], dataKeysQuality: "none" },
    {},
  ];
  for (const obsyk of right) assert.deepEqual(keyMistakes(planted, seen(obsyk)), []);
  for (const obsyk of wrong) assert.equal(keyMistakes(planted, seen(obsyk)).length, 1);
  assert.equal(keyMistakes(planted, []).length, 1);
});

test("Supervised: starts again after SIGKILL, stops for good at the end", async () => {
  await using guard = await openProcessGuard("supervised");
  const script = join(guard.folder, "forever.mjs");
  await writeFile(script, "console.log('alive'); setInterval(() => undefined, 1000);");
  const logFile = join(guard.folder, "log");
  const supervised = new Supervised({ guard, args: [script], env: {}, logFile });
  const first = await waitFor("a first life", () => supervised.pid, { timeoutMs: 5000 });
  supervised.kill("SIGKILL");
  await waitFor("a second life", () => supervised.lives === 2 && supervised.pid !== first, {
    timeoutMs: 5000,
  });
  const second = await waitFor("its process", () => supervised.pid, { timeoutMs: 5000 });
  await supervised[Symbol.asyncDispose]();
  assert.equal(supervised.pid, undefined);
  assert.equal(existsSync(`/proc/${second}`), false);
});

test("countInMemory and readHeapSnapshot: see what a Node process holds", async () => {
  await using guard = await openProcessGuard("inspect");
  const script = join(guard.folder, "holder.mjs");
  const held = flock.next("h");
  await writeFile(
    script,
    `globalThis.kept = { text: Buffer.from(${JSON.stringify(Buffer.from(held).reverse().toString())}).reverse().toString() };
     console.log("ready"); setInterval(() => undefined, 1000);`,
  );
  await using supervised = new Supervised({
    guard,
    args: [...heapSnapshotFlags, script],
    env: {},
    logFile: join(guard.folder, "log"),
  });
  const pid = await waitFor("a process", () => supervised.pid, { timeoutMs: 5000 });
  const memory = await waitFor(
    "the canary in memory",
    async () => {
      const counted = await countInMemory(pid, flock);
      return counted.found.has(held) && counted;
    },
    { timeoutMs: 10_000 },
  );
  assert.deepEqual([...memory.found.keys()], [held]);
  const signal = AbortSignal.timeout(30_000);
  const heap = await readHeapSnapshot(pid, { folder: guard.folder, signal });
  assert.ok(flock.search(heap).some(({ canary }) => canary === held));
});
