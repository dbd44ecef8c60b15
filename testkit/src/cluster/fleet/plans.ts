/** What the three clusters are made of: where they stand, their add-ons, and the namespaces that repeat. */
import type { App, Cloud, Trouble } from "./scene.ts";

export type AppPlan = Omit<App, "namespace" | "team" | "image"> & { readonly image?: string };

export const clouds = {
  shops: {
    provider: "aws",
    region: "eu-central-1",
    zones: ["eu-central-1a", "eu-central-1b", "eu-central-1c"],
    machines: [
      { type: "m7i.2xlarge", cpus: 8, memoryKi: 32_406_152, arch: "amd64" },
      { type: "m7g.2xlarge", cpus: 8, memoryKi: 32_181_580, arch: "arm64" },
    ],
    osImage: "Bottlerocket OS 1.44.0",
    kubeletVersion: "v1.36.3-eks-3abbec1",
  },
  batch: {
    provider: "gcp",
    region: "europe-west3",
    zones: ["europe-west3-a", "europe-west3-b"],
    machines: [{ type: "n2-highmem-8", cpus: 8, memoryKi: 65_851_340, arch: "amd64" }],
    osImage: "Container-Optimized OS from Google",
    kubeletVersion: "v1.36.3-gke.1044000",
  },
  platform: {
    provider: "azure",
    region: "westeurope",
    zones: ["westeurope-1", "westeurope-2", "westeurope-3"],
    machines: [{ type: "Standard_D8s_v5", cpus: 8, memoryKi: 32_866_304, arch: "amd64" }],
    osImage: "Ubuntu 24.04.3 LTS",
    kubeletVersion: "v1.36.3",
  },
} as const satisfies { readonly [cluster: string]: Cloud };

function deployment(name: string, replicas: number, more: Partial<AppPlan> = {}): AppPlan {
  return { kind: "Deployment", name, replicas, port: 8080, ...more };
}

function stateful(name: string, replicas: number, storage: string, port: number): AppPlan {
  return { kind: "StatefulSet", name, replicas, storage, port };
}

function agent(name: string): AppPlan {
  return {
    kind: "DaemonSet",
    name,
    replicas: 0,
    port: 9100,
    privileged: true,
    priorityClass: "system-node-critical",
  };
}

export type NamespaceApps = {
  readonly namespace: string;
  readonly team: string;
  readonly registry: string;
  readonly apps: readonly AppPlan[];
};

/** In every cluster. */
export const addOns: readonly NamespaceApps[] = [
  {
    namespace: "kube-system",
    team: "platform",
    registry: "registry.k8s.io",
    apps: [
      deployment("coredns", 2, { port: 9153, priorityClass: "system-cluster-critical" }),
      deployment("metrics-server", 2, { port: 10_250 }),
      deployment("cluster-autoscaler", 1, { port: 8085 }),
      agent("kube-proxy"),
      agent("cilium"),
      agent("csi-node-driver"),
    ],
  },
  {
    namespace: "monitoring",
    team: "observability",
    registry: "quay.io/prometheus",
    apps: [
      stateful("prometheus", 2, "200Gi", 9090),
      stateful("alertmanager", 3, "10Gi", 9093),
      deployment("grafana", 2, { port: 3000, host: "grafana.example.com", leaks: true }),
      deployment("kube-state-metrics", 1, { port: 8081 }),
      agent("node-exporter"),
    ],
  },
  {
    namespace: "ingress-nginx",
    team: "platform",
    registry: "registry.k8s.io/ingress-nginx",
    apps: [deployment("ingress-nginx-controller", 3, { port: 8443, host: "edge.example.com" })],
  },
  {
    namespace: "cert-manager",
    team: "platform",
    registry: "quay.io/jetstack",
    apps: [
      deployment("cert-manager", 1, { port: 9402 }),
      deployment("cert-manager-cainjector", 1, { port: 9402 }),
      deployment("cert-manager-webhook", 2, { port: 10_250 }),
    ],
  },
  {
    namespace: "external-secrets",
    team: "security",
    registry: "ghcr.io/external-secrets",
    apps: [deployment("external-secrets", 2), deployment("external-secrets-webhook", 1)],
  },
];

/** Shared by all shops. */
export const sharedShops: readonly NamespaceApps[] = [
  {
    namespace: "payments",
    team: "payments",
    registry: "registry.example.com/payments",
    apps: [
      deployment("gateway", 4, { host: "pay.example.com", scales: true }),
      deployment("ledger", 3),
      deployment("fraud-check", 2, { trouble: "out-of-memory" }),
      deployment("refunds", 2),
      deployment("card-vault", 3, { priorityClass: "business-critical" }),
      stateful("ledger-postgres", 3, "500Gi", 5432),
    ],
  },
  {
    namespace: "logistics",
    team: "fulfilment",
    registry: "registry.example.com/logistics",
    apps: [
      deployment("orders", 3, { scales: true }),
      deployment("stock", 2),
      deployment("shipping", 2),
      deployment("returns", 2, { trouble: "image-pull" }),
      stateful("orders-postgres", 2, "200Gi", 5432),
    ],
  },
  {
    namespace: "identity",
    team: "identity",
    registry: "registry.example.com/identity",
    apps: [
      deployment("accounts", 3, { host: "login.example.com", scales: true }),
      deployment("sessions", 2),
      stateful("sessions-redis", 3, "5Gi", 6379),
    ],
  },
];

export const countries = [
  "de",
  "at",
  "ch",
  "fr",
  "it",
  "es",
  "nl",
  "be",
  "pl",
  "se",
  "dk",
  "no",
  "fi",
  "pt",
  "cz",
  "ie",
] as const;

/** One shop: the same software in each country, with its own troubles. */
export function shopApps(country: string): readonly AppPlan[] {
  const troubles: { readonly [place: string]: Trouble } = {
    "fr/search": "crash-loop",
    "pl/recommendations": "out-of-memory",
    "it/catalog": "unschedulable",
    "se/checkout": "not-ready",
  };
  const app = (name: string, replicas: number, more: Partial<AppPlan> = {}): AppPlan =>
    deployment(name, replicas, { trouble: troubles[`${country}/${name}`], ...more });
  return [
    app("web", 6, { host: `www.shop-${country}.example.com`, scales: true }),
    app("api", 6, { host: `api.shop-${country}.example.com`, scales: true }),
    app("cart", 3),
    app("catalog", 4, { scales: true }),
    app("checkout", 4),
    app("search", 3),
    app("recommendations", 2),
    app("reviews", 2, { leaks: country === "nl" }),
    stateful("cart-redis", 2, "5Gi", 6379),
  ];
}

export const dataDomains = [
  "orders",
  "clicks",
  "stock",
  "prices",
  "campaigns",
  "returns",
  "suppliers",
  "finance",
  "loyalty",
  "search-logs",
  "weather",
  "forecasts",
] as const;

/** One data domain: a queue, a consumer, and what runs at night. */
export function domainApps(domain: string): readonly AppPlan[] {
  return [
    deployment("consumer", 5, { trouble: domain === "weather" ? "crash-loop" : undefined }),
    deployment("query-api", 3, { leaks: domain === "finance" }),
    stateful("queue", 3, "100Gi", 9092),
    stateful("warehouse", 1, "1Ti", 5432),
  ];
}

export type CronPlan = {
  readonly name: string;
  readonly schedule: string;
  readonly everyHours: number;
  readonly failsEvery: number;
};

export const domainJobs: readonly CronPlan[] = [
  { name: "ingest", schedule: "*/30 * * * *", everyHours: 0.5, failsEvery: 0 },
  { name: "compact", schedule: "0 */6 * * *", everyHours: 6, failsEvery: 0 },
  { name: "nightly-report", schedule: "0 2 * * *", everyHours: 24, failsEvery: 3 },
  { name: "backup", schedule: "30 3 * * *", everyHours: 24, failsEvery: 0 },
  { name: "reconcile", schedule: "15 * * * *", everyHours: 1, failsEvery: 2 },
];

/** What runs by the clock beside the shops. */
export const paymentJobs: readonly CronPlan[] = [
  { name: "settlement", schedule: "0 1 * * *", everyHours: 24, failsEvery: 0 },
  { name: "invoice-run", schedule: "0 4 * * *", everyHours: 24, failsEvery: 3 },
  { name: "expire-reservations", schedule: "*/15 * * * *", everyHours: 0.25, failsEvery: 0 },
];

export const platformJobs: readonly CronPlan[] = [
  { name: "vault-snapshot", schedule: "0 */4 * * *", everyHours: 4, failsEvery: 0 },
  { name: "rotate-unseal-keys", schedule: "0 5 1 * *", everyHours: 720, failsEvery: 0 },
];

/** The platform's own services. */
export const platformServices: readonly NamespaceApps[] = [
  {
    namespace: "argocd",
    team: "platform",
    registry: "quay.io/argoproj",
    apps: [
      deployment("argocd-server", 2, { host: "deploy.example.com" }),
      deployment("argocd-repo-server", 2),
      deployment("argocd-applicationset-controller", 1),
      stateful("argocd-application-controller", 1, "10Gi", 8082),
    ],
  },
  {
    namespace: "vault",
    team: "security",
    registry: "docker.io/hashicorp",
    apps: [stateful("vault", 3, "20Gi", 8200), deployment("vault-agent-injector", 2)],
  },
  {
    namespace: "ci",
    team: "platform",
    registry: "registry.example.com/ci",
    apps: [
      deployment("pipeline", 3, { scales: true }),
      deployment("build-cache", 2),
      deployment("image-scanner", 1, { trouble: "out-of-memory" }),
    ],
  },
  {
    namespace: "logging",
    team: "observability",
    registry: "docker.io/grafana",
    apps: [stateful("loki", 3, "300Gi", 3100), deployment("loki-gateway", 2), agent("promtail")],
  },
  {
    namespace: "registry",
    team: "platform",
    registry: "registry.example.com/harbor",
    apps: [
      deployment("harbor-core", 2, { host: "registry.example.com" }),
      deployment("harbor-jobservice", 2),
      stateful("harbor-database", 1, "100Gi", 5432),
    ],
  },
];

export const projects = [
  "atlas",
  "beacon",
  "comet",
  "delta",
  "ember",
  "falcon",
  "granite",
  "harbor-light",
  "iris",
  "juniper",
] as const;

export function projectApps(project: string): readonly AppPlan[] {
  return [
    deployment("frontend", 3, { host: `${project}.apps.example.com` }),
    deployment("backend", 3, { trouble: project === "ember" ? "image-pull" : undefined }),
    deployment("worker", 2, { leaks: project === "comet" }),
  ];
}
