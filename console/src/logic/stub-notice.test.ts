import assert from "node:assert/strict";
import { test } from "node:test";
import { stubNotice } from "./stub-notice.ts";

test("stubNotice: gives the reason why a record is empty, and nothing for a whole one (R5)", () => {
  assert.equal(stubNotice({}), undefined);
  const reason = "record is larger than 1000 bytes";
  assert.match(stubNotice({ stub: reason }) ?? "", new RegExp(`could not store .*: ${reason}\\.`));
});
