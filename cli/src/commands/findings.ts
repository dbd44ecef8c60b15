import {
  apiPaths,
  findingKinds,
  findingPageSchema,
  limits,
  type FoundFinding,
} from "@obsyk/contract";
import { Option, type Command } from "commander";
import { CliError } from "../errors.ts";
import { freshnessWarnings } from "../freshness.ts";
import type { Host } from "../host.ts";
import { addConnectionOptions, connect, type ConnectionOptions } from "../platform/connection.ts";
import { olderOf, type AnswerAge } from "../platform/objects.ts";
import { toJson, toYaml } from "../print/manifest.ts";
import { parseOutputFormat } from "../print/output-format.ts";
import { printable } from "../print/printable.ts";
import { Progress } from "../print/progress.ts";
import { renderTable } from "../print/table.ts";
import { addScopeOptions, resolveScope, type ScopeOptions } from "../scope.ts";

type Options = ConnectionOptions &
  ScopeOptions & {
    readonly kind?: string;
    readonly output?: string;
    readonly headers: boolean;
    readonly exitCode?: true;
  };

const help = `
Tools and people leave secrets in the open: copies of whole objects in annotations, passwords as literal
environment values, Helm releases in ConfigMaps. Each finding says where, how it is known, and how to fix
it. No value was read to know it. Without -n every namespace is looked at.

Examples:
  obsyk findings -c prod-eu
  obsyk findings --kind literal-secret-env -o json
  obsyk findings -n shop --exit-code        (in a pipeline: exits 1 when there is any)`;

export function addFindingsCommand(program: Command, host: Host): void {
  const command = program
    .command("findings")
    .description("list where something secret is in the open, and how to fix it")
    .addOption(new Option("--kind <kind>", "findings of one kind").choices(findingKinds))
    .option("-o, --output <format>", "json, yaml, wide or jsonpath=TEMPLATE")
    .option("--no-headers", "no line of headings")
    .option("--exit-code", "exit with code 1 when there are findings")
    .addHelpText("after", help);
  addConnectionOptions(addScopeOptions(command)).action((options: Options) =>
    findings(host, options),
  );
}

async function findings(host: Host, options: Options): Promise<void> {
  const format = parseOutputFormat(options.output);
  if (format.kind === "name") throw new CliError("USAGE", "-o takes json, yaml, wide or jsonpath");
  await using connection = await connect(host, options);
  const scope = await resolveScope(connection, options);
  const { items, age } = await collect(host, connection.client, {
    cluster: scope.cluster,
    namespace: options.allNamespaces === true ? undefined : options.namespace,
    kind: options.kind,
  });
  switch (format.kind) {
    case "json":
      host.out.write(toJson({ items, ...age }));
      break;
    case "yaml":
      host.out.write(await toYaml({ items, ...age }));
      break;
    case "jsonpath":
      host.out.write(format.print({ items }));
      break;
    case "table":
      host.out.write(tableOf(items, format.wide, options.headers));
      host.error.write(items.length === 0 ? "No findings.\n" : fixesOf(items));
  }
  for (const line of freshnessWarnings(age, host.clock.now())) host.error.write(`${line}\n`);
  if (options.exitCode === true && items.length > 0) {
    throw new CliError("FOUND", `${items.length} findings`);
  }
}

async function collect(
  host: Host,
  client: Awaited<ReturnType<typeof connect>>["client"],
  filter: { readonly [name in "cluster" | "namespace" | "kind"]: string | undefined },
): Promise<{ readonly items: readonly FoundFinding[]; readonly age: AnswerAge }> {
  using progress = new Progress(host);
  const items: FoundFinding[] = [];
  let age: AnswerAge | undefined;
  let cursor: string | undefined;
  do {
    const query = { ...filter, limit: limits.apiPageRows, cursor };
    const page = await client.get(findingPageSchema, apiPaths.findings, query);
    items.push(...page.items);
    age = olderOf(age, { asOf: page.asOf, blind: page.blind });
    cursor = page.next;
    progress.show(`${items.length} findings`);
  } while (cursor !== undefined);
  return { items, age };
}

function tableOf(items: readonly FoundFinding[], wide: boolean, headers: boolean): string {
  if (items.length === 0) return "";
  const rows = items.map((one) =>
    [
      one.cluster.name,
      one.namespace ?? "",
      `${one.resource}/${one.name}`,
      one.kind,
      one.location,
      ...(wide ? [one.evidence, one.fix] : []),
    ].map((text) => ({ text })),
  );
  const header = ["CLUSTER", "NAMESPACE", "OBJECT", "KIND", "LOCATION"];
  return renderTable(
    { header: wide ? [...header, "EVIDENCE", "FIX"] : header, rows },
    { colour: false, headers },
  );
}

/** Each advice once. */
function fixesOf(items: readonly FoundFinding[]): string {
  const fixes = new Map(items.map(({ kind, fix }) => [fix, kind]));
  const lines = [...fixes].map(([fix, kind]) => `  ${kind}: ${printable(fix)}\n`);
  return `\nHow to fix:\n${lines.join("")}`;
}
