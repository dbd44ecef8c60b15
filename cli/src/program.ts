/**
 * The command tree, and how a command's end becomes an exit code: 0 done, 1 refused or failed, 2 wrong usage.
 *
 * @module
 */
import { Command, CommanderError } from "commander";
import { product } from "@obsyk/contract";
import { addKeyCommands } from "./commands/key.ts";
import { addKeygenCommand } from "./commands/keygen.ts";
import { CliError } from "./errors.ts";
import type { Output } from "./output.ts";

/** Runs one command line and returns its exit code. */
export async function runCli(args: readonly string[], output: Output): Promise<number> {
  const program = new Command("obsyk")
    .description("Keys, registration, queries and checks for Obsyk.")
    .version(product.version)
    .configureOutput({
      writeOut: (text) => output.out.write(text),
      writeErr: (text) => output.error.write(text),
    })
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError("(obsyk --help lists the commands)");
  addKeygenCommand(program, output);
  addKeyCommands(program, output);
  try {
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    return exitCodeOf(error, output);
  }
}

function exitCodeOf(error: unknown, output: Output): number {
  // Commander has already printed help or what was wrong.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (!(error instanceof CliError)) throw error;
  output.error.write(`obsyk: ${error.message}\n`);
  return 1;
}
