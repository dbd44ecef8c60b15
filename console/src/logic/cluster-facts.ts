/**
 * What a cluster is, in words: from its version and its nodes, with what tells.
 *
 * @module
 */
import type { ClusterDetail, ClusterFacts } from "@obsyk/contract";

export type ClusterFact = {
  readonly term: string;
  readonly text: string;
  /** How it is known, where it was concluded. */
  readonly evidence?: string;
};

/** `3 × v1.36.3, 1 × v1.35.1` */
function countsText(counts: readonly { readonly name: string; readonly count: number }[]): string {
  return counts.map(({ name, count }) => `${count} × ${name}`).join(", ");
}

function nodesText(nodes: NonNullable<ClusterFacts["nodes"]>): string {
  const { total, ready, unschedulable } = nodes;
  const cordoned = unschedulable === 0 ? "" : `, ${unschedulable} not schedulable`;
  return `${total}, ${ready} ready${cordoned}`;
}

/** What is not known is left out, but for the version. */
export function clusterFacts(cluster: ClusterDetail): readonly ClusterFact[] {
  const { facts } = cluster;
  const { distribution, provider, nodes } = facts;
  const texts: readonly (ClusterFact | undefined)[] = [
    { term: "Kubernetes", text: cluster.kubernetesVersion ?? "–" },
    distribution && {
      term: "Distribution",
      text: distribution.name,
      evidence: distribution.evidence,
    },
    provider && { term: "Provider", text: provider.name, evidence: provider.evidence },
    { term: "Regions", text: facts.regions.join(", ") },
    { term: "Zones", text: facts.zones.join(", ") },
    nodes && { term: "Nodes", text: nodesText(nodes) },
    nodes && { term: "Kubelets", text: countsText(nodes.kubeletVersions) },
    nodes && { term: "Architectures", text: countsText(nodes.architectures) },
    nodes && { term: "Operating systems", text: countsText(nodes.operatingSystems) },
  ];
  return texts.flatMap((fact) => (fact === undefined || fact.text === "" ? [] : [fact]));
}

/** What the operator was told to read, where that is not everything. */
export function scopeText({ scope }: Pick<ClusterDetail, "scope">): string | undefined {
  if (scope === undefined) return undefined;
  const { include, exclude } = scope.namespaces;
  const only = include.length === 0 ? "all namespaces" : `namespaces ${include.join(", ")}`;
  return exclude.length === 0 ? only : `${only}, without ${exclude.join(", ")}`;
}
