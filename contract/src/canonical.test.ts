import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalize } from "./canonical.ts";
import type { Json } from "./json.ts";

const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: "binary" }),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.array(tie("json"), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie("json"), { maxKeys: 5, noNullPrototype: false }),
  ),
}));

test("canonicalize: parses back to an equal value, and again to the same text", () => {
  fc.assert(
    fc.property(json, (value) => {
      const text = canonicalize(value);
      assert.equal(canonicalize(JSON.parse(text) as Json), text);
    }),
  );
});

test("canonicalize: sorts members by UTF-16 code units (RFC 8785 §3.2.3)", () => {
  const value = {
    "\u20ac": "Euro",
    "\r": "CR",
    "1": "One",
    "\u{1f600}": "Smile",
    "\ufb33": "Dalet",
  };
  assert.deepEqual(
    [...canonicalize(value).matchAll(/"(Euro|CR|One|Smile|Dalet)"/g)].map((match) => match[1]),
    ["CR", "One", "Euro", "Smile", "Dalet"],
  );
});

test("canonicalize: refuses what a record cannot hold", () => {
  const refused = [1.5, Number.NaN, 2 ** 53, null, undefined, 1n];
  for (const value of refused) {
    assert.throws(() => canonicalize(value as Json), TypeError);
  }
});

test("canonicalize: keys that look like prototypes are ordinary", () => {
  const value = JSON.parse('{"__proto__":"a","constructor":"b"}') as Json;
  assert.equal(canonicalize(value), '{"__proto__":"a","constructor":"b"}');
});

test("canonicalize: members in order or not give the same text", () => {
  fc.assert(
    fc.property(json, (value) => {
      const text = canonicalize(value);
      assert.equal(canonicalize(reverse(value)), text);
    }),
  );
  // Names that look like indexes come first in an engine's order, not in the canonical one.
  assert.equal(canonicalize({ 9: "a", 10: "b", toJSON: "c" }), '{"10":"b","9":"a","toJSON":"c"}');
});

/** The same value with its members the other way round. */
function reverse(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(reverse);
  if (typeof value !== "object") return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([key, member]) => [key, reverse(member)]));
}
