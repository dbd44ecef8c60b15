import assert from "node:assert/strict";
import { test } from "node:test";
import { zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { Compressor } from "./compressor.ts";

/** Compressible or not, of any size around the pieces of an encoder. */
const text = fc
  .tuple(fc.uint8Array({ minLength: 1, maxLength: 2000 }), fc.integer({ min: 1, max: 300 }))
  .map(([unit, times]) => Buffer.concat(Array.from({ length: times }, () => unit)));

test("Compressor: every frame is whole by itself, whatever came before", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 6 }), async (texts) => {
      using compressor = new Compressor(1000);
      for (const one of texts) {
        const frame = await compressor.compress(one);
        assert.ok(zstdDecompressSync(frame).equals(one));
      }
    }),
    { numRuns: 40 },
  );
});

test("Compressor: half a megabyte that does not compress", async () => {
  let state = 1;
  const noise = Buffer.from(
    Uint8Array.from({ length: 512 * 1024 }, () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return state >>> 16;
    }),
  );
  using compressor = new Compressor(1000);
  for (let round = 0; round < 3; round += 1) {
    assert.ok(zstdDecompressSync(await compressor.compress(noise)).equals(noise));
  }
});

test("Compressor: closing ends whoever waits", async () => {
  const compressor = new Compressor(1000);
  const pending = compressor.compress(Buffer.alloc(100_000));
  compressor[Symbol.dispose]();
  await assert.rejects(pending, /closed/);
});
