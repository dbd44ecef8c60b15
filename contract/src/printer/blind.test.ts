import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { listReasons } from "../agent.ts";
import type { BlindInterval } from "../api.ts";
import fc from "fast-check";
import { blindReason, groupBlind } from "./blind.ts";

const day = Date.parse("2026-01-05T00:00:00Z");
const now = day + 12 * 3_600_000;
const at = (secondsAgo: number): string => new Date(now - secondsAgo * 1000).toISOString();

function gap(stream: string, from: number, to?: number, reason = "stopped"): BlindInterval {
  return { stream, from: at(from), reason, ...(to === undefined ? {} : { to: at(to) }) };
}

describe("groupBlind", () => {
  it("groupBlind: streams that were blind together are one group whose bounds enclose them (I3, R20)", () => {
    const { open, closed } = groupBlind(
      [gap("pods/*/full", 60, 31), gap("nodes/*/full", 90, 30), gap("pods/*/full", 20, 10)],
      now,
    );
    assert.deepEqual(open, []);
    assert.deepEqual(
      closed.map(({ fromMs, toMs, streams, reason }) => [fromMs, toMs, streams, reason]),
      [
        [now - 20_000, now - 10_000, ["pods/*/full"], "operator stopped"],
        [now - 90_000, now - 30_000, ["nodes/*/full", "pods/*/full"], "operator stopped"],
      ],
    );
  });

  it("groupBlind: open and closed intervals, and different reasons, never share a group (I3)", () => {
    const { open, closed } = groupBlind(
      [gap("a", 60), gap("b", 60, 30), gap("c", 60, undefined, "forbidden"), gap("d", 50)],
      now,
    );
    assert.deepEqual(
      open.map(({ streams, toMs }) => [streams, toMs]),
      [
        [["a", "d"], undefined],
        [["c"], undefined],
      ],
    );
    assert.deepEqual(
      closed.map(({ streams }) => streams),
      [["b"]],
    );
  });

  it("groupBlind: a closed interval is shown for an hour, an open one as long as it lasts (I3)", () => {
    const { open, closed } = groupBlind(
      [gap("a", 9000, 3601), gap("b", 9000, 3599), gap("c", 90_000)],
      now,
    );
    assert.deepEqual([open[0]?.streams, closed.map(({ streams }) => streams)], [["c"], [["b"]]]);
  });

  it("groupBlind: every shown interval is in exactly one group, within its bounds (I3)", () => {
    const interval = fc
      .record({
        stream: fc.constantFrom("a", "b", "c"),
        from: fc.integer({ min: 0, max: 3000 }),
        lasts: fc.option(fc.integer({ min: 0, max: 500 }), { nil: undefined }),
        reason: fc.constantFrom("stopped", "start"),
      })
      .map(({ stream, from, lasts, reason }) =>
        gap(stream, from, lasts === undefined ? undefined : Math.max(0, from - lasts), reason),
      );
    fc.assert(
      fc.property(fc.array(interval, { maxLength: 12 }), (all) => {
        const { open, closed } = groupBlind(all, now);
        const groups = [...open, ...closed];
        const grouped = groups.flatMap(({ intervals }) => intervals);
        assert.equal(grouped.length, all.length);
        assert.deepEqual(new Set(grouped), new Set(all));
        for (const { intervals, fromMs, toMs } of groups) {
          for (const { from, to } of intervals) {
            assert.ok(Date.parse(from) >= fromMs);
            assert.equal(to === undefined, toMs === undefined);
            if (to !== undefined && toMs !== undefined) assert.ok(Date.parse(to) <= toMs);
          }
        }
      }),
    );
  });
});

it("blindReason: every reason of a list has words, an unknown one stays as it came", () => {
  for (const reason of listReasons) assert.notEqual(blindReason(reason), reason);
  assert.equal(blindReason("something new"), "something new");
});
