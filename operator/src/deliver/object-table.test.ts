import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ObjectTable } from "./object-table.ts";

/** Few distinct words, so that probe sequences collide and wrap around. */
const uid = fc
  .tuple(fc.constantFrom("00000000", "ffffffff", "00000001"), fc.integer({ min: 0, max: 40 }))
  .map(([first, last]) => `${first}-0000-4000-8000-${last.toString(16).padStart(12, "0")}`);
const hash = fc.constantFrom("0000000000000000", "ffffffffffffffff", "00000001fffffffe");
const step = fc.oneof(
  fc.record({
    kind: fc.constant("set" as const),
    uid,
    hash,
    generation: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ kind: fc.constant("delete" as const), uid }),
  fc.record({
    kind: fc.constant("touch" as const),
    uid,
    generation: fc.integer({ min: 1, max: 3 }),
  }),
);

test("ObjectTable: equals a Map under any order of set, touch and delete (R8)", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const table = new ObjectTable();
      const model = new Map<string, { hash: string; generation: number }>();
      for (const at of steps) {
        if (at.kind === "set") {
          table.set({ ...at, resourceVersion: "1" });
          model.set(at.uid, { hash: at.hash, generation: at.generation });
        } else if (at.kind === "delete") {
          assert.equal(table.delete(at.uid), model.delete(at.uid));
        } else {
          const known = model.get(at.uid);
          assert.equal(table.touch(at.uid, at.generation), known !== undefined);
          if (known !== undefined) known.generation = at.generation;
        }
      }
      assert.equal(table.size, model.size);
      assert.deepEqual(
        new Map([...table.entries()].map((entry) => [entry.uid, entry.hash])),
        new Map([...model].map(([key, value]) => [key, value.hash])),
      );
      for (const [key, value] of model) assert.equal(table.get(key), value.hash);
      const unseen = [...model].filter(([, value]) => value.generation !== 2).map(([key]) => key);
      assert.deepEqual(table.unseen(2, 1000).sort(), unseen.sort());
      assert.equal(table.unseen(2, 1).length, Math.min(1, unseen.length));
    }),
  );
});

test("ObjectTable: 50,000 random uids cost at most 90 bytes each", () => {
  const table = new ObjectTable();
  for (let index = 0; index < 50_000; index += 1) {
    table.set({
      uid: crypto.randomUUID(),
      hash: "0123456789abcdef",
      resourceVersion: String(index),
      generation: 1,
    });
  }
  assert.equal(table.size, 50_000);
  assert.ok(table.bytes / table.size <= 90, `${table.bytes / table.size} bytes`);
});
