import assert from "node:assert/strict";
import { createServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { systemClock } from "@obsyk/runtime";
import { createAuthority } from "@obsyk/testkit";
import { PlatformUnreachableError } from "../errors.ts";
import { createPlatformClient } from "./platform-client.ts";

const authority = await createAuthority("obsyk-test");
const stranger = await createAuthority("obsyk-test");
const good = await authority.issueServer();

async function send(server: ServerOptions, ca: string): Promise<string> {
  let asked = 0;
  const platform = createServer(server, (_, response) => {
    asked += 1;
    response.end("here");
  });
  await new Promise<void>((resolve) => platform.listen(0, "127.0.0.1", resolve));
  const { port } = platform.address() as AddressInfo;
  await using client = createPlatformClient({
    url: new URL(`https://localhost:${port}`),
    tls: { ca },
    clock: systemClock,
  });
  try {
    const { body } = await client.send({
      method: "POST",
      path: "/",
      headers: {},
      body: Buffer.from("inventory"),
      step: "a test",
      maxAnswerBytes: 100,
      signal: AbortSignal.timeout(10_000),
    });
    return body.toString();
  } catch (error) {
    assert(error instanceof PlatformUnreachableError);
    assert.equal(asked, 0, "nothing was sent");
    const { code, message } = error.cause as Error & { readonly code?: string };
    return `${code} ${message}`;
  } finally {
    platform.closeAllConnections();
    await new Promise((resolve) => platform.close(resolve));
  }
}

test("createPlatformClient: takes a platform with TLS 1.3 and a certificate of its authority", async () => {
  assert.equal(await send(good, authority.cert), "here");
});

const refused: readonly (readonly [string, () => Promise<ServerOptions>, RegExp])[] = [
  [
    "a certificate nobody vouches for",
    async () => ({ ...(await stranger.issueServer()) }),
    /UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT_LOCALLY|CERT_SIGNATURE_FAILURE/,
  ],
  [
    "a self-signed certificate",
    () => authority.issueServer({ isSelfSigned: true }),
    /SELF_SIGNED_CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE/,
  ],
  [
    "another name",
    () => authority.issueServer({ dnsName: "elsewhere.example.com" }),
    /ERR_TLS_CERT_ALTNAME_INVALID/,
  ],
  ["an expired certificate", () => authority.issueServer({ isExpired: true }), /CERT_HAS_EXPIRED/],
  ["TLS 1.2", async () => ({ ...good, maxVersion: "TLSv1.2" }), /protocol version/],
];
for (const [why, server, reason] of refused) {
  test(`createPlatformClient: refuses ${why}, whatever the environment says (TLS-3)`, async (t) => {
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    t.after(() => delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"]);
    assert.match(await send(await server(), authority.cert), reason);
  });
}
