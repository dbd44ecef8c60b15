/** Lists that the sink asks for on its own account. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ns, openHarness, page, stream, until } from "./reader-harness.test.ts";

test("startReader: a list that nobody's request asks for is read anew, once (W15)", async () => {
  await using harness = await openHarness({
    steps: [
      page([ns("a", "5")], { resourceVersion: "10" }),
      stream([]),
      page([ns("a", "5")], { resourceVersion: "12" }),
      stream([]),
    ],
  });
  const { reader, sink } = harness;
  await until(() => sink.states().includes("watching"), "the first watch");
  reader.relist({ id: undefined, full: false });
  reader.relist({ id: undefined, full: false });
  await until(() => harness.requests().length === 4, "the second watch");
  assert.deepEqual(
    sink.of("begin").map(({ reason, request }) => [reason, request]),
    [
      ["start", undefined],
      ["decode", undefined],
    ],
  );
});
