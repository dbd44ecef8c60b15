import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { referencePages } from "./reference.ts";

for (const { path, text } of referencePages()) {
  test(`${path}: is what its table says (npm run generate)`, () => {
    assert.equal(readFileSync(path, "utf8"), text);
  });
}

test("collected.md: names no field that could hold a value of a Secret or an environment variable", () => {
  const page = referencePages().find(({ path }) => path.endsWith("collected.md"))?.text ?? "";
  assert.match(page, /## secrets/);
  assert.doesNotMatch(page, /`(data|stringData|binaryData)[.{[`]/);
  assert.doesNotMatch(page, /env\[\]\.value`/);
  assert.doesNotMatch(page, /\.(command|args|message)(\[\])?`/);
});
