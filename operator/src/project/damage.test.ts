import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "@obsyk/contract";
import { findResource } from "@obsyk/contract/allow-list";
import {
  canaryText,
  encodeEnvelope,
  encodeFrame,
  encodeList,
  encodeListOf,
  encodeObject,
  encodeTableList,
  encodeWatchEvent,
  randomObject,
  seededRandom,
} from "@obsyk/testkit";
import fc from "fast-check";
import { createListDecoder, createWatchDecoder } from "./decode.ts";
import { keepRecord, ProjectError, type ListEvent } from "./types.ts";

const pods = findResource("pods")!;
const namespaces = findResource("namespaces")!;
const meta = { resourceVersion: "1" };
const full = { definition: pods, mode: "full" } as const;

/** Copies: decoders may wipe what they are given. */
function push(
  bytes: Buffer,
  size: number,
  options: Parameters<typeof createListDecoder>[0] = full,
): ListEvent[] {
  const decoder = createListDecoder(options);
  const events: ListEvent[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    for (const event of decoder.push(Buffer.from(bytes.subarray(at, at + size)))) {
      events.push(event.kind === "object" ? { ...event, object: keepRecord(event.object) } : event);
    }
  }
  decoder.end();
  return events;
}

function canonicalOf(event: ListEvent | undefined): string {
  assert.ok(event?.kind === "object", event?.kind);
  return event.object.canonical.toString();
}

test("createListDecoder: bytes one by one give what one chunk gives", () => {
  const items = [1, 2, 3].map((seed) => randomObject(pods, seededRandom(seed)));
  const bytes = encodeList(pods, items, meta);
  assert.deepEqual(push(bytes, 1), push(bytes, bytes.length));
});

test("createListDecoder: a list that ends early is an error, wherever it ends", () => {
  const bytes = encodeList(namespaces, [{ metadata: { name: "a", uid: "u" } }], meta);
  const options = { definition: namespaces, mode: "full" } as const;
  const trailing = encodeEnvelope("v1", "NamespaceList", Buffer.alloc(0)).length;
  assert.ok(trailing > 0);
  // The last four bytes are the envelope's empty trailing fields: without them nothing is missing.
  for (let length = 0; length < bytes.length - 4; length += 1) {
    assert.throws(
      () => push(bytes.subarray(0, length), 7, options),
      { code: "decode" },
      `${length}`,
    );
  }
  assert.equal(push(bytes, 7, options).length, 2);
});

test("createListDecoder: damaged bytes give events or a ProjectError, and end", () => {
  const items = [4, 5].map((seed) => randomObject(pods, seededRandom(seed)));
  const bytes = encodeList(pods, items, meta);
  const damage = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(damage, fc.integer({ min: 1, max: 5000 }), (damage, size) => {
      const broken = Buffer.from(bytes);
      for (const [at, value] of damage) broken[at] = value;
      try {
        for (const event of push(broken, size)) {
          if (event.kind === "object") JSON.parse(event.object.canonical.toString());
          if (event.kind === "unreadable") assert.ok(!event.item.reason.includes(canaryText));
        }
      } catch (error) {
        assert.ok(error instanceof ProjectError && error.code === "decode", String(error));
      }
    }),
    { numRuns: 100 },
  );
});

test("createWatchDecoder: damaged frames give events or a ProjectError", () => {
  const bytes = encodeWatchEvent(pods, "ADDED", randomObject(pods, seededRandom(6)));
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
      const broken = Buffer.from(bytes);
      broken[at] = value;
      try {
        createWatchDecoder(full).push(broken);
      } catch (error) {
        assert.ok(error instanceof ProjectError && error.code === "decode", String(error));
      }
    }),
    { numRuns: 100 },
  );
});

test("createListDecoder: an object that cannot be read keeps its uid, and the next one is read (R12)", () => {
  const good = encodeObject(namespaces, { metadata: { name: "a", uid: "u1" } });
  const brokenSpec = Buffer.concat([good, Buffer.from([0x12, 0x7f, 0x01])]);
  const wrongType = Buffer.concat([good, Buffer.from([0x10, 0x01])]);
  const noIdentity = Buffer.from([0x0a, 0x03, 0x0a, 0x7f, 0x01]);
  const bytes = encodeListOf(namespaces, {
    items: [brokenSpec, wrongType, noIdentity, good],
    meta,
  });
  const events = push(bytes, 9, { definition: namespaces, mode: "full" });
  assert.deepEqual(
    events.slice(1, 4).map((event) => event.kind === "unreadable" && event.item.uid),
    ["u1", "u1", undefined],
  );
  assert.match(canonicalOf(events[4]), /"uid":"u1"/);
});

test("createListDecoder: a record above its bound is a stub that says so, and the next one is read (R5)", () => {
  const labels = Object.fromEntries(
    Array.from({ length: 300 }, (_, index) => [`k${index}`, "v".repeat(4096)]),
  );
  const large = { metadata: { uid: "u1", namespace: "n", name: "large", labels } };
  const items = [large, { metadata: { uid: "u2" } }];
  const events = push(encodeList(pods, items, meta), 4096);
  assert.equal(
    canonicalOf(events[1]),
    '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"large","namespace":"n","uid":"u1"},"obsyk":{"truncated":[""]}}',
  );
  assert.match(canonicalOf(events[2]), /"uid":"u2"/);
});

test("createListDecoder: an answer of another type, version or encoding is refused", () => {
  const options = { definition: namespaces, mode: "full" } as const;
  const raw = Buffer.from([0x0a, 0x00]);
  for (const [apiVersion, kind] of [
    ["v1", "SecretList"],
    ["v1", "Status"],
    ["v2", "NamespaceList"],
  ] as const) {
    const bytes = encodeEnvelope(apiVersion, kind, raw);
    assert.throws(() => push(bytes, 5, options), { code: "decode", message: /NamespaceList/ });
  }
  assert.throws(() => push(Buffer.from('{"kind":"NamespaceList"}'), 5, options), {
    code: "decode",
  });
  const event = encodeFrame("ADDED", encodeEnvelope("v1", "Secret", Buffer.from([0x0a, 0x00])));
  assert.throws(() => createWatchDecoder(options).push(event), { code: "decode" });
  const unknown = encodeFrame("RENAMED", encodeEnvelope("v1", "Namespace", raw));
  assert.throws(() => createWatchDecoder(options).push(unknown), { code: "decode" });
});

test("createListDecoder: an item or event above the bound is refused before it is held", () => {
  const head = Buffer.concat([encodeEnvelope("v1", "PodList", Buffer.alloc(0)).subarray(0, -6)]);
  const huge = Buffer.from([0x12, 0xff, 0xff, 0xff, 0x7f, 0x12, 0xff, 0xff, 0xff, 0x07]);
  assert.throws(() => push(Buffer.concat([head, huge]), 3), {
    code: "decode",
    message: new RegExp(String(limits.eventBytes)),
  });
  const frame = Buffer.alloc(4);
  frame.writeUInt32BE(limits.eventBytes);
  assert.throws(() => createWatchDecoder(full).push(frame), { code: "decode" });
});

test("createListDecoder: invalid UTF-8 and NUL become U+FFFD; text is cut between code points", () => {
  const text = (bytes: readonly number[]): Buffer => {
    const name = Buffer.concat([Buffer.from([0x0a, bytes.length]), Buffer.from(bytes)]);
    return Buffer.concat([Buffer.from([0x0a, name.length]), name]);
  };
  const names = [
    [0x61, 0x00, 0x62],
    [0x61, 0xff, 0x62],
    [0xe2, 0x82],
    [0xed, 0xa0, 0x80],
    [0xf0, 0x9f, 0x99, 0x82],
  ];
  const bytes = encodeListOf(namespaces, { items: names.map(text), meta });
  const events = push(bytes, 3, { definition: namespaces, mode: "full" }).slice(1);
  const read = events.map(
    (event) => (JSON.parse(canonicalOf(event)) as { metadata: { name: string } }).metadata.name,
  );
  assert.deepEqual(read.slice(0, 2), ["a\uFFFDb", "a\uFFFDb"]);
  assert.match(read[2] ?? "", /^\uFFFD+$/);
  assert.match(read[3] ?? "", /^\uFFFD+$/);
  assert.equal(read[4], "🙂");
});

test("createListDecoder: an object of 1.5 MB takes linear time, however it is cut", () => {
  const labels = Object.fromEntries(
    Array.from({ length: 3000 }, (_, index) => [`k${index}`, "v".repeat(40)]),
  );
  const annotations = { "kubectl.kubernetes.io/last-applied-configuration": "x".repeat(1_300_000) };
  const object = { metadata: { name: "big", uid: "u", labels, annotations } };
  const inProtobuf = encodeList(pods, [object], meta);
  const secrets = findResource("secrets")!;
  const table = { definition: secrets, includeObject: "Metadata" } as const;
  const asTable = encodeTableList(table, [object], meta);
  const keys = { definition: secrets, mode: "keys" } as const;
  for (const [bytes, options] of [
    [inProtobuf, full],
    [asTable, keys],
  ] as const) {
    const whole = push(bytes, bytes.length, options);
    for (const size of [1, 64, 4096, 65_536]) {
      const started = performance.now();
      assert.deepEqual(push(bytes, size, options), whole);
      // Quadratic copying of 1.5 MB byte by byte would take minutes.
      assert.ok(performance.now() - started < 5000, `${options.mode} in chunks of ${size}`);
    }
  }
});
