import {
  apiPaths,
  objectDetailSchema,
  relatedSchema,
  type InventoryObject,
  type Manager,
  type Related,
  type RelatedObject,
} from "@obsyk/contract";
import { apiVersionOf } from "@obsyk/contract/allow-list";
import { columnsOf, labelsAt, textAt, truncatedPaths } from "@obsyk/contract/printer";
import { sectionsOf, type Section } from "@obsyk/contract/summary";
import type { Command } from "commander";
import { CliError } from "../errors.ts";
import { asOfText, freshnessWarnings } from "../freshness.ts";
import type { Host } from "../host.ts";
import { neverCollected } from "../never-collected.ts";
import {
  addConnectionOptions,
  connect,
  type Connection,
  type ConnectionOptions,
} from "../platform/connection.ts";
import { readPages } from "../platform/objects.ts";
import { printable } from "../print/printable.ts";
import { renderTable } from "../print/table.ts";
import { parseTargets, type Target } from "../resources/targets.ts";
import {
  addScopeOptions,
  namespaceFor,
  resolveScope,
  type Scope,
  type ScopeOptions,
} from "../scope.ts";

type Options = ConnectionOptions & ScopeOptions & { readonly selector?: string };
type Fact = readonly [term: string, text: string];

const help = `
Shows what an object is, what is around it, how old that is, and what is never collected of its kind.

Examples:
  obsyk describe pod web-0 -n shop
  obsyk describe deploy/api svc/api -n shop -c prod-eu`;

export function addDescribeCommand(program: Command, host: Host): void {
  const command = program
    .command("describe")
    .description("show objects in detail, with what is around them")
    .argument("<resource>", "one or several, with commas; or RESOURCE/NAME")
    .argument("[names...]", "names of objects; all of them when absent")
    .option("-l, --selector <labels>", "label selector, such as app=api,tier!=db")
    .addHelpText("after", help);
  addConnectionOptions(addScopeOptions(command)).action(
    (resource: string, names: readonly string[], options: Options) =>
      describe(host, [resource, ...names], options),
  );
}

async function describe(host: Host, args: readonly string[], options: Options): Promise<void> {
  const targets = parseTargets(args);
  await using connection = await connect(host, options);
  const scope = await resolveScope(connection, options);
  const missing: string[] = [];
  let shown = 0;
  for (const target of targets) {
    for (const name of target.names.length === 0 ? [undefined] : target.names) {
      const found = await find(connection, { target, name, scope, options });
      for (const object of found) {
        host.out.write(
          `${shown === 0 ? "" : "\n\n"}${await describeOne(host, connection, { target, object })}`,
        );
        shown += 1;
      }
      if (found.length === 0 && name !== undefined) {
        missing.push(`${target.resource} ${JSON.stringify(name)} not found`);
      }
    }
  }
  if (missing.length > 0) throw new CliError("NOT_FOUND", missing.join("\nobsyk: "));
  if (shown === 0) host.error.write("No resources found.\n");
}

async function find(
  { client }: Connection,
  asked: {
    readonly target: Target;
    readonly name: string | undefined;
    readonly scope: Scope;
    readonly options: Options;
  },
): Promise<readonly InventoryObject[]> {
  const { target, name, scope, options } = asked;
  const filter = {
    cluster: scope.cluster,
    resource: target.resource,
    namespace: namespaceFor(target, scope, options),
    labelSelector: options.selector,
    objectName: name,
  };
  const found: InventoryObject[] = [];
  for await (const { items } of readPages(client, filter)) found.push(...items);
  return found;
}

async function describeOne(
  host: Host,
  { client }: Connection,
  { target, object }: { readonly target: Target; readonly object: InventoryObject },
): Promise<string> {
  const fill = (path: string): string =>
    path
      .replace(":clusterId", encodeURIComponent(object.cluster.id))
      .replace(":resource", encodeURIComponent(object.resource))
      .replace(":uid", encodeURIComponent(object.uid));
  const detail = await client.get(objectDetailSchema, fill(apiPaths.object));
  const related = await client.get(relatedSchema, fill(apiPaths.related));
  const nowMs = host.clock.now();
  const never = neverCollected(object.resource);
  return [
    factLines([...identity(target, detail), ...columnFacts(detail, nowMs)]),
    ...sectionsOf(detail).map(sectionText),
    relatedText(related),
    managersText(detail.managers),
    heading("Not Collected", never.map((line) => `  ${printable(line)}\n`).join("")),
    heading("Freshness", freshnessText(detail, nowMs)),
  ]
    .filter((text) => text !== "")
    .join("\n");
}

function identity({ definition }: Target, object: InventoryObject): readonly Fact[] {
  const { record } = object;
  const labels = labelsAt(record, "metadata", "labels")
    .map(([key, value]) => `${key}=${value}`)
    .sort();
  const notes = labelsAt(record, "metadata", "annotations").map(
    ([key, value]) => `${key}: ${value}`,
  );
  const kind =
    definition === undefined ? object.resource : `${definition.kind} (${apiVersionOf(definition)})`;
  const cut = truncatedPaths(record);
  return [
    ["Name", object.name],
    ...(object.namespace === undefined ? [] : [["Namespace", object.namespace] as const]),
    ["Cluster", object.cluster.name],
    ["Kind", kind],
    ["Created", textAt(record, "metadata", "creationTimestamp") ?? "unknown"],
    ...(textAt(record, "metadata", "deletionTimestamp") === undefined
      ? []
      : [["Deleted at", textAt(record, "metadata", "deletionTimestamp") ?? ""] as const]),
    ["Labels", labels.length === 0 ? "<none>" : labels.join("\n")],
    ...(notes.length === 0 ? [] : [["Annotations", notes.join("\n")] as const]),
    ["UID", object.uid],
    ...(cut.length === 0 ? [] : [["Cut", cut.join("\n")] as const]),
  ];
}

/** What its table shows of it. */
function columnFacts({ resource, record }: InventoryObject, nowMs: number): readonly Fact[] {
  // What kubectl shows with -o wide is in the sections that follow.
  const columns = columnsOf(resource).filter(({ wide }) => wide !== true);
  return columns.flatMap(({ header, cell }): Fact[] => {
    const { text } = cell(record, nowMs);
    const word = header.charAt(0) + header.slice(1).toLowerCase();
    return text === "" || text === "<none>" ? [] : [[word, text]];
  });
}

/** Terms in one column, texts in the other; further lines of a text below its first. */
function factLines(facts: readonly Fact[], indent = ""): string {
  const width = Math.max(...facts.map(([term]) => term.length)) + 2;
  return facts
    .map(([term, text]) => {
      const [first = "", ...more] = text.split("\n").map(printable);
      const rest = more.map((line) => `${indent}${" ".repeat(width)}${line}\n`);
      return `${indent}${`${term}:`.padEnd(width)}${first}\n${rest.join("")}`;
    })
    .join("");
}

function heading(title: string, body: string): string {
  return body === "" ? "" : `${title}:\n${body}`;
}

function sectionText(section: Section): string {
  if (section.kind === "facts") {
    const facts = section.facts.map(([term, { text }]) => [term, text] as const);
    return heading(section.title, factLines(facts, "  "));
  }
  const header = section.headers.map((one) => one.toUpperCase());
  const note = section.note === undefined ? "" : `  ${printable(section.note)}\n`;
  return heading(
    section.title,
    indented(renderTable({ header, rows: section.rows }, plain)) + note,
  );
}

const plain = { colour: false, headers: true } as const;

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, "  ");
}

const relationTitles: { readonly [relation in RelatedObject["relation"]]: string } = {
  owner: "owned by",
  owned: "owns",
  selects: "selects",
  selectedBy: "selected by",
  uses: "uses",
  usedBy: "used by",
};

function relatedText({ items, more }: Related): string {
  const rows = items.map(({ relation, resource, namespace, name, via, uid }) =>
    [
      relationTitles[relation],
      `${resource}/${name}`,
      namespace ?? "",
      via,
      uid === undefined ? "not in the inventory" : "",
    ].map((text) => ({ text })),
  );
  const further = more.map(
    ({ relation, resource }) => `  and more ${resource} (${relationTitles[relation]})\n`,
  );
  if (rows.length === 0) return "";
  const header = ["RELATION", "OBJECT", "NAMESPACE", "BY", ""];
  return heading("Related", indented(renderTable({ header, rows }, plain)) + further.join(""));
}

function managersText(managers: readonly Manager[]): string {
  const rows = managers.map(({ manager, operation, subresource, time }) =>
    [manager, operation, subresource ?? "", time ?? ""].map((text) => ({ text })),
  );
  const header = ["MANAGER", "OPERATION", "SUBRESOURCE", "TIME"];
  return rows.length === 0
    ? ""
    : heading("Changed By", indented(renderTable({ header, rows }, plain)));
}

function freshnessText(
  detail: InventoryObject & Parameters<typeof freshnessWarnings>[0],
  nowMs: number,
): string {
  const facts: readonly Fact[] = [
    ["As of", asOfText(detail.asOf, nowMs)],
    ["This version seen", detail.seenAt],
    ...freshnessWarnings({ blind: detail.blind }, nowMs).map((line) => ["Warning", line] as const),
  ];
  return factLines(facts, "  ");
}
