/** Child processes of benches, and what the kernel knows about a process. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { rolldown } from "rolldown";

export type Child<Message> = AsyncDisposable & { readonly message: Message };

/** Starts a script of this folder and waits for the one message it sends. */
export async function startChild<Message>(
  script: string,
  options: { readonly args: readonly string[]; readonly env?: NodeJS.ProcessEnv },
): Promise<Child<Message>> {
  const child = fork(new URL(script, import.meta.url), [...options.args], {
    env: { ...process.env, ...options.env },
    execArgv: [],
  });
  const exited = once(child, "exit");
  const failed = exited.then(([code]) => {
    throw new Error(`${script} ended with code ${String(code)} before it said anything`);
  });
  const [message] = (await Promise.race([once(child, "message"), failed])) as [Message];
  failed.catch(() => {});
  return {
    message,
    async [Symbol.asyncDispose]() {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

/** The operator as its image has it: one minified file, without TypeScript. */
export async function bundleOperator(file: string): Promise<void> {
  await using bundle = await rolldown({ input: "operator/src/main.ts", platform: "node" });
  await bundle.write({ file, format: "esm", minify: true, codeSplitting: false });
}

/** Largest resident memory so far, in MB of 10^6 bytes (Linux). */
export function peakMemoryMb(pid: number): number {
  const [, kilobytes] =
    /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  if (kilobytes === undefined) throw new Error(`the kernel tells no VmHWM of process ${pid}`);
  return (Number(kilobytes) * 1024) / 1e6;
}

/** The kernel counts in ticks; 100 a second on every Linux we run on. */
const tickMs = 10;

/** User and system time so far, in milliseconds (Linux). */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name in parentheses may hold anything, so count from its end: utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}
