/** The CLI as a library: tests and tools run command lines through it. */
export { runCli } from "./program.ts";
export type { Output } from "./output.ts";
