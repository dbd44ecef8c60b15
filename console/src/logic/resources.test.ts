import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { apiVersionOf, resources } from "@obsyk/contract/allow-list";
import {
  groupResources,
  resourceInfo,
  resourceOfKind,
  sumByNamespace,
  sumByResource,
} from "./resources.ts";

describe("resources", () => {
  it("groupResources: navigation order, unknown resources last", () => {
    const groups = groupResources(["widgets.example.com", "nodes", "pods", "deployments.apps"]);
    assert.deepEqual(
      groups.map(({ section, resources }) => [section, resources.map(({ resource }) => resource)]),
      [
        ["Workloads", ["deployments.apps", "pods"]],
        ["Cluster", ["nodes"]],
        ["Other", ["widgets.example.com"]],
      ],
    );
  });

  it("resourceOfKind: needs the group too", () => {
    assert.equal(resourceOfKind("ReplicaSet", "apps/v1"), "replicasets.apps");
    assert.equal(resourceOfKind("ReplicaSet", "example.com/v1"), undefined);
  });

  it("sumByResource, sumByNamespace: add up", () => {
    const counts = [
      { resource: "pods", namespace: "b", count: 2 },
      { resource: "pods", namespace: "a", count: 1 },
      { resource: "nodes", count: 3 },
    ];
    assert.deepEqual(
      [...sumByResource(counts)],
      [
        ["pods", 3],
        ["nodes", 3],
      ],
    );
    assert.deepEqual(sumByNamespace(counts), [
      ["a", 1],
      ["b", 2],
    ]);
  });

  it("resourceInfo: every resource of the allow-list has its place, kind and version as there", () => {
    for (const definition of resources) {
      const { kind, namespaced, apiVersion, section } = resourceInfo(definition.resource);
      assert.deepEqual(
        { kind, namespaced, apiVersion },
        {
          kind: definition.kind,
          namespaced: definition.namespaced,
          apiVersion: apiVersionOf(definition),
        },
      );
      assert.notEqual(section, "Other", definition.resource);
    }
  });
});
