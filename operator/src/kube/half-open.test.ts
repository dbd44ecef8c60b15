/**
 * A peer that vanishes without a word: a network namespace of its own, whose only interface goes down while a watch is
 * open. Neither FIN nor RST arrives; TCP keepalive alone can tell.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { test } from "node:test";

const client = new URL("./client.ts", import.meta.url).href;
const testkit = new URL("../../../testkit/src/index.ts", import.meta.url).href;

/** Runs where it may take down the network. Prints how long the watch did not notice, and the error's code. */
const script = `
  import { execFileSync } from "node:child_process";
  import { createCertificates, openScriptedServer } from ${JSON.stringify(testkit)};
  import { openClusterAccess } from ${JSON.stringify(client)};
  const { ca, cert, key } = await createCertificates();
  const server = await openScriptedServer({
    tls: { cert, key },
    respond: ({ reply }) => {
      reply.head(200, { "content-type": "application/json" });
      reply.chunk("{}");
    },
  });
  const access = openClusterAccess({
    version: "1",
    target: {
      server: new URL(server.url),
      credentials: {
        authorization: async () => "Bearer token",
        tls: async () => ({ ca }),
        renew: () => undefined,
      },
    },
  });
  const answer = await access.get({
    path: "/watch",
    query: {},
    accept: "application/json",
    connection: "watch",
    signal: new AbortController().signal,
  });
  let downAt = 0;
  try {
    await answer.read(() => {
      if (downAt === 0) execFileSync("ip", ["link", "set", "lo", "down"]);
      downAt = performance.now();
      return true;
    });
    console.log(JSON.stringify({ code: "none" }));
  } catch (error) {
    console.log(JSON.stringify({ afterMs: performance.now() - downAt, code: error.code }));
  }
  process.exit();
`;

test("openClusterAccess: a half-open connection is noticed within 30 s (pitfall 14)", async (t) => {
  const child = spawn(
    "unshare",
    [
      "--map-root-user",
      "--net",
      "sh",
      "-c",
      'ip link set lo up && exec "$@"',
      "sh",
      process.execPath,
      "--input-type=module-typescript",
      "-e",
      script,
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  t.after(() => child.kill("SIGKILL"));
  child.on("error", () => undefined);
  const [out, err] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  if (out === "" && process.env["CI"] !== "true") {
    return t.skip(`needs unshare, user namespaces and ip: ${err.slice(0, 2000)}`);
  }
  const { afterMs, code } = JSON.parse(out) as { readonly afterMs: number; readonly code: string };
  assert.equal(code, "transport");
  t.diagnostic(`noticed after ${Math.round(afterMs)} ms`);
  assert.ok(afterMs > 1000 && afterMs < 30_000, `${afterMs} ms`);
});
