import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LineStore, type StoredText } from "./line-store.ts";

const lineText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 400 }),
  // Long enough that a few fill a slab, and some need one of their own.
  fc
    .tuple(
      fc.string({ unit: "binary", minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 100_000 }),
    )
    .map(([unit, times]) => unit.repeat(times)),
);
const step = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant("put" as const),
      parts: fc.array(lineText, { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("release" as const), which: fc.nat() }) },
);

function read(store: LineStore, text: StoredText): string {
  const bytes = Buffer.alloc(text.length + 2);
  store.copy(text, bytes, 1);
  return bytes.toString("utf8", 1, text.length + 1);
}

test("LineStore: every text reads as it was put, whatever was released and moved before", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const store = new LineStore();
      const held: { readonly text: StoredText; readonly expected: string }[] = [];
      for (const next of steps) {
        if (next.op === "put") {
          // A lone surrogate becomes U+FFFD in UTF-8, part by part.
          const expected = next.parts.map((part) => Buffer.from(part).toString()).join("");
          held.push({ text: store.put(next.parts), expected });
        } else if (held.length > 0) {
          const [gone] = held.splice(next.which % held.length, 1);
          store.release(gone!.text);
          store.release(gone!.text);
          assert.throws(() => read(store, gone!.text), /after it was released/);
        }
        for (const { text, expected } of held) assert.equal(read(store, text), expected);
        const live = held.reduce((sum, { text }) => sum + text.length, 0);
        assert.ok(store.heldBytes <= live * 2 + 512 * 1024 + 2 * 64 * 1024);
      }
    }),
    { numRuns: 40 },
  );
});
