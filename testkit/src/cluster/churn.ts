/**
 * The steady life of a cluster: rollouts, scaling, crash loops, node conditions, configuration. Counts stay about where
 * they were.
 *
 * @module
 */
import type { JsonObject } from "@obsyk/contract";
import { isObject, listAt, objectAt } from "../kube-api/object.ts";
import { addPod } from "./generator.ts";
import { nodeConditions } from "./infrastructure.ts";
import type { Cluster, Workload } from "./model.ts";
import { containerStatus } from "./pod.ts";
import { between, hex, pick } from "./random.ts";
import { createRevision, deploymentOf, replicaSetOf } from "./workload.ts";

/** One step of something that takes several: a rollout replaces pod after pod. */
type Step = () => void;

/** Does the next step of a running rollout, or begins something new. */
export function changeOnce(cluster: Cluster, pending: Step[]): void {
  const step = pending.shift();
  if (step !== undefined) return step();
  const roll = cluster.random();
  if (roll < 0.15) pending.push(...startRollout(cluster, pick(cluster.random, cluster.workloads)));
  else if (roll < 0.3) scale(cluster, pick(cluster.random, cluster.workloads));
  else if (roll < 0.8) restartContainer(cluster);
  else if (roll < 0.88) flapNode(cluster, pending);
  else if (roll < 0.96) changeConfiguration(cluster, "configmaps");
  else changeConfiguration(cluster, "secrets");
}

/** Revisions, hence ReplicaSets, a Deployment keeps. */
const keptRevisions = 2;

function startRollout(cluster: Cluster, workload: Workload): readonly Step[] {
  const { store } = cluster;
  const number = (workload.revisions.at(-1)?.number ?? 0) + 1;
  workload.revisions.push(createRevision(workload, number, cluster.random));
  writeOwners(cluster, workload);
  const steps = workload.pods.map((name) => () => {
    if (!workload.pods.includes(name)) return;
    addPod(cluster, workload, cluster.now());
    removePod(cluster, workload, name);
  });
  const forget = (): void => {
    const old = workload.revisions.splice(0, workload.revisions.length - keptRevisions);
    for (const revision of old) {
      store.delete("replicasets.apps", {
        namespace: workload.namespace,
        name: revision.replicaSet,
      });
    }
  };
  return [...steps, forget];
}

function writeOwners(cluster: Cluster, workload: Workload): void {
  const writer = { manager: "kube-controller-manager" };
  cluster.store.apply("deployments.apps", deploymentOf(cluster, workload), writer);
  for (const revision of workload.revisions) {
    cluster.store.apply("replicasets.apps", replicaSetOf(cluster, workload, revision), writer);
  }
}

function removePod(cluster: Cluster, workload: Workload, name: string): void {
  cluster.store.delete("pods", { namespace: workload.namespace, name });
  workload.pods = workload.pods.filter((pod) => pod !== name);
}

/** One pod more or fewer, between 1 and twice six, so that sizes wander without growing. */
function scale(cluster: Cluster, workload: Workload): void {
  const isUp = workload.replicas <= 1 || (workload.replicas < 12 && cluster.random() < 0.5);
  workload.replicas += isUp ? 1 : -1;
  const victim = workload.pods[0];
  if (isUp) addPod(cluster, workload, cluster.now());
  else if (victim !== undefined) removePod(cluster, workload, victim);
  writeOwners(cluster, workload);
}

/** A crash-looping container starts again, or gives up again; without crash loops any pod restarts. */
function restartContainer(cluster: Cluster): void {
  const looping = cluster.workloads.filter((workload) => workload.crashLoops);
  const workload = pick(cluster.random, looping.length > 0 ? looping : cluster.workloads);
  if (workload.pods.length === 0) return;
  const ref = { namespace: workload.namespace, name: pick(cluster.random, workload.pods) };
  const pod = cluster.store.get("pods", ref);
  if (pod === undefined) return;
  const statuses = listAt(pod, "status", "containerStatuses").filter(isObject);
  const [first, ...others] = statuses;
  const container = listAt(pod, "spec", "containers").find(isObject);
  if (first === undefined || container === undefined) return;
  const restarts = Number(first["restartCount"] ?? 0) + 1;
  const crashed = Object.hasOwn(objectAt(first, "state"), "running");
  const next = containerStatus(cluster.random, container, {
    crashed: crashed && workload.crashLoops,
    restarts,
    nowMs: cluster.now(),
  });
  cluster.store.patch(
    "pods",
    ref,
    { status: { containerStatuses: [next, ...others] } },
    { manager: "kubelet", subresource: "status" },
  );
}

/** A node turns NotReady and, some changes later, Ready again. */
function flapNode(cluster: Cluster, pending: Step[]): void {
  const name = pick(cluster.random, cluster.nodes);
  const write = (ready: boolean): void => {
    cluster.store.patch(
      "nodes",
      { namespace: "", name },
      { status: { conditions: nodeConditions(cluster, ready) } },
      { manager: "kubelet", subresource: "status" },
    );
  };
  write(false);
  pending.push(
    () => restartContainer(cluster),
    () => write(true),
  );
}

function changeConfiguration(cluster: Cluster, resource: "configmaps" | "secrets"): void {
  const workload = pick(cluster.random, cluster.workloads);
  const isSecret = resource === "secrets";
  const name = pick(cluster.random, isSecret ? workload.secrets : workload.configMaps);
  const value = `${cluster.canary}-${hex(cluster.random, 24)}`;
  const encoded = isSecret ? Buffer.from(value).toString("base64") : value;
  // Two keys that come and go: names and counts change, never beyond these.
  const key = `extra-${between(cluster.random, 1, 2)}`;
  const object = cluster.store.get(resource, { namespace: workload.namespace, name });
  const data: JsonObject = objectAt(object ?? {}, "data");
  cluster.store.patch(
    resource,
    { namespace: workload.namespace, name },
    { data: { [key]: Object.hasOwn(data, key) ? null : encoded } },
    { manager: isSecret ? "vault-sync" : "helm" },
  );
}
