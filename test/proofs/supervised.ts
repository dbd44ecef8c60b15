/** A process that is started again whenever it ends, as the kubelet does, with everything it prints in one file. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import type { ProcessGuard } from "@obsyk/testkit";
import { setTimeout as delay } from "node:timers/promises";

export type SupervisedOptions = {
  readonly guard: ProcessGuard;
  readonly args: readonly string[];
  readonly env: { readonly [name: string]: string };
  /** Gets standard output and standard error of all lives. */
  readonly logFile: string;
};

const restartAfterMs = 250;
const stopMs = 15_000;

export class Supervised implements AsyncDisposable {
  readonly #options: SupervisedOptions;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #child: ChildProcess | undefined;
  #lives = 0;

  constructor(options: SupervisedOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** Process id of the present life; `undefined` between two. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** How often it was started. */
  get lives(): number {
    return this.#lives;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** SIGTERM, and SIGKILL when that does not end it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    this.kill("SIGTERM");
    const timer = setTimeout(() => this.kill("SIGKILL"), stopMs);
    await this.#running;
    clearTimeout(timer);
  }

  async #run(): Promise<void> {
    const { guard, args, env, logFile } = this.#options;
    while (!this.#stopping.signal.aborted) {
      const log = openSync(logFile, "a", 0o600);
      const child = spawn(process.execPath, [...args], {
        cwd: guard.folder,
        env: { PATH: "/usr/bin:/bin", HOME: guard.folder, ...env },
        stdio: ["ignore", log, log],
      });
      closeSync(log);
      guard.adopt(child);
      this.#lives += 1;
      this.#child = child;
      if (this.#stopping.signal.aborted) child.kill("SIGKILL");
      await once(child, "exit");
      this.#child = undefined;
      await delay(restartAfterMs, undefined, { signal: this.#stopping.signal }).catch(
        () => undefined,
      );
    }
  }
}
