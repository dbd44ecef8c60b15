import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { buildBinary, ControlPlaneError, findBinary } from "./binary.ts";
import { openProcessGuard } from "./process-guard.ts";

/** A `go` that takes its time, counts its calls and writes what it was asked for. */
const slowGo = `#!/bin/sh
echo called >> "$GO_CALLS"
echo "k8s.io/some/package" >&2
sleep 0.3
while [ "$1" != "-o" ]; do shift; done
echo binary > "$2"
`;

async function prepare(folder: string, go: string): Promise<Record<string, string>> {
  const bin = join(folder, "bin");
  await mkdir(bin);
  await writeFile(join(bin, "go"), go, { mode: 0o755 });
  return {
    PATH: `${bin}:/usr/bin:/bin`,
    XDG_CACHE_HOME: join(folder, "cache"),
    GO_CALLS: join(folder, "calls"),
  };
}

function build(env: Record<string, string>): Promise<string> {
  const signal = AbortSignal.timeout(20_000);
  return buildBinary({ env, signal, progress: () => undefined });
}

test("buildBinary: concurrent calls build once, later ones not at all", async () => {
  await using guard = await openProcessGuard("binary");
  const env = await prepare(guard.folder, slowGo);
  const paths = await Promise.all([build(env), build(env), build(env)]);
  paths.push(await build(env));
  assert.equal(new Set(paths).size, 1);
  assert.match(paths[0], /\/cache\/obsyk\/controlplane\/v1\.\d+\.\d+-[0-9a-f]{16}\/controlplane$/);
  assert.equal(await readFile(join(guard.folder, "calls"), "utf8"), "called\n");
  assert.deepEqual(await readdir(dirname(paths[0])), ["controlplane"]);
  const { file, args } = (await findBinary(env)).command("kubectl");
  assert.deepEqual([file, args], [paths[0], ["kubectl"]]);
});

test("buildBinary: a lock whose owner is gone is taken over", async () => {
  await using guard = await openProcessGuard("binary");
  const env = await prepare(guard.folder, slowGo);
  const path = await build(env);
  await writeFile(`${path}.lock`, "999999999");
  const calls = join(guard.folder, "calls");
  await writeFile(calls, "");
  const other = { ...env, XDG_CACHE_HOME: join(guard.folder, "other") };
  const moved = path.replace(env["XDG_CACHE_HOME"]!, other.XDG_CACHE_HOME);
  await mkdir(dirname(moved), { recursive: true });
  await writeFile(`${moved}.lock`, "999999999");
  assert.equal(await build(other), moved);
  assert.equal(await readFile(calls, "utf8"), "called\n");
});

test("buildBinary: a failed build says why and leaves nothing that looks built", async () => {
  await using guard = await openProcessGuard("binary");
  const env = await prepare(guard.folder, `#!/bin/sh\necho "undefined: nonsense" >&2\nexit 1\n`);
  await assert.rejects(
    build(env),
    (error) => error instanceof ControlPlaneError && error.message.includes("undefined: nonsense"),
  );
  await assert.rejects(findBinary(env), /run `npm run controlplane` once/);
});

test("buildBinary: without Go it says what to do", async () => {
  await using guard = await openProcessGuard("binary");
  const env = { PATH: guard.folder, XDG_CACHE_HOME: join(guard.folder, "cache") };
  await assert.rejects(build(env), /Go is missing: install Go/);
});

test("findBinary: KUBEBUILDER_ASSETS names a folder with one program a component", async () => {
  const binary = await findBinary({ KUBEBUILDER_ASSETS: "/assets" });
  assert.deepEqual(binary.command("etcd"), { file: "/assets/etcd", args: [] });
});
