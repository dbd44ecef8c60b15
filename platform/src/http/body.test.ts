import assert from "node:assert/strict";
import { test } from "node:test";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { acceptJson, acceptLines, inflate, type LinesBody } from "./body.ts";
import { createListenerServer, listen } from "./server.ts";

const silent = { requestFailed: () => undefined, requestAnswered: () => undefined };

test("inflate: gives back what was compressed (property)", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (bytes) => {
      const content = Buffer.from(bytes);
      for (const [encoding, raw] of [
        ["gzip", gzipSync(content)],
        ["zstd", zstdCompressSync(content)],
        ["identity", content],
        [undefined, content],
      ] as const) {
        assert.deepEqual(await inflate(raw, encoding, 2000), content);
      }
    }),
    { numRuns: 50 },
  );
});

test("inflate: damaged bytes are a refusal, never another error (property)", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 1, maxLength: 100 }),
      fc.constantFrom("gzip", "zstd", "br", "deflate"),
      async (bytes, encoding) => {
        await inflate(Buffer.from(bytes), encoding, 1000).then(
          () => undefined,
          (error: unknown) => assert(error instanceof Error && error.name === "ProblemError"),
        );
      },
    ),
    { numRuns: 100 },
  );
});

test("bodies: bombs, encodings, types and sizes over a real socket (PLAT-3)", async (t) => {
  const server = createListenerServer({
    listener: "agent",
    tls: undefined,
    bodyBytes: 100_000,
    maxConnections: 10,
    events: silent,
  });
  const limits = { bodyBytes: 100_000, inflatedBytes: 1_000_000 };
  acceptLines(server, limits);
  acceptJson(server, limits);
  server.post("/lines", (request) => {
    const { raw, content } = request.body as LinesBody;
    return { raw: raw.length, content: content.length };
  });
  server.post("/json", (request) => ({ body: request.body }));
  const port = await listen(server, { host: "127.0.0.1", port: 0 });
  t.after(() => server.close());
  const lines = "application/x-ndjson";
  const bomb = Buffer.alloc(50_000_000);
  const rows: readonly (readonly [string, number, string, string, string | undefined, Buffer])[] = [
    ["plain", 200, "/lines", lines, undefined, Buffer.from("{}\n")],
    ["gzip", 200, "/lines", lines, "gzip", gzipSync("{}\n")],
    ["zstd", 200, "/lines", lines, "zstd", zstdCompressSync("{}\n")],
    ["gzip bomb", 413, "/lines", lines, "gzip", gzipSync(bomb)],
    ["zstd bomb", 413, "/lines", lines, "zstd", zstdCompressSync(bomb)],
    ["too large as sent", 413, "/lines", lines, undefined, Buffer.alloc(100_001, "x")],
    ["brotli", 415, "/lines", lines, "br", brotliCompressSync("{}\n")],
    ["deflate", 415, "/lines", lines, "deflate", deflateSync("{}\n")],
    ["two encodings", 415, "/lines", lines, "gzip, gzip", gzipSync(gzipSync("{}\n"))],
    ["says gzip, is not", 400, "/lines", lines, "gzip", Buffer.from("{}\n")],
    ["cut off", 400, "/lines", lines, "gzip", gzipSync("{}\n").subarray(0, 20)],
    ["parameter", 415, "/lines", `${lines}; charset=utf-8`, undefined, Buffer.from("{}\n")],
    [
      "tab before the type",
      415,
      "/lines",
      `${lines}\t`.replace("\t", " ;a=b"),
      undefined,
      Buffer.from("{}\n"),
    ],
    ["unknown type", 415, "/lines", "text/plain", undefined, Buffer.from("{}\n")],
    ["JSON", 200, "/json", "application/json", undefined, Buffer.from('{"a":1}')],
    ["JSON bomb", 413, "/json", "application/json", "gzip", gzipSync(bomb)],
    [
      "JSON with __proto__",
      400,
      "/json",
      "application/json",
      undefined,
      Buffer.from('{"__proto__":{"a":1}}'),
    ],
    [
      "JSON with constructor.prototype",
      400,
      "/json",
      "application/json",
      undefined,
      Buffer.from('{"constructor":{"prototype":{"a":1}}}'),
    ],
    ["no JSON", 400, "/json", "application/json", undefined, Buffer.from("secret words")],
  ];
  for (const [why, status, path, type, encoding, body] of rows) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: "POST",
      headers: {
        "content-type": type,
        ...(encoding === undefined ? {} : { "content-encoding": encoding }),
      },
      body,
    });
    const text = await response.text();
    assert.equal(response.status, status, `${why}: ${text}`);
    if (status === 200) continue;
    assert.equal(response.headers.get("content-type"), "application/problem+json", why);
    assert(!text.includes("secret"), "input is not echoed");
  }
  assert.equal(({} as { readonly a?: unknown }).a, undefined);
});

test("createListenerServer: an unexpected error says nothing of itself", async (t) => {
  const failed: unknown[] = [];
  const server = createListenerServer({
    listener: "console",
    tls: undefined,
    bodyBytes: 1000,
    maxConnections: 10,
    events: { ...silent, requestFailed: ({ error }) => failed.push(error) },
  });
  server.get("/bug", () => {
    throw new Error("select secret from internals");
  });
  const port = await listen(server, { host: "127.0.0.1", port: 0 });
  t.after(() => server.close());
  const response = await fetch(`http://127.0.0.1:${port}/bug`);
  assert.equal(response.status, 500);
  assert(!(await response.text()).includes("internals"));
  assert.equal(failed.length, 1);
  const absent = await fetch(`http://127.0.0.1:${port}/absent`);
  assert.equal(absent.status, 404);
  assert.equal(absent.headers.get("content-type"), "application/problem+json");
});
