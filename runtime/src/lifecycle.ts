/**
 * A process is an AbortController: signals abort it, its parts drain, the event loop empties.
 *
 * @module
 */

/** Time a process has to drain after the first signal before it is ended. */
const drainMs = 20_000;

/**
 * Runs `main` until it returns. SIGTERM and SIGINT abort its signal; a second one, or 20 s, ends the process at once.
 * The exit code is 0 after a clean end, 1 after an error, or the error's own `exitCode`.
 */
export async function runProcess(main: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  let signals = 0;
  const stop = (name: NodeJS.Signals): void => {
    signals += 1;
    if (signals > 1) process.exit(130);
    controller.abort(new Error(`received ${name}`));
    setTimeout(() => process.exit(1), drainMs).unref();
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  try {
    await main(controller.signal);
    process.exitCode ??= 0;
  } catch (error) {
    if (controller.signal.aborted && error === controller.signal.reason) return;
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = exitCodeOf(error);
  } finally {
    process.off("SIGTERM", stop);
    process.off("SIGINT", stop);
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof Error && "exitCode" in error && typeof error.exitCode === "number") {
    return error.exitCode;
  }
  return 1;
}
