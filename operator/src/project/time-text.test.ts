import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isWritableTime, isZeroTime, timeText, writeTime } from "./time-text.ts";

const bytes = Buffer.alloc(64);

function format(seconds: number, micros: number): string {
  return bytes.toString("latin1", 3, writeTime(bytes, 3, seconds, micros));
}

test("writeTime: writes what ECMAScript's own calendar says, for all years of RFC 3339", () => {
  const seconds = fc.integer({ min: -62_167_219_200, max: 253_402_300_799 });
  fc.assert(
    fc.property(seconds, (seconds) => {
      const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
      assert.equal(format(seconds, -1), `"${whole}Z"`);
      assert.equal(timeText(seconds), `${whole}Z`);
    }),
    { numRuns: 2000 },
  );
  for (const text of [
    "0000-02-29T23:59:59",
    "1900-03-01T00:00:00",
    "2000-02-29T12:00:00",
    "9999-12-31T23:59:59",
  ]) {
    assert.equal(format(Date.parse(`${text}Z`) / 1000, -1), `"${text}Z"`);
  }
});

test("writeTime: MicroTime has six decimals, zeros included", () => {
  assert.equal(format(0, 0), '"1970-01-01T00:00:00.000000Z"');
  assert.equal(format(1, 1234), '"1970-01-01T00:00:01.001234Z"');
});

test("isWritableTime, isZeroTime: what JSON has no text for, and what Go leaves out", () => {
  assert.ok(isZeroTime(-62_135_596_800, 0));
  assert.ok(!isZeroTime(0, 0));
  assert.ok(isWritableTime(0, 999_999_999));
  for (const [seconds, nanos] of [
    [253_402_300_800, 0],
    [-62_167_219_201, 0],
    [0, -1],
    [0, 1e9],
    [Number.NaN, 0],
  ] as const) {
    assert.ok(!isWritableTime(seconds, nanos));
  }
});
