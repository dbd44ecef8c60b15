/**
 * `npm test`: static checks, then every test that needs Node alone. Arguments name files; without them all run.
 * Ends with node:test's own closing lines.
 */
import { spawnSync } from "node:child_process";

const files = process.argv.slice(2);
if (files.length === 0) {
  const check = spawnSync(process.execPath, ["tools/check.ts"], { stdio: "inherit" });
  if (check.status !== 0) process.exit(1);
}
const patterns = [
  "{contract,runtime,operator,platform,console,cli,testkit}/src/**/*.test.ts",
  "test/{system,conformance,claims}/**/*.test.ts",
  "tools/*.test.ts",
];
const { status } = spawnSync(
  process.execPath,
  [
    "--test",
    "--test-concurrency=2",
    "--test-timeout=120000",
    ...(files.length > 0 ? files : patterns),
  ],
  { stdio: "inherit" },
);
process.exit(status ?? 1);
