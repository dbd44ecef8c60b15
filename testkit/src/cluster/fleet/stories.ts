/**
 * What happens in a cluster while somebody looks: each story is a sequence of writes with believable pauses, and leaves
 * the cluster about as large as it was.
 *
 * @module
 */
import { hex, pick } from "../random.ts";
import { bindCluster } from "./access.ts";
import { finishRun, startRun, writeCronJob, writeRun } from "./jobs.ts";
import { autoscalerOf } from "./network.ts";
import { addWorker, conditionsOf, taintsPatch } from "./nodes.ts";
import { secretName, setPodState, type PodState } from "./pods.ts";
import { put, type Running, type Scene, type Scheduled } from "./scene.ts";
import { addAppPod, currentOf, newRevision, removeAppPod, writeController } from "./workloads.ts";

/** Each value is the seconds until the next step. */
export type Story = Generator<number, void, void>;

/** Revisions, hence ReplicaSets, a Deployment keeps. */
const keptRevisions = 3;

/** Can a story be about it now? */
export function isCalm({ app, busy }: Running): boolean {
  return app.kind === "Deployment" && app.trouble === undefined && !busy;
}

function wantRevision(
  scene: Scene,
  running: Running,
  revision: Running["revisions"][number],
): void {
  const all = [...running.revisions.filter((one) => one.hash !== revision.hash), revision];
  for (const old of all.slice(0, -keptRevisions)) {
    const name = `${running.app.name}-${old.hash}`;
    scene.store.delete("replicasets.apps", { namespace: running.app.namespace, name });
  }
  running.revisions = all.slice(-keptRevisions);
  writeController(scene, running);
}

function* start(scene: Scene, running: Running, state: PodState): Generator<number, string, void> {
  const name = addAppPod(scene, running, { createdMs: scene.now(), state: { kind: "starting" } });
  yield 3;
  setPodState(scene, { namespace: running.app.namespace, name }, state);
  return name;
}

/** A new version replaces the old one, pod after pod. */
export function* rollOut(scene: Scene, running: Running): Story {
  wantRevision(scene, running, newRevision(scene, currentOf(running).number + 1));
  yield 2;
  for (const old of running.pods) {
    // Its node was drained meanwhile.
    if (!running.pods.includes(old)) continue;
    yield* start(scene, running, { kind: "running" });
    yield 1;
    removeAppPod(scene, running, old);
    yield 2;
  }
}

/** One story at a time about an app; afterwards it has the pods it should have. */
export function* about(scene: Scene, running: Running, story: Story): Story {
  running.busy = true;
  yield* story;
  while (running.pods.length > running.replicas) {
    removeAppPod(scene, running, running.pods[0] ?? "");
    yield 1;
  }
  while (running.pods.length < running.replicas) {
    yield* start(scene, running, { kind: "running" });
  }
  running.busy = false;
}

/** A new version does not start; after a while somebody goes back to the one before. */
export function* rollOutAndBack(scene: Scene, running: Running): Story {
  const good = currentOf(running);
  wantRevision(scene, running, newRevision(scene, good.number + 1));
  running.ailing = 1;
  writeController(scene, running);
  yield 2;
  const trouble = pick(scene.random, ["crash-loop", "image-pull"] as const);
  const broken: string[] = [];
  for (let count = 0; count < 2; count += 1) {
    broken.push(yield* start(scene, running, { kind: "trouble", trouble, restarts: 0 }));
    yield 4;
  }
  const { namespace } = running.app;
  for (let restarts = 1; restarts <= 4; restarts += 1) {
    for (const name of broken) {
      setPodState(scene, { namespace, name }, { kind: "trouble", trouble, restarts });
    }
    yield 4 + restarts * 2;
  }
  running.ailing = 0;
  wantRevision(scene, running, { ...good, number: good.number + 2 });
  for (const name of broken) {
    yield 2;
    removeAppPod(scene, running, name);
  }
}

/** Load comes and goes; the autoscaler follows. */
export function* scaleOutAndIn(scene: Scene, running: Running): Story {
  const usual = running.replicas;
  for (const replicas of [usual + 1, usual + 2, usual + 3, usual + 2, usual]) {
    running.replicas = replicas;
    if (running.app.scales === true) {
      const autoscaler = autoscalerOf(scene, running.app, replicas);
      put(scene, "horizontalpodautoscalers.autoscaling", autoscaler, {
        manager: "kube-controller-manager",
        subresource: "status",
      });
    }
    writeController(scene, running);
    yield 1;
    while (running.pods.length < replicas) yield* start(scene, running, { kind: "running" });
    while (running.pods.length > replicas) {
      removeAppPod(scene, running, running.pods.at(-1) ?? "");
      yield 1;
    }
    yield 10;
  }
}

/** A CronJob's next run, from its pod's creation to its end, good or bad. */
export function* runJob(scene: Scene, cronJob: Scheduled): Story {
  const run = { ...startRun(cronJob), startedMs: scene.now() };
  writeRun(scene, cronJob, { ...run, state: { kind: "starting" } });
  writeCronJob(scene, cronJob, run.job);
  yield 3;
  writeRun(scene, cronJob, { ...run, state: { kind: "running" } });
  yield 20;
  finishRun(scene, cronJob, run);
  writeCronJob(scene, cronJob, undefined);
}

/** A node is cordoned, drained and deleted; a new one takes its place under another name. */
export function* replaceNode(scene: Scene): Story {
  const name = scene.nodes[1 + Math.floor(scene.random() * (scene.nodes.length - 1))];
  if (name === undefined) return;
  const ref = { namespace: "", name };
  scene.nodes = scene.nodes.filter((node) => node !== name);
  const cordoned = { role: "worker", cordoned: true, health: "ready" } as const;
  scene.store.patch("nodes", ref, { spec: taintsPatch(cordoned) }, { manager: "kubectl-cordon" });
  yield 4;
  for (const { running, pod } of podsOn(scene, name)) {
    removeAppPod(scene, running, pod);
    // The story that is about this app brings its pods back.
    if (running.app.kind !== "DaemonSet" && !running.busy) {
      yield 1;
      yield* start(scene, running, { kind: "running" });
    }
    yield 1;
  }
  scene.store.delete("nodes", ref);
  yield 6;
  const fresh = addWorker(scene, { createdMs: scene.now(), health: "not-ready" });
  yield 5;
  const ready = { role: "worker", cordoned: false, health: "ready" } as const;
  const status = {
    conditions: conditionsOf({ createdMs: scene.now(), health: "ready" }, scene.now()),
  };
  const at = { namespace: "", name: fresh };
  scene.store.patch("nodes", at, { spec: taintsPatch(ready), status }, { manager: "kubelet" });
  for (const running of scene.apps.filter(({ app }) => app.kind === "DaemonSet")) {
    yield 1;
    addAppPod(scene, running, { createdMs: scene.now(), node: fresh });
    writeController(scene, running);
  }
}

/** The pods of apps that run on a node. A text search: thousands of pods are not parsed for it. */
function podsOn(scene: Scene, node: string): { readonly running: Running; readonly pod: string }[] {
  const needle = `"nodeName":"${node}"`;
  return scene.apps.flatMap((running) =>
    running.pods
      .filter((name) => {
        const ref = { namespace: running.app.namespace, name };
        return scene.store.getStored("pods", ref)?.json.includes(needle) === true;
      })
      .map((pod) => ({ running, pod })),
  );
}

/** A node falls silent and comes back. */
export function* loseNode(scene: Scene): Story {
  const name = pick(scene.random, scene.nodes);
  for (const health of ["unknown", "ready"] as const) {
    // Drained meanwhile.
    if (scene.store.getStored("nodes", { namespace: "", name }) === undefined) return;
    const conditions = conditionsOf({ createdMs: scene.now(), health }, scene.now());
    const spec = taintsPatch({ role: "worker", cordoned: false, health });
    scene.store.patch(
      "nodes",
      { namespace: "", name },
      { spec, status: { conditions } },
      {
        manager: "kube-controller-manager",
      },
    );
    yield 25;
  }
}

/** Somebody on call makes themselves cluster-admin, and an hour of a demo later it is gone again. */
export function* breakGlass(scene: Scene): Story {
  const name = `break-glass-${hex(scene.random, 4)}`;
  bindCluster(scene, name, {
    role: "cluster-admin",
    subjects: [{ kind: "User", name: "oidc:on-call@example.com" }],
  });
  yield 45;
  scene.store.delete("clusterrolebindings.rbac.authorization.k8s.io", { namespace: "", name });
}

/** A Secret gets new values, and the workload that mounts it restarts with them. */
export function* rotateSecret(scene: Scene, running: Running): Story {
  const ref = { namespace: running.app.namespace, name: secretName(running.app) };
  if (scene.store.getStored("secrets", ref) === undefined) return;
  const value = Buffer.from(`${scene.canary}-${hex(scene.random, 24)}`).toString("base64");
  const previous = { data: { password: value, "password-previous": value } };
  scene.store.patch("secrets", ref, previous, { manager: "external-secrets" });
  yield 3;
  yield* rollOut(scene, running);
  const last = { data: { "password-previous": null } };
  scene.store.patch("secrets", ref, last, { manager: "external-secrets" });
}

/** A pod is thrown off a full node; another takes its place, and the remains are tidied away later. */
export function* evict(scene: Scene, running: Running): Story {
  const [name] = running.pods;
  if (name === undefined || running.app.kind !== "Deployment") return;
  const { namespace } = running.app;
  setPodState(scene, { namespace, name }, { kind: "evicted" });
  running.pods = running.pods.filter((pod) => pod !== name);
  yield 1;
  yield* start(scene, running, { kind: "running" });
  yield 40;
  scene.store.delete("pods", { namespace, name });
}

/** A container that fails fails again. */
export function* crashAgain(scene: Scene, running: Running): Story {
  const { trouble, namespace } = running.app;
  if (trouble !== "crash-loop" && trouble !== "out-of-memory") return;
  for (const name of running.pods) {
    const ref = { namespace, name };
    const found = /"restartCount":(\d+)/.exec(scene.store.getStored("pods", ref)?.json ?? "");
    const restarts = Number(found?.[1] ?? 0);
    if (restarts === 0) continue;
    setPodState(scene, ref, { kind: "trouble", trouble, restarts: restarts + 1 });
    yield 5;
  }
}
