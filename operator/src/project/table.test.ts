import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalize, type Mode } from "@obsyk/contract";
import { findResource, recordOf } from "@obsyk/contract/allow-list";
import {
  encodeJsonWatchError,
  encodeTableEvent,
  encodeTableList,
  randomObject,
  seededRandom,
  type KubeObject,
} from "@obsyk/testkit";
import fc from "fast-check";
import { createListDecoder, createWatchDecoder } from "./decode.ts";
import { ProjectError, type Decoder, type ProjectedObject } from "./types.ts";

const secrets = findResource("secrets")!;
const configMaps = findResource("configmaps")!;
const keys = { definition: secrets, mode: "keys" } as const;
const counts = { definition: secrets, mode: "counts", namespace: "shop" } as const;
const metadataTable = { definition: secrets, includeObject: "Metadata" } as const;
const noneTable = { definition: secrets, includeObject: "None" } as const;
const canary = "CANARY-value";

type Entry = { readonly [field: string]: unknown };

function entry(fieldsV1: Entry, manager = "kubectl"): Entry {
  return { manager, operation: "Update", time: "2026-01-02T03:04:05Z", fieldsV1 };
}

/** `f:data` and the like, with the keys' names. */
function owns(field: string, ...names: readonly string[]): Entry {
  return { [field]: { ".": {}, ...Object.fromEntries(names.map((name) => [`f:${name}`, {}])) } };
}

function secretOf(managedFields: readonly Entry[] | undefined, data: Entry = {}): KubeObject {
  return {
    metadata: {
      name: "db",
      namespace: "shop",
      uid: "11111111-2222-3333-4444-555555555555",
      resourceVersion: "5",
      labels: { app: "db", __proto__x: "é🙂" },
      annotations: {
        "kubectl.kubernetes.io/last-applied-configuration": `{"data":"${canary}\\u0041\\"}"}`,
        "meta.helm.sh/release-name": "db",
      },
      ...(managedFields === undefined ? {} : { managedFields }),
    },
    type: "Opaque",
    data,
  };
}

function pushAll<Event>(decoder: Decoder<Event>, bytes: Buffer, random = Math.random): Event[] {
  const events: Event[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = 1 + Math.floor(random() * random() * 400);
    const chunk = Buffer.from(bytes.subarray(at, at + size));
    events.push(...decoder.push(chunk));
    assert.ok(
      chunk.every((byte) => byte === 0),
      "the chunk is wiped",
    );
    at += size;
  }
  return events;
}

function listOf(object: KubeObject, random?: () => number): ProjectedObject {
  const decoder = createListDecoder(keys);
  const bytes = encodeTableList(metadataTable, [object], { resourceVersion: "9" });
  const events = pushAll(decoder, bytes, random);
  decoder.end();
  const [meta, item] = events;
  assert.deepEqual(meta, {
    kind: "meta",
    resourceVersion: "9",
    continueToken: "",
    remainingItems: undefined,
  });
  assert.ok(item?.kind === "object");
  return item.object;
}

function obsykOf(object: ProjectedObject): unknown {
  return (JSON.parse(object.canonical.toString()) as { obsyk: unknown }).obsyk;
}

test("createListDecoder: a Secret's record is its pruned metadata, type and key names (I2)", () => {
  const object = secretOf([entry(owns("f:data", "password", "user"))], {
    user: "YQ==",
    password: "YQ==",
  });
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const read = listOf(object, seededRandom(seed));
      const obsyk = {
        dataCount: 2,
        dataKeys: ["password", "user"],
        dataKeysQuality: "exact",
      };
      assert.equal(
        read.canonical.toString(),
        canonicalize(recordOf(secrets, object, { mode: "keys", obsyk })),
      );
      assert.deepEqual(read.managers, [
        { manager: "kubectl", operation: "Update", time: "2026-01-02T03:04:05Z" },
      ]);
      assert.equal(read.resourceVersion, "5");
      assert.ok(!JSON.stringify(read).includes("CANARY"));
    }),
    { numRuns: 50 },
  );
});

test("createListDecoder: random metadata is pruned as JSON is, and no forbidden text passes (I2)", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = seededRandom(seed);
      const object = randomObject(secrets, random);
      const metadata = { ...(object["metadata"] as Entry), name: "random" };
      const read = listOf({ ...object, metadata }, random);
      const count = Object.keys(object["data"] ?? {}).length;
      const entries = (metadata as { managedFields?: unknown[] }).managedFields ?? [];
      const quality = entries.length === 0 ? "none" : "partial";
      const obsyk = { dataCount: count, dataKeysQuality: count === 0 ? "exact" : quality };
      const wanted = recordOf(secrets, { ...object, metadata }, { mode: "keys", obsyk });
      assert.equal(read.canonical.toString(), canonicalize(wanted));
      assert.ok(!read.canonical.includes("CANARY"));
    }),
    { numRuns: 200 },
  );
});

const both = { a: "", b: "" };
const situations: readonly {
  readonly name: string;
  readonly managedFields: readonly Entry[] | undefined;
  readonly data: Entry;
  readonly names: readonly string[] | undefined;
  readonly quality: string;
}[] = [
  {
    name: "plain writes",
    managedFields: [entry(owns("f:data", "a", "b"))],
    data: both,
    names: ["a", "b"],
    quality: "exact",
  },
  {
    name: "several managers",
    managedFields: [entry(owns("f:data", "a")), entry(owns("f:data", "a", "b"), "ancient-changes")],
    data: both,
    names: ["a", "b"],
    quality: "exact",
  },
  {
    name: "server-side apply of stringData",
    managedFields: [entry(owns("f:stringData", "a", "b"))],
    data: both,
    names: ["a", "b"],
    quality: "likely",
  },
  {
    name: "… then another writer removes b",
    managedFields: [entry(owns("f:stringData", "a", "b"))],
    data: { a: "" },
    names: ["a", "b"],
    quality: "partial",
  },
  {
    name: "… then an apply of other stringData",
    managedFields: [entry(owns("f:data", "c")), entry(owns("f:stringData", "c2"))],
    data: { a: "", c: "", c2: "" },
    names: ["c", "c2"],
    quality: "partial",
  },
  {
    name: "managedFields cleared",
    managedFields: undefined,
    data: both,
    names: undefined,
    quality: "none",
  },
  {
    name: "managedFields cleared to a list",
    managedFields: [],
    data: both,
    names: undefined,
    quality: "none",
  },
  {
    name: "managers that own no key",
    managedFields: [entry({ "f:type": {} })],
    data: both,
    names: undefined,
    quality: "partial",
  },
  {
    name: "forged managedFields",
    managedFields: [entry(owns("f:data", "fake"))],
    data: { real: "" },
    names: ["fake"],
    quality: "exact",
  },
  {
    name: "no keys, whatever an old apply says",
    managedFields: [entry(owns("f:stringData", "a"))],
    data: {},
    names: undefined,
    quality: "exact",
  },
];

for (const { name, managedFields, data, names, quality } of situations) {
  test(`KeyNames.describe: ${name} is ${quality}`, () => {
    const expected = {
      dataCount: Object.keys(data).length,
      ...(names === undefined ? {} : { dataKeys: names }),
      dataKeysQuality: quality,
      // The key alone: its value is the canary that must not come through.
      embeddedCopies: ["kubectl.kubernetes.io/last-applied-configuration"],
    };
    assert.deepEqual(obsykOf(listOf(secretOf(managedFields, data))), expected);
  });
}

test("createListDecoder: a ConfigMap counts data and binaryData together", () => {
  const decoder = createListDecoder({ definition: configMaps, mode: "keys" });
  const object = {
    metadata: {
      name: "c",
      namespace: "n",
      uid: "u",
      managedFields: [entry(owns("f:data", "x")), entry(owns("f:binaryData", "y"))],
    },
    data: { x: canary },
    binaryData: { y: canary },
  };
  const table = { definition: configMaps, includeObject: "Metadata" } as const;
  const events = pushAll(decoder, encodeTableList(table, [object], { resourceVersion: "1" }));
  assert.ok(events[1]?.kind === "object");
  assert.equal(
    events[1].object.canonical.toString(),
    '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"n","uid":"u"},' +
      '"obsyk":{"dataCount":2,"dataKeys":["x","y"],"dataKeysQuality":"exact"}}',
  );
});

test("createListDecoder: mode counts has name, type and count, and an empty list is a list", () => {
  const decoder = createListDecoder(counts);
  const object = secretOf(undefined, both);
  const events = pushAll(decoder, encodeTableList(noneTable, [object], { resourceVersion: "1" }));
  decoder.end();
  assert.deepEqual(events[1], {
    kind: "object",
    object: {
      uid: "",
      namespace: "shop",
      name: "db",
      resourceVersion: "",
      managers: [],
      canonical: Buffer.from(
        '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"db","namespace":"shop"},"obsyk":{"dataCount":2},"type":"Opaque"}',
      ),
    },
  });
  for (const rows of ["[]", "null"]) {
    const empty = createListDecoder(counts);
    const meta = '"apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"4","continue":"t"}';
    const text = `{"kind":"Table",${meta},"columnDefinitions":[],"rows":${rows}}\n`;
    assert.equal(pushAll(empty, Buffer.from(text)).length, 1);
    assert.deepEqual(empty.end(), []);
  }
});

test("createWatchDecoder: rows are unwrapped; a bookmark is no object; errors are Status", () => {
  const object = secretOf([entry(owns("f:data", "a"))], { a: "" });
  const bookmark = { metadata: { name: "", resourceVersion: "77", creationTimestamp: null } };
  const bytes = Buffer.concat([
    encodeTableEvent(metadataTable, "ADDED", object),
    encodeTableEvent(metadataTable, "BOOKMARK", bookmark),
    encodeTableEvent(metadataTable, "DELETED", object),
    encodeJsonWatchError({ code: 410, reason: "Expired", message: canary, retryAfterSeconds: 2 }),
  ]);
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const events = pushAll(createWatchDecoder(keys), bytes, seededRandom(seed));
      assert.deepEqual(
        events.map((event) => event.kind),
        ["added", "bookmark", "deleted", "error"],
      );
      assert.deepEqual(events[1], { kind: "bookmark", resourceVersion: "77" });
      assert.deepEqual(events[3], {
        kind: "error",
        code: 410,
        reason: "Expired",
        retryAfterSeconds: 2,
      });
    }),
    { numRuns: 50 },
  );
  const [counted] = pushAll(
    createWatchDecoder(counts),
    encodeTableEvent(noneTable, "MODIFIED", object),
  );
  assert.ok(counted?.kind === "modified");
  assert.equal(counted.object.resourceVersion, "5");
});

test("createListDecoder: a row that makes no record is unreadable, with its uid where it has one (R12)", () => {
  const unnamed = { metadata: { uid: "u1" } };
  const mistyped = {
    metadata: { name: "a", uid: "u2", deletionTimestamp: "x", labels: { a: "" } },
  };
  const bytes = encodeTableList(metadataTable, [unnamed, mistyped], { resourceVersion: "1" });
  const events = pushAll(createListDecoder(keys), bytes, () => 1);
  assert.deepEqual(
    events.slice(1).map((event) => (event.kind === "unreadable" ? event.item.uid : event.kind)),
    ["u1", "object"],
  );
});

test("createListDecoder: a row whose record is above its bound is a stub that says so (R5)", () => {
  const labels = Object.fromEntries(
    Array.from({ length: 300 }, (_, i) => [`k${i}`, "v".repeat(4096)]),
  );
  const huge = { metadata: { name: "a", namespace: "n", uid: "u3", labels } };
  const bytes = encodeTableList(metadataTable, [huge], { resourceVersion: "1" });
  const events = pushAll(createListDecoder(keys), bytes, () => 1);
  assert.ok(events[1]?.kind === "object");
  assert.equal(
    events[1].object.canonical.toString(),
    '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a","namespace":"n","uid":"u3"},"obsyk":{"truncated":[""]}}',
  );
});

test("createListDecoder: modes that are not read, and counts without a namespace, are refused", () => {
  for (const mode of ["full", "metadata", "references"] as const) {
    assert.throws(() => createListDecoder({ definition: secrets, mode }), TypeError);
    assert.throws(() => createWatchDecoder({ definition: secrets, mode }), TypeError);
  }
  assert.throws(() => createListDecoder({ definition: secrets, mode: "counts" }), TypeError);
});

test("createListDecoder: mode counts steps over metadata that an annotation adds to a row", () => {
  const metadata = {
    name: "db",
    annotations: { "k8s.io/initial-events-end": "true", other: canary },
    labels: { a: canary },
  };
  const object = { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata };
  const text = tableText([{ cells: ["db", "Opaque", 1, "1d"], object }]);
  const events = pushAll(createListDecoder(counts), Buffer.from(text));
  assert.ok(events[1]?.kind === "object");
  assert.equal(
    events[1].object.canonical.toString(),
    '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"db","namespace":"shop"},"obsyk":{"dataCount":1},"type":"Opaque"}',
  );
});

const whole = { ...secretOf(undefined), kind: "Secret", apiVersion: "v1", data: { a: canary } };
const row = { cells: ["db", "Opaque", 1, "1d"], object: null };
const part = { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: {} };

function tableText(rows: unknown, more: object = {}): string {
  const head = { kind: "Table", apiVersion: "meta.k8s.io/v1", metadata: {}, columnDefinitions: [] };
  return JSON.stringify({ ...head, ...more, rows });
}

const refused: readonly (readonly [name: string, mode: Mode, body: string])[] = [
  [
    "a whole SecretList",
    "keys",
    JSON.stringify({ kind: "SecretList", apiVersion: "v1", items: [whole] }),
  ],
  ["another order of members", "keys", `{"apiVersion":"v1","kind":"Table","rows":["${canary}"]}`],
  ["spaces", "keys", '{ "kind": "Table", "rows": [] }'],
  ["protobuf", "keys", `k8s\0${canary}`],
  ["an unknown member", "keys", tableText([], { items: [whole] })],
  ["rows with a third member", "keys", tableText([{ ...row, object: part, data: canary }])],
  ["objects with data", "keys", tableText([{ ...row, object: { ...part, data: { a: canary } } }])],
  ["whole objects", "keys", tableText([{ ...row, object: whole }])],
  ["objects of another kind", "keys", tableText([{ ...row, object: { ...part, kind: "Secret" } }])],
  ["no objects in mode keys", "keys", tableText([row])],
  ["objects in mode counts", "counts", tableText([{ ...row, object: part }])],
  ["other cells", "counts", tableText([{ ...row, cells: ["db", 1, "1d"] }])],
  ["more cells", "counts", tableText([{ ...row, cells: ["db", "Opaque", 1, "1d", canary] }])],
  ["two bodies", "counts", `${tableText([row])}{"kind":"Secret"}`],
];

for (const [name, mode, body] of refused) {
  test(`createListDecoder: ${name} trips the guard, and nothing of it is quoted (I2)`, () => {
    const options = { definition: secrets, mode, namespace: "shop" };
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const isRefusal = (error: unknown): boolean =>
          error instanceof ProjectError &&
          error.code === "guard" &&
          !`${error.stack}${String(error.cause)}`.includes(canary);
        assert.throws(
          () => pushAll(createListDecoder(options), Buffer.from(body), seededRandom(seed)),
          isRefusal,
        );
        const event = Buffer.from(`{"type":"ADDED","object":${body}}\n`);
        assert.throws(
          () => pushAll(createWatchDecoder(options), event, seededRandom(seed)),
          isRefusal,
        );
      }),
      { numRuns: 20 },
    );
  });
}

test("createListDecoder: the guard trips at the first wrong byte, before more is read", () => {
  const decoder = createListDecoder(keys);
  decoder.push(Buffer.from('{"kind":"'));
  const chunk = Buffer.from(`S${canary}`);
  assert.throws(() => decoder.push(chunk), { code: "guard" });
  assert.ok(chunk.every((byte) => byte === 0));
  const watch = createWatchDecoder(keys);
  watch.push(Buffer.from('{"type":"ADDED","object":{"kind":"'));
  assert.throws(() => watch.push(Buffer.from("Se")), { code: "guard" });
});

test("createListDecoder: any truncation is an error, any flipped byte at most one", () => {
  const object = secretOf([entry(owns("f:data", "a"))], { a: "" });
  const bytes = encodeTableList(metadataTable, [object, object], { resourceVersion: "1" });
  fc.assert(
    fc.property(fc.nat(bytes.length - 3), fc.nat(255), (at, value) => {
      const short = createListDecoder(keys);
      assert.throws(() => {
        short.push(Buffer.from(bytes.subarray(0, at)));
        short.end();
      }, ProjectError);
      const flipped = Buffer.from(bytes);
      flipped[at] = value;
      try {
        const events = createListDecoder(keys).push(flipped);
        assert.ok(!JSON.stringify(events).includes("CANARY"));
      } catch (error) {
        assert.ok(error instanceof ProjectError, String(error));
      }
    }),
    { numRuns: 500 },
  );
});
