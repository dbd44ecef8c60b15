/**
 * `npm run test:e2e`: builds the console and runs the browser tests against a real platform, an operator and a
 * simulated cluster. Arguments go to node:test.
 *
 * @module
 */
import "./end-with-parent.ts";
import { existsSync } from "node:fs";
import { run, testArguments } from "./run.ts";

const chromium = process.env["OBSYK_CHROMIUM"] ?? "/usr/bin/chromium";
if (!existsSync(chromium)) {
  console.error(
    `There is no Chromium at ${chromium}: install it (Debian: apt-get install chromium) or set OBSYK_CHROMIUM to its path.`,
  );
  process.exit(1);
}

const built = await run([
  "node_modules/vite/bin/vite.js",
  "build",
  "console",
  "--logLevel",
  "warn",
]);
if (built !== 0) process.exit(built);
process.exitCode = await run(
  [
    ...testArguments,
    "--test-concurrency=1",
    "--test-timeout=300000",
    ...process.argv.slice(2),
    "test/e2e/**/*.test.ts",
  ],
  { ...process.env, OBSYK_CHROMIUM: chromium },
);
