import type { Command } from "commander";
import { CliError } from "../errors.ts";
import { explainAbsence, freshnessWarnings } from "../freshness.ts";
import type { Host } from "../host.ts";
import { addConnectionOptions, connect } from "../platform/connection.ts";
import { listClusters, olderOf, readClusterDetail, type AnswerAge } from "../platform/objects.ts";
import { listOf, manifestOf, toJson, toYaml, type Manifest } from "../print/manifest.ts";
import { parseOutputFormat, type OutputFormat } from "../print/output-format.ts";
import { wantsColour } from "../print/style.ts";
import { renderTable } from "../print/table.ts";
import { parseTargets, type Target } from "../resources/targets.ts";
import { singularOf } from "../resources/names.ts";
import { addScopeOptions, namespaceFor, resolveScope } from "../scope.ts";
import { collect, viewOf, warn, type GetOptions, type Question } from "../question.ts";
import { watchTable } from "./watch.ts";

const help = `
RESOURCE is what kubectl takes: pods, pod, po, deployments.apps, po,svc, all; NAME as in pod NAME or pod/NAME.
Without --cluster and without one in the context, every cluster is asked, and a column says which.
How old an answer is goes to standard error when it is not fresh; in json and yaml it is always there, under obsyk.

Examples:
  obsyk get pods -n shop -l app=api
  obsyk get deploy,svc -A -o wide
  obsyk get node node-1 -o yaml
  obsyk get po -A -o jsonpath='{range .items[*]}{.metadata.name}{"\\t"}{.status.podIP}{"\\n"}{end}'`;

export function addGetCommand(program: Command, host: Host): void {
  const command = program
    .command("get")
    .description("show objects, as kubectl get does")
    .argument("<resource>", "one or several, with commas; or RESOURCE/NAME")
    .argument("[names...]", "names of objects")
    .option("-l, --selector <labels>", "label selector, such as app=api,tier!=db")
    .option("-o, --output <format>", "json, yaml, wide, name or jsonpath=TEMPLATE")
    .option("--show-labels", "a column with all labels")
    .option("--no-headers", "no line of headings")
    .option("-w, --watch", "stay, and show what changes")
    .addHelpText("after", help);
  addConnectionOptions(addScopeOptions(command)).action(
    (resource: string, names: readonly string[], options: GetOptions) =>
      get(host, [resource, ...names], options),
  );
}

async function get(host: Host, args: readonly string[], options: GetOptions): Promise<void> {
  const format = parseOutputFormat(options.output);
  const targets = parseTargets(args);
  if (options.selector !== undefined && targets.some(({ names }) => names.length > 0)) {
    throw new CliError("USAGE", "a name and a selector contradict each other: give one of them");
  }
  await using connection = await connect(host, options);
  const scope = await resolveScope(connection, options);
  const question: Question = { host, connection, scope, options, format };
  if (options.watch === true) {
    const [target, ...more] = targets;
    if (format.kind !== "table" || target === undefined || more.length > 0) {
      throw new CliError(
        "USAGE",
        "-w follows one resource, as a table: without -o, or with -o wide",
      );
    }
    return await watchTable(question, target, format.wide);
  }
  if (format.kind === "table") return await getTables(question, targets);
  await getManifests(question, targets, format);
}

async function getTables(question: Question, targets: readonly Target[]): Promise<void> {
  const { host, options, format } = question;
  const style = { colour: wantsColour(host), headers: options.headers };
  const nowMs = host.clock.now();
  let shown = 0;
  const missing: string[] = [];
  for (const target of targets) {
    const view = viewOf(question, target, {
      wide: format.kind === "table" && format.wide,
      prefixed: targets.length > 1,
    });
    const found = await collect(question, target, (object) => view.row(object, nowMs));
    if (found.items.length > 0) {
      if (shown > 0) host.out.write("\n");
      host.out.write(renderTable({ header: view.header, rows: view.order(found.items) }, style));
    }
    shown += found.items.length;
    missing.push(...found.missing.map((name) => notFound(question, target, name)));
    warn(host, freshnessWarnings(found.age, nowMs));
    if (found.items.length === 0 && found.missing.length === 0) {
      warn(host, await absenceWarnings(question, target));
    }
  }
  if (shown === 0 && missing.length === 0) warn(host, [nothingFound(question, targets)]);
  fail(missing);
}

async function getManifests(
  question: Question,
  targets: readonly Target[],
  format: Exclude<OutputFormat, { readonly kind: "table" }>,
): Promise<void> {
  const { host } = question;
  const nowMs = host.clock.now();
  const items: Manifest[] = [];
  const names: string[] = [];
  const missing: string[] = [];
  let age: AnswerAge | undefined;
  for (const target of targets) {
    const found = await collect(question, target, (object) => {
      if (format.kind === "name") names.push(`${singularOf(target)}/${object.name}`);
      else items.push(manifestOf(object));
    });
    age = olderOf(age, found.age);
    missing.push(...found.missing.map((name) => notFound(question, target, name)));
  }
  const isOne = targets.length === 1 && targets[0]?.names.length === 1 && items.length === 1;
  const whole = age ?? { blind: [] };
  if (format.kind === "name") host.out.write(names.map((name) => `${name}\n`).join(""));
  // One name that does not exist prints nothing, as with kubectl.
  else if (items.length > 0 || missing.length === 0) {
    const value = isOne ? items[0] : listOf(items, whole);
    host.out.write(await print(format, value));
  }
  warn(host, freshnessWarnings(whole, nowMs));
  fail(missing);
}

async function print(
  format: Exclude<OutputFormat, { readonly kind: "table" | "name" }>,
  value: unknown,
): Promise<string> {
  switch (format.kind) {
    case "json":
      return toJson(value);
    case "yaml":
      return toYaml(value);
    case "jsonpath":
      return format.print(value);
  }
}

function placeOf({ scope, options }: Question, target: Target): string {
  const namespace = namespaceFor(target, scope, options);
  return [
    ...(namespace === undefined ? [] : [`namespace ${namespace}`]),
    scope.cluster === undefined ? "any cluster" : `cluster ${scope.cluster}`,
  ].join(" of ");
}

function notFound(question: Question, target: Target, name: string): string {
  return `${target.resource} ${JSON.stringify(name)} not found in ${placeOf(question, target)}`;
}

function nothingFound(question: Question, targets: readonly Target[]): string {
  const [first] = targets;
  const hint =
    first?.definition?.namespaced === true && question.scope.namespace !== undefined
      ? " (-A asks every namespace)"
      : "";
  return first === undefined ? "" : `No resources found in ${placeOf(question, first)}.${hint}`;
}

/** An empty answer must not look like an empty cluster when nobody looked. */
async function absenceWarnings(
  { connection: { client }, scope }: Question,
  { resource }: Target,
): Promise<readonly string[]> {
  const clusters = (await listClusters(client)).filter(
    ({ name }) => scope.cluster === undefined || name === scope.cluster,
  );
  const lines: string[] = [];
  for (const cluster of clusters.slice(0, explainedClusters)) {
    const reason =
      cluster.state === "pending"
        ? "no operator has connected yet"
        : explainAbsence(resource, (await readClusterDetail(client, cluster)).streams);
    if (reason !== undefined) lines.push(`cluster ${cluster.name}: ${reason}`);
  }
  return lines;
}

const explainedClusters = 10;

function fail(missing: readonly string[]): void {
  if (missing.length > 0) throw new CliError("NOT_FOUND", missing.join("\nobsyk: "));
}
