import assert from "node:assert/strict";
import { createServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { createPublicFetch } from "./public-fetch.ts";
import { createTestCertificate } from "./test-certificate.ts";

async function serve(t: TestContext, options: ServerOptions): Promise<string> {
  const server = createServer(options, (_, response) => response.end("here"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => new Promise((resolve) => server.close(resolve)));
  return `https://localhost:${(server.address() as AddressInfo).port}/`;
}

test("createPublicFetch: verifies whatever the environment says, and speaks TLS 1.2 at least (TLS-3)", async (t) => {
  const { cert, key } = createTestCertificate();
  const { cert: other } = createTestCertificate();
  const url = await serve(t, { cert, key });
  const older = await serve(t, { cert, key, maxVersion: "TLSv1.2" });
  const oldest = await serve(t, {
    cert,
    key,
    minVersion: "TLSv1",
    maxVersion: "TLSv1.1",
    ciphers: "DEFAULT@SECLEVEL=0",
  });
  process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
  t.after(() => delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"]);
  const trusting = createPublicFetch({ allowPrivate: true, ca: cert });
  assert.equal(await (await trusting(url, {})).text(), "here");
  assert.equal(await (await trusting(older, {})).text(), "here");
  await assert.rejects(trusting(oldest, {}), /alert protocol version/);
  await assert.rejects(createPublicFetch({ allowPrivate: true })(url, {}), {
    code: "DEPTH_ZERO_SELF_SIGNED_CERT",
  });
  await assert.rejects(
    createPublicFetch({ allowPrivate: true, ca: other })(url, {}),
    /certificate/,
  );
  await assert.rejects(trusting(url.replace("localhost", "[::ffff:127.0.0.1]"), {}), /altnames/);
});
