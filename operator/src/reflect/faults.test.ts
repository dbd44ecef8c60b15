/**
 * Each pitfall of list and watch that is known to lose changes, as a server on real sockets plays it. A reader must
 * come back by itself, hand over every final state, and never let a deletion be concluded from an incomplete list.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bookmark,
  errorEvent,
  event,
  ns,
  openHarness,
  page,
  status,
  stream,
  uidOf,
  until,
  type Harness,
  type Step,
} from "./reader-harness.test.ts";

const first = page([ns("a", "5")], { resourceVersion: "10" });
const open = stream([]);
const reset: Step = ({ reply }) => reply.reset();

/** Waits until the object is there. */
async function untilStored({ sink }: Harness, name: string): Promise<void> {
  await until(() => sink.store.has(uidOf(name)), `${name} was handed over`);
}

async function untilRequests(harness: Harness, count: number): Promise<void> {
  await until(() => harness.requests().length >= count, `${count} requests were made`);
}

/** W6 holds in every test here. */
function checkRequests(harness: Harness): void {
  for (const { query, path } of harness.requests()) {
    const resourceVersion = query.get("resourceVersion");
    if (query.get("watch") === null) {
      assert.equal(resourceVersion, null, `a list of ${path} carried a resourceVersion`);
      continue;
    }
    assert.match(resourceVersion ?? "", /^[1-9][0-9]*$/);
    assert.equal(query.get("allowWatchBookmarks"), "true");
    assert.match(query.get("timeoutSeconds") ?? "", /^2[4-9][0-9]$/);
    assert.equal(query.get("continue"), null);
    assert.equal(query.get("limit"), null);
  }
}

const badFrame = Buffer.from([0, 0, 0, 4, 0xff, 0xff, 0xff, 0xff]);

test("startReader: an event that cannot be decoded is not passed over (W8, pitfall 1)", async () => {
  await using harness = await openHarness({
    steps: [
      first,
      stream([event("ADDED", ns("b", "11")), badFrame, event("ADDED", ns("d", "13"))]),
      stream([badFrame, event("ADDED", ns("d", "13"))]),
      page([ns("a", "5"), ns("b", "11"), ns("c", "12"), ns("d", "13")], { resourceVersion: "13" }),
      open,
    ],
  });
  await untilStored(harness, "c");
  await untilRequests(harness, 5);
  const watches = harness.requests().filter(({ query }) => query.get("watch") !== null);
  assert.ok(["10", "11"].includes(watches[1]!.query.get("resourceVersion")!));
  assert.deepEqual(
    harness.sink.of("begin").map(({ reason }) => reason),
    ["start", "decode"],
  );
  checkRequests(harness);
});

test("startReader: an event that is whole on the second look needs no list (W8)", async () => {
  await using harness = await openHarness({
    steps: [first, stream([badFrame]), stream([event("ADDED", ns("b", "11"))])],
  });
  await untilStored(harness, "b");
  assert.equal(harness.sink.of("begin").length, 1);
});

const failures: readonly { readonly name: string; readonly step: Step }[] = [
  { name: "500", step: status(500) },
  { name: "503", step: status(503) },
  { name: "429", step: status(429, { "retry-after": "1" }) },
  { name: "a reset", step: reset },
  { name: "a reset under way", step: stream([], "reset") },
  { name: "an ERROR event 500", step: stream([errorEvent(500, "InternalError")]) },
  { name: "an ERROR event 429", step: stream([errorEvent(429, "TooManyRequests", 1)]) },
];

for (const { name, step } of failures) {
  test(`startReader: ${name} on a watch is survived without loss (W10, pitfall 2)`, async () => {
    // A lost connection is followed by a probe, all others by the next watch.
    const isLost = name.startsWith("a reset");
    const probe = page([ns("a", "5")], { resourceVersion: "10" });
    await using harness = await openHarness({
      steps: [
        first,
        step,
        ...(isLost ? [probe] : []),
        stream([event("DELETED", ns("a", "11")), event("ADDED", ns("b", "12"))]),
      ],
    });
    await untilStored(harness, "b");
    assert.deepEqual(harness.sink.deleted, [uidOf("a")]);
    assert.equal(harness.sink.of("begin").length, 1);
    assert.ok(harness.sink.states().includes("waiting"));
    checkRequests(harness);
  });
}

for (const { name, step } of failures.filter((failure) => !failure.name.includes("event"))) {
  test(`startReader: ${name} on a list begins it anew (W5, pitfall 2)`, async () => {
    const broken: Step = name === "a reset under way" ? halfPage : step;
    await using harness = await openHarness({ steps: [broken, first, open] });
    await untilStored(harness, "a");
    await untilRequests(harness, 3);
    assert.equal(harness.sink.of("finish").length, 1);
    assert.deepEqual(harness.sink.deleted, []);
    checkRequests(harness);
  });
}

/** The head of a page, then a reset. */
const halfPage: Step = async ({ reply }) => {
  reply.head(200, { "content-type": "application/vnd.kubernetes.protobuf" });
  reply.chunk("k8s\0");
  await new Promise((resolve) => setTimeout(resolve, 30));
  reply.reset();
};

const expiries: readonly { readonly name: string; readonly step: Step }[] = [
  { name: "as an ERROR event", step: stream([errorEvent(410, "Expired")]) },
  { name: "as an HTTP status", step: status(410) },
  { name: "as reason Gone alone", step: stream([errorEvent(0, "Gone")]) },
];

for (const { name, step } of expiries) {
  test(`startReader: 410 ${name} lists again (W12, pitfall 3)`, async () => {
    await using harness = await openHarness({
      steps: [first, step, page([ns("b", "20")], { resourceVersion: "21" }), open],
    });
    await untilRequests(harness, 4);
    assert.deepEqual(
      harness.sink.of("begin").map(({ reason, attempt }) => [reason, attempt]),
      [
        ["start", 1],
        ["expired", 1],
      ],
    );
    assert.deepEqual(harness.sink.deleted, [uidOf("a")]);
    assert.equal(harness.requests()[3]!.query.get("resourceVersion"), "21");
    checkRequests(harness);
  });
}

test("startReader: 410 on a continue token starts from the first page with larger pages (W5, pitfalls 4 and 6)", async () => {
  const stale: Step = ({ reply }) =>
    reply.send(410, JSON.stringify({ kind: "Status", code: 410, metadata: { continue: "rv-1" } }));
  await using harness = await openHarness({
    steps: [
      page([ns("a", "5"), ns("b", "6")], { resourceVersion: "10" }),
      stream([errorEvent(410, "Expired")]),
      page([ns("a", "5")], { resourceVersion: "30", continue: "t1" }),
      stale,
      page([ns("a", "5")], { resourceVersion: "31", continue: "t2" }),
      stale,
      page([ns("a", "5"), ns("b", "6")], { resourceVersion: "32" }),
      open,
    ],
  });
  await untilRequests(harness, 8);
  const lists = harness.requests().slice(2, 7);
  assert.deepEqual(
    lists.map(({ query }) => [query.get("limit"), query.get("continue")]),
    [
      ["500", null],
      ["500", "t1"],
      ["5000", null],
      ["5000", "t2"],
      [null, null],
    ],
  );
  assert.deepEqual(
    harness.sink.of("begin").map(({ attempt }) => attempt),
    [1, 1, 2, 3],
  );
  assert.deepEqual(harness.sink.deleted, [], "no deletion was concluded from half a list");
  checkRequests(harness);
});

test("startReader: the last page ends the list, its token is not kept (W4, pitfall 5)", async () => {
  await using harness = await openHarness({
    steps: [
      page([ns("a", "5"), ns("x", "6")], { resourceVersion: "10" }),
      stream([errorEvent(410, "Expired")]),
      page([ns("a", "5")], { resourceVersion: "20", continue: "t" }),
      page([ns("b", "7")], { resourceVersion: "20" }),
      open,
    ],
  });
  await untilRequests(harness, 5);
  assert.equal(harness.requests()[3]!.query.get("continue"), "t");
  assert.deepEqual(harness.sink.deleted, [uidOf("x")]);
});

test("startReader: a list that dies between pages finishes nothing (W4, pitfall 6)", async () => {
  await using harness = await openHarness({
    steps: [
      page([ns("a", "5"), ns("b", "6")], { resourceVersion: "10" }),
      stream([errorEvent(410, "Expired")]),
      page([ns("a", "5")], { resourceVersion: "20", continue: "t" }),
      reset,
    ],
  });
  await untilRequests(harness, 8);
  assert.equal(harness.sink.of("finish").length, 1);
  assert.deepEqual(harness.sink.deleted, []);
  assert.ok(harness.sink.of("begin").every(({ attempt }, index) => index < 2 || attempt > 1));
});

test("startReader: pages of different versions are no list (W4, pitfall 7)", async () => {
  await using harness = await openHarness({
    steps: [
      page([ns("a", "5")], { resourceVersion: "10", continue: "t" }),
      page([ns("z", "11")], { resourceVersion: "12" }),
      page([ns("a", "5"), ns("b", "6")], { resourceVersion: "13" }),
      open,
    ],
  });
  await untilRequests(harness, 4);
  assert.deepEqual(
    harness.sink.of("finish").map(({ resourceVersion }) => resourceVersion),
    ["13"],
  );
  assert.equal(harness.requests()[3]!.query.get("resourceVersion"), "13");
  checkRequests(harness);
});

test("startReader: a list without a version is never watched from (W6, pitfalls 8 and 9)", async () => {
  for (const resourceVersion of ["", "0"]) {
    await using harness = await openHarness({ steps: [page([], { resourceVersion })] });
    await until(() => harness.sink.states().includes("misconfigured"), "it was refused");
    assert.equal(harness.sink.of("finish").length, 0);
    checkRequests(harness);
  }
});

test("startReader: after a rollback an equal version with other content is taken (W13, pitfall 12)", async () => {
  await using harness = await openHarness({
    steps: [
      page([ns("a", "5", "before")], { resourceVersion: "100" }),
      stream([], "reset"),
      page([], { resourceVersion: "50" }),
      page([ns("a", "5", "after")], { resourceVersion: "50" }),
      open,
    ],
  });
  await untilRequests(harness, 5);
  assert.ok(harness.told.includes("rolledBack"));
  assert.equal(harness.sink.of("begin")[1]!.reason, "rollback");
  assert.match(harness.sink.store.get(uidOf("a")) ?? "", /after/);
  assert.equal(harness.requests()[4]!.query.get("resourceVersion"), "50");
  checkRequests(harness);
});

test("startReader: a server that went back while the watch stayed is found (W2, W9)", async () => {
  await using harness = await openHarness({
    steps: [
      page([ns("a", "5")], { resourceVersion: "100" }),
      stream([event("MODIFIED", ns("a", "51", "rolled"))]),
      page([], { resourceVersion: "51" }),
      page([ns("a", "51", "rolled")], { resourceVersion: "51" }),
      open,
    ],
  });
  await untilRequests(harness, 5);
  assert.deepEqual(harness.sink.of("watched"), [], "an older event was not applied");
  assert.ok(harness.told.includes("outdated"));
  assert.match(harness.sink.store.get(uidOf("a")) ?? "", /rolled/);
});

test("startReader: an object that was replaced under its name is two objects (pitfall 15)", async () => {
  const second = ns("a", "20");
  const replaced = { metadata: { ...(second["metadata"] as object), uid: "uid-a-2" } };
  await using harness = await openHarness({
    steps: [first, status(410), page([replaced], { resourceVersion: "21" }), open],
  });
  await untilRequests(harness, 4);
  assert.deepEqual(harness.sink.deleted, [uidOf("a")]);
  assert.deepEqual([...harness.sink.store.keys()], ["uid-a-2"]);
});

test("startReader: what an old connection still says is not heard (W18, pitfall 16)", async () => {
  let late: (() => void) | undefined;
  await using harness = await openHarness({
    steps: [
      first,
      ({ reply }) => {
        reply.head(200, { "content-type": "application/vnd.kubernetes.protobuf;stream=watch" });
        reply.chunk(bookmark("11"));
        late = () => reply.chunk(event("DELETED", ns("a", "12")));
      },
      page([ns("a", "5")], { resourceVersion: "20" }),
      stream([event("ADDED", ns("b", "21"))]),
    ],
  });
  await until(() => harness.told.includes("bookmarked"), "the first watch ran");
  harness.reader.relist({ id: "r1", full: false });
  await until(() => harness.sink.of("begin").length === 2, "the list began");
  late?.();
  await untilStored(harness, "b");
  late?.();
  assert.deepEqual(harness.sink.deleted, []);
  assert.deepEqual(
    harness.sink.of("watched").map(({ name }) => name),
    ["b"],
  );
});

test("startReader: an event the sink failed to take is handed over again (W3, pitfall 18)", async () => {
  await using harness = await openHarness({
    steps: [
      first,
      async (request) => {
        harness.sink.failNext = true;
        await stream([event("DELETED", ns("a", "11"))])(request);
      },
      stream([event("DELETED", ns("a", "11"))]),
    ],
  });
  await until(() => harness.sink.deleted.length === 1, "the deletion was taken");
  assert.equal(harness.requests()[2]!.query.get("resourceVersion"), "10");
  assert.ok(harness.told.includes("unexpected"));
});

test("startReader: very short watches come ever slower (W10, pitfall 19)", async () => {
  await using harness = await openHarness({
    steps: [
      first,
      stream([], "end"),
      stream([], "end"),
      stream([], "end"),
      stream([], "end"),
      stream([], "end"),
      first,
      stream([], "end"),
      first,
      stream([], "end"),
      first,
      open,
    ],
    // On a busy machine even an empty watch takes a while.
    timings: { shortMs: 60_000 },
  });
  await untilRequests(harness, 12);
  assert.deepEqual(
    harness.pauses.filter((ms) => ms > 0),
    [800, 1600, 3200, 6400, 12_800, 25_600, 30_000],
  );
});

test("startReader: a watch that ends as agreed is followed by the next, quietly", async () => {
  await using harness = await openHarness({
    steps: [first, stream([bookmark("12")], "end"), stream([bookmark("15")], "end"), open],
  });
  await untilRequests(harness, 4);
  assert.equal(harness.requests()[3]!.query.get("resourceVersion"), "15");
  assert.deepEqual(harness.sink.states(), ["starting", "listing", "watching"]);
  assert.deepEqual(
    harness.sink.of("mark").map(({ resourceVersion }) => resourceVersion),
    ["12", "15"],
  );
});

const wishes: readonly { readonly header: string; readonly pauseMs: number }[] = [
  { header: "0", pauseMs: 800 },
  { header: "5", pauseMs: 5000 },
  { header: "86400", pauseMs: 60_000 },
  { header: "soon", pauseMs: 800 },
  { header: "-3", pauseMs: 800 },
  { header: "Wed, 21 Oct 2026 07:28:00 GMT", pauseMs: 800 },
];

for (const { header, pauseMs } of wishes) {
  test(`startReader: Retry-After "${header}" is heard within bounds (W10, pitfall 20)`, async () => {
    await using harness = await openHarness({
      steps: [status(429, { "retry-after": header }), first, open],
    });
    await untilStored(harness, "a");
    assert.deepEqual(harness.pauses.filter((ms) => ms > 0).slice(0, 1), [pauseMs]);
  });
}

test("startReader: frames cut anywhere are put together again (pitfall 21)", async () => {
  const bytes = Buffer.concat([
    event("ADDED", ns("bä", "11", "ü")),
    event("DELETED", ns("a", "12")),
  ]);
  await using harness = await openHarness({
    steps: [first, stream(Array.from(bytes, (_, index) => bytes.subarray(index, index + 1)))],
  });
  await until(() => harness.sink.deleted.length === 1, "the last event arrived");
  assert.deepEqual(
    harness.sink.of("watched").map(({ type, name }) => `${type} ${name}`),
    ["added bä", "deleted a"],
  );
});

test("startReader: a watch cut within a frame drops the frame, not the change", async () => {
  const whole = event("ADDED", ns("b", "11"));
  await using harness = await openHarness({
    steps: [first, stream([whole.subarray(0, 20)], "end"), stream([whole])],
  });
  await untilStored(harness, "b");
  assert.equal(harness.requests()[2]!.query.get("resourceVersion"), "10");
});

test("startReader: an answer of another type is not read (W16, pitfall 22)", async () => {
  const json: Step = ({ reply }) =>
    reply.send(200, '{"kind":"NamespaceList","items":[]}', { "content-type": "application/json" });
  for (const steps of [[json], [first, json]]) {
    await using harness = await openHarness({ steps });
    await until(() => harness.sink.states().includes("misconfigured"), "it was refused");
    assert.match(harness.sink.of("state").at(-1)!.detail, /application\/json/);
    assert.ok(!harness.told.includes("undecodable"), "its body was not looked at");
    assert.deepEqual(harness.sink.deleted, []);
    assert.ok(harness.pauses.includes(600_000));
  }
});

for (const code of [400, 406, 415, 422, 302]) {
  test(`startReader: ${code} is said aloud and not tried again soon (W16)`, async () => {
    await using harness = await openHarness({ steps: [first, status(code)] });
    await until(() => harness.pauses.includes(600_000), "it rests ten minutes");
    assert.ok(harness.sink.states().includes("misconfigured"));
    assert.deepEqual(harness.sink.deleted, []);
  });
}

test("startReader: 401 reads the credentials again at once, then waits (W7, pitfall 30)", async () => {
  await using harness = await openHarness({
    steps: [status(401), first, status(401), status(401), open],
  });
  await untilRequests(harness, 5);
  const tokens = harness.requests().map(({ headers }) => headers.get("authorization"));
  assert.deepEqual(tokens.slice(0, 4), [
    "Bearer token-1",
    "Bearer token-2",
    "Bearer token-2",
    "Bearer token-3",
  ]);
  assert.deepEqual(harness.pauses, [0, 0, 800]);
});

test("startReader: 403 stops only this stream and deletes nothing (W11, pitfall 31)", async () => {
  await using harness = await openHarness({
    steps: [
      first,
      status(403),
      status(403),
      status(403),
      status(403),
      page([ns("a", "5"), ns("b", "7")], { resourceVersion: "30" }),
      open,
    ],
  });
  await untilRequests(harness, 7);
  await until(() => harness.sink.states().at(-1) === "watching", "it watches again");
  assert.deepEqual(harness.sink.deleted, []);
  assert.equal(harness.sink.of("begin").at(-1)!.reason, "regained");
  assert.deepEqual(
    harness.pauses.filter((ms) => ms > 0),
    [2000, 8000, 32_000, 128_000],
  );
  assert.deepEqual(harness.sink.states(), [
    "starting",
    "listing",
    "forbidden",
    "listing",
    "watching",
  ]);
});

test("startReader: 404 keeps what is known and asks discovery before the next list (W17, pitfall 32)", async () => {
  let asked = 0;
  const discovery: Step = ({ reply }) => {
    asked += 1;
    const isServed = asked === 1 || asked > 3;
    const resources = isServed ? [{ name: "namespaces", verbs: ["list", "watch"] }] : [];
    reply.send(200, JSON.stringify({ resources }), { "content-type": "application/json" });
  };
  await using harness = await openHarness({
    discovery,
    steps: [first, status(404), page([ns("b", "7")], { resourceVersion: "30" }), open],
  });
  await untilRequests(harness, 4);
  assert.equal(asked, 4);
  assert.equal(harness.sink.of("begin").at(-1)!.reason, "regained");
  assert.deepEqual(harness.sink.deleted, [uidOf("a")], "only the complete list said so");
  assert.ok(harness.sink.states().includes("absent"));
});

test("startReader: discovery that fails is tried again; one that is forbidden is not needed", async () => {
  let asked = 0;
  const discovery: Step = (request) => {
    asked += 1;
    return status(asked === 1 ? 503 : 403)(request);
  };
  await using harness = await openHarness({ discovery, steps: [first, open] });
  await untilStored(harness, "a");
  assert.equal(asked, 2);
});

test("startReader: versions around 2^53 are told apart (W2, pitfall 33)", async () => {
  await using harness = await openHarness({
    steps: [
      page([], { resourceVersion: "9007199254740992" }),
      stream([
        event("ADDED", ns("a", "9007199254740993")),
        event("ADDED", ns("b", "9007199254740994")),
        event("DELETED", ns("a", "10000000000000000")),
      ]),
    ],
  });
  await until(() => harness.sink.deleted.length === 1, "all events were applied");
  assert.deepEqual([...harness.sink.store.keys()], [uidOf("b")]);
  assert.ok(!harness.told.includes("outdated"));
});

test("startReader: an overflow of the sink stops the watch and lists (W14)", async () => {
  await using harness = await openHarness({
    steps: [
      first,
      async (request) => {
        harness.sink.overflowNext = true;
        await stream([event("ADDED", ns("b", "11")), event("ADDED", ns("c", "12"))])(request);
      },
      page([ns("a", "5"), ns("b", "11"), ns("c", "12")], { resourceVersion: "12" }),
      open,
    ],
  });
  await untilRequests(harness, 4);
  assert.equal(harness.sink.of("begin").at(-1)!.reason, "overflow");
  assert.deepEqual(harness.sink.of("watched"), []);
  assert.equal(harness.sink.store.size, 3);
});

test("startReader: a send-again request is listed under its id, once (W15)", async () => {
  await using harness = await openHarness({
    steps: [first, open, page([ns("b", "7")], { resourceVersion: "20" }), open],
  });
  await untilRequests(harness, 2);
  await until(() => harness.sink.states().includes("watching"), "it watches");
  harness.reader.relist({ id: "r1", full: false });
  harness.reader.relist({ id: "r1", full: false });
  await untilRequests(harness, 4);
  assert.deepEqual(
    harness.sink.of("begin").map(({ reason, request }) => [reason, request]),
    [
      ["start", undefined],
      ["send-again", "r1"],
    ],
  );
});

test("startReader: a request that comes during a list is met after it (W15)", async () => {
  await using harness = await openHarness({ steps: [first, first, open] });
  harness.reader.relist({ id: "r1", full: false });
  await untilRequests(harness, 3);
  assert.deepEqual(
    harness.sink.of("begin").map(({ request }) => request),
    [undefined, "r1"],
  );
});

const watchdogs = [
  { name: "no headers", kind: "headers", step: (() => undefined) satisfies Step },
  { name: "silence after bookmarks", kind: "idle", step: stream([bookmark("11")]) },
] as const;

for (const { name, kind, step } of watchdogs) {
  test(`startReader: ${name} is noticed, probed, and nothing is lost (W9, pitfall 13)`, async () => {
    await using harness = await openHarness({
      steps: [
        first,
        step,
        page([], { resourceVersion: "40" }),
        stream([event("ADDED", ns("b", "41"))]),
      ],
      timings: { headersMs: 400, idleMs: 400 },
    });
    await untilStored(harness, "b");
    assert.ok(harness.told.includes(`watchdog ${kind}`));
    assert.equal(harness.requests()[2]!.query.get("limit"), "1");
    assert.equal(harness.sink.of("begin").length, 1);
  });
}

for (const [name, step] of [
  ["a status", status(504)],
  ["an ERROR event", stream([errorEvent(504, "Timeout", 1)])],
] as const) {
  test(`startReader: 504 as ${name} asks whether our version is from the future (W9, W13, pitfall 11)`, async () => {
    await using harness = await openHarness({
      steps: [
        page([ns("a", "5")], { resourceVersion: "1000010" }),
        step,
        page([], { resourceVersion: "20" }),
        page([ns("b", "12")], { resourceVersion: "20" }),
        open,
      ],
    });
    await untilRequests(harness, 5);
    assert.equal(harness.requests()[2]!.query.get("limit"), "1");
    assert.equal(harness.sink.of("begin").at(-1)!.reason, "rollback");
    assert.deepEqual(harness.sink.deleted, [uidOf("a")]);
  });
}

test("startReader: silence is no alarm where bookmarks were never seen (W9, pitfall 37)", async () => {
  await using harness = await openHarness({
    steps: [first, stream([event("ADDED", ns("b", "11"))])],
    timings: { idleMs: 20 },
  });
  await untilStored(harness, "b");
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.equal(harness.requests().length, 2);
});

test("startReader: a page that stalls is cut off and listed anew (W9)", async () => {
  const stalled: Step = ({ reply }) => {
    reply.head(200, { "content-type": "application/vnd.kubernetes.protobuf" });
    reply.chunk("k8s\0");
  };
  await using harness = await openHarness({
    steps: [stalled, (() => undefined) satisfies Step, first, open],
    timings: { pageIdleMs: 400 },
  });
  await untilStored(harness, "a");
  assert.deepEqual(
    harness.told.filter((name) => name.startsWith("watchdog")),
    ["watchdog page", "watchdog page"],
  );
});

test("startReader: a watch that outlives its timeout is cut off (W9)", async () => {
  const chatty: Step = async ({ reply }) => {
    reply.head(200, { "content-type": "application/vnd.kubernetes.protobuf;stream=watch" });
    for (let version = 11; reply.isOpen(); version += 1) {
      reply.chunk(bookmark(String(version)));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  await using harness = await openHarness({
    steps: [first, chatty, page([], { resourceVersion: "1000" }), open],
    timings: { watchSeconds: { min: 0, max: 0 }, lifetimeGraceMs: 100 },
  });
  await untilRequests(harness, 4);
  assert.ok(harness.told.includes("watchdog lifetime"));
});

test("startReader: marks after events are few, and the last is never left out (W20)", async () => {
  const events = Array.from({ length: 200 }, (_, index) =>
    event("ADDED", ns(`n${index}`, String(11 + index))),
  );
  await using harness = await openHarness({
    steps: [first, stream(events)],
    timings: { markMs: 200 },
  });
  await until(
    () => harness.sink.of("mark").at(-1)?.resourceVersion === "210",
    "the last event was marked",
  );
  assert.ok(harness.sink.of("mark").length < 20);
});

test("startReader: a mark carries the time of what it marks, not the time it is made (W20)", async () => {
  await using harness = await openHarness({
    steps: [first, stream([event("ADDED", ns("b", "11")), event("ADDED", ns("c", "12"))])],
    timings: { markMs: 300 },
  });
  const { sink } = harness;
  await until(() => sink.of("mark").at(-1)?.resourceVersion === "12", "the last event was marked");
  const [watched, marked] = [sink.times.watched.at(-1), sink.times.mark.at(-1)];
  assert.ok(watched !== undefined && marked !== undefined);
  // What happened since may be on its way and never come: a mark must not cover it.
  assert.equal(marked, watched);
});

test("startReader: a watch that ends before a mark was due marks at its end (W20)", async () => {
  await using harness = await openHarness({
    steps: [
      first,
      stream([event("ADDED", ns("b", "11")), event("ADDED", ns("c", "12"))], "end"),
      open,
    ],
    timings: { markMs: 60_000 },
  });
  await untilRequests(harness, 3);
  assert.equal(harness.sink.of("mark").at(-1)?.resourceVersion, "12");
});
