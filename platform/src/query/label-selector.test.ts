import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { matchesLabels, parseLabelSelector, type LabelRequirement } from "./label-selector.ts";

function requirements(text: string): readonly LabelRequirement[] {
  const parsed = parseLabelSelector(text);
  assert.equal(parsed.kind, "selector", text);
  return parsed.kind === "selector" ? parsed.requirements : [];
}

test("parseLabelSelector: every operator as kubectl takes it", () => {
  assert.deepEqual(requirements(""), []);
  assert.deepEqual(
    requirements(" app = api , tier==web,env!=prod, zone in (a, b) ,r notin (x),ok, !legacy "),
    [
      { key: "app", operator: "in", values: ["api"] },
      { key: "tier", operator: "in", values: ["web"] },
      { key: "env", operator: "notin", values: ["prod"] },
      { key: "zone", operator: "in", values: ["a", "b"] },
      { key: "r", operator: "notin", values: ["x"] },
      { key: "ok", operator: "exists", values: [] },
      { key: "legacy", operator: "absent", values: [] },
    ],
  );
  assert.deepEqual(requirements("app.kubernetes.io/name=x")[0]?.key, "app.kubernetes.io/name");
  assert.deepEqual(requirements("a=,b in (,c)"), [
    { key: "a", operator: "in", values: [""] },
    { key: "b", operator: "in", values: ["", "c"] },
  ]);
  // Words of the syntax are labels too.
  assert.deepEqual(requirements("in in (notin),notin=in"), [
    { key: "in", operator: "in", values: ["notin"] },
    { key: "notin", operator: "in", values: ["in"] },
  ]);
});

test("parseLabelSelector: names the character of a mistake", () => {
  const mistakes: readonly (readonly [string, number])[] = [
    ["a=b,", 4],
    [",a", 0],
    ["a in b", 5],
    ["a in (b", 7],
    ["a in (b c)", 8],
    ["!", 1],
    ["!a=b", 2],
    ["a > 1", 2],
    ["a=b=c", 3],
    ["-a", 0],
    ["a=-b", 2],
    [`${"k".repeat(64)}=v`, 0],
    [`k=${"v".repeat(64)}`, 2],
    ["a=b'; drop table object", 2],
    ["a/b/c", 0],
  ];
  for (const [text, position] of mistakes) {
    const parsed = parseLabelSelector(text);
    assert.equal(parsed.kind, "mistake", text);
    assert.equal(parsed.kind === "mistake" ? parsed.position : -1, position, text);
  }
});

test("parseLabelSelector: what was written is what is read", () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9_.-]{0,8}[a-z0-9]$/);
  const requirement = fc.oneof(
    fc.record({
      key: word,
      operator: fc.constantFrom("in" as const, "notin" as const),
      values: fc.array(word, { minLength: 1, maxLength: 3 }),
    }),
    fc.record({
      key: word,
      operator: fc.constantFrom("exists" as const, "absent" as const),
      values: fc.constant([] as string[]),
    }),
  );
  const write = ({ key, operator, values }: LabelRequirement): string => {
    if (operator === "exists") return key;
    if (operator === "absent") return `!${key}`;
    return `${key} ${operator} (${values.join(",")})`;
  };
  fc.assert(
    fc.property(fc.array(requirement, { maxLength: 5 }), (wanted) => {
      assert.equal(
        JSON.stringify(requirements(wanted.map(write).join(","))),
        JSON.stringify(wanted),
      );
    }),
  );
});

test("parseLabelSelector: any text gives an answer", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const parsed = parseLabelSelector(text);
      assert.ok(parsed.kind === "selector" || parsed.position <= text.length);
    }),
  );
});

test("matchesLabels: a label that is absent satisfies != and notin", () => {
  const matches = (selector: string, labels: { readonly [key: string]: string }): boolean =>
    matchesLabels(requirements(selector), labels);
  assert.ok(matches("env!=prod", {}));
  assert.ok(matches("env notin (prod)", { env: "dev" }));
  assert.ok(!matches("env=prod", {}));
  assert.ok(!matches("constructor", {}));
  assert.ok(matches("env,!legacy", { env: "" }));
});
