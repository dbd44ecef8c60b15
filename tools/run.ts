/** Child processes of the commands, which end with them. */
import { spawn } from "node:child_process";
import { once } from "node:events";

/** Node's first arguments for a test run; node:test hands them on to the process of each file. */
export const testArguments: readonly string[] = [
  `--import=${new URL("end-with-parent.ts", import.meta.url).href}`,
  "--test",
];

/** Runs Node on our own input and output. @returns its exit code; 1 when a signal ended it */
export async function run(
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  const child = spawn(process.execPath, [...args], { stdio: "inherit", env });
  const [code] = (await once(child, "close")) as [number | null];
  return code ?? 1;
}
