import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import fastify from "fastify";
import { acceptsGzip, compressAnswer } from "./compress.ts";

test("acceptsGzip: as the header says (RFC 9110 section 12.5.3)", () => {
  for (const accept of ["gzip", "br, GZIP;q=0.5", "*", "deflate, *;q=0.1"]) {
    assert.equal(acceptsGzip(accept), true, accept);
  }
  for (const accept of [undefined, "", "identity", "br", "gzip;q=0", "gzip; q=0.000"]) {
    assert.equal(acceptsGzip(accept), false, accept);
  }
});

test("compressAnswer: long JSON for who takes it, everything else as it is", async () => {
  const server = fastify();
  server.addHook("onSend", compressAnswer);
  const items = Array.from({ length: 200 }, (_, index) => ({ name: `pod-${index}` }));
  server.get("/long", () => ({ items }));
  server.get("/short", () => ({ items: [] }));
  server.get("/text", (_, reply) => reply.type("text/plain").send("x".repeat(5000)));
  const get = (url: string, accept?: string) =>
    server.inject({ url, headers: accept === undefined ? {} : { "accept-encoding": accept } });
  const long = await get("/long", "gzip, br");
  assert.equal(long.headers["content-encoding"], "gzip");
  assert.equal(long.headers.vary, "accept-encoding");
  assert.deepEqual(JSON.parse(gunzipSync(long.rawPayload).toString()), { items });
  assert.equal(long.headers["content-length"], String(long.rawPayload.length));
  const plain = await get("/long");
  assert.equal(plain.headers["content-encoding"], undefined);
  assert.equal(plain.headers.vary, "accept-encoding");
  assert.deepEqual(plain.json(), { items });
  for (const url of ["/short", "/text"]) {
    const answer = await get(url, "gzip");
    assert.equal(answer.headers["content-encoding"], undefined, url);
  }
  await server.close();
});
