/**
 * What `get` asks: targets within a scope, and the rows of their tables.
 *
 * @module
 */
import type { InventoryObject } from "@obsyk/contract";
import { columnsOf, labelsAt, nameText, type Cell } from "@obsyk/contract/printer";
import type { Host } from "./host.ts";
import type { Connection, ConnectionOptions } from "./platform/connection.ts";
import { olderOf, readPages, type AnswerAge } from "./platform/objects.ts";
import type { OutputFormat } from "./print/output-format.ts";
import { Progress } from "./print/progress.ts";
import { singularOf } from "./resources/names.ts";
import type { Target } from "./resources/targets.ts";
import { namespaceFor, type Scope, type ScopeOptions } from "./scope.ts";

export type GetOptions = ConnectionOptions &
  ScopeOptions & {
    readonly selector?: string;
    readonly output?: string;
    readonly showLabels?: true;
    readonly headers: boolean;
    readonly watch?: true;
  };

export type Question = {
  readonly host: Host;
  readonly connection: Connection;
  readonly scope: Scope;
  readonly options: GetOptions;
  readonly format: OutputFormat;
};

export type Collected<T> = {
  readonly items: readonly T[];
  readonly missing: readonly string[];
  readonly age: AnswerAge;
};

/** All pages of one target; each object is turned into what is shown at once, so that records are not kept. */
export async function collect<T>(
  { host, connection, scope, options }: Question,
  target: Target,
  show: (object: InventoryObject) => T,
): Promise<Collected<T>> {
  using progress = new Progress(host);
  const items: T[] = [];
  const missing: string[] = [];
  let age: AnswerAge | undefined;
  for (const name of target.names.length === 0 ? [undefined] : target.names) {
    const before = items.length;
    const filter = {
      cluster: scope.cluster,
      resource: target.resource,
      namespace: namespaceFor(target, scope, options),
      labelSelector: options.selector,
      objectName: name,
    };
    for await (const page of readPages(connection.client, filter)) {
      items.push(...page.items.map(show));
      age = olderOf(age, page);
      progress.show(`${items.length} ${target.resource}`);
    }
    if (name !== undefined && items.length === before) missing.push(name);
  }
  return { items, missing, age: age ?? { blind: [] } };
}

export type View = {
  readonly header: readonly string[];
  readonly row: (object: InventoryObject, nowMs: number) => readonly Cell[];
  /** Clusters by name; within one, the platform's order. */
  readonly order: (rows: readonly (readonly Cell[])[]) => readonly (readonly Cell[])[];
};

export function viewOf(
  { scope, options }: Question,
  target: Target,
  { wide, prefixed }: { readonly wide: boolean; readonly prefixed: boolean },
): View {
  const columns = columnsOf(target.resource).filter((one) => wide || !(one.wide || one.own));
  const isNamespaced = target.definition?.namespaced ?? true;
  const withNamespace = isNamespaced && namespaceFor(target, scope, options) === undefined;
  const withCluster = scope.cluster === undefined;
  const prefix = prefixed ? `${singularOf(target)}/` : "";
  return {
    header: [
      ...(withCluster ? ["CLUSTER"] : []),
      ...(withNamespace ? ["NAMESPACE"] : []),
      "NAME",
      ...columns.map(({ header }) => header),
      ...(options.showLabels === true ? ["LABELS"] : []),
    ],
    row: (object, nowMs) => [
      ...(withCluster ? [{ text: object.cluster.name }] : []),
      ...(withNamespace ? [{ text: object.namespace ?? "" }] : []),
      { text: prefix + nameText(object) },
      ...columns.map(({ cell }) => cell(object.record, nowMs)),
      ...(options.showLabels === true ? [{ text: labelsText(object.record) }] : []),
    ],
    order: (rows) => (withCluster ? rows.toSorted(byFirstCell) : rows),
  };
}

function byFirstCell([one]: readonly Cell[], [other]: readonly Cell[]): number {
  const texts = [one?.text ?? "", other?.text ?? ""] as const;
  return texts[0] === texts[1] ? 0 : texts[0] < texts[1] ? -1 : 1;
}

function labelsText(record: unknown): string {
  const labels = labelsAt(record, "metadata", "labels").map(([key, value]) => `${key}=${value}`);
  return labels.length === 0 ? "<none>" : labels.join(",");
}

export function warn({ error }: Host, lines: readonly string[]): void {
  for (const line of lines) error.write(`${line}\n`);
}
