import assert from "node:assert/strict";
import { test } from "node:test";
import { isLoadFailure } from "./load-failure.ts";

test("isLoadFailure: knows how browsers say it, and nothing else", () => {
  const url = "https://obsyk.example.com/assets/cluster-1a2b";
  for (const message of [
    `Unable to preload CSS for ${url}.css`,
    `Failed to fetch dynamically imported module: ${url}.js`,
    `error loading dynamically imported module: ${url}.js`,
    "Importing a module script failed.",
  ]) {
    assert.equal(isLoadFailure(new TypeError(message)), true, message);
  }
  for (const message of ["The platform did not answer.", "x is not a function", ""]) {
    assert.equal(isLoadFailure(new Error(message)), false, message);
  }
});
