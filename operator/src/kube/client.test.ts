/**
 * Real TLS sockets against a server that answers byte by byte: what reaches the API server, how connections are used,
 * and what becomes of answers that are no success.
 */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import {
  createCertificates,
  openScriptedServer,
  type Certificates,
  type ScriptedRequest,
  type ScriptedServer,
} from "@obsyk/testkit";
import { openClusterAccess, type ClusterAccess, type KubeAnswer } from "./client.ts";
import type { Credentials } from "./target.ts";

let certificates: Certificates;

before(async () => {
  certificates = await createCertificates();
});

type Setup = AsyncDisposable & { readonly server: ScriptedServer; readonly access: ClusterAccess };

async function setUp(
  respond: (request: ScriptedRequest) => void,
  options: {
    readonly credentials?: Partial<Credentials>;
    readonly tls12?: boolean;
    readonly minTls?: "1.2";
  } = {},
): Promise<Setup> {
  const { ca, cert, key } = certificates;
  const server = await openScriptedServer({
    tls: { cert, key, ...(options.tls12 === true ? { maxVersion: "TLSv1.2" as const } : {}) },
    respond,
  });
  const tls = { ca };
  const access = openClusterAccess({
    target: {
      server: new URL(server.url),
      credentials: {
        authorization: () => Promise.resolve("Bearer token-1"),
        tls: () => Promise.resolve(tls),
        renew: () => undefined,
        ...options.credentials,
      },
    },
    version: "1.2.3",
    ...(options.minTls === undefined ? {} : { minTls: options.minTls }),
  });
  return {
    server,
    access,
    async [Symbol.asyncDispose]() {
      await access[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const request = {
  path: "/api/v1/pods",
  query: { limit: "500" },
  accept: "application/json",
  connection: "shared",
  signal: new AbortController().signal,
} as const;

async function readAll(answer: KubeAnswer): Promise<string> {
  assert.equal(answer.kind, "ok");
  const chunks: Uint8Array[] = [];
  await answer.read((chunk) => {
    chunks.push(Uint8Array.from(chunk));
    return true;
  });
  return Buffer.concat(chunks).toString("utf8");
}

describe("openClusterAccess", () => {
  test("get: says who we are and takes no compressed answer (pitfall 36)", async () => {
    await using setup = await setUp(({ reply }) => reply.send(200, "hello"));
    assert.equal(await readAll(await setup.access.get(request)), "hello");
    const sent = setup.server.requests[0]!;
    assert.equal(sent.headers.get("user-agent"), "obsyk-operator/1.2.3");
    assert.equal(sent.headers.get("accept-encoding"), "identity");
    assert.equal(sent.headers.get("accept"), "application/json");
    assert.equal(sent.headers.get("authorization"), "Bearer token-1");
    assert.equal(sent.query.get("limit"), "500");
  });

  test("get: a hundred lists use at most four connections (pitfall 38)", async () => {
    await using setup = await setUp(({ reply }) => reply.send(200, "x"));
    await Promise.all(
      Array.from({ length: 100 }, async () => readAll(await setup.access.get(request))),
    );
    assert.equal(setup.server.requests.length, 100);
    assert.ok(setup.server.connections.total <= 4);
  });

  test("get: each watch has a connection of its own, closed with it", async () => {
    await using setup = await setUp(({ reply }) => {
      reply.head(200);
      reply.chunk("x");
    });
    const answers = await Promise.all(
      [1, 2, 3, 4, 5].map(() => setup.access.get({ ...request, connection: "watch" })),
    );
    assert.equal(setup.server.connections.open, 5);
    for (const answer of answers) if (answer.kind === "ok") answer.close();
    await Promise.all(setup.server.requests.map(({ reply }) => reply.closed));
    assert.equal(setup.server.connections.open, 0);
  });

  test("get: a watch that ended leaves no connection behind", async () => {
    await using setup = await setUp(({ reply }) => reply.send(200, "x"));
    await readAll(await setup.access.get({ ...request, connection: "watch" }));
    // Without keeping, the connection ends now; kept, it would outlive this test's patience.
    const closed = setup.server.requests[0]!.reply.closed.then(() => "closed");
    assert.equal(await Promise.race([closed, delay(2000, "open", { ref: false })]), "closed");
  });

  test("get: an answer other than 200 is read as a Status, never as a body (pitfall 22)", async () => {
    const body = JSON.stringify(
      {
        kind: "Status",
        reason: "Timeout",
        message: "quotes a value",
        details: { retryAfterSeconds: 3 },
      },
      null,
      2,
    );
    await using setup = await setUp(({ reply }) => reply.send(504, body));
    assert.deepEqual(await setup.access.get(request), {
      kind: "status",
      status: {
        code: 504,
        reason: "Timeout",
        retryAfter: "3",
      },
    });
  });

  test("get: a Status of any size or shape does no harm", async () => {
    const bodies = ["", "<html>", "[]", '{"kind":"Secret","reason":"x"}', "x".repeat(200_000)];
    for (const body of bodies) {
      await using setup = await setUp(({ reply }) => reply.send(503, body, { "retry-after": "7" }));
      assert.deepEqual(await setup.access.get(request), {
        kind: "status",
        status: { code: 503, reason: "", retryAfter: "7" },
      });
    }
  });

  test("get: redirects are not followed", async () => {
    await using setup = await setUp(({ reply }) => reply.send(307, "", { location: "/elsewhere" }));
    const answer = await setup.access.get(request);
    assert.equal(answer.kind === "status" ? answer.status.code : 0, 307);
    assert.equal(setup.server.requests.length, 1);
  });

  test("get: a body that breaks off is an error, not an end", async () => {
    await using setup = await setUp(({ reply }) => {
      reply.head(200);
      reply.chunk("half");
      reply.hangUp();
    });
    const answer = await setup.access.get(request);
    await assert.rejects(readAll(answer), { code: "transport" });
  });

  test("get: a reset is an error", async () => {
    await using setup = await setUp(({ reply }) => reply.reset());
    await assert.rejects(setup.access.get(request), { code: "transport" });
  });

  test("get: the signal's reason is what waiting and reading throw", async () => {
    await using setup = await setUp(({ reply, path }) => {
      if (path === "/hangs") return;
      reply.head(200);
      reply.chunk("x");
    });
    const waiting = new AbortController();
    const pending = setup.access.get({ ...request, path: "/hangs", signal: waiting.signal });
    const reason = new Error("no longer needed");
    setTimeout(() => waiting.abort(reason), 20);
    await assert.rejects(pending, reason);
    const reading = new AbortController();
    const answer = await setup.access.get({ ...request, signal: reading.signal });
    setTimeout(() => reading.abort(reason), 20);
    await assert.rejects(readAll(answer), reason);
  });

  test("get: an unknown authority is refused, and the CA read again", async () => {
    const other = await createCertificates();
    let trusted = other.ca;
    let renewals = 0;
    await using setup = await setUp(({ reply }) => reply.send(200, "ok"), {
      credentials: {
        tls: () => Promise.resolve({ ca: trusted }),
        renew: () => {
          renewals += 1;
          trusted = certificates.ca;
        },
      },
    });
    await assert.rejects(setup.access.get(request), /not trusted/);
    assert.equal(renewals, 1);
    assert.equal(setup.server.requests.length, 0);
    assert.equal(await readAll(await setup.access.get(request)), "ok");
  });

  test("get: TLS 1.2 only with the setting for it (TLS-4)", async () => {
    await using strict = await setUp(({ reply }) => reply.send(200, "ok"), { tls12: true });
    await assert.rejects(strict.access.get(request), { code: "transport" });
    assert.equal(strict.server.requests.length, 0);
    await using lenient = await setUp(({ reply }) => reply.send(200, "ok"), {
      tls12: true,
      minTls: "1.2",
    });
    assert.equal(await readAll(await lenient.access.get(request)), "ok");
  });

  test("get: a server that is read slowly is held back", async () => {
    const block = Buffer.alloc(1024 * 1024, "x");
    await using setup = await setUp(({ reply }) => {
      reply.head(200);
      for (let index = 0; index < 64; index += 1) reply.chunk(block);
      reply.end();
    });
    const answer = await setup.access.get({ ...request, connection: "watch" });
    await new Promise((resolve) => setTimeout(resolve, 200));
    // Sockets hold a few megabytes; the rest must still be with the server.
    assert.ok(setup.server.requests[0]!.reply.unsentBytes() > 40 * 1024 * 1024);
    assert.equal((await readAll(answer)).length, 64 * 1024 * 1024);
  });
});
