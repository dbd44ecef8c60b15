/** CronJobs with the Jobs of their last runs, some of which failed. */
import type { JsonObject } from "@obsyk/contract";
import { formatTime, seededUid } from "../../kube-api/store.ts";
import { podSpecOf, putPod, type PodState } from "./pods.ts";
import {
  daysAgo,
  labelsOf,
  objectOf,
  ownerOf,
  put,
  type App,
  type Scene,
  type Scheduled,
} from "./scene.ts";

const controllers = { manager: "kube-controller-manager" };

export type CronJobPlan = Omit<Scheduled, "uid" | "jobs" | "runs">;

/** Successful and failed Jobs a CronJob keeps. */
const kept = 3;

/** A CronJob with its last runs. */
export function addCronJob(scene: Scene, plan: CronJobPlan): Scheduled {
  const cronJob: Scheduled = { ...plan, uid: seededUid(scene.random), jobs: [], runs: 0 };
  scene.cronJobs = [...scene.cronJobs, cronJob];
  for (let back = kept; back > 0; back -= 1) {
    const startedMs = scene.now() - back * plan.everyMs + Math.floor(plan.everyMs / 3);
    const run = startRun(cronJob);
    finishRun(scene, cronJob, { ...run, startedMs });
  }
  writeCronJob(scene, cronJob, undefined);
  return cronJob;
}

export type Run = { readonly job: string; readonly pod: string; readonly fails: boolean };

/** The next run's names; nothing is written. */
export function startRun(cronJob: Scheduled): Run {
  cronJob.runs += 1;
  // A real name ends in the minutes since 1970; a counter is as unique, and the same at each start.
  const job = `${cronJob.name}-${29_000_000 + cronJob.runs * 60}`;
  const fails = cronJob.failsEvery > 0 && cronJob.runs % cronJob.failsEvery === 0;
  return { job, pod: `${job}-pod`, fails };
}

type At = Run & { readonly startedMs: number };

/** Job and pod as they end; the oldest Job beyond those kept goes, with its pod. */
export function finishRun(scene: Scene, cronJob: Scheduled, run: At): void {
  const state: PodState = run.fails ? { kind: "failed", exitCode: 1 } : { kind: "succeeded" };
  writeRun(scene, cronJob, { ...run, state });
  cronJob.jobs = [...cronJob.jobs.filter((job) => job !== run.job), run.job];
  while (cronJob.jobs.length > kept) {
    const [oldest = "", ...rest] = cronJob.jobs;
    const { namespace } = cronJob;
    scene.store.delete("pods", { namespace, name: `${oldest}-pod` });
    scene.store.delete("jobs.batch", { namespace, name: oldest });
    cronJob.jobs = rest;
  }
}

/** Job and pod in a state of their life. */
export function writeRun(
  scene: Scene,
  cronJob: Scheduled,
  run: At & { readonly state: PodState },
): void {
  const { namespace } = cronJob;
  const known = scene.store.getStored("jobs.batch", { namespace, name: run.job });
  const uid = known?.uid ?? seededUid(scene.random);
  put(scene, "jobs.batch", jobOf(scene, cronJob, { ...run, uid }), controllers);
  const app = appOf(cronJob);
  putPod(scene, {
    namespace,
    name: run.pod,
    labels: { ...labelsOf(app), "batch.kubernetes.io/job-name": run.job, "job-name": run.job },
    owner: ownerOf({ apiVersion: "batch/v1", kind: "Job", name: run.job, uid }),
    spec: jobPodSpec(scene, app),
    state: run.state,
    createdMs: run.startedMs,
  });
}

/** A CronJob's pods look like those of an app of that name. */
function appOf(cronJob: Pick<Scheduled, "name" | "namespace" | "team" | "image">): App {
  const { name, namespace, team, image } = cronJob;
  return { kind: "Deployment", name, namespace, team, image, port: 9090, replicas: 1 };
}

function jobPodSpec(scene: Scene, app: App): JsonObject {
  return { ...podSpecOf(app, "2.4.0", scene.canary), restartPolicy: "Never" };
}

function jobOf(
  scene: Scene,
  cronJob: Scheduled,
  run: At & { readonly state: PodState; readonly uid: string },
): JsonObject {
  const { state, startedMs } = run;
  const app = appOf(cronJob);
  const startTime = formatTime(startedMs);
  const endTime = formatTime(startedMs + 240_000);
  const selector = { "batch.kubernetes.io/controller-uid": run.uid };
  const metadata = {
    name: run.job,
    namespace: cronJob.namespace,
    uid: run.uid,
    createdMs: startedMs,
    labels: { ...labelsOf(app), ...selector },
    ownerReferences: [
      ownerOf({ apiVersion: "batch/v1", kind: "CronJob", name: cronJob.name, uid: cronJob.uid }),
    ],
  };
  const condition = (type: string, reason: string): JsonObject => ({
    type,
    status: "True",
    lastTransitionTime: endTime,
    reason,
  });
  const ended: { readonly [kind: string]: JsonObject } = {
    succeeded: {
      succeeded: 1,
      completionTime: endTime,
      conditions: [condition("Complete", "CompletionsReached")],
    },
    failed: { failed: 1, conditions: [condition("Failed", "BackoffLimitExceeded")] },
  };
  return objectOf(
    scene,
    { apiVersion: "batch/v1", kind: "Job", metadata },
    {
      spec: {
        parallelism: 1,
        completions: 1,
        backoffLimit: 0,
        selector: { matchLabels: selector },
        template: { metadata: { labels: labelsOf(app) }, spec: jobPodSpec(scene, app) },
        completionMode: "NonIndexed",
        suspend: false,
      },
      status: { startTime, ...(ended[state.kind] ?? { active: 1, ready: 0 }) },
    },
  );
}

/** @param active the Job that runs now */
export function writeCronJob(scene: Scene, cronJob: Scheduled, active: string | undefined): void {
  const app = appOf(cronJob);
  const { namespace, name } = cronJob;
  const lastMs = scene.now() - (active === undefined ? Math.floor((cronJob.everyMs * 2) / 3) : 0);
  const metadata = {
    name,
    namespace,
    uid: cronJob.uid,
    createdMs: daysAgo(scene, 30, 200),
    labels: labelsOf(app),
  };
  const reference = (job: string): JsonObject => {
    const uid = scene.store.getStored("jobs.batch", { namespace, name: job })?.uid ?? "";
    return { kind: "Job", namespace, name: job, uid, apiVersion: "batch/v1" };
  };
  const object = objectOf(
    scene,
    { apiVersion: "batch/v1", kind: "CronJob", metadata },
    {
      spec: {
        schedule: cronJob.schedule,
        concurrencyPolicy: "Forbid",
        suspend: false,
        successfulJobsHistoryLimit: kept,
        failedJobsHistoryLimit: kept,
        jobTemplate: {
          metadata: { labels: labelsOf(app) },
          spec: {
            backoffLimit: 0,
            template: { metadata: { labels: labelsOf(app) }, spec: jobPodSpec(scene, app) },
          },
        },
      },
      status: {
        lastScheduleTime: formatTime(lastMs),
        lastSuccessfulTime: formatTime(Math.min(lastMs + 240_000, scene.now())),
        ...(active === undefined ? {} : { active: [reference(active)] }),
      },
    },
  );
  put(scene, "cronjobs.batch", object, controllers);
}
