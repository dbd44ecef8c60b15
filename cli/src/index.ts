/** The CLI as a library: tests and tools run command lines through it. */
export { describeCommands, runCli, type DescribedCommand } from "./program.ts";
export type { Host, TextSink } from "./host.ts";
