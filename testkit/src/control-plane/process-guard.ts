/**
 * A folder and the processes that work in it, which all end with this process, however it ends: a small shell reads a
 * pipe from us, and when the pipe closes it kills what is left and removes the folder.
 *
 * @module
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type ProcessGuard = AsyncDisposable & {
  /** Fresh folder, mode 0700, removed at the end. */
  readonly folder: string;
  /** From now on this process is killed at the end. */
  adopt(child: ChildProcess): void;
};

// The last line names all processes that are alive; a shell that ignores signals outlives a Ctrl-C by a moment. One that
// was started just before our end, and so is in no line, has the folder on its command line (Linux alone shows it).
const script = `
trap '' INT TERM HUP
pids=
while read -r line; do pids=$line; done
for file in $(grep -alsF -e "$1" /proc/[0-9]*/cmdline); do
  pid=\${file#/proc/}
  pid=\${pid%/cmdline}
  [ "$pid" = "$$" ] || pids="$pids $pid"
done
for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
for pid in $pids; do
  turns=0
  while kill -0 "$pid" 2>/dev/null && [ "$turns" -lt 50 ]; do turns=$((turns + 1)); sleep 0.1; done
done
rm -rf -- "$1"
`;

export async function openProcessGuard(name: string): Promise<ProcessGuard> {
  const folder = await mkdtemp(join(tmpdir(), `obsyk-${name}-`));
  const shell = spawn("/bin/sh", ["-c", script, "obsyk-guard", folder], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  const ended = once(shell, "exit");
  const alive = new Set<ChildProcess>();
  const tell = (): void => {
    shell.stdin.write(`${[...alive].map((child) => child.pid).join(" ")}\n`);
  };
  return {
    folder,
    adopt(child) {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      alive.add(child);
      tell();
      child.once("exit", () => {
        alive.delete(child);
        tell();
      });
    },
    async [Symbol.asyncDispose]() {
      const exits = [...alive].map((child) => once(child, "exit"));
      shell.stdin.end();
      await Promise.all([ended, ...exits]);
    },
  };
}
