/**
 * What an operator collects and sends, said and shown by the operator's own code. That code is loaded by these commands
 * alone.
 *
 * @module
 */
import { randomUUID } from "node:crypto";
import type { Manifest, PreviewedStream } from "@obsyk/operator";
import { createLog, SettingsError } from "@obsyk/runtime";
import type { Command } from "commander";
import { CliError } from "../errors.ts";
import type { Host } from "../host.ts";
import { toJson, toYaml } from "../print/manifest.ts";
import { Progress } from "../print/progress.ts";
import { renderTable } from "../print/table.ts";

type ManifestOptions = { readonly output: string; readonly headers: boolean };

const manifestHelp = `
SETTINGS are the operator's own, as flags or environment variables, such as --resources pods,secrets or
--secrets-mode counts; none are needed. The digest is the one that an operator with these settings
names when it opens a session, and that the console shows.

Examples:
  obsyk operator manifest
  obsyk operator manifest -o yaml --resources namespaces,secrets --secrets-mode counts`;

const previewHelp = `
SETTINGS are the operator's own, as flags or environment variables: --kubeconfig, --context, --resources,
--secrets-mode and so on. Without --kubeconfig, KUBECONFIG or ~/.kube/config is used.

Connects to the API server alone. Standard output gets the lines that would leave, byte for byte; the
request that opens a session, and what was found, go to standard error. The one difference: hashes are
keyed by the platform, which nobody asks here, so they are made with a key of zeros.

Examples:
  obsyk operator preview --context prod > what-would-leave.jsonl
  obsyk operator preview --resources secrets --secrets-mode keys | jq .record`;

export function addOperatorCommands(program: Command, host: Host): void {
  const operator = program
    .command("operator")
    .description("what an operator collects, and what would leave a cluster");
  operator
    .command("manifest")
    .description("list every field that can leave a cluster, and why it is kept")
    .argument("[settings...]", "flags of the operator")
    .option("-o, --output <format>", "table, json or yaml", "table")
    .option("--no-headers", "no line of headings")
    .allowUnknownOption()
    .addHelpText("after", manifestHelp)
    .action((settings: readonly string[], options: ManifestOptions) =>
      manifest(host, settings, options),
    );
  operator
    .command("preview")
    .description("print what would leave a cluster, byte for byte, and send nothing")
    .argument("[settings...]", "flags of the operator")
    .allowUnknownOption()
    .addHelpText("after", previewHelp)
    .action((settings: readonly string[]) => preview(host, settings));
}

async function manifest(
  host: Host,
  settings: readonly string[],
  { output, headers }: ManifestOptions,
): Promise<void> {
  const { readManifest } = await import("@obsyk/operator");
  const found = await withUsage(() => readManifest({ env: host.env, args: settings }));
  switch (output) {
    case "json":
      host.out.write(toJson(found));
      return;
    case "yaml":
      host.out.write(await toYaml(found));
      return;
    case "table":
      host.out.write(manifestTable(found, headers));
      host.error.write(`digest ${found.digest}\n`);
      return;
    default:
      throw new CliError("USAGE", "-o takes table, json or yaml");
  }
}

function manifestTable({ resources, annotations }: Manifest, headers: boolean): string {
  const rows = resources.flatMap(({ resource, mode, fields }) =>
    fields.flatMap(({ path, beside, why }) => {
      const place = `${path}${beside ? " (beside)" : ""}`;
      const row = [resource, mode, place, why];
      if (path !== "metadata.annotations{}") return [row];
      return annotations.map((key) => [resource, mode, `metadata.annotations["${key}"]`, why]);
    }),
  );
  const cells = rows.map((row) => row.map((text) => ({ text })));
  const header = ["RESOURCE", "MODE", "FIELD", "WHY"];
  return renderTable({ header, rows: cells }, { colour: false, headers });
}

async function preview(host: Host, settings: readonly string[]): Promise<void> {
  const { runPreview } = await import("@obsyk/operator");
  using progress = new Progress(host);
  const { request, streams } = await withUsage(() =>
    runPreview(
      {
        args: settings,
        env: host.env,
        log: createLog({
          name: "preview",
          level: "error",
          destination: { write: (line) => void host.error.write(line) },
        }),
        clock: host.clock,
        random: host.random,
        instanceId: randomUUID(),
        onLines: (text) => host.out.write(text),
        onProgress: (all) => progress.show(progressText(all)),
      },
      host.signal,
    ),
  );
  progress[Symbol.dispose]();
  host.error.write(`a session would be opened with ${JSON.stringify(request)}\n`);
  for (const { stream, state, objects } of streams) {
    const trouble = state === "watching" || state === "polling" ? "" : `: ${state}`;
    host.error.write(`${stream}  ${objects}${trouble}\n`);
  }
  host.error.write("nothing was sent\n");
}

function progressText(streams: readonly PreviewedStream[]): string {
  const objects = streams.reduce((sum, one) => sum + one.objects, 0);
  const waiting = streams.filter(({ state }) => state === "starting" || state === "listing");
  return `${objects} objects, ${waiting.length} of ${streams.length} streams to come`;
}

/** The operator's own refusals, as this program says them. */
async function withUsage<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SettingsError || hasName(error, "OperatorSettingError")) {
      throw new CliError("USAGE", (error as Error).message, { cause: error });
    }
    if (hasName(error, "KubeError")) {
      throw new CliError("UNREACHABLE", (error as Error).message, { cause: error });
    }
    throw error;
  }
}

function hasName(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}
