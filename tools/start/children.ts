/**
 * The processes of a running Obsyk: started with their log in a file, watched, and stopped in order. They end with this
 * process, however it ends.
 *
 * @module
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openProcessGuard } from "@obsyk/testkit";

/** Variables that would change how a child runs, or that it refuses to start with; who needs one is given it. */
const dropped = /^(OBSYK_|NODE_|SSL|DATABASE_URL$|npm_)/;

export type ChildSpec = {
  readonly name: string;
  /** Arguments of Node. */
  readonly args: readonly string[];
  readonly env: { readonly [name: string]: string };
};

export type Children = AsyncDisposable & {
  /** @returns its process id */
  start(spec: ChildSpec): number;
  /** Rejects when a child ends by itself; its message names the log and shows the log's end. */
  readonly failure: Promise<never>;
  /** Runs to its end and returns what it printed. @throws {Error} with its last words when it fails */
  run(spec: ChildSpec, signal: AbortSignal): Promise<string>;
};

/** Milliseconds a child has to stop by itself: two rounds of it fit into what this process has (runProcess). */
const stopMs = 9000;

export async function openChildren(logDir: string): Promise<Children> {
  mkdirSync(logDir, { recursive: true });
  const guard = await openProcessGuard("start");
  const running: { readonly name: string; readonly child: ChildProcess }[] = [];
  const { promise: failure, reject } = Promise.withResolvers<never>();
  failure.catch(() => {});
  let stopping = false;
  return {
    failure,
    start(spec) {
      const file = join(logDir, `${spec.name}.log`);
      const log = openSync(file, "w", 0o600);
      const child = spawn(process.execPath, [...spec.args], {
        env: environment(spec),
        stdio: ["ignore", log, log],
        // A Ctrl-C goes to this process alone, which then stops the others in order.
        detached: true,
      });
      closeSync(log);
      guard.adopt(child);
      running.push({ name: spec.name, child });
      child.once("error", reject);
      child.once("exit", (code, signal) => {
        if (stopping) return;
        const how = signal ?? `code ${code ?? 1}`;
        reject(
          new Error(`The ${spec.name} ended (${how}). Its log, ${file}, ends so:\n${tail(file)}`),
        );
      });
      return child.pid ?? 0;
    },
    async run(spec, signal) {
      const child = spawn(process.execPath, [...spec.args], {
        env: environment(spec),
        stdio: ["ignore", "pipe", "pipe"],
        signal,
      });
      let out = "";
      let said = "";
      child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
      const [code] = (await once(child, "close")) as [number | null];
      if (code !== 0) throw new Error(`${spec.name} failed: ${(said || out).trim().slice(-2000)}`);
      return out;
    },
    async [Symbol.asyncDispose]() {
      stopping = true;
      // The first is what the others talk to: they say goodbye to it, side by side, before it goes.
      const [first, ...others] = running;
      await Promise.all(others.map(({ name, child }) => stop(name, child)));
      if (first !== undefined) await stop(first.name, first.child);
      await guard[Symbol.asyncDispose]();
    },
  };
}

function environment(spec: ChildSpec): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !dropped.test(name));
  return { ...Object.fromEntries(inherited), ...spec.env };
}

async function stop(name: string, child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => {
    console.log(`  the ${name} does not stop by itself: ending it`);
    child.kill("SIGKILL");
  }, stopMs);
  await exited;
  clearTimeout(timer);
}

function tail(file: string): string {
  return readFileSync(file, "utf8").trimEnd().split("\n").slice(-8).join("\n");
}
