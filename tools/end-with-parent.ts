/**
 * Loaded first into every process of a test run: the process ends when its parent is gone, or the run that
 * OBSYK_RUN_PID names. A killed run otherwise goes on unseen, with its databases and control planes; those end with the
 * process that started them.
 *
 * @module
 */
const parent = process.ppid;
const run = Number(process.env["OBSYK_RUN_PID"] ?? "0");
const intervalMs = 500;

setInterval(() => {
  if (process.ppid === parent && isAlive(run)) return;
  process.kill(process.pid, "SIGKILL");
}, intervalMs).unref();

function isAlive(pid: number): boolean {
  if (!(pid > 1)) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is alive.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
