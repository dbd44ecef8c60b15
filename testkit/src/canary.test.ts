import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { canaryChars, createCanaryFlock } from "./canary.ts";

const flock = createCanaryFlock();

const encodings: readonly (readonly [string, (text: Buffer) => Buffer])[] = [
  ["raw", (text) => text],
  ["utf-16", (text) => Buffer.from(text.toString("latin1"), "utf16le")],
  ["base64", (text) => Buffer.from(text.toString("base64"))],
  ["hex", (text) => Buffer.from(text.toString("hex"))],
  ["hex", (text) => Buffer.from(text.toString("hex").toUpperCase())],
];

for (const [encoding, encode] of encodings) {
  test(`search: finds every canary in ${encoding}, at any offset, once`, () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.uint8Array({ maxLength: 40 }),
        fc.constantFrom<(bytes: Buffer) => Buffer>(
          (bytes) => bytes,
          (bytes) => gzipSync(bytes),
          (bytes) => zstdCompressSync(bytes),
          (bytes) => Buffer.concat([Buffer.from("before"), gzipSync(bytes), Buffer.from("after")]),
        ),
        (before, after, wrap) => {
          const canary = flock.next("T");
          const bytes = wrap(encode(Buffer.concat([before, Buffer.from(canary), after])));
          const hits = flock.search(bytes);
          // A compressor may also show it as it is, whole or torn where it found a repetition.
          const compressed = wrap(Buffer.alloc(0)).length > 0;
          const whole = hits.filter((hit) => hit.canary === canary);
          assert.ok(whole.length >= 1 && hits.length <= 2);
          for (const hit of hits) {
            assert.equal(hit.encoding, encoding);
            if (hit.compressed || !compressed) assert.equal(hit.canary, canary);
          }
        },
      ),
    );
  });
}

test("next: canaries are unique and of one length", () => {
  const some = new Set(Array.from({ length: 1000 }, () => flock.next("a")));
  assert.equal(some.size, 1000);
  for (const canary of some) assert.equal(canary.length, canaryChars);
});

test("isIssued: torn and foreign canaries were never made", () => {
  const canary = flock.next("i");
  assert.ok(flock.isIssued(canary));
  assert.ok(!flock.isIssued(canary.slice(0, -1)));
  assert.ok(!flock.isIssued(canary.replace("i0", "j0")));
  assert.ok(!flock.isIssued(canary.slice(0, -7) + "9999999"));
});

test("search: another flock's canaries are not found", () => {
  const other = createCanaryFlock();
  const text = Buffer.from(Array.from({ length: 100 }, () => other.next("a")).join(" "));
  assert.deepEqual(flock.search(text), []);
});

test("search: finds many in one text, each as often as it occurs", () => {
  const canaries = Array.from({ length: 50 }, () => flock.next("m"));
  const text = Buffer.from(JSON.stringify([canaries, canaries]));
  const found = flock.search(text).map(({ canary }) => canary);
  assert.deepEqual(found.sort(), [...canaries, ...canaries].sort());
});
