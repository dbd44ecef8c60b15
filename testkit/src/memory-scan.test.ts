import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { canaryChars, createCanaryFlock } from "./canary.ts";
import { scanMemory } from "./memory-scan.ts";

test("scanMemory: finds what another process holds, and only that", async () => {
  const flock = createCanaryFlock();
  const held = flock.next("h");
  const never = flock.next("n");
  // The canary arrives by a pipe, reversed, so that only the copy made on purpose is in order.
  const child = spawn(
    process.execPath,
    [
      "-e",
      `process.stdin.once("data", (bytes) => {
        globalThis.kept = Buffer.from(bytes.toReversed());
        console.log("ready");
      });`,
    ],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  try {
    child.stdin.write(Buffer.from(held).toReversed());
    await once(createInterface({ input: child.stdout }), "line");
    const found = new Set<string>();
    const scan = await scanMemory(child.pid!, canaryChars * 4, (piece) => {
      for (const hit of flock.searchPlain(piece)) found.add(hit.canary);
    });
    assert.ok(scan.bytes > 10_000_000 && scan.mappings > 10);
    assert.ok(found.has(held));
    assert.ok(!found.has(never));
  } finally {
    child.kill();
  }
});

test("scanMemory: a process that is gone is an error", async () => {
  const child = spawn(process.execPath, ["-e", ""]);
  await once(child, "exit");
  await assert.rejects(scanMemory(child.pid!, 0, () => undefined));
});
