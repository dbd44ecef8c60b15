/**
 * The page of the command line, made from the program's own help.
 *
 * @module
 */
import { describeCommands, type DescribedCommand } from "@obsyk/cli";

export function cliLines(): readonly string[] {
  const [program, ...commands] = describeCommands();
  return [
    "# The command line",
    "",
    "`obsyk` as it describes itself. A first walk through it is in [docs/cli.md](../cli.md).",
    ...(program === undefined ? [] : helpLines(program)),
    ...commands.flatMap((command) => ["", `## ${command.name}`].concat(helpLines(command))),
  ];
}

function helpLines({ help }: DescribedCommand): readonly string[] {
  return ["", "```text", help.trimEnd(), "```"];
}
