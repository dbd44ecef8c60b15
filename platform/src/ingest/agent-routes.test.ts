import assert from "node:assert/strict";
import { generateKeyPairSync, hash, randomUUID } from "node:crypto";
import { after, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import {
  agentHeaders,
  agentPaths,
  canonicalize,
  mediaTypes,
  type BatchAnswer,
  type ClusterDetail,
  type LiveEvent,
  type ObjectDetail,
  type ObjectPage,
  type SessionAnswer,
} from "@obsyk/contract";
import { recordHash } from "@obsyk/runtime";
import { calculateJwkThumbprint, SignJWT } from "jose";
import { callAgent, callConsole, openTestPlatform, signInOwner } from "../test-platform.ts";
import { pod } from "./test-agent.ts";

const target = await openTestPlatform();
after(() => target[Symbol.asyncDispose]());
const cookie = await signInOwner(target);
const stream = "pods/*/full";

type Refusal = { readonly pointer: string; readonly appliedSequence: number };

async function registerAgent(name: string): Promise<{ token: string; clusterId: string }> {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const registered = await callConsole(target, {
    path: "/api/v1/clients",
    method: "POST",
    cookie,
    body: { name, publicKey: publicKey.export({ type: "spki", format: "pem" }) },
  });
  assert.equal(registered.status, 201, registered.text);
  const { clientId, clusterId } = JSON.parse(registered.text) as {
    clientId: string;
    clusterId: string;
  };
  const kid = await calculateJwkThumbprint(publicKey.export({ format: "jwk" }));
  const now = Math.floor(Date.now() / 1000);
  const assertion = await new SignJWT({ jti: randomUUID() })
    .setProtectedHeader({ alg: "ES256", typ: "obs-client-assertion+jwt", kid })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(target.platform.agentUrl)
    .setIssuedAt(now)
    .setNotBefore(now)
    .setExpirationTime(now + 60)
    .sign(privateKey);
  const answer = await callAgent(target, {
    path: agentPaths.token,
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({
      grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
      assertion,
    }).toString(),
  });
  assert.equal(answer.status, 200, answer.text);
  return { token: (JSON.parse(answer.text) as { access_token: string }).access_token, clusterId };
}

type Agent = { readonly token: string; readonly clusterId: string };
type Granted = Extract<SessionAnswer, { status: "granted" }>;

const bearer = (agent: Agent) => ({ authorization: `Bearer ${agent.token}` });
const json = { "content-type": "application/json" };

async function openSession(agent: Agent, overrides: object = {}) {
  return callAgent(target, {
    path: agentPaths.sessions,
    method: "POST",
    headers: { ...bearer(agent), ...json },
    body: JSON.stringify({
      instanceId: randomUUID(),
      clusterUid: `uid of ${agent.clusterId}`,
      clusterName: "any",
      operatorVersion: "0.1.0",
      kubernetesVersion: "v1.36.3",
      streams: [{ stream, recordVersion: "00000000000000aa" }],
      clock: Date.now(),
      ...overrides,
    }),
  });
}

const identity = (session: Granted) => ({
  [agentHeaders.session]: session.sessionId,
  [agentHeaders.epoch]: String(session.epoch),
});

async function sendBatch(
  agent: Agent,
  session: Granted,
  batch: { readonly sequence: number; readonly body: Buffer; readonly headers?: object },
) {
  return callAgent(target, {
    path: agentPaths.batches,
    method: "POST",
    headers: {
      ...bearer(agent),
      ...identity(session),
      "content-type": mediaTypes.lines,
      [agentHeaders.sequence]: String(batch.sequence),
      [agentHeaders.digest]: `sha-256=:${hash("sha256", batch.body, "base64")}:`,
      ...batch.headers,
    },
    body: batch.body,
  });
}

const typeOf = (text: string): string => (JSON.parse(text) as { type: string }).type;

describe("registerIngest", () => {
  it("registerIngest: from session to inventory, index, heartbeat and goodbye", async () => {
    const agent = await registerAgent("main");
    const session = JSON.parse((await openSession(agent)).text) as Granted;
    assert.equal(session.status, "granted");
    const uids = [randomUUID(), randomUUID()].sort();
    const puts = uids.map((uid, index) => {
      const record = pod(`api-${index}`, { labels: { app: "api" } });
      const recordHashHex = recordHash(session.hashKey, "pods", canonicalize(record));
      const seen = Date.now();
      const managers = [{ manager: "kubectl", operation: "Apply" }];
      return {
        op: "put",
        stream,
        uid,
        hash: recordHashHex,
        resourceVersion: "1",
        managers,
        record,
        seen,
      };
    });
    const seen = Date.now();
    const lines = [
      { op: "begin", stream, attempt: 1, reason: "start", seen },
      ...puts,
      { op: "end", stream, resourceVersion: "5", seen: Date.now() },
      { op: "state", stream, state: "watching", seen: Date.now() },
    ];
    const body = gzipSync(lines.map((line) => JSON.stringify(line)).join("\n"));
    const headers = { "content-encoding": "gzip" };
    const applied = await sendBatch(agent, session, {
      sequence: session.nextSequence,
      body,
      headers,
    });
    assert.equal(applied.status, 200, applied.text);
    assert.deepEqual((JSON.parse(applied.text) as BatchAnswer).results, []);

    const index = await callAgent(target, {
      path: `${agentPaths.index}?stream=${encodeURIComponent(stream)}`,
      headers: { ...bearer(agent), ...identity(session) },
    });
    assert.equal(index.headers[agentHeaders.count], "2");
    assert.equal(index.headers[agentHeaders.appliedSequence], String(session.nextSequence));
    assert.equal(index.headers["content-type"], mediaTypes.index);

    const page = await callConsole(target, {
      path: "/api/v1/objects?cluster=main&labelSelector=app%3Dapi",
      cookie,
    });
    assert.equal(page.status, 200, page.text);
    const { items, asOf, blind, next } = JSON.parse(page.text) as ObjectPage;
    assert.deepEqual(
      items.map((item) => item.name),
      ["api-0", "api-1"],
    );
    assert.deepEqual([typeof asOf, blind.length, next], ["string", 0, undefined]);

    const detail = await callConsole(target, {
      path: `/api/v1/clusters/${agent.clusterId}/objects/pods/${uids[0]}`,
      cookie,
    });
    assert.deepEqual((JSON.parse(detail.text) as ObjectDetail).managers, [
      { manager: "kubectl", operation: "Apply" },
    ]);

    const beat = await callAgent(target, {
      path: agentPaths.heartbeat,
      method: "POST",
      headers: { ...bearer(agent), ...identity(session), ...json },
      body: JSON.stringify({
        clock: Date.now(),
        lastAck: 1,
        queuedBytes: 0,
        residentBytes: 1,
        streams: [],
      }),
    });
    assert.equal(beat.status, 200, beat.text);

    const connected = await callConsole(target, {
      path: `/api/v1/clusters/${agent.clusterId}`,
      cookie,
    });
    const cluster = JSON.parse(connected.text) as ClusterDetail;
    assert.deepEqual(
      [cluster.state, cluster.objects, cluster.streams[0]?.state],
      ["connected", 2, "watching"],
    );
    const bye = await callAgent(target, {
      path: agentPaths.goodbye,
      method: "POST",
      headers: { ...bearer(agent), ...identity(session) },
    });
    assert.equal(bye.status, 204, bye.text);
    const gone = await callConsole(target, { path: `/api/v1/clusters/${agent.clusterId}`, cookie });
    assert.equal((JSON.parse(gone.text) as ClusterDetail).state, "disconnected");
    assert.equal((JSON.parse(gone.text) as ClusterDetail).blind[0]?.reason, "disconnected");
  });

  it("registerIngest: refuses what is not authenticated, digested or named", async () => {
    const agent = await registerAgent("refused");
    const session = JSON.parse((await openSession(agent)).text) as Granted;
    const body = Buffer.from('{"op":"nothing"}');
    const sequence = session.nextSequence;
    const unauthorized = await sendBatch({ ...agent, token: "nobody" }, session, {
      sequence,
      body,
    });
    assert.equal(unauthorized.status, 401);
    const digest = await sendBatch(agent, session, {
      sequence,
      body,
      headers: { [agentHeaders.digest]: "sha-256=:AAAA:" },
    });
    assert.deepEqual(
      [digest.status, (JSON.parse(digest.text) as Refusal).pointer],
      [400, "content-digest"],
    );
    const gap = await sendBatch(agent, session, { sequence: sequence + 1, body });
    assert.deepEqual(
      [gap.status, typeOf(gap.text), (JSON.parse(gap.text) as Refusal).appliedSequence],
      [409, "urn:obsyk:problem:sequence-gap", sequence - 1],
    );
    const unknown = await sendBatch(
      agent,
      { ...session, sessionId: "0".repeat(32) },
      { sequence, body },
    );
    assert.equal(typeOf(unknown.text), "urn:obsyk:problem:session-unknown");
    const noStream = await callAgent(target, {
      path: `${agentPaths.index}?stream=nodes/*/full`,
      headers: { ...bearer(agent), ...identity(session) },
    });
    assert.equal(noStream.status, 404, noStream.text);
    const badStream = await openSession(agent, {
      streams: [{ stream: "no stream", recordVersion: "00000000000000aa" }],
    });
    assert.equal((JSON.parse(badStream.text) as Refusal).pointer, "/streams/0/stream");
  });

  it("registerIngest: another client on the same cluster is refused (R23), another instance waits (R21)", async () => {
    const [first, second] = [await registerAgent("first"), await registerAgent("second")];
    assert.equal((await openSession(first, { clusterUid: "shared" })).status, 200);
    const refused = await openSession(second, { clusterUid: "shared" });
    assert.equal(typeOf(refused.text), "urn:obsyk:problem:cluster-held-by-other-client");
    const waiting = await openSession(first, { clusterUid: "shared" });
    assert.equal((JSON.parse(waiting.text) as SessionAnswer).status, "standby");
    const moved = await openSession(second, { clusterUid: "own" });
    assert.equal((JSON.parse(moved.text) as SessionAnswer).status, "granted");
  });
});

describe("registerQuery", () => {
  it("registerQuery: live events name what changed", async () => {
    const agent = await registerAgent("live");
    const session = JSON.parse((await openSession(agent)).text) as Granted;
    const stop = new AbortController();
    const live = await fetch(new URL("/api/v1/live", target.platform.consoleUrl), {
      headers: { cookie },
      signal: stop.signal,
    });
    assert.equal(live.headers.get("content-type"), "text/event-stream");
    const record = pod("seen");
    const line = {
      op: "put",
      stream,
      uid: randomUUID(),
      resourceVersion: "1",
      record,
      seen: Date.now(),
      hash: recordHash(session.hashKey, "pods", canonicalize(record)),
    };
    const body = Buffer.from(JSON.stringify(line));
    await sendBatch(agent, session, { sequence: session.nextSequence, body });
    let text = "";
    for await (const chunk of live.body ?? []) {
      text += Buffer.from(chunk as Uint8Array).toString();
      if (text.includes("data: ")) break;
    }
    stop.abort();
    const event = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? "{}") as LiveEvent;
    assert.deepEqual(event, { clusterId: agent.clusterId, changeNumber: 1, resources: ["pods"] });
    assert.match(text, /^event: beat\ndata:\n\n/m, "the console takes silence for a loss");
  });

  it("registerQuery: mistakes are named by parameter", async () => {
    const pointers = new Map([
      ["/api/v1/objects?cursor=garbage", "cursor"],
      ["/api/v1/objects?labelSelector=a%20in", "labelSelector"],
      ["/api/v1/objects?cluster=none", "cluster"],
      ["/api/v1/objects?name=ab", "/name"],
      ["/api/v1/objects?limit=0", "/limit"],
    ]);
    for (const [path, pointer] of pointers) {
      const answer = await callConsole(target, { path, cookie });
      assert.ok(answer.status === 400 || answer.status === 404, answer.text);
      assert.equal((JSON.parse(answer.text) as Refusal).pointer, pointer, path);
    }
    for (const path of ["/api/v1/objects", "/api/v1/clusters", "/api/v1/live"]) {
      assert.equal((await callConsole(target, { path })).status, 401);
    }
    const nul = await callConsole(target, { path: "/api/v1/objects?namespace=a%00b", cookie });
    assert.equal(nul.status, 400, nul.text);
  });
});
