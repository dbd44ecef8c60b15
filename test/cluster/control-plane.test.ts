import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { before, after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startControlPlane, waitFor, type ControlPlane } from "@obsyk/testkit";

let plane: ControlPlane;
const controller = new AbortController();

before(async () => {
  plane = await startControlPlane({ signal: controller.signal, controllers: true });
});
after(async () => {
  await plane[Symbol.asyncDispose]();
});

const readOnlyPods = [{ apiGroups: [""], resources: ["pods"], verbs: ["list", "watch"] }];

test("startControlPlane: kube-apiserver tells its true version", () => {
  assert.match(plane.version, /^v1\.\d+\.\d+/);
});

test("startControlPlane: kubectl applies and the API shows it", async () => {
  const manifest = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"hello","namespace":"default"}}`;
  assert.match(await plane.kubectl(["apply", "-f", "-"], manifest), /configmap\/hello created/);
  const answer = await plane.admin.send({ path: "/api/v1/namespaces/default/configmaps/hello" });
  assert.equal(answer.status, 200);
});

test("startControlPlane: kubectl's failure carries its own words", async () => {
  await assert.rejects(plane.kubectl(["get", "nonsense"]), /resource type "nonsense"/);
});

test("startControlPlane: controllers make Pods of a Deployment", async () => {
  const labels = { app: "web" };
  await plane.admin.json({
    method: "POST",
    path: "/apis/apps/v1/namespaces/default/deployments",
    body: {
      metadata: { name: "web" },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { containers: [{ name: "web", image: "registry.example/web:1" }] },
        },
      },
    },
  });
  await waitFor(
    "two Pods",
    async () => {
      const path = "/api/v1/namespaces/default/pods?labelSelector=app%3Dweb";
      const list = (await plane.admin.json({ path })) as { items: unknown[] };
      return list.items.length === 2;
    },
    { timeoutMs: 30_000 },
  );
});

test("startControlPlane: Pod Security admission refuses a privileged Pod in a restricted namespace", async () => {
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  await plane.admin.json({
    method: "POST",
    path: "/api/v1/namespaces",
    body: { metadata: { name: "strict", labels } },
  });
  const answer = await waitFor(
    "an answer after the default service account exists",
    async () => {
      const refused = await plane.admin.send({
        method: "POST",
        path: "/api/v1/namespaces/strict/pods",
        body: {
          metadata: { name: "p" },
          spec: {
            containers: [{ name: "c", image: "c", securityContext: { privileged: true } }],
          },
        },
      });
      return refused.text.includes("PodSecurity") && refused;
    },
    { timeoutMs: 30_000 },
  );
  assert.equal(answer.status, 403);
});

test("createServiceAccountKubeconfig: the token may do just what its rules say (I4)", async () => {
  const account = await plane.createServiceAccountKubeconfig({
    namespace: "watchers",
    name: "pods-only",
    rules: readOnlyPods,
  });
  const as = (...args: string[]): Promise<string> =>
    plane.kubectl([`--kubeconfig=${account.kubeconfig}`, ...args]);
  await as("get", "pods", "--all-namespaces");
  await assert.rejects(as("get", "secrets", "--all-namespaces"), /Forbidden|forbidden/);
  await assert.rejects(as("delete", "pods", "--all", "-n", "default"), /Forbidden|forbidden/);
  const events = await plane.auditLog();
  const own = events.filter((event) => event.user.username === account.username);
  const refused = own.filter((event) => event.responseStatus?.code === 403);
  assert.ok(own.some((event) => event.verb === "list" && event.objectRef?.resource === "pods"));
  assert.ok(refused.some((event) => event.objectRef?.resource === "secrets"));
});

test("restartApiServer: data survives SIGKILL and the port stays the same", async () => {
  await plane.kubectl(["create", "namespace", "kept"]);
  plane.killApiServer("SIGKILL");
  await waitFor(
    "a refused connection",
    () =>
      plane.admin.send({ path: "/livez" }).then(
        () => false,
        () => true,
      ),
    { timeoutMs: 10_000 },
  );
  await plane.restartApiServer();
  const answer = await plane.admin.send({ path: "/api/v1/namespaces/kept" });
  assert.equal(answer.status, 200);
});

test("stopApiServer: answers stay away until continueApiServer", async () => {
  plane.stopApiServer();
  let answered = false;
  const pending = plane.admin.send({ path: "/livez" }).then((answer) => {
    answered = true;
    return answer;
  });
  await delay(700);
  assert.equal(answered, false);
  plane.continueApiServer();
  assert.equal((await pending).status, 200);
});

test("startControlPlane: a killed parent leaves no process and no folder behind", async () => {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL("control-plane-parent.ts", import.meta.url))],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const lines = createInterface({ input: child.stdout });
  const [folder] = (await once(lines, "line")) as [string];
  assert.ok(existsSync(folder));
  assert.equal(processesIn(folder), 2);
  child.kill("SIGKILL");
  await once(child, "exit");
  await waitFor("the folder is gone", () => !existsSync(folder), { timeoutMs: 20_000 });
  assert.equal(processesIn(folder), 0);
});

for (const waitMs of [20, 60, 200, 1500]) {
  test(`startControlPlane: a parent killed ${waitMs} ms into the start leaves nothing behind`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "obsyk-killed-"));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL("control-plane-parent.ts", import.meta.url))],
      { stdio: "ignore", env: { ...process.env, TMPDIR: folder } },
    );
    await waitFor("its folder", () => readdirSync(folder).length > 0, { timeoutMs: 20_000 });
    await delay(waitMs);
    child.kill("SIGKILL");
    await once(child, "exit");
    await waitFor(
      "no process and no folder",
      () => processesIn(folder) === 0 && readdirSync(folder).length === 0,
      { timeoutMs: 20_000 },
    );
  });
}

test("asyncDispose: leaves no process and no folder behind", async () => {
  const short = await startControlPlane({ signal: controller.signal });
  assert.equal(processesIn(short.folder), 2);
  const { folder } = short;
  await short[Symbol.asyncDispose]();
  assert.equal(processesIn(folder), 0);
  assert.equal(existsSync(folder), false);
});

/** How many etcd and API server processes have this folder in their command line. */
function processesIn(folder: string): number {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
        return words.some((word) => word.startsWith("--") && word.includes(folder));
      } catch {
        return false;
      }
    }).length;
}
