import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { columnWidths, type Measured } from "./column-width.ts";
import { columnsOf } from "@obsyk/contract/printer";

const measure = (text: string): number => text.length * 8;

function pod(name: string, podIP: string, nodeName = "worker-1") {
  const record = { metadata: { name }, spec: { nodeName }, status: { podIP, phase: "Running" } };
  return { name, namespace: "shop", record };
}

function widths(objects: Measured["objects"], withNamespace = true) {
  const columns = columnsOf("pods");
  return columnWidths({ columns, withNamespace, objects, nowMs: 0, measure });
}

describe("columnWidths", () => {
  it("columnWidths: the longest text of a column fits, with its padding and its dot", () => {
    const ip = "10.110.151.123";
    const all = widths([
      pod("a", "10.0.0.1"),
      pod("b", ip, "control-plane-with-a-long-name"),
      pod("c", ip),
    ]);
    assert.ok((all.get("IP") ?? 0) >= measure(ip) + 28);
    assert.ok((all.get("NODE") ?? 0) >= measure("control-plane-with-a-long-name") + 28);
    assert.ok((all.get("STATUS") ?? 0) >= measure("Running") + 28 + 13);
    assert.ok((all.get("IP") ?? 0) <= measure(ip) + 28 + 8, "and no wider than that");
  });

  it("columnWidths: an empty table is as wide as its headings", () => {
    const all = widths([]);
    assert.ok((all.get("RESTARTS") ?? 0) >= measure("RESTARTS") + 28);
    assert.equal(all.has("NAMESPACE"), true);
    assert.equal(widths([], false).has("NAMESPACE"), false);
  });

  it("columnWidths: the longest names and texts are cut at a bound", () => {
    const all = widths([pod("n".repeat(253), "10.0.0.1", "w".repeat(253))]);
    assert.deepEqual([all.get("NAME"), all.get("NODE")], [440, 320]);
  });

  it("columnWidths: of a long table some hundred rows from all over it are measured", () => {
    let calls = 0;
    const objects = Array.from({ length: 5000 }, (_, index) =>
      pod(index >= 4000 ? "a-longer-name" : "short", "10.0.0.1"),
    );
    const all = columnWidths({
      columns: columnsOf("pods"),
      withNamespace: false,
      objects,
      nowMs: 0,
      measure: (text) => {
        calls += 1;
        return measure(text);
      },
    });
    assert.ok((all.get("NAME") ?? 0) >= measure("a-longer-name"));
    assert.ok(calls < 310 * (columnsOf("pods").length + 1), `${calls} texts measured`);
  });
});
