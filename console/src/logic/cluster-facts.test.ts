import assert from "node:assert/strict";
import { it } from "node:test";
import type { ClusterDetail } from "@obsyk/contract";
import { clusterFacts, scopeText } from "./cluster-facts.ts";

const bare: ClusterDetail = {
  id: "1",
  name: "demo",
  state: "connected",
  objects: 0,
  nodes: 0,
  namespaces: 0,
  clientId: "c",
  thumbprint: "t",
  facts: { regions: [], zones: [] },
  streams: [],
  blind: [],
};

it("clusterFacts: says what is known, with what tells, and leaves out the rest", () => {
  assert.deepEqual(clusterFacts(bare), [{ term: "Kubernetes", text: "–" }]);
  const facts = {
    distribution: { name: "EKS", evidence: "version v1.36.3-eks-1" },
    regions: ["eu-west-1"],
    zones: ["eu-west-1a", "eu-west-1b"],
    nodes: {
      total: 3,
      ready: 2,
      unschedulable: 1,
      kubeletVersions: [
        { name: "v1.36.3", count: 2 },
        { name: "v1.35.1", count: 1 },
      ],
      architectures: [{ name: "arm64", count: 3 }],
      operatingSystems: [],
    },
  };
  assert.deepEqual(
    clusterFacts({ ...bare, kubernetesVersion: "v1.36.3-eks-1", facts }).map(
      ({ term, text, evidence }) => [term, text, evidence],
    ),
    [
      ["Kubernetes", "v1.36.3-eks-1", undefined],
      ["Distribution", "EKS", "version v1.36.3-eks-1"],
      ["Regions", "eu-west-1", undefined],
      ["Zones", "eu-west-1a, eu-west-1b", undefined],
      ["Nodes", "3, 2 ready, 1 not schedulable", undefined],
      ["Kubelets", "2 × v1.36.3, 1 × v1.35.1", undefined],
      ["Architectures", "3 × arm64", undefined],
    ],
  );
});

it("scopeText: which namespaces are read", () => {
  const scope = (include: string[], exclude: string[]) => ({
    scope: { resources: [], namespaces: { include, exclude } },
  });
  assert.equal(scopeText({}), undefined);
  assert.equal(scopeText(scope([], [])), "all namespaces");
  assert.equal(scopeText(scope(["shop"], ["kube-*"])), "namespaces shop, without kube-*");
});
