/**
 * The control plane's binary: built once from Go modules into a cache outside the tree, or taken from the folder that
 * KUBEBUILDER_ASSETS names.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { access, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Environment } from "./environment.ts";

export type Component =
  | "etcd"
  | "kube-apiserver"
  | "kube-controller-manager"
  | "kube-scheduler"
  | "kubectl";

/** How to run each component: the program and the arguments that come before the component's own. */
export type ControlPlaneBinary = {
  readonly command: (component: Component) => { readonly file: string; readonly args: string[] };
};

export class ControlPlaneError extends Error {
  override readonly name = "ControlPlaneError";
}

const source = fileURLToPath(new URL("../../../tools/controlplane", import.meta.url));
const lockPollMs = 500;

/** Where the binary of this tree's sources belongs, whether it has been built, and its Kubernetes version. */
async function describeBinary(
  env: Environment,
): Promise<{ readonly path: string; readonly built: boolean; readonly version: string }> {
  const texts = await Promise.all(
    ["main.go", "go.mod", "go.sum"].map((name) => readFile(join(source, name), "utf8")),
  );
  const version = /\bk8s\.io\/kubernetes (v\d+\.\d+\.\d+)/.exec(texts[1] ?? "")?.[1];
  if (version === undefined) {
    throw new ControlPlaneError("tools/controlplane/go.mod names no version of k8s.io/kubernetes");
  }
  const hash = createHash("sha256");
  for (const part of [...texts, ...buildFlags(version), process.platform, process.arch]) {
    hash.update(`${part.length}:${part}`);
  }
  const folder = `${version}-${hash.digest("hex").slice(0, 16)}`;
  const path = join(cacheFolder(env), folder, "controlplane");
  return { path, built: await exists(path), version };
}

/**
 * Builds the binary unless it is there. Concurrent calls wait for one another.
 *
 * @throws {ControlPlaneError} when Go is missing or the build fails.
 */
export async function buildBinary(options: {
  readonly env: Environment;
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
}): Promise<string> {
  const { path, built, version } = await describeBinary(options.env);
  if (built) return path;
  await mkdir(join(path, ".."), { recursive: true });
  await using lock = await takeLock(`${path}.lock`, options);
  if (await exists(path)) return path;
  options.progress(`building the control plane ${version} once (several minutes when cold)`);
  const partial = `${path}.${lock.owner}.partial`;
  try {
    await goBuild(partial, version, options);
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
  return path;
}

/**
 * The binary that tests use: KUBEBUILDER_ASSETS when set, else the built one.
 *
 * @throws {ControlPlaneError} when there is none.
 */
export async function findBinary(env: Environment): Promise<ControlPlaneBinary> {
  const assets = env["KUBEBUILDER_ASSETS"];
  if (assets !== undefined && assets !== "") {
    return { command: (component) => ({ file: join(assets, component), args: [] }) };
  }
  const { path, built } = await describeBinary(env);
  if (!built) {
    throw new ControlPlaneError(
      "no control plane of our own on this machine: run `npm run controlplane` once, or set KUBEBUILDER_ASSETS. " +
        "KUBECONFIG cannot stand in where a control plane is configured, killed or audited",
    );
  }
  return { command: (component) => ({ file: path, args: [component] }) };
}

/**
 * Whether KUBECONFIG stands in for a control plane of our own: it is set, there is nothing of our own to start, and
 * this is not CI, where nothing stands in.
 */
export async function isStandIn(env: Environment): Promise<boolean> {
  if (env["CI"] === "true" || (env["KUBECONFIG"] ?? "") === "") return false;
  if ((env["KUBEBUILDER_ASSETS"] ?? "") !== "") return false;
  return !(await describeBinary(env)).built;
}

function cacheFolder(env: Environment): string {
  const named = env["XDG_CACHE_HOME"];
  const root = named === undefined || named === "" ? join(homedir(), ".cache") : named;
  return join(root, "obsyk", "controlplane");
}

function buildFlags(version: string): string[] {
  const [major = "", minor = ""] = version.slice(1).split(".");
  const set = (name: string, value: string): string =>
    `-X k8s.io/component-base/version.${name}=${value}`;
  return [
    "-trimpath",
    "-ldflags",
    `-s -w ${set("gitVersion", version)} ${set("gitMajor", major)} ${set("gitMinor", minor)}`,
  ];
}

async function goBuild(
  output: string,
  version: string,
  options: {
    readonly env: Environment;
    readonly signal: AbortSignal;
    readonly progress: (line: string) => void;
  },
): Promise<void> {
  const started = performance.now();
  const child = spawn("go", ["build", "-v", ...buildFlags(version), "-o", output, "."], {
    cwd: source,
    env: { ...options.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly" },
    stdio: ["ignore", "ignore", "pipe"],
    signal: options.signal,
  });
  const lastLines: string[] = [];
  let packages = 0;
  createInterface({ input: child.stderr }).on("line", (line) => {
    packages += 1;
    lastLines.push(line);
    if (lastLines.length > 20) lastLines.shift();
  });
  const seconds = (): number => Math.round((performance.now() - started) / 1000);
  const ticker = setInterval(
    () => options.progress(`  ${packages} packages compiled, ${seconds()} s`),
    10_000,
  );
  try {
    const [code] = (await once(child, "close")) as [number | null];
    if (code !== 0) {
      throw new ControlPlaneError(`go build failed:\n${lastLines.join("\n")}`);
    }
    options.progress(`built in ${seconds()} s`);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      throw new ControlPlaneError(
        "Go is missing: install Go 1.26 or newer, or set KUBEBUILDER_ASSETS to a folder with etcd, kube-apiserver and kubectl",
        { cause: error },
      );
    }
    throw error;
  } finally {
    clearInterval(ticker);
  }
}

/** A file that names its owner's process; one whose owner is gone is taken over. */
async function takeLock(
  path: string,
  options: { readonly signal: AbortSignal; readonly progress: (line: string) => void },
): Promise<AsyncDisposable & { readonly owner: number }> {
  let told = false;
  for (;;) {
    options.signal.throwIfAborted();
    try {
      await writeFile(path, String(process.pid), { flag: "wx" });
      return {
        owner: process.pid,
        [Symbol.asyncDispose]: () => rm(path, { force: true }),
      };
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    if (await isAbandoned(path)) {
      await rm(path, { force: true });
      continue;
    }
    if (!told) options.progress("waiting for another build of the control plane");
    told = true;
    await delay(lockPollMs, undefined, { signal: options.signal });
  }
}

async function isAbandoned(lock: string): Promise<boolean> {
  try {
    const owner = Number(await readFile(lock, "utf8"));
    // The owner's number is written just after the file appears.
    if (owner === 0) return Date.now() - (await stat(lock)).mtimeMs > 5_000;
    process.kill(owner, 0);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
