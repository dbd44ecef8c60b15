/**
 * `npm test`: static checks, then every test that needs Node alone. Arguments name files; without them all run.
 * Ends with node:test's own closing lines.
 */
import "./end-with-parent.ts";
import { run, testArguments } from "./run.ts";

const files = process.argv.slice(2);
if (files.length === 0) {
  if ((await run(["tools/check.ts"])) !== 0) process.exit(1);
}
const patterns = [
  "{contract,runtime,operator,platform,console,cli,testkit}/src/**/*.test.ts",
  "test/{system,conformance,claims}/**/*.test.ts",
  "tools/*.test.ts",
];
process.exitCode = await run([
  ...testArguments,
  "--test-concurrency=2",
  "--test-timeout=120000",
  ...(files.length > 0 ? files : patterns),
]);
