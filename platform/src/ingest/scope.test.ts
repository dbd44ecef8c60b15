/** Leaving the scope is never a deletion, coming back is never a change (R14). */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import type { Line, Scope, SessionRequest } from "@obsyk/contract";
import { openTestDatabase } from "../store/test-database.ts";
import { openIndexSnapshot } from "./index-snapshot.ts";
import { pod } from "./test-agent.ts";
import { openTestInventory, type ClusterAgent } from "./test-inventory.ts";

const pods = "pods/*/full";
const inventory = openTestInventory(await openTestDatabase());
after(() => inventory[Symbol.asyncDispose]());

const begin = (agent: ClusterAgent, stream: string, request?: string): Line => {
  const reason = request === undefined ? "start" : "send-again";
  const line = { op: "begin", stream, attempt: 1, reason, seen: agent.now } as const;
  return request === undefined ? line : { ...line, request };
};
const end = (agent: ClusterAgent, stream: string): Line => ({
  op: "end",
  stream,
  resourceVersion: "9",
  seen: agent.now,
});
const gone = (agent: ClusterAgent, stream: string, uid: string): Line => ({
  op: "delete",
  stream,
  uid,
  seen: agent.now,
  cause: "absent",
});

function scope(resources: readonly string[], namespaces: Partial<Scope["namespaces"]> = {}): Scope {
  return {
    resources: resources.map((text) => {
      const [resource = "", mode = "full"] = text.split("/");
      return { resource, mode: mode as Scope["resources"][number]["mode"] };
    }),
    namespaces: { include: [], exclude: [], ...namespaces },
  };
}

/** The next session, a minute later. */
async function reopen(
  agent: ClusterAgent,
  streams: readonly string[],
  overrides: Partial<SessionRequest> & { readonly version?: string } = {},
) {
  agent.now += 60_000;
  const { version = "00000000000000aa", ...rest } = overrides;
  const declared = streams.map((stream) => ({ stream, recordVersion: version }));
  return agent.open({ streams: declared, ...rest });
}

async function indexOf(agent: ClusterAgent, stream: string): Promise<number> {
  const { count, chunks } = await openIndexSnapshot(stream, { ...agent.context, ...agent.holder });
  for await (const _ of chunks);
  return count;
}

async function marks(agent: ClusterAgent) {
  const rows = await inventory.objects(agent.clusterId);
  return rows
    .map((row) => [
      row["name"],
      row["in_scope"],
      (row["not_collected_since"] as Date | null)?.getTime(),
    ])
    .sort((one, other) => String(one[0]).localeCompare(String(other[0])));
}

async function listPods(agent: ClusterAgent, names: readonly string[], namespace = "shop") {
  const puts = names.map((name) => agent.put(pods, randomUUID(), pod(name, { namespace })));
  await agent.send(begin(agent, pods), ...puts, end(agent, pods));
  return puts.map(({ uid }) => uid);
}

const liveCount = async (agent: ClusterAgent) =>
  (await inventory.counts(agent.clusterId)).reduce((sum, row) => sum + Number(row["objects"]), 0);

test("syncScope: a resource off and on again: marked, uncounted, kept, confirmed by the list (R14)", async () => {
  const agent = await inventory.openAgent([pods]);
  const markedAt = agent.now;
  const [, second = ""] = await listPods(agent, ["a", "b"]);
  await reopen(agent, ["nodes/*/full"], { scope: scope(["nodes"]) });
  assert.deepEqual(await marks(agent), [
    ["a", false, markedAt],
    ["b", false, markedAt],
  ]);
  assert.equal(await liveCount(agent), 0);
  await reopen(agent, [pods], { scope: scope(["pods"]) });
  assert.equal(await indexOf(agent, pods), 2, "the list has to find them");
  assert.equal(await liveCount(agent), 0, "not shown as live before a list has");
  const deletedAt = agent.now;
  await agent.send(begin(agent, pods), gone(agent, pods, second), end(agent, pods));
  assert.deepEqual(await marks(agent), [["a", true, undefined]]);
  assert.equal(await liveCount(agent), 1);
  const reasons = (await inventory.blind(agent.clusterId)).map((row) => row["reason"]);
  assert.deepEqual(reasons, ["not-collected"]);
  const [closed, ...others] = await inventory.history(agent.clusterId);
  assert.deepEqual(others, []);
  assert.deepEqual([closed?.["name"], closed?.["cause"]], ["b", "absent"]);
  assert.deepEqual(
    [closed?.["valid_to_earliest"], closed?.["valid_to"]],
    [new Date(markedAt), new Date(deletedAt)],
    "it went at some time while nobody looked",
  );
});

test("syncScope: a namespace filtered out and in: only its objects, and no history (R14)", async () => {
  const agent = await inventory.openAgent([pods]);
  await listPods(agent, ["a"]);
  const [, changed = ""] = await listPods(agent, ["b", "c"], "bank");
  const bank = scope(["pods"], { exclude: ["ba*"] });
  const leftAt = agent.now;
  await reopen(agent, [pods], { scope: bank });
  await agent.send(begin(agent, pods), end(agent, pods));
  assert.deepEqual(await marks(agent), [
    ["a", true, undefined],
    ["b", false, leftAt],
    ["c", false, leftAt],
  ]);
  assert.equal(await indexOf(agent, pods), 1);
  await reopen(agent, [pods], { scope: bank });
  await agent.send(begin(agent, pods), end(agent, pods));
  await reopen(agent, [pods], { scope: scope(["pods"]) });
  const late = agent.put(pods, changed, pod("c", { namespace: "bank", phase: "Failed" }));
  await agent.send(begin(agent, pods), late, end(agent, pods));
  assert.equal(await liveCount(agent), 3);
  const history = await inventory.history(agent.clusterId);
  assert.deepEqual(
    history.map((row) => [row["name"], row["cause"], row["valid_to_earliest"]]),
    [["c", "changed", new Date(leftAt)]],
    "a real change while nobody looked is one",
  );
  assert.deepEqual((await agent.send(agent.checkOf(pods, new Map()))).sendAgain.length, 1);
});

test("syncScope: keys, counts and keys again: other keys of the same objects replace nothing (R13, R14)", async () => {
  const keys = "secrets/*/keys";
  const counts = "secrets/shop/counts";
  const agent = await inventory.openAgent([keys]);
  const uid = randomUUID();
  const derived = randomUUID();
  await agent.send(begin(agent, keys), agent.put(keys, uid, pod("s")), end(agent, keys));
  await reopen(agent, [counts], { scope: scope(["secrets/counts"]) });
  const put = agent.put(counts, derived, pod("s"), { derived: true });
  await agent.send(begin(agent, counts), put, end(agent, counts));
  assert.equal((await marks(agent)).length, 2);
  assert.equal(await liveCount(agent), 1);
  await reopen(agent, [keys], { scope: scope(["secrets/keys"]) });
  assert.equal(await indexOf(agent, keys), 1);
  await agent.send(begin(agent, keys), end(agent, keys));
  const live = (await inventory.objects(agent.clusterId)).filter(
    (row) => row["not_collected_since"] === null,
  );
  assert.deepEqual(
    live.map((row) => row["uid"]),
    [uid],
  );
  assert.equal(await liveCount(agent), 1);
  assert.deepEqual(await inventory.history(agent.clusterId), []);
});

test("syncScope: streams of single namespaces take over what they cover, and give it back (R14)", async () => {
  const agent = await inventory.openAgent([pods]);
  const [uid = ""] = await listPods(agent, ["a"]);
  await listPods(agent, ["b"], "bank");
  const shop = "pods/shop/full";
  await reopen(agent, [shop], { scope: scope(["pods"], { include: ["shop"] }) });
  assert.equal(await indexOf(agent, shop), 1);
  assert.equal(await liveCount(agent), 1);
  await agent.send(begin(agent, shop), end(agent, shop));
  const check = agent.checkOf(shop, new Map([[uid, agent.hashOf("pods", pod("a"))]]));
  assert.deepEqual((await agent.send(check)).sendAgain, []);
  await reopen(agent, [pods], { scope: scope(["pods"]) });
  assert.equal(await indexOf(agent, pods), 2);
  await agent.send(begin(agent, pods), end(agent, pods));
  assert.equal(await liveCount(agent), 2);
  assert.deepEqual(await inventory.history(agent.clusterId), []);
});

test("syncScope: streams of mode counts wait for their namespace to be known; the rest is told (R14)", async () => {
  const counts = ["secrets/shop/counts", "secrets/gone/counts", "secrets/empty/counts"];
  const agent = await inventory.openAgent(["namespaces/*/full", ...counts]);
  for (const stream of counts.slice(0, 2)) {
    const namespace = stream.split("/")[1] ?? "";
    const put = agent.put(stream, randomUUID(), pod("s", { namespace }), { derived: true });
    await agent.send(begin(agent, stream), put, end(agent, stream));
  }
  const declaration = { scope: scope(["namespaces", "secrets/counts"]), instanceId: randomUUID() };
  const first = await reopen(agent, ["namespaces/*/full"], declaration);
  assert.deepEqual([...(first.held ?? [])].sort(), counts.slice(0, 2).sort());
  assert.equal(await liveCount(agent), 2, "still there");
  const names = ["namespaces/*/full", counts[0] ?? ""];
  const streams = names.map((stream) => ({ stream, recordVersion: "00000000000000aa" }));
  const second = await agent.open({ ...declaration, streams });
  assert.deepEqual(second.held, [counts[1]]);
  const dropped = async () =>
    (await inventory.streams(agent.clusterId))
      .filter((row) => row["collected"] === false)
      .map((row) => row["name"]);
  assert.deepEqual(await dropped(), [counts[2]], "empty, and nobody named it");
  const third = await agent.open({
    ...declaration,
    streams: [...streams, { stream: counts[2] ?? "", recordVersion: "00000000000000aa" }],
  });
  assert.deepEqual(third.held, [counts[1]]);
  assert.deepEqual(await dropped(), []);
  const reasons = (await inventory.blind(agent.clusterId)).map((row) => row["reason"]);
  assert.ok(reasons.length > 0 && reasons.every((reason) => reason === "start"), "it never left");
});

test("applyBatch: a wider table changes no history, whatever the object's version (R14)", async () => {
  const agent = await inventory.openAgent([pods]);
  const [same = "", moved = "", other = ""] = await listPods(agent, ["a", "b", "c"]);
  const bornAt = (await inventory.objects(agent.clusterId))[0]?.["valid_from"];
  const { sendAgain } = await reopen(agent, [pods], {
    scope: scope(["pods"]),
    version: "00000000000000bb",
  });
  assert.equal(sendAgain[0]?.reason, "schema");
  const wider = (name: string, labels = {}) => ({
    ...pod(name),
    spec: { nodeName: "n" },
    ...labels,
  });
  await agent.send(
    begin(agent, pods),
    agent.put(pods, same, wider("a")),
    agent.put(pods, moved, wider("b"), { resourceVersion: "2" }),
    agent.put(
      pods,
      other,
      { ...wider("c"), metadata: { name: "c", namespace: "tree" } },
      { resourceVersion: "2" },
    ),
    end(agent, pods),
  );
  const history = await inventory.history(agent.clusterId);
  assert.deepEqual(
    history.map((row) => `${String(row["name"])} ${String(row["cause"])}`).sort(),
    ["b schema", "c changed"],
    "a: nothing; b: perhaps; c: for certain",
  );
  const a = (await inventory.objects(agent.clusterId)).find((row) => row["uid"] === same);
  assert.deepEqual(a?.["valid_from"], bornAt);
  assert.deepEqual(a?.["record"], wider("a"));
});
