import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { createHttpsAgent } from "@obsyk/runtime";
import { createCertificates } from "./certificates.ts";

test("createCertificates: a TLS 1.3 client that trusts this CA, and no other, reaches the server", async () => {
  const [own, other] = await Promise.all([createCertificates(), createCertificates()]);
  const server = createServer({ cert: own.cert, key: own.key, minVersion: "TLSv1.3" }, (_, reply) =>
    reply.end("hello"),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const status = async (ca: string, host: string): Promise<number | undefined> => {
    const agent = createHttpsAgent({ ca }, { maxSockets: 1 });
    try {
      const [response] = (await once(request({ host, port, agent }).end(), "response")) as [
        IncomingMessage,
      ];
      response.resume();
      await once(response, "end");
      return response.statusCode;
    } finally {
      agent.destroy();
    }
  };
  try {
    assert.equal(await status(own.ca, "127.0.0.1"), 200);
    assert.equal(await status(own.ca, "localhost"), 200);
    await assert.rejects(status(other.ca, "127.0.0.1"), {
      code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    });
  } finally {
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  }
});
