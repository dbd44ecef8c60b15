import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import { agentPaths } from "@obsyk/contract";
import type { Fault, Received } from "@obsyk/testkit";
import {
  deliver,
  FakeCluster,
  isCurrent,
  openSetting,
  podStream,
  podStreamName,
  readCluster,
  uidOf,
  waitFor,
  type Setting,
} from "./deliver-harness.test.ts";

function clusterOf(count: number): FakeCluster {
  const cluster = new FakeCluster();
  for (let number = 0; number < count; number += 1) cluster.set(uidOf(number), "A");
  return cluster;
}

function start(setting: Setting, cluster: FakeCluster) {
  return deliver(setting, (session, signal) => readCluster(cluster, session, podStream, signal));
}

/** The first `times` batches meet this fault. */
function batchFault(times: number, fault: Fault): (call: Received) => Fault | undefined {
  let left = times;
  return ({ path }) => {
    if (path !== agentPaths.batches || left === 0) return undefined;
    left -= 1;
    return fault;
  };
}

function batches(setting: Setting): readonly Received[] {
  return setting.platform.received.filter(({ path }) => path === agentPaths.batches);
}

const transient: readonly (readonly [string, Fault])[] = [
  ["the socket breaks", { kind: "reset" }],
  ["the reply is lost", { kind: "drop-reply" }],
  ["503 with Retry-After", { kind: "answer", status: 503, headers: { "retry-after": "1" } }],
  ["429", { kind: "answer", status: 429, type: "too-many-requests" }],
  ["502 of a proxy without a problem", { kind: "answer", status: 502 }],
  [
    "a redirect, which is not followed",
    { kind: "answer", status: 302, headers: { location: "/" } },
  ],
];
for (const [why, fault] of transient) {
  test(`Sender: the same bytes go again after ${why} (R3)`, async () => {
    await using setting = await openSetting();
    setting.platform.fault = batchFault(2, fault);
    const cluster = clusterOf(3);
    await using _ = start(setting, cluster);
    await waitFor(() => isCurrent(setting, cluster), "the objects");
    await waitFor(() => batches(setting).length >= 3, "three batches");
    const [first, second, third] = batches(setting);
    assert.ok(first !== undefined);
    assert.deepEqual([second?.digest, second?.sequence], [first.digest, first.sequence]);
    if (fault.kind !== "drop-reply") assert.equal(third?.digest, first.digest);
    assert.deepEqual(setting.platform.violations, []);
  });
}

test("Sender: 401 brings one new token and the same batch again", async () => {
  await using setting = await openSetting();
  const cluster = clusterOf(1);
  await using _ = start(setting, cluster);
  await waitFor(() => isCurrent(setting, cluster), "the first list");
  await waitFor(() => setting.platform.inventory.stream(podStreamName).ends === 1, "its end");
  const before = batches(setting).length;
  setting.platform.revokeTokens();
  cluster.set(uidOf(0), "B");
  await waitFor(() => isCurrent(setting, cluster), "the change");
  const [refused, accepted] = batches(setting).slice(before);
  assert.equal(refused?.digest, accepted?.digest);
  assert.equal(setting.platform.grants, 2);
  assert.deepEqual(setting.platform.violations, []);
});

test("Sender: 413 cuts the batch until it fits", async () => {
  await using setting = await openSetting();
  setting.platform.fault = ({ path, bytes }) =>
    path === agentPaths.batches && bytes > 600
      ? { kind: "answer", status: 413, type: "too-large" }
      : undefined;
  const cluster = clusterOf(40);
  await using _ = start(setting, cluster);
  await waitFor(() => isCurrent(setting, cluster), "all objects");
  assert.ok(setting.log.some(({ event }) => event === "batchSplit"));
  assert.deepEqual(setting.platform.violations, []);
});

test("Sender: 415 makes it send gzip instead of zstd", async () => {
  await using setting = await openSetting();
  setting.platform.fault = ({ encoding }) =>
    encoding === "zstd"
      ? { kind: "answer", status: 415, type: "unsupported-media-type" }
      : undefined;
  const cluster = clusterOf(5);
  await using _ = start(setting, cluster);
  await waitFor(() => isCurrent(setting, cluster), "all objects");
  assert.deepEqual(
    batches(setting)
      .map(({ encoding }) => encoding)
      .slice(0, 2),
    ["zstd", "gzip"],
  );
  assert.deepEqual(setting.platform.violations, []);
});

const poisons: readonly Fault[] = [
  { kind: "answer", status: 422, type: "unprocessable" },
  { kind: "answer", status: 500, type: "internal" },
];
for (const poison of poisons) {
  const status = poison.kind === "answer" ? poison.status : 0;
  test(`Sender: one line that always brings ${status} does not stop the others (R5)`, async () => {
    await using setting = await openSetting();
    const cluster = clusterOf(6);
    const bad = uidOf(3);
    setting.platform.faultForBody = (text) => (text.includes(bad) ? poison : undefined);
    await using _ = start(setting, cluster);
    const stored = setting.platform.inventory.stream(podStreamName);
    await waitFor(() => stored.objects.size === 5 && stored.ends === 1, "the five others");
    await waitFor(() => stored.state === "degraded", "degraded");
    assert.ok(!stored.objects.has(bad));
    assert.ok(setting.log.some(({ event }) => event === "lineDiscarded"));
    assert.deepEqual(setting.platform.violations, []);
  });
}

test("Sender: a platform that answers 500 to everything for a while loses nothing (R5, I8)", async () => {
  await using setting = await openSetting();
  const cluster = clusterOf(4);
  let isBroken = true;
  setting.platform.fault = ({ path }) =>
    isBroken && path === agentPaths.batches
      ? { kind: "answer", status: 500, type: "internal" }
      : undefined;
  await using _ = start(setting, cluster);
  await waitFor(() => batches(setting).length >= 14, "fourteen refusals");
  isBroken = false;
  await waitFor(() => isCurrent(setting, cluster), "all objects");
  assert.ok(!setting.log.some(({ event }) => event === "lineDiscarded"));
  assert.deepEqual(setting.platform.violations, []);
});

test("createTokenSource: concurrent callers share one grant", async () => {
  await using setting = await openSetting();
  const signal = AbortSignal.timeout(5_000);
  const tokens = await Promise.all(Array.from({ length: 20 }, () => setting.tokens.token(signal)));
  assert.equal(new Set(tokens).size, 1);
  assert.equal(setting.platform.grants, 1);
  assert.equal(JSON.stringify({ token: tokens[0] }), '{"token":"[secret]"}');
});

test("createTokenSource: an early refresh that fails keeps the old token", async () => {
  const clock = { at: 0, now: () => Date.now(), monotonic: () => clock.at, sleep: async () => {} };
  await using setting = await openSetting({ tokenSeconds: 100, clock });
  const signal = AbortSignal.timeout(5_000);
  const first = await setting.tokens.token(signal);
  setting.platform.fault = ({ path }) =>
    path === agentPaths.token ? { kind: "answer", status: 503 } : undefined;
  clock.at = 80_000;
  assert.equal(await setting.tokens.token(signal), first);
  await waitFor(() => setting.log.some(({ event }) => event === "tokenFailed"), "the failure");
  assert.equal(await setting.tokens.token(signal), first);
  setting.platform.fault = () => undefined;
  clock.at = 90_000;
  assert.equal(await setting.tokens.token(signal), first);
  await waitFor(() => setting.platform.grants === 2, "the second grant");
  await waitFor(() => setting.tokens.ageSeconds() === 0, "the new token");
  assert.notEqual(await setting.tokens.token(signal), first);
});

test("createTokenSource: an expired token is never used", async () => {
  const clock = { at: 0, now: () => Date.now(), monotonic: () => clock.at, sleep: async () => {} };
  await using setting = await openSetting({ tokenSeconds: 100, clock });
  const signal = AbortSignal.timeout(5_000);
  await setting.tokens.token(signal);
  setting.platform.fault = ({ path }) =>
    path === agentPaths.token ? { kind: "answer", status: 503 } : undefined;
  clock.at = 100_000;
  await assert.rejects(setting.tokens.token(signal), { code: "PLATFORM_ANSWER", status: 503 });
});

test("createTokenSource: a clock that is an hour wrong follows the platform's Date", async () => {
  await using setting = await openSetting();
  setting.platform.clockOffsetMs = 3_600_000;
  await setting.tokens.token(AbortSignal.timeout(5_000));
  assert.equal(setting.platform.grants, 1);
  assert.equal(setting.platform.received.length, 2);
});

test("createTokenSource: a replaced key file is used for the next token, without its text in an error", async () => {
  await using setting = await openSetting();
  const signal = AbortSignal.timeout(5_000);
  setting.tokens.refused(await setting.tokens.token(signal));
  await writeFile(
    setting.keyFile,
    "-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0\n-----END RSA PRIVATE KEY-----\n",
  );
  await assert.rejects(setting.tokens.token(signal), { code: "KEY_FILE" });
  const other = generateKeyPairSync("ec", { namedCurve: "P-256" });
  await writeFile(setting.keyFile, other.privateKey.export({ type: "sec1", format: "pem" }));
  await assert.rejects(setting.tokens.token(signal), { status: 400, type: "invalid_grant" });
  const failures = setting.log.filter(({ event }) => event === "tokenFailed");
  assert.ok(!JSON.stringify(failures).includes("c2VjcmV0"));
});

test("createTokenSource: a waiter leaves when its signal aborts, the others get the token", async () => {
  await using setting = await openSetting();
  const controller = new AbortController();
  const leaving = setting.tokens.token(controller.signal);
  const staying = setting.tokens.token(AbortSignal.timeout(5_000));
  controller.abort(new Error("left"));
  await assert.rejects(leaving, { message: "left" });
  assert.ok((await staying).reveal().length > 0);
});
