import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { formatAge, formatDuration, readAsOf } from "./age.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

describe("formatDuration", () => {
  const table: readonly (readonly [number, string])[] = [
    [-5 * second, "<invalid>"],
    [-1 * second, "0s"],
    [0, "0s"],
    [119 * second, "119s"],
    [120 * second, "2m"],
    [125 * second, "2m5s"],
    [9 * minute + 59 * second, "9m59s"],
    [10 * minute + 5 * second, "10m"],
    [179 * minute, "179m"],
    [3 * hour, "3h"],
    [3 * hour + 12 * minute, "3h12m"],
    [8 * hour + 12 * minute, "8h"],
    [47 * hour, "47h"],
    [48 * hour, "2d"],
    [3 * day + 4 * hour, "3d4h"],
    [8 * day + 4 * hour, "8d"],
    [729 * day, "729d"],
    [760 * day, "2y30d"],
    [9 * 365 * day, "9y"],
  ];
  for (const [durationMs, text] of table) {
    it(`formatDuration: ${durationMs} ms is ${text}, as kubectl prints it`, () => {
      assert.equal(formatDuration(durationMs), text);
    });
  }

  it("formatDuration: never longer than eleven characters, never empty", () => {
    fc.assert(
      fc.property(fc.integer({ min: -day, max: 30_000 * day }), (durationMs) => {
        const { length } = formatDuration(durationMs);
        return length > 0 && length <= 11;
      }),
    );
  });
});

describe("formatAge", () => {
  it("formatAge: says <unknown> without a time or with one that is none", () => {
    assert.equal(formatAge(undefined, 0), "<unknown>");
    assert.equal(formatAge("yesterday", 0), "<unknown>");
  });
});

describe("readAsOf", () => {
  const at = "2026-11-25T12:00:00Z";
  const atMs = Date.parse(at);

  it("readAsOf: stale is never called fresh (I3)", () => {
    assert.equal(readAsOf(at, atMs + 2 * second)?.freshness, "fresh");
    assert.equal(readAsOf(at, atMs + 121 * second)?.freshness, "late");
    assert.equal(readAsOf(at, atMs + 11 * minute)?.freshness, "stale");
  });

  it("readAsOf: words for how long ago", () => {
    assert.equal(readAsOf(at, atMs - second)?.ago, "now");
    assert.equal(readAsOf(at, atMs + 2 * second)?.ago, "2 s ago");
    assert.equal(readAsOf(at, atMs + 5 * minute)?.ago, "5 min ago");
    assert.equal(readAsOf(at, atMs + 5 * hour)?.ago, "5 h ago");
    assert.equal(readAsOf(at, atMs + 5 * day)?.ago, "5 d ago");
  });

  it("readAsOf: nothing known stays nothing known", () => {
    assert.equal(readAsOf(undefined, atMs), undefined);
  });
});
