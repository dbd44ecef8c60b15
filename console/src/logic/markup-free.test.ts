import assert from "node:assert/strict";
import { test } from "node:test";
import { requireMarkupFree } from "./markup-free.ts";

test("requireMarkupFree: passes a style sheet on as it is, and nothing that makes elements", () => {
  const sheet = ":root > a::before{content:'&lt;';color:#fff}";
  assert.equal(requireMarkupFree(sheet), sheet);
  for (const text of ["<img src=x onerror=alert(1)>", "</style><script>", "a < b", "<"]) {
    assert.throws(() => requireMarkupFree(text), {
      name: "TypeError",
      message: "markup is not set as text",
    });
  }
});
