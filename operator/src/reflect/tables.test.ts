/**
 * Streams read as Tables: whatever else comes – a proxy that drops the Accept header is the likely cause – must not be
 * read on, and must not be asked for again soon.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeTableEvent, encodeTableList, type KubeObject } from "@obsyk/testkit";
import { definitionOf, openHarness, uidOf, until, type Step } from "./reader-harness.test.ts";

const secrets = definitionOf("secrets");
const asKeys = { definition: secrets, includeObject: "Metadata" } as const;
const json = { "content-type": "application/json" };
const canary = "Y2FuYXJ5LXRoYXQtbXVzdC1ub3QtYmUtc2Vlbg==";

function secret(name: string, resourceVersion: string): KubeObject {
  return {
    metadata: { name, namespace: "shop", uid: uidOf(name), resourceVersion },
    type: "Opaque",
    data: { password: canary },
  };
}

const list: Step = ({ query, reply }) => {
  assert.equal(query.get("includeObject"), "Metadata");
  reply.send(200, encodeTableList(asKeys, [secret("a", "5")], { resourceVersion: "10" }), json);
};

function lines(...frames: readonly Uint8Array[]): Step {
  return ({ query, reply }) => {
    assert.equal(query.get("watch"), "1");
    reply.head(200, json);
    for (const frame of frames) reply.chunk(frame);
  };
}

test("startReader: a Table bookmark moves the version and is no object (W3, W20, pitfall 10)", async () => {
  await using harness = await openHarness({
    definition: secrets,
    mode: "keys",
    steps: [
      list,
      lines(
        encodeTableEvent(asKeys, "ADDED", secret("b", "11")),
        encodeTableEvent(asKeys, "BOOKMARK", { metadata: { resourceVersion: "20" } }),
        encodeTableEvent(asKeys, "DELETED", secret("a", "21")),
      ),
    ],
  });
  await until(() => harness.sink.deleted.length === 1, "the last event arrived");
  assert.deepEqual([...harness.sink.store.keys()], [uidOf("b")]);
  assert.ok(harness.sink.of("mark").some(({ resourceVersion }) => resourceVersion === "20"));
  assert.ok(![...harness.sink.store.values()].some((record) => record.includes(canary)));
});

const whole = JSON.stringify({
  kind: "SecretList",
  apiVersion: "v1",
  metadata: { resourceVersion: "10" },
  items: [secret("a", "5")],
});

test("startReader: whole Secrets instead of a Table close the connection at once (W16, pitfall 25)", async () => {
  let reply: Parameters<Step>[0]["reply"] | undefined;
  await using harness = await openHarness({
    definition: secrets,
    mode: "keys",
    steps: [
      (request) => {
        reply = request.reply;
        request.reply.head(200, json);
        request.reply.chunk(whole.slice(0, 60));
        // More than sockets hold: what was not read is still here when the connection closes.
        for (let index = 0; index < 32; index += 1) request.reply.chunk(" ".repeat(1024 * 1024));
      },
    ],
  });
  await until(() => harness.sink.states().includes("unsafe"), "it was found unsafe");
  await reply!.closed;
  assert.ok(harness.told.includes("guarded"));
  assert.deepEqual(harness.sink.of("finish"), []);
  await until(() => harness.pauses.includes(600_000), "it rests ten minutes");
});

test("startReader: a whole Secret in a watch closes the connection at once (W16, pitfall 25)", async () => {
  const event = Buffer.from(
    `${JSON.stringify({ type: "MODIFIED", object: { kind: "Secret", ...secret("a", "11") } })}\n`,
  );
  await using harness = await openHarness({
    definition: secrets,
    mode: "keys",
    steps: [list, lines(event)],
  });
  await until(() => harness.sink.states().includes("unsafe"), "it was found unsafe");
  await harness.requests()[1]!.reply.closed;
  assert.deepEqual(harness.sink.of("watched"), []);
  assert.deepEqual(harness.sink.deleted, [], "what is known stays");
});

test("startReader: a server without Tables is misconfigured, not asked for more (W16, pitfall 24)", async () => {
  await using harness = await openHarness({
    definition: secrets,
    mode: "keys",
    steps: [({ reply }) => reply.send(406, "{}")],
  });
  await until(() => harness.sink.states().includes("misconfigured"), "it was refused");
  assert.match(harness.sink.of("state").at(-1)!.detail, /406/);
  for (const { headers } of harness.requests()) {
    assert.equal(headers.get("accept"), "application/json;as=Table;v=v1;g=meta.k8s.io");
  }
});
