import assert from "node:assert/strict";
import { test } from "node:test";
import { WipedBuffer } from "./wiped.ts";

test("WipedBuffer: up to its kept size the same memory is used again, wiped; above it is let go", () => {
  const held = new WipedBuffer(8192);
  const fill = (bytes: number): ArrayBufferLike => {
    held.append(Buffer.alloc(bytes, "s"));
    const view = held.view();
    assert.equal(view.length, bytes);
    held.wipe();
    assert.ok(view.every((byte) => byte === 0));
    assert.equal(held.length, 0);
    return view.buffer;
  };
  const first = fill(8000);
  for (let turn = 0; turn < 5; turn += 1) assert.equal(fill(8000 - turn), first);
  assert.notEqual(fill(20_000), fill(20_000));
});
