import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { manifestOf, resources } from "@obsyk/contract/allow-list";
import { referencePages } from "./reference.ts";

for (const { path, text } of referencePages()) {
  test(`${path}: is what its table says (npm run generate)`, () => {
    assert.equal(readFileSync(path, "utf8"), text);
  });
}

test("collected.md: names no field that could hold a value of a Secret or an environment variable", () => {
  const page = referencePages().find(({ path }) => path.endsWith("collected.md"))?.text ?? "";
  assert.match(page, /## secrets/);
  assert.match(page, /## EnvVar\n\n- `name`: names of .*\n- `valueFrom/);
  assert.doesNotMatch(page, /`(.*[.\]])?(data|stringData|binaryData|command|args|message)[.{[`]/);
  assert.doesNotMatch(page, /env\[\]\.value`/);
  const paths = resources.flatMap((definition) =>
    definition.modes
      .filter((mode) => mode !== "references")
      .flatMap((mode) => manifestOf(definition, mode).map(({ path }) => path)),
  );
  assert.ok(paths.includes("spec.template.spec.containers[].env[].name"));
  assert.deepEqual(
    paths.filter((path) => /(\.|^)(value|data|command|args|message)(\[\]|\{\})?$/.test(path)),
    paths.filter((path) =>
      /((taints|tolerations|sysctls|options|policies)\[\]|target)\.value$|^value$/.test(path),
    ),
  );
});
