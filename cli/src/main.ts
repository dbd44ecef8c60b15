#!/usr/bin/env node
/** `obsyk`: the only file that acts on import. */
import { runCli } from "./program.ts";

process.exitCode = await runCli(process.argv.slice(2), {
  out: process.stdout,
  error: process.stderr,
});
