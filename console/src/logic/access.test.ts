import assert from "node:assert/strict";
import { test } from "node:test";
import { accessText, parseAccess } from "./access.ts";

const clusters = [
  { id: "1", name: "shop" },
  { id: "2", name: "eu: west" },
];

test("parseAccess: is what accessText writes, and says which line is wrong", () => {
  assert.deepEqual(parseAccess(" \n\n", clusters), { kind: "all" });
  const text = "shop: one, two\neu: west: three";
  const parsed = parseAccess(text, clusters);
  assert.deepEqual(parsed, {
    kind: "limited",
    access: [
      { clusterId: "1", namespaces: ["one", "two"] },
      { clusterId: "2", namespaces: ["three"] },
    ],
  });
  assert.equal(accessText(parsed.kind === "limited" ? parsed.access : [], clusters), text);
  assert.deepEqual(parseAccess("shop", clusters), {
    kind: "limited",
    access: [{ clusterId: "1" }],
  });
  assert.equal(accessText(undefined, clusters), "");
  const wrong = [
    ["shop\nship", 2, /no cluster ship/],
    ["shop:", 1, /Name the namespaces/],
    ["shop: a, B", 1, /B is no name/],
  ] as const;
  for (const [input, line, reason] of wrong) {
    const answer = parseAccess(input, clusters);
    assert(answer.kind === "wrong", input);
    assert.equal(answer.line, line);
    assert.match(answer.reason, reason);
  }
});
