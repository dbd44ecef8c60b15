/**
 * The command tree, and how a command's end becomes an exit code.
 *
 * @module
 */
import { Command, CommanderError } from "commander";
import { product } from "@obsyk/contract";
import { systemClock } from "@obsyk/runtime";
import { addKeyCommands } from "./commands/key.ts";
import { addKeygenCommand } from "./commands/keygen.ts";
import { addClustersCommand } from "./commands/clusters.ts";
import { addCompletionCommands } from "./commands/completion.ts";
import { addContextCommands } from "./commands/context.ts";
import { addDescribeCommand } from "./commands/describe.ts";
import { addFindingsCommand } from "./commands/findings.ts";
import { addGetCommand } from "./commands/get.ts";
import { addLoginCommands } from "./commands/login.ts";
import { addOperatorCommands } from "./commands/operator.ts";
import { addRegisterCommand } from "./commands/register.ts";
import { addResourcesCommand } from "./commands/api-resources.ts";
import { CliError, exitCodes } from "./errors.ts";
import type { Host } from "./host.ts";
import { JsonPathError } from "./jsonpath/template.ts";

const help = `
Environment (flags win over it, and it wins over the context):
  OBSYK_SERVER, OBSYK_TOKEN       platform and API token, for machines that do not log in
  OBSYK_CLUSTER, OBSYK_NAMESPACE  what is looked at by default
  OBSYK_CA_FILE                   certificates, PEM, to trust instead of the system's
  OBSYK_CONFIG                    the file that obsyk login writes
  NO_COLOR                        no colours; there are none but on a terminal

Exit codes:
  0    done
  1    failed, or not found
  2    wrong usage
  3    not signed in, or not allowed
  4    the platform cannot be reached
  130  interrupted

Results go to standard output, everything else to standard error.`;

/** The whole command tree; its help texts make the reference page. */
function createProgram(host: Host): Command {
  const program = new Command("obsyk")
    .description(
      "What runs in your Kubernetes clusters, as of when; keys, registration and checks.",
    )
    .version(product.version)
    .configureOutput({
      writeOut: (text) => host.out.write(text),
      writeErr: (text) => host.error.write(text),
    })
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError("(obsyk --help lists the commands)")
    .addHelpText("after", help);
  addLoginCommands(program, host);
  addContextCommands(program, host);
  addClustersCommand(program, host);
  addGetCommand(program, host);
  addDescribeCommand(program, host);
  addFindingsCommand(program, host);
  addResourcesCommand(program, host);
  addRegisterCommand(program, host);
  addKeygenCommand(program, host);
  addKeyCommands(program, host);
  addOperatorCommands(program, host);
  addCompletionCommands(program, host);
  return program;
}

export type DescribedCommand = {
  /** With what it belongs to: `obsyk context use`. */
  readonly name: string;
  /** As `--help` prints it, without colours, 100 columns wide. */
  readonly help: string;
};

/** The program and each command, in the order of the help text. Nothing is run. */
export function describeCommands(): readonly DescribedCommand[] {
  const describe = (command: Command, before: string): DescribedCommand[] => {
    const name = `${before}${command.name()}`;
    let help = "";
    command.configureOutput({
      writeOut: (text) => (help += text),
      getOutHelpWidth: () => 100,
      getOutHasColors: () => false,
    });
    command.outputHelp();
    const inner = command
      .createHelp()
      .visibleCommands(command)
      .filter((one) => one.name() !== "help");
    return [{ name, help }, ...inner.flatMap((one) => describe(one, `${name} `))];
  };
  return describe(createProgram(nowhere), "");
}

/** Descriptions need no world. */
const nowhere: Host = {
  out: { write: () => true },
  error: { write: () => true },
  env: {},
  clock: systemClock,
  random: () => 0,
  readSecretLine: () => Promise.reject(new Error("nobody types here")),
  signal: AbortSignal.abort(new Error("nothing runs here")),
};

/** Runs one command line and returns its exit code. */
export async function runCli(args: readonly string[], host: Host): Promise<number> {
  try {
    await createProgram(host).parseAsync(args, { from: "user" });
    return exitCodes.done;
  } catch (error) {
    return exitCodeOf(error, host);
  }
}

function exitCodeOf(error: unknown, { error: to, signal }: Host): number {
  // Commander has already printed help or what was wrong.
  if (error instanceof CommanderError)
    return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  if (signal.aborted) return exitCodes.interrupted;
  if (!(error instanceof CliError || error instanceof JsonPathError)) throw error;
  to.write(`obsyk: ${error.message}\n`);
  return error instanceof CliError ? error.exitCode : exitCodes.usage;
}
