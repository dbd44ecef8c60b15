import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { createCertificates } from "./certificates.ts";
import { seededRandom } from "./kube-api/encode/random-object.ts";
import {
  answerFaults,
  openFaultProxy,
  transportFaults,
  type FaultKind,
  type FaultProxy,
} from "./fault-proxy.ts";

const body = "0123456789".repeat(400);
const certificates = await createCertificates();
let requests = 0;
const server = createServer({ cert: certificates.cert, key: certificates.key }, (req, res) => {
  requests += 1;
  void text(req).then((said) => res.end(`${said}${body}`));
});

before(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
after(() => {
  server.closeAllConnections();
  server.close();
});

async function open(seed = 1): Promise<FaultProxy> {
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return openFaultProxy({ upstream: { url, ca: certificates.ca }, random: seededRandom(seed) });
}

type Seen = { readonly status: number; readonly text: string } | { readonly error: unknown };

async function call(proxy: FaultProxy, path = "/"): Promise<Seen> {
  try {
    const outgoing = request(`${proxy.url}${path}`, { method: "POST", ca: proxy.ca, agent: false });
    // The wait below sees an error before the answer, its reader one after; either may see it too late.
    outgoing.on("error", () => undefined);
    outgoing.end("hello");
    const [response] = (await once(outgoing, "response")) as [IncomingMessage];
    return { status: response.statusCode ?? 0, text: await text(response) };
  } catch (error) {
    return { error };
  }
}

const unharmed: ReadonlySet<FaultKind> = new Set(["delay", "trickle", "split", "hang"]);

for (const kind of transportFaults) {
  for (const seed of [1, 2, 3, 4]) {
    test(`arm: ${kind} hits one connection, and the next is whole (seed ${seed})`, async () => {
      await using proxy = await open(seed);
      const hit = proxy.arm(kind, { holdMs: 100 }, AbortSignal.timeout(5000));
      const seen = await call(proxy);
      await hit;
      if (unharmed.has(kind)) assert.deepEqual(seen, { status: 200, text: `hello${body}` });
      else assert.ok("error" in seen, JSON.stringify(seen).slice(0, 100));
      assert.deepEqual([...proxy.hits()], [[kind, 1]]);
      assert.deepEqual(await call(proxy), { status: 200, text: `hello${body}` });
      assert.deepEqual([...proxy.hits()], [[kind, 1]]);
    });
  }
}

for (const [kind, code] of [
  ["gone", 410],
  ["throttled", 429],
  ["failed", 500],
] as const) {
  test(`arm: ${kind} answers ${code} and the server is not asked`, async () => {
    await using proxy = await open();
    const asked = requests;
    const hit = proxy.arm(kind, {}, AbortSignal.timeout(5000));
    const seen = await call(proxy);
    await hit;
    assert.equal("status" in seen && seen.status, code);
    assert.equal(requests, asked);
    assert.ok(answerFaults.includes(kind));
  });
}

test("arm: only requests that the caller accepts are hit", async () => {
  await using proxy = await open();
  const options = { request: (line: string) => line.includes("watch=1") };
  const hit = proxy.arm("gone", options, AbortSignal.timeout(5000));
  assert.deepEqual(await call(proxy), { status: 200, text: `hello${body}` });
  const seen = await call(proxy, "/pods?watch=1");
  await hit;
  assert.equal("status" in seen && seen.status, 410);
});

test("arm: an idle proxy is never hit, and an aborted fault is disarmed", async () => {
  await using proxy = await open();
  const stop = new AbortController();
  const hit = proxy.arm("cut", {}, stop.signal);
  stop.abort(new Error("enough"));
  await assert.rejects(hit, /enough/);
  assert.deepEqual(await call(proxy), { status: 200, text: `hello${body}` });
  assert.equal(proxy.hits().size, 0);
});
