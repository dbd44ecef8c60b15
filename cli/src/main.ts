#!/usr/bin/env node
/** `obsyk`: the only file that acts on import. */
import { systemClock } from "@obsyk/runtime";
import { exitCodes } from "./errors.ts";
import { runCli } from "./program.ts";
import { readSecretLine } from "./terminal.ts";

const stopping = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.once(name, () => stopping.abort(new Error(name)));
}
const unread = new Error("nobody reads the output any more");
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  stopping.abort(unread);
});

const code = await runCli(process.argv.slice(2), {
  out: process.stdout,
  error: process.stderr,
  env: process.env,
  clock: systemClock,
  random: () => Math.random(),
  readSecretLine: (prompt, signal) =>
    readSecretLine({ input: process.stdin, output: process.stderr, prompt, signal }),
  signal: stopping.signal,
});
// Whoever read our output has gone, as `head` does: that is no failure.
process.exitCode = stopping.signal.reason === unread ? exitCodes.done : code;
