/**
 * `get -w`: the table, then a line for each object that changed, as changes reach the platform.
 *
 * @module
 */
import type { InventoryObject } from "@obsyk/contract";
import { columnsOf, type Cell } from "@obsyk/contract/printer";
import { freshnessWarnings } from "../freshness.ts";
import { followChanges } from "../platform/live.ts";
import { wantsColour } from "../print/style.ts";
import { renderTable } from "../print/table.ts";
import type { Target } from "../resources/targets.ts";
import { collect, viewOf, warn, type Question } from "../question.ts";

type Row = {
  readonly key: string;
  readonly cells: readonly Cell[];
  /** What is compared: ages change by themselves. */
  readonly text: string;
};

/** Ends with the signal alone. */
export async function watchTable(
  question: Question,
  target: Target,
  wide: boolean,
): Promise<never> {
  const { host, connection, options } = question;
  const view = viewOf(question, target, { wide, prefixed: false });
  const style = { colour: wantsColour(host), headers: options.headers };
  let before: ReadonlyMap<string, Row> | undefined;
  let warned = "";
  return followChanges(connection.client, host, async (event) => {
    const isOther = event !== undefined && event.resources.length > 0;
    if (isOther && !event.resources.includes(target.resource)) return;
    const nowMs = host.clock.now();
    const found = await collect(question, target, (object) =>
      rowOf(object, view.row(object, nowMs)),
    );
    const rows = new Map(found.items.map((row) => [row.key, row]));
    const news = before === undefined ? [...rows.values()] : changesOf(before, rows);
    const isFirst = before === undefined;
    const above = [...(before?.values() ?? [])].map(({ cells }) => cells);
    before = rows;
    if (news.length > 0) {
      const table = { header: view.header, rows: news.map(({ cells }) => cells), above };
      host.out.write(renderTable(table, { ...style, headers: style.headers && isFirst }));
    }
    const warnings = freshnessWarnings(found.age, nowMs);
    // Said once, and again when it changes.
    if (warnings.join() !== warned) warn(host, warnings);
    warned = warnings.join();
  });
}

function rowOf(object: InventoryObject, cells: readonly Cell[]): Row {
  const stable = columnsOf(object.resource).filter(({ ageing }) => ageing !== true);
  const texts = stable.map(({ cell }) => cell(object.record, 0).text);
  return {
    key: `${object.cluster.id} ${object.uid}`,
    cells,
    text: [object.name, ...texts].join("\0"),
  };
}

/** What is new or different, then what is gone. */
function changesOf(
  before: ReadonlyMap<string, Row>,
  rows: ReadonlyMap<string, Row>,
): readonly Row[] {
  const changed = [...rows.values()].filter(({ key, text }) => before.get(key)?.text !== text);
  const gone = [...before.values()].filter(({ key }) => !rows.has(key));
  return [
    ...changed,
    ...gone.map(({ key, cells, text }) => ({
      key,
      text,
      cells: [...cells, { text: "(deleted)" }],
    })),
  ];
}
