/** Static checks, in the order in which they are quickest to fix. */
import { spawnSync } from "node:child_process";

const steps: readonly (readonly [string, ...string[]])[] = [
  ["oxfmt", "--check", "."],
  ["tsc", "-b"],
  ["oxlint", "--type-aware", "--deny-warnings"],
  ["knip"],
];

for (const [command, ...args] of steps) {
  const started = performance.now();
  const { status } = spawnSync(command, args, { stdio: "inherit" });
  console.log(
    `${status === 0 ? "ok  " : "FAIL"} ${command} ${Math.round(performance.now() - started)} ms`,
  );
  if (status !== 0) process.exit(1);
}
