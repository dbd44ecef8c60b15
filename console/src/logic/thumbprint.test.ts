import assert from "node:assert/strict";
import { it } from "node:test";
import { compareThumbprint } from "./thumbprint.ts";

const shown = "aymOSwZO3HMP3-gIk4xohXT--7h4GhTAdOmMFflg-Jg";

it("compareThumbprint: the whole thumbprint must be the same, with or without its label", () => {
  assert.equal(compareThumbprint(shown, shown), "same");
  assert.equal(compareThumbprint(`thumbprint  ${shown}\n`, shown), "same");
  assert.equal(compareThumbprint(shown.slice(0, -1), shown), "different");
  assert.equal(compareThumbprint(shown.toLowerCase(), shown), "different");
  assert.equal(compareThumbprint("  ", shown), "empty");
});
