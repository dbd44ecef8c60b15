import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { findBinary, startControlPlane, type ControlPlane } from "@obsyk/testkit";

const root = fileURLToPath(new URL("../../", import.meta.url));

let plane: ControlPlane;
before(async () => {
  plane = await startControlPlane({ signal: new AbortController().signal, controllers: true });
  const { file, args } = (await findBinary(process.env)).command("kubectl");
  await writeFile(
    join(plane.folder, "kubectl"),
    `#!/bin/sh\nexec ${file} ${args.join(" ")} "$@"\n`,
    {
      mode: 0o755,
    },
  );
});
after(async () => {
  await plane[Symbol.asyncDispose]();
});

/** The command as on a machine where nothing is built and Go is missing. */
async function testCluster(
  files: readonly string[],
  env: { readonly [name: string]: string },
): Promise<{ readonly code: number | null; readonly said: string }> {
  const child = spawn(process.execPath, ["tools/test-cluster.ts", ...files], {
    cwd: root,
    env: {
      PATH: `${plane.folder}:/usr/bin:/bin`,
      HOME: plane.folder,
      XDG_CACHE_HOME: join(plane.folder, "none"),
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close") as Promise<[number | null]>,
  ]);
  return { code, said: `${out}${err}` };
}

async function namespaces(): Promise<string> {
  return plane.kubectl(["get", "namespaces,clusterroles", "--output=name"]);
}

test("npm run test:cluster: an existing cluster stands in, after a warning, and is left as it was", async () => {
  const before = await namespaces();
  const { code, said } = await testCluster(
    ["test/cluster/planting.test.ts", "test/cluster/operator.test.ts"],
    { KUBECONFIG: plane.kubeconfig },
  );
  assert.equal(code, 0, said);
  assert.match(said, /WARNING: .* runs on the cluster of KUBECONFIG/);
  assert.match(
    said,
    /SKIPPED test\/cluster\/operator.test.ts: it needs a control plane of its own/,
  );
  assert.match(said, /gitVersion v1\.\d+\.\d+ behind KUBECONFIG/);
  assert.match(said, /ℹ pass 1\n/);
  assert.equal(await namespaces(), before);
});

test("npm run test:cluster: what needs its own control plane says so", async () => {
  const { code, said } = await testCluster(["test/cluster/control-plane.test.ts"], {
    KUBECONFIG: plane.kubeconfig,
  });
  assert.equal(code, 1);
  assert.match(
    said,
    /SKIPPED test\/cluster\/control-plane.test.ts: it needs a control plane of its own/,
  );
});

test("npm run test:cluster: with CI=true nothing stands in and nothing is skipped", async () => {
  const { code, said } = await testCluster(["test/cluster/planting.test.ts"], {
    KUBECONFIG: plane.kubeconfig,
    CI: "true",
  });
  assert.equal(code, 1);
  assert.match(said, /Go is missing/);
  assert.doesNotMatch(said, /WARNING|SKIPPED|KUBECONFIG/);
});
