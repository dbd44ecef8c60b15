/** The words a believable cluster is made of. */

export type Area = {
  readonly namespace: string;
  readonly team: string;
  readonly workloads: readonly string[];
};

export const systemNamespaces = [
  "default",
  "kube-node-lease",
  "kube-public",
  "kube-system",
] as const;

/** Used in this order; a larger cluster repeats them with a number. */
export const areas: readonly Area[] = [
  {
    namespace: "shop",
    team: "storefront",
    workloads: [
      "web",
      "cart",
      "catalog",
      "search",
      "checkout",
      "recommendations",
      "reviews",
      "media",
    ],
  },
  {
    namespace: "payments",
    team: "payments",
    workloads: [
      "gateway",
      "ledger",
      "fraud-check",
      "invoicing",
      "refunds",
      "settlement",
      "card-vault",
    ],
  },
  {
    namespace: "platform",
    team: "platform",
    workloads: [
      "api-gateway",
      "identity",
      "feature-flags",
      "notifications",
      "audit-log",
      "scheduler",
    ],
  },
  {
    namespace: "monitoring",
    team: "observability",
    workloads: [
      "prometheus",
      "alertmanager",
      "grafana",
      "loki",
      "otel-collector",
      "blackbox-exporter",
    ],
  },
  {
    namespace: "logistics",
    team: "fulfilment",
    workloads: [
      "orders",
      "stock",
      "shipping",
      "tracking",
      "returns",
      "route-planner",
      "warehouse-ui",
    ],
  },
  {
    namespace: "data",
    team: "analytics",
    workloads: [
      "ingest",
      "warehouse-loader",
      "reports",
      "query-api",
      "schema-registry",
      "feature-store",
    ],
  },
  {
    namespace: "ingress",
    team: "platform",
    workloads: ["ingress-controller", "cert-manager", "external-dns", "oauth-proxy"],
  },
  {
    namespace: "support",
    team: "customer-care",
    workloads: ["tickets", "chat", "knowledge-base", "callbacks", "survey"],
  },
];

export const zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c"] as const;
export const registries = ["registry.example.com", "ghcr.io/example", "docker.io/example"] as const;
export const sidecars = ["envoy", "log-shipper", "vault-agent"] as const;
