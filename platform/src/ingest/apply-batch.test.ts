import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, describe, it } from "node:test";
import { openTestDatabase } from "../store/test-database.ts";
import { pod } from "./test-agent.ts";
import { openTestInventory } from "./test-inventory.ts";

const stream = "pods/*/full";
const inventory = openTestInventory(await openTestDatabase());
const { openAgent, history, objects, counts, streams, blind, at, begin, end, remove } = inventory;
after(() => inventory[Symbol.asyncDispose]());

describe("applyBatch: order and identity", () => {
  it("applyBatch: a put, a change and a deletion leave two closed versions (R2)", async () => {
    const agent = await openAgent();
    const uid = randomUUID();
    await agent.send(agent.put(stream, uid, pod("a", { phase: "Pending" })));
    agent.now += 1000;
    await agent.send(agent.put(stream, uid, pod("a", { phase: "Running" })));
    agent.now += 1000;
    const answer = await agent.send(remove(agent, uid));
    assert.deepEqual(answer.results, []);
    assert.deepEqual(await objects(agent.clusterId), []);
    assert.deepEqual(await counts(agent.clusterId), []);
    const closed = await history(agent.clusterId);
    assert.deepEqual(
      closed.map(({ cause, valid_from, valid_to }) => [cause, valid_from, valid_to]),
      [
        ["changed", at(agent, -2000), at(agent, -1000)],
        ["deleted", at(agent, -1000), at(agent)],
      ],
    );
    assert.deepEqual(closed[1]?.["record"], pod("a", { phase: "Running" }));
    const [state] = await streams(agent.clusterId);
    assert.deepEqual([state?.["object_count"], state?.["set_hash"]], [0, "0"]);
  });

  it("applyBatch: an equal put makes no history (R6)", async () => {
    const agent = await openAgent();
    const uid = randomUUID();
    await agent.send(agent.put(stream, uid, pod("a")));
    const answer = await agent.send(agent.put(stream, uid, pod("a")));
    assert.equal(answer.changed, 0);
    assert.deepEqual(await history(agent.clusterId), []);
  });

  it("applyBatch: put and delete of one object in one batch are both in history (R7)", async () => {
    const agent = await openAgent();
    const uid = randomUUID();
    await agent.send(agent.put(stream, uid, pod("brief")), remove(agent, uid));
    assert.deepEqual(
      (await history(agent.clusterId)).map(({ cause, name }) => [cause, name]),
      [["deleted", "brief"]],
    );
    assert.deepEqual(await objects(agent.clusterId), []);
  });

  it("applyBatch: a deletion's last record is a version of its own (R7)", async () => {
    const agent = await openAgent();
    const uid = randomUUID();
    await agent.send(agent.put(stream, uid, pod("a", { phase: "Running" })));
    const last = agent.put(stream, uid, pod("a", { phase: "Failed" }));
    await agent.send({ ...remove(agent, uid), last });
    assert.deepEqual(
      (await history(agent.clusterId)).map(({ cause, record }) => [cause, record]),
      [
        ["changed", pod("a", { phase: "Running" })],
        ["deleted", pod("a", { phase: "Failed" })],
      ],
    );
  });

  it("applyBatch: the same batch again is acknowledged again and changes nothing (R3)", async () => {
    const agent = await openAgent();
    const lines = [agent.put(stream, randomUUID(), pod("a")), "no json"];
    const first = await agent.sendAs({}, ...lines);
    const second = await agent.sendAs({}, ...lines);
    assert.equal(first.changed, 1);
    assert.equal(second.changed, 0);
    assert.equal(second.appliedSequence, first.appliedSequence);
    assert.deepEqual(second.results, first.results);
  });

  it("applyBatch: the same sequence with another digest is refused (R3)", async () => {
    const agent = await openAgent();
    await agent.sendAs({}, agent.put(stream, randomUUID(), pod("a")));
    await assert.rejects(agent.sendAs({}, agent.put(stream, randomUUID(), pod("b"))), {
      code: "digest-differs",
    });
    assert.equal((await objects(agent.clusterId)).length, 1);
  });

  it("applyBatch: a gap is refused with the applied sequence (R2, R4)", async () => {
    const agent = await openAgent();
    await assert.rejects(agent.sendAs({ sequence: 3 }, agent.put(stream, randomUUID(), pod("a"))), {
      code: "sequence-gap",
      extra: { appliedSequence: 0 },
    });
    assert.deepEqual(await objects(agent.clusterId), []);
  });

  it("applyBatch: an old session after a takeover is superseded, an equal epoch of another session unknown (R1, R4)", async () => {
    const agent = await openAgent();
    const old = agent.holder;
    agent.now += 30_000;
    await agent.open();
    const line = agent.put(stream, randomUUID(), pod("a"));
    await assert.rejects(agent.sendAs(old, line), { code: "superseded" });
    await assert.rejects(agent.sendAs({ sessionId: "f".repeat(32) }, line), {
      code: "session-unknown",
    });
    await agent.send(line);
  });
});

describe("applyBatch: lines", () => {
  it("applyBatch: an object of the same name closes the former one as replaced (R13)", async () => {
    const agent = await openAgent();
    const [first, second] = [randomUUID(), randomUUID()];
    await agent.send(agent.put(stream, first, pod("a")));
    const answer = await agent.send(agent.put(stream, second, pod("a")), remove(agent, first));
    assert.deepEqual(
      (await objects(agent.clusterId)).map(({ uid }) => uid),
      [second],
    );
    assert.deepEqual(
      (await history(agent.clusterId)).map(({ uid, cause }) => [uid, cause]),
      [[first, "replaced"]],
    );
    assert.deepEqual(
      answer.results.map(({ line, status }) => [line, status]),
      [[1, "ignored"]],
    );
    const again = randomUUID();
    await agent.send(remove(agent, second), agent.put(stream, again, pod("a")));
    assert.equal((await history(agent.clusterId))[1]?.["cause"], "deleted");
    assert.deepEqual(await counts(agent.clusterId), [
      { resource: "pods", namespace: "shop", objects: 1 },
    ]);
  });

  it("applyBatch: what cannot be stored becomes a stub that counts (R5)", async () => {
    const agent = await openAgent();
    const uids = Array.from({ length: 5 }, () => randomUUID()).sort();
    const nul = agent.put(stream, uids[0]!, {
      metadata: { name: "nul", namespace: "shop" },
      x: "a\0b",
    });
    const wrongHash = agent.put(stream, uids[1]!, pod("wrong"), { hash: "0123456789abcdef" });
    const float = JSON.stringify({
      ...agent.put(stream, uids[2]!, pod("float")),
      record: { a: 1.5 },
    });
    const shape = JSON.stringify({
      ...agent.put(stream, uids[3]!, pod("shape")),
      resourceVersion: 7,
    });
    const good = agent.put(stream, uids[4]!, pod("good"));
    const answer = await agent.send(nul, wrongHash, float, shape, good, "not json", '{"op":"put"}');
    assert.deepEqual(
      answer.results.map(({ line, status }) => [line, status]),
      [
        [0, "stub"],
        [1, "stub"],
        [2, "stub"],
        [3, "stub"],
        [5, "ignored"],
        [6, "ignored"],
      ],
    );
    assert.deepEqual(
      (await objects(agent.clusterId)).map(({ stub }) => stub === null),
      [false, false, false, false, true],
    );
    const expected = new Map([
      [uids[0]!, nul.hash],
      [uids[1]!, wrongHash.hash],
      [uids[2]!, agent.hashOf("pods", pod("float"))],
      [uids[3]!, agent.hashOf("pods", pod("shape"))],
      [uids[4]!, good.hash],
    ]);
    assert.deepEqual((await agent.send(agent.checkOf(stream, expected))).sendAgain, []);
    // A later put of the same hash that can be stored heals the stub without a history entry.
    await agent.send(agent.put(stream, uids[2]!, pod("float")));
    assert.equal((await objects(agent.clusterId))[2]?.["stub"], null);
    assert.deepEqual(await history(agent.clusterId), []);
  });
});

describe("applyBatch: completeness", () => {
  it("applyBatch: a mismatch asks to send again until an end whose begin named it (R16)", async () => {
    const agent = await openAgent();
    const uid = randomUUID();
    await agent.send(begin(agent), agent.put(stream, uid, pod("a")), end(agent));
    const wrong = agent.checkOf(stream, new Map());
    const [first] = (await agent.send(wrong)).sendAgain;
    assert.ok(first !== undefined && !first.full && first.stream === stream);
    // The same request stays, whatever is checked, and another list does not heal it.
    assert.deepEqual((await agent.send(wrong, begin(agent), end(agent))).sendAgain, [first]);
    assert.deepEqual((await agent.send(begin(agent, first.id), wrong)).sendAgain, [first]);
    assert.deepEqual((await agent.send(end(agent))).sendAgain, []);
    const [second] = (await agent.send(wrong)).sendAgain;
    assert.ok(second !== undefined && second.full && second.id !== first.id);
    await agent.send(begin(agent, second.id), end(agent));
    assert.deepEqual((await agent.send(wrong)).sendAgain, []);
    assert.deepEqual((await streams(agent.clusterId))[0]?.["paused_until"], at(agent, 600_000));
    agent.now += 600_001;
    assert.equal((await agent.send(wrong)).sendAgain.length, 1);
    const right = agent.checkOf(stream, new Map([[uid, agent.hashOf("pods", pod("a"))]]));
    await agent.send(right);
    assert.equal((await streams(agent.clusterId))[0]?.["mismatches"], 0);
  });

  it("applyBatch: nothing is compared between begin and end, and a check counts what stands before it (R15)", async () => {
    const agent = await openAgent();
    const [one, two] = [randomUUID(), randomUUID()];
    const empty = agent.checkOf(stream, new Map());
    const hash = agent.hashOf("pods", pod("a"));
    const answer = await agent.send(
      begin(agent),
      agent.put(stream, one, pod("a")),
      empty,
      end(agent),
      agent.checkOf(stream, new Map([[one, hash]])),
      agent.put(stream, two, pod("b")),
    );
    assert.deepEqual(answer.sendAgain, []);
  });
});

describe("applyBatch: time and scope", () => {
  it("applyBatch: before a stream's first mark there is no blind interval (R20)", async () => {
    const agent = await openAgent();
    assert.deepEqual(await blind(agent.clusterId), []);
    agent.now += 1000;
    await agent.send(begin(agent), agent.put(stream, randomUUID(), pod("a")));
    // Another session, another begin: still nothing was known that could have been missed.
    agent.now += 31_000;
    await agent.open();
    await agent.send(begin(agent));
    assert.deepEqual(await blind(agent.clusterId), []);
    await agent.send(end(agent));
    assert.deepEqual(await blind(agent.clusterId), []);
    // From now on something is known: the next list leaves a gap, and so does a stop.
    const listed = at(agent);
    agent.now += 5000;
    await agent.send(begin(agent), end(agent));
    const again = at(agent);
    agent.now += 5000;
    await agent.send({ op: "state", stream, state: "stopped", seen: agent.now });
    agent.now += 31_000;
    await agent.open();
    assert.deepEqual(await blind(agent.clusterId), [
      { from_at: listed, to_at: again, reason: "start" },
      { from_at: again, to_at: null, reason: "stopped" },
    ]);
  });

  it("applyBatch: a blind interval lasts from the last mark to the end that closes it (R11, R19, R20)", async () => {
    const agent = await openAgent();
    const [kept, gone] = [randomUUID(), randomUUID()];
    agent.now += 1000;
    await agent.send(
      begin(agent),
      agent.put(stream, kept, pod("a")),
      agent.put(stream, gone, pod("b")),
      end(agent),
    );
    assert.equal((await objects(agent.clusterId))[0]?.["valid_from_earliest"], null);
    agent.now += 5000;
    await agent.send({ op: "mark", stream, resourceVersion: "12", seen: agent.now });
    const marked = at(agent);
    agent.now += 40_000;
    // The session ends with a list that never does: its begin is aborted, the gap stays open.
    await agent.send(begin(agent));
    agent.now += 30_000;
    await agent.open();
    assert.equal((await streams(agent.clusterId))[0]?.["listing"], null);
    const open = [{ from_at: marked, to_at: null, reason: "start" }];
    assert.deepEqual(await blind(agent.clusterId), open);
    const ignored = await agent.send(end(agent));
    assert.equal(ignored.results[0]?.status, "ignored");
    agent.now += 1000;
    await agent.send(begin(agent), remove(agent, gone, "absent"), end(agent));
    const closed = [{ from_at: marked, to_at: at(agent), reason: "start" }];
    assert.deepEqual(await blind(agent.clusterId), closed);
    const [version] = await history(agent.clusterId);
    assert.deepEqual(
      [version?.["cause"], version?.["valid_to_earliest"], version?.["valid_to"]],
      ["absent", marked, at(agent)],
    );
  });

  it("applyBatch: begin precedes the first page, only lines delete, a further attempt begins anew (R10)", async () => {
    const agent = await openAgent();
    const [kept, gone] = [randomUUID(), randomUUID()];
    const listing = async () => (await streams(agent.clusterId))[0]?.["listing"];
    // Without a begin there is no list that could end: its end marks nothing.
    const early = await agent.send(agent.put(stream, kept, pod("a")), end(agent));
    assert.deepEqual(
      early.results.map(({ line, status }) => [line, status]),
      [[1, "ignored"]],
    );
    assert.equal((await streams(agent.clusterId))[0]?.["mark_at"], null);
    await agent.send(begin(agent), agent.put(stream, gone, pod("b")));
    const first = await listing();
    // The first page is applied as it arrives; the next attempt replaces the list and keeps what arrived.
    assert.equal((await objects(agent.clusterId)).length, 2);
    agent.now += 3000;
    await agent.send({ op: "begin", stream, attempt: 2, reason: "expired", seen: agent.now });
    assert.notDeepEqual(await listing(), first);
    const { attempt, seenAt } = (await listing()) as { attempt: number; seenAt: number };
    assert.deepEqual([attempt, seenAt], [2, agent.now]);
    assert.equal((await objects(agent.clusterId)).length, 2);
    const began = at(agent);
    agent.now += 1000;
    await agent.send(remove(agent, gone, "absent"), end(agent));
    assert.deepEqual(
      (await objects(agent.clusterId)).map((row) => row["uid"]),
      [kept],
    );
    // What is known after a list is known as of the begin that its end belongs to.
    const [stored] = await streams(agent.clusterId);
    assert.deepEqual([stored?.["listing"], stored?.["mark_at"]], [null, began]);
  });

  it("applyBatch: absence of lines deletes nothing (R11)", async () => {
    const agent = await openAgent();
    await agent.send(begin(agent), agent.put(stream, randomUUID(), pod("a")), end(agent));
    await agent.send(begin(agent), end(agent));
    assert.equal((await objects(agent.clusterId)).length, 1);
  });

  it("applyBatch: times are on the platform's clock (R19)", async () => {
    const agent = await openAgent();
    agent.now += 60_000;
    await agent.open({ clock: agent.now - 3_600_000 });
    await agent.send(
      agent.put(stream, randomUUID(), pod("a"), { seen: agent.now - 3_600_000 - 500 }),
    );
    assert.deepEqual((await objects(agent.clusterId))[0]?.["valid_from"], at(agent, -500));
  });

  it("applyBatch: an object that moves to a stream of another mode counts once (R14)", async () => {
    const other = "pods/*/metadata";
    const agent = await openAgent([stream, other]);
    const uid = randomUUID();
    await agent.send(agent.put(stream, uid, pod("a", { phase: "Running" })));
    await agent.send(agent.put(other, uid, pod("a")));
    assert.deepEqual(
      (await streams(agent.clusterId)).map(({ object_count }) => object_count),
      [0, 1],
    );
    assert.equal((await streams(agent.clusterId))[0]?.["set_hash"], "0");
    assert.deepEqual(
      (await history(agent.clusterId)).map(({ cause }) => cause),
      ["scope"],
    );
  });

  it("applyBatch: a deletion of an unknown uid and an undeclared stream are named, nothing else stops (R5)", async () => {
    const agent = await openAgent();
    const uid = randomUUID();
    const answer = await agent.send(
      remove(agent, randomUUID()),
      agent.put("nodes/*/full", randomUUID(), pod("n")),
      agent.put(stream, uid, pod("a")),
    );
    assert.deepEqual(
      answer.results.map(({ line, status }) => [line, status]),
      [
        [0, "ignored"],
        [1, "ignored"],
      ],
    );
    assert.deepEqual(
      (await objects(agent.clusterId)).map((row) => row["uid"]),
      [uid],
    );
  });
});
