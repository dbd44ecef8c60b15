/**
 * `npm run test:e2e`: builds the console and runs the browser tests against a real platform, an operator and a
 * simulated cluster. Arguments go to node:test.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const chromium = process.env["OBSYK_CHROMIUM"] ?? "/usr/bin/chromium";
if (!existsSync(chromium)) {
  console.error(
    `There is no Chromium at ${chromium}: install it (Debian: apt-get install chromium) or set OBSYK_CHROMIUM to its path.`,
  );
  process.exit(1);
}

function run(args: readonly string[]): void {
  const { status } = spawnSync(process.execPath, args, {
    stdio: "inherit",
    env: { ...process.env, OBSYK_CHROMIUM: chromium },
  });
  if (status !== 0) process.exit(status ?? 1);
}

run(["node_modules/vite/bin/vite.js", "build", "console", "--logLevel", "warn"]);
run([
  "--test",
  "--test-concurrency=1",
  "--test-timeout=300000",
  ...process.argv.slice(2),
  "test/e2e/**/*.test.ts",
]);
