import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeCursor, encodeCursor } from "./cursor.ts";

test("decodeCursor: reads what was written and refuses everything else", () => {
  const text = fc.stringMatching(/^[a-z0-9:.-]{0,40}$/);
  const key = fc.record({
    clusterId: fc.uuid(),
    resource: text,
    namespace: text,
    name: text,
    uid: fc.uuid(),
  });
  fc.assert(
    fc.property(key, (cursor) => {
      assert.deepEqual(decodeCursor(encodeCursor(cursor)), { ...cursor });
    }),
  );
  fc.assert(
    fc.property(fc.string(), (garbage) => {
      assert.throws(() => decodeCursor(garbage), { code: "bad-request" });
    }),
  );
});
