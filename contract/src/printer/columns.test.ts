import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { nodeRoles, nodeStatus } from "./cluster-columns.ts";
import { columnsOf } from "./columns.ts";
import { serviceExternalIp, servicePorts } from "./network-columns.ts";

const nowMs = Date.parse("2026-11-25T12:00:00Z");

function row(resource: string, record: unknown): Record<string, string> {
  return Object.fromEntries(
    columnsOf(resource).map((column) => [column.header, column.cell(record, nowMs).text]),
  );
}

describe("columnsOf", () => {
  it("columnsOf: a deployment reads as kubectl prints it", () => {
    const record = {
      metadata: { creationTimestamp: "2026-11-25T11:00:00Z" },
      spec: {
        replicas: 3,
        selector: { matchLabels: { tier: "web", app: "api" } },
        template: {
          spec: {
            containers: [
              { name: "api", image: "api:1" },
              { name: "log", image: "log:2" },
            ],
          },
        },
      },
      status: { readyReplicas: 2, updatedReplicas: 3, availableReplicas: 2 },
    };
    assert.deepEqual(row("deployments.apps", record), {
      READY: "2/3",
      "UP-TO-DATE": "3",
      AVAILABLE: "2",
      AGE: "60m",
      CONTAINERS: "api,log",
      IMAGES: "api:1,log:2",
      SELECTOR: "app=api,tier=web",
    });
  });

  it("columnsOf: a secret shows type, number and names of its keys, nothing else (I2)", () => {
    const record = { type: "Opaque", obsyk: { dataCount: 2, dataKeys: ["password", "user"] } };
    assert.deepEqual(row("secrets", record), {
      TYPE: "Opaque",
      DATA: "2",
      AGE: "<unknown>",
      KEYS: "password, user",
    });
  });

  it("columnsOf: a resource without columns of its own has AGE", () => {
    assert.deepEqual(Object.keys(row("widgets.example.com", {})), ["AGE"]);
  });

  it("columnsOf: any record at all gives texts in every column", () => {
    const known = ["pods", "services", "nodes", "jobs.batch", "secrets", "cronjobs.batch"];
    fc.assert(
      fc.property(fc.constantFrom(...known), fc.object(), (resource, record) =>
        Object.values(row(resource, record)).every((text) => typeof text === "string"),
      ),
    );
  });
});

describe("services", () => {
  it("servicePorts: node ports and protocols", () => {
    const ports = [
      { port: 80 },
      { port: 443, nodePort: 30443, protocol: "TCP" },
      { port: 53, protocol: "UDP" },
    ];
    assert.equal(servicePorts({ spec: { ports } }), "80/TCP,443:30443/TCP,53/UDP");
    assert.equal(servicePorts({}), "<none>");
  });

  it("serviceExternalIp: a load balancer without address is pending", () => {
    assert.equal(serviceExternalIp({ spec: { type: "LoadBalancer" } }), "<pending>");
    const status = { loadBalancer: { ingress: [{ ip: "192.0.2.7" }] } };
    assert.equal(serviceExternalIp({ spec: { type: "LoadBalancer" }, status }), "192.0.2.7");
    assert.equal(serviceExternalIp({ spec: { type: "ClusterIP" } }), "<none>");
  });
});

describe("nodes", () => {
  it("nodeStatus: a cordoned node says so", () => {
    const conditions = [{ type: "Ready", status: "True" }];
    assert.equal(nodeStatus({ status: { conditions } }), "Ready");
    assert.equal(
      nodeStatus({ spec: { unschedulable: true }, status: { conditions } }),
      "Ready,SchedulingDisabled",
    );
    assert.equal(nodeStatus({}), "Unknown");
  });

  it("nodeRoles: from labels, sorted", () => {
    const labels = { "node-role.kubernetes.io/worker": "", "kubernetes.io/role": "edge" };
    assert.equal(nodeRoles({ metadata: { labels } }), "edge,worker");
  });
});
