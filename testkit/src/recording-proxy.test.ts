import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { IncomingMessage } from "node:http";
import { test } from "node:test";
import { createCertificates } from "./certificates.ts";
import { openProcessGuard } from "./control-plane/process-guard.ts";
import { splitHttpMessages } from "./http-recording.ts";
import { openRecordingProxy } from "./recording-proxy.ts";

test("openRecordingProxy: both directions arrive unchanged and are on disk", async () => {
  await using guard = await openProcessGuard("recording");
  const folder = join(guard.folder, "recordings");
  await mkdir(folder);
  const certificates = await createCertificates();
  const server = createServer({ cert: certificates.cert, key: certificates.key }, (req, res) => {
    // Two writes: a chunked answer whose chunks split a word.
    const answer = async (): Promise<void> => {
      const body = await text(req);
      res.write(`you said ${body.slice(0, 3)}`);
      setImmediate(() => res.end(body.slice(3)));
    };
    void answer();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    await using proxy = await openRecordingProxy({
      folder,
      upstream: { url, ca: certificates.ca },
    });
    for (const word of ["elephant", "tortoise"]) {
      const outgoing = request(`${proxy.url}/path`, { method: "POST", ca: proxy.ca, agent: false });
      outgoing.end(word);
      const [response] = (await once(outgoing, "response")) as [IncomingMessage];
      assert.equal(await text(response), `you said ${word}`);
    }
    assert.equal(proxy.connections(), 2);
    const bodies = async (direction: "sent" | "received"): Promise<string[]> =>
      (await proxy.recordings(direction)).flatMap(({ bytes }) =>
        splitHttpMessages(bytes).map(({ body }) => body.toString()),
      );
    assert.deepEqual(await bodies("sent"), ["elephant", "tortoise"]);
    assert.deepEqual(await bodies("received"), ["you said elephant", "you said tortoise"]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test("splitHttpMessages: joins chunks, splits messages, marks what was cut off", () => {
  const recorded = Buffer.from(
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n" +
      "HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno" +
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nff\r\nde",
  );
  assert.deepEqual(
    splitHttpMessages(Buffer.from("GET / HTTP/1.1\r\nhost")).map(({ body }) => body.toString()),
    ["GET / HTTP/1.1\r\nhost"],
  );
  const messages = splitHttpMessages(recorded);
  assert.deepEqual(
    messages.map(({ start, body, complete }) => [start, body.toString(), complete]),
    [
      ["HTTP/1.1 200 OK", "abcde", true],
      ["HTTP/1.1 404 Not Found", "no", true],
      ["HTTP/1.1 200 OK", "abcde", false],
    ],
  );
  assert.throws(() => splitHttpMessages(Buffer.from("gibberish\r\n\r\n")), /no HTTP/);
});
