import assert from "node:assert/strict";
import { test } from "node:test";
import { renderTable } from "./table.ts";

const plain = { colour: false, headers: true };

test("renderTable: columns are as wide as their widest cell, three spaces apart", () => {
  const rows = [
    [{ text: "web" }, { text: "1/1" }, { text: "" }],
    [{ text: "a-longer-name" }, { text: "0/1" }, { text: "x" }],
  ];
  assert.equal(
    renderTable({ header: ["NAME", "READY", "LAST"], rows }, plain),
    "NAME            READY   LAST\nweb             1/1\na-longer-name   0/1     x\n",
  );
  const without = renderTable(
    { header: ["NAME", "READY", "LAST"], rows },
    { ...plain, headers: false },
  );
  assert.equal(without, "web             1/1\na-longer-name   0/1   x\n");
});

test("renderTable: text from a cluster cannot act on the terminal", () => {
  const text = "a\u001b[31mb\u0007\r\nc\u009b2J\u202ed";
  const out = renderTable({ header: ["NAME"], rows: [[{ text }]] }, plain);
  assert.equal(out, "NAME\na\\u001b[31mb\\u0007\\u000d\\u000ac\\u009b2J\\u202ed\n");
});

test("renderTable: tones colour a cell without moving the next one", () => {
  const rows = [[{ text: "Ready", tone: "good" as const }, { text: "x" }]];
  const out = renderTable({ header: ["STATUS", "AGE"], rows }, { ...plain, colour: true });
  assert.equal(out, "STATUS   AGE\n\u001b[32mReady\u001b[0m    x\n");
});
