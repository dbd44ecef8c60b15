import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { formatRestarts, podStatus } from "./pod-status.ts";

const running = { name: "app", ready: true, restartCount: 0, state: { running: {} } };
const app = { name: "app" };

type PodParts = {
  readonly metadata?: object;
  readonly spec?: object;
  readonly status?: object;
};

function pod({ metadata = {}, spec = {}, status = {} }: PodParts): object {
  return {
    metadata: { name: "p", ...metadata },
    spec: { containers: [app], ...spec },
    status: { phase: "Running", ...status },
  };
}

const withInit = (state: object): object =>
  pod({
    spec: { initContainers: [{ name: "one" }, { name: "two" }] },
    status: {
      phase: "Pending",
      initContainerStatuses: [{ name: "one", restartCount: 2, state }],
      containerStatuses: [{ name: "app", state: { waiting: { reason: "PodInitializing" } } }],
    },
  });

const withState = (state: object, more: object = {}): object =>
  pod({ status: { containerStatuses: [{ name: "app", restartCount: 3, state }], ...more } });

const table: readonly (readonly [what: string, pod: object, ready: string, status: string])[] = [
  ["running", pod({ status: { containerStatuses: [running] } }), "1/1", "Running"],
  ["crash loop", withState({ waiting: { reason: "CrashLoopBackOff" } }), "0/1", "CrashLoopBackOff"],
  ["image missing", withState({ waiting: { reason: "ErrImagePull" } }), "0/1", "ErrImagePull"],
  [
    "completed",
    withState({ terminated: { reason: "Completed", exitCode: 0 } }),
    "0/1",
    "Completed",
  ],
  ["killed by a signal", withState({ terminated: { signal: 9 } }), "0/1", "Signal:9"],
  ["ended without reason", withState({ terminated: { exitCode: 3 } }), "0/1", "ExitCode:3"],
  ["first init container", withInit({ running: {} }), "0/1", "Init:0/2"],
  [
    "init failing",
    withInit({ waiting: { reason: "CrashLoopBackOff" } }),
    "0/1",
    "Init:CrashLoopBackOff",
  ],
  ["init ended badly", withInit({ terminated: { exitCode: 2 } }), "0/1", "Init:ExitCode:2"],
  ["init killed", withInit({ terminated: { exitCode: 143, signal: 15 } }), "0/1", "Init:Signal:15"],
  ["evicted", pod({ status: { phase: "Failed", reason: "Evicted" } }), "0/1", "Evicted"],
  ["pending", pod({ status: { phase: "Pending" } }), "0/1", "Pending"],
  [
    "gated",
    pod({
      status: {
        phase: "Pending",
        conditions: [{ type: "PodScheduled", reason: "SchedulingGated" }],
      },
    }),
    "0/1",
    "SchedulingGated",
  ],
  [
    "being deleted",
    pod({
      metadata: { deletionTimestamp: "2026-11-25T12:00:00Z" },
      status: { containerStatuses: [running] },
    }),
    "1/1",
    "Terminating",
  ],
  [
    "deleted after it had ended",
    pod({
      metadata: { deletionTimestamp: "2026-11-25T12:00:00Z" },
      status: {
        phase: "Succeeded",
        containerStatuses: [{ name: "app", state: { terminated: { reason: "Completed" } } }],
      },
    }),
    "0/1",
    "Completed",
  ],
  [
    "node lost",
    pod({ metadata: { deletionTimestamp: "x" }, status: { reason: "NodeLost" } }),
    "0/1",
    "Unknown",
  ],
];

describe("podStatus", () => {
  for (const [what, object, ready, status] of table) {
    it(`podStatus: ${what} reads ${status}, as kubectl prints it`, () => {
      const read = podStatus(object);
      assert.equal(read.status, status);
      assert.equal(`${read.ready}/${read.total}`, ready);
    });
  }

  it("podStatus: one of two failed before the other was done: the failure is what is read", () => {
    const ended = (name: string, reason: string, exitCode: number): object => ({
      name,
      state: { terminated: { reason, exitCode } },
    });
    const object = pod({
      spec: { containers: [{ name: "first" }, { name: "last" }] },
      status: {
        phase: "Failed",
        containerStatuses: [ended("first", "Completed", 0), ended("last", "OOMKilled", 137)],
      },
    });
    assert.equal(podStatus(object).status, "OOMKilled");
  });

  it("podStatus: one of two done while the other runs depends on the Ready condition", () => {
    const done = { name: "job", state: { terminated: { reason: "Completed", exitCode: 0 } } };
    const two = (ready: string): object =>
      pod({
        spec: { containers: [{ name: "job" }, app] },
        status: {
          conditions: [{ type: "Ready", status: ready }],
          containerStatuses: [done, running],
        },
      });
    assert.equal(podStatus(two("True")).status, "Running");
    assert.equal(podStatus(two("False")).status, "NotReady");
  });

  it("podStatus: a started sidecar counts in READY and in RESTARTS", () => {
    const read = podStatus(
      pod({
        spec: { initContainers: [{ name: "proxy", restartPolicy: "Always" }] },
        status: {
          initContainerStatuses: [
            { name: "proxy", started: true, ready: true, restartCount: 4, state: { running: {} } },
          ],
          containerStatuses: [running],
        },
      }),
    );
    assert.deepEqual([read.ready, read.total, read.restarts], [2, 2, 4]);
  });

  it("podStatus: restarts of ordinary init containers count only while they block", () => {
    assert.equal(podStatus(withInit({ running: {} })).restarts, 2);
    const past = pod({
      spec: { initContainers: [{ name: "one" }] },
      status: {
        initContainerStatuses: [
          { name: "one", restartCount: 2, state: { terminated: { exitCode: 0 } } },
        ],
        containerStatuses: [running],
      },
    });
    assert.equal(podStatus(past).restarts, 0);
  });

  it("podStatus: any value at all gives some words", () => {
    fc.assert(fc.property(fc.anything(), (value) => podStatus(value).status !== ""));
  });
});

describe("formatRestarts", () => {
  it("formatRestarts: says when the last one was", () => {
    const read = podStatus(
      pod({
        status: {
          containerStatuses: [
            {
              ...running,
              restartCount: 2,
              lastState: { terminated: { finishedAt: "2026-11-25T11:55:00Z" } },
            },
          ],
        },
      }),
    );
    assert.equal(formatRestarts(read, Date.parse("2026-11-25T12:00:00Z")), "2 (5m ago)");
  });
});
