/**
 * What a cluster is: its distribution, where it runs, its nodes. Derived from what is collected anyway, each with the
 * evidence it rests on. Pure.
 *
 * @module
 */
import type { ClusterFacts } from "@obsyk/contract";

/** What of a node's record decides. */
export type NodeFacts = {
  readonly labels: { readonly [key: string]: string };
  readonly providerID: string;
  readonly kubeletVersion: string;
  readonly architecture: string;
  readonly operatingSystem: string;
  readonly osImage: string;
  readonly isReady: boolean;
  readonly isUnschedulable: boolean;
};

type Named = { readonly name: string; readonly evidence: string };

/** Distributions that write their name into `gitVersion`. */
const versionMarks: readonly (readonly [RegExp, string])[] = [
  [/-eks-/, "EKS"],
  [/-gke\./, "GKE"],
  [/\+k3s/, "k3s"],
  [/\+rke2/, "RKE2"],
  [/\+k0s|-k0s/, "k0s"],
  [/\+vmware|\+fips-vmware/, "Tanzu"],
  [/-aliyun/, "ACK"],
  [/-tke/, "TKE"],
  [/\+IKS/, "IKS"],
];

/** Labels that only the nodes of one distribution have. */
const labelMarks: readonly (readonly [string, string])[] = [
  ["node.openshift.io/os_id", "OpenShift"],
  ["eks.amazonaws.com/nodegroup", "EKS"],
  ["eks.amazonaws.com/compute-type", "EKS"],
  ["cloud.google.com/gke-nodepool", "GKE"],
  ["kubernetes.azure.com/cluster", "AKS"],
  ["doks.digitalocean.com/node-pool", "DOKS"],
  ["lke.linode.com/pool-id", "LKE"],
  ["k8s.scaleway.com/pool", "Kapsule"],
  ["ibm-cloud.kubernetes.io/worker-id", "IKS"],
  ["oke.oraclecloud.com/node.info.private_subnet", "OKE"],
  ["microk8s.io/cluster", "MicroK8s"],
  ["minikube.k8s.io/name", "minikube"],
];

/** Prefixes of `providerID`, up to the colon. */
const providers: { readonly [prefix: string]: string } = {
  aws: "AWS",
  gce: "Google Cloud",
  azure: "Azure",
  openstack: "OpenStack",
  vsphere: "vSphere",
  ibm: "IBM Cloud",
  ibmpowervs: "IBM Power VS",
  oci: "Oracle Cloud",
  digitalocean: "DigitalOcean",
  hcloud: "Hetzner Cloud",
  linode: "Akamai",
  vultr: "Vultr",
  scaleway: "Scaleway",
  ovh: "OVHcloud",
  exoscale: "Exoscale",
  equinixmetal: "Equinix Metal",
  metal3: "bare metal",
  baremetalhost: "bare metal",
  nutanix: "Nutanix",
  proxmox: "Proxmox",
  kubevirt: "KubeVirt",
  kind: "kind",
};

const regionLabels = [
  "topology.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/region",
] as const;
const zoneLabels = [
  "topology.kubernetes.io/zone",
  "failure-domain.beta.kubernetes.io/zone",
] as const;

/** @param nodes `undefined` when nodes are not collected: then only the version speaks */
export function factsOf(
  kubernetesVersion: string | undefined,
  nodes: readonly NodeFacts[] | undefined,
): ClusterFacts {
  const known = nodes ?? [];
  const distribution = distributionOf(kubernetesVersion ?? "", known);
  const provider = providerOf(known);
  return {
    ...(distribution === undefined ? {} : { distribution }),
    ...(provider === undefined ? {} : { provider }),
    regions: valuesOf(known, regionLabels),
    zones: valuesOf(known, zoneLabels),
    ...(nodes === undefined ? {} : { nodes: summaryOf(nodes) }),
  };
}

function distributionOf(version: string, nodes: readonly NodeFacts[]): Named | undefined {
  for (const [mark, name] of versionMarks) {
    if (mark.test(version)) return { name, evidence: `gitVersion ${version}` };
  }
  for (const [label, name] of labelMarks) {
    if (nodes.some(({ labels }) => Object.hasOwn(labels, label))) {
      return { name, evidence: `node label ${label}` };
    }
  }
  if (nodes.some(({ providerID }) => providerID.startsWith("kind://"))) {
    return { name: "kind", evidence: "providerID kind" };
  }
  return undefined;
}

/** Clusters over several providers exist; the one with most nodes is named, and each as evidence. */
function providerOf(nodes: readonly NodeFacts[]): Named | undefined {
  const prefixes = countsOf(nodes, ({ providerID }) => prefixOf(providerID));
  const [first] = prefixes;
  if (first === undefined) return undefined;
  return {
    name: providers[first.name] ?? first.name,
    evidence: prefixes.map(({ name, count }) => `providerID ${name} (${count})`).join(", "),
  };
}

/** `aws` of `aws:///eu-west-1a/i-0abc`; Oracle's cloud gives the bare id. */
function prefixOf(providerID: string): string {
  if (providerID.startsWith("ocid1.")) return "oci";
  return /^([a-z0-9-]{1,32}):\/\//.exec(providerID)?.[1] ?? "";
}

function valuesOf(nodes: readonly NodeFacts[], keys: readonly string[]): string[] {
  const values = nodes.map(
    ({ labels }) => keys.map((key) => labels[key] ?? "").find(Boolean) ?? "",
  );
  return [...new Set(values.filter((value) => value !== ""))].sort();
}

function summaryOf(nodes: readonly NodeFacts[]): NonNullable<ClusterFacts["nodes"]> {
  return {
    total: nodes.length,
    ready: nodes.filter(({ isReady }) => isReady).length,
    unschedulable: nodes.filter(({ isUnschedulable }) => isUnschedulable).length,
    kubeletVersions: countsOf(nodes, ({ kubeletVersion }) => kubeletVersion),
    architectures: countsOf(nodes, ({ architecture }) => architecture),
    operatingSystems: countsOf(nodes, ({ osImage, operatingSystem }) => osImage || operatingSystem),
  };
}

/** Most frequent first, then by name; without what has no value. */
function countsOf(
  nodes: readonly NodeFacts[],
  valueOf: (node: NodeFacts) => string,
): { name: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const node of nodes) {
    const value = valueOf(node);
    if (value !== "") counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts]
    .map(([name, count]) => ({ name, count }))
    .sort((one, other) => other.count - one.count || (one.name < other.name ? -1 : 1));
}
