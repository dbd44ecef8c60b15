import assert from "node:assert/strict";
import { test } from "node:test";
import { factsOf, type NodeFacts } from "./cluster-facts.ts";

function node(facts: Partial<NodeFacts> = {}): NodeFacts {
  return {
    labels: {},
    providerID: "",
    kubeletVersion: "v1.36.3",
    architecture: "amd64",
    operatingSystem: "linux",
    osImage: "Debian GNU/Linux 13 (trixie)",
    isReady: true,
    isUnschedulable: false,
    ...facts,
  };
}

const distributions: readonly (readonly [string, string, Partial<NodeFacts>])[] = [
  ["EKS", "v1.34.1-eks-113cf36", {}],
  ["GKE", "v1.34.1-gke.1829001", {}],
  ["k3s", "v1.34.1+k3s1", {}],
  ["RKE2", "v1.34.1+rke2r1", {}],
  ["AKS", "v1.34.1", { labels: { "kubernetes.azure.com/cluster": "MC_x" } }],
  ["OpenShift", "v1.33.5+abc1234", { labels: { "node.openshift.io/os_id": "rhel" } }],
  ["kind", "v1.34.0", { providerID: "kind://docker/kind/kind-control-plane" }],
  ["minikube", "v1.34.0", { labels: { "minikube.k8s.io/name": "minikube" } }],
];
for (const [name, version, facts] of distributions) {
  test(`factsOf: recognises ${name}, and says by what`, () => {
    const { distribution } = factsOf(version, [node(facts)]);
    assert.equal(distribution?.name, name);
    assert.notEqual(distribution.evidence, "");
  });
}

test("factsOf: names no distribution that nothing speaks for", () => {
  assert.deepEqual(factsOf("v1.36.3", [node()]).distribution, undefined);
  assert.deepEqual(factsOf(undefined, undefined), { regions: [], zones: [] });
});

test("factsOf: provider, regions and zones come from the nodes", () => {
  const zone = (name: string) => ({
    "topology.kubernetes.io/region": "eu-west-1",
    "topology.kubernetes.io/zone": name,
  });
  const facts = factsOf("v1.34.1-eks-113cf36", [
    node({ providerID: "aws:///eu-west-1b/i-0b", labels: zone("eu-west-1b") }),
    node({ providerID: "aws:///eu-west-1a/i-0a", labels: zone("eu-west-1a"), isReady: false }),
    node({ providerID: "someone://x", architecture: "arm64", isUnschedulable: true }),
  ]);
  assert.deepEqual(facts.provider, {
    name: "AWS",
    evidence: "providerID aws (2), providerID someone (1)",
  });
  assert.deepEqual([facts.regions, facts.zones], [["eu-west-1"], ["eu-west-1a", "eu-west-1b"]]);
  assert.deepEqual([facts.nodes?.total, facts.nodes?.ready, facts.nodes?.unschedulable], [3, 2, 1]);
  assert.deepEqual(facts.nodes?.architectures, [
    { name: "amd64", count: 2 },
    { name: "arm64", count: 1 },
  ]);
  assert.equal(
    factsOf("", [node({ providerID: "ocid1.instance.x" })]).provider?.name,
    "Oracle Cloud",
  );
});
