/** The CLI as a library: tests and tools run command lines through it. */
export { runCli } from "./program.ts";
export type { Host, TextSink } from "./host.ts";
