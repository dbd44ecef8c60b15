import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { createPublicFetch, isPublicAddress } from "./public-fetch.ts";

test("isPublicAddress: no address of a private, local, mapped or special network", () => {
  const inside = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::a00:1",
    "fe80::1",
    "fd00:ec2::254",
    "2001:db8::1",
    "2002:a00:1::",
    "ff02::1",
    "localhost",
    "",
  ];
  for (const address of inside) assert.equal(isPublicAddress(address), false, address);
  const outside = ["8.8.8.8", "172.15.255.255", "172.32.0.1", "100.63.0.1", "2606:4700::1111"];
  for (const address of outside) assert.equal(isPublicAddress(address), true, address);
});

test("createPublicFetch: refuses private addresses by literal and by name, redirects and large answers", async (t) => {
  let asked = 0;
  const server = createServer((request, response) => {
    asked += 1;
    if (request.url === "/large") response.end("x".repeat(2 * 1024 * 1024));
    else if (request.url === "/away") response.writeHead(302, { location: "/" }).end();
    else response.writeHead(200, { "content-type": "application/json" }).end('{"a":1}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => new Promise((resolve) => server.close(resolve)));
  const { port } = server.address() as AddressInfo;
  const strict = createPublicFetch({ allowPrivate: false });
  for (const url of [
    `https://127.0.0.1:${port}/`,
    `https://localhost:${port}/`,
    `https://[::ffff:127.0.0.1]:${port}/`,
    `https://2130706433:${port}/`,
    `http://localhost:${port}/`,
    "file:///etc/passwd",
  ]) {
    await assert.rejects(strict(url, {}), { code: "ADDRESS_REFUSED" }, url);
  }
  assert.equal(asked, 0, "nothing was sent");
  const open = createPublicFetch({ allowPrivate: true });
  const base = `http://localhost:${port}`;
  const answer = await open(`${base}/`, {});
  assert.deepEqual(await answer.json(), { a: 1 });
  assert.equal((await open(`${base}/away`, {})).status, 302, "not followed");
  await assert.rejects(open(`${base}/large`, {}), /too large/);
});
