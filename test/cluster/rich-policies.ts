/**
 * Ingresses, network policies, roles and bindings with as many kept fields set as an API server accepts.
 *
 * @module
 */
import { canary, metadata, namespace, type Planned } from "./planned.ts";

const networking = `/apis/networking.k8s.io/v1/namespaces/${namespace}`;
const rbac = "/apis/rbac.authorization.k8s.io/v1";

const selector = {
  matchLabels: { app: "rich" },
  matchExpressions: [{ key: "tier", operator: "Exists" }],
};
const backend = { service: { name: "web", port: { number: 80 } } };

const traffic: readonly Planned[] = [
  {
    path: `${networking}/ingresses`,
    object: {
      metadata: {
        ...metadata,
        name: "shop",
        annotations: {
          "kubernetes.io/ingress.class": "legacy",
          "nginx.ingress.kubernetes.io/configuration-snippet": canary,
        },
      },
      spec: {
        defaultBackend: {
          resource: { apiGroup: "example.com", kind: "Bucket", name: "static" },
        },
        tls: [{ hosts: ["shop.example", "*.shop.example"], secretName: "shop-tls" }],
        rules: [
          {
            host: "shop.example",
            http: {
              paths: [
                { path: "/", pathType: "Prefix", backend },
                {
                  path: "/api",
                  pathType: "Exact",
                  backend: { service: { name: "api", port: { name: "http" } } },
                },
              ],
            },
          },
          { host: "bare.example" },
        ],
      },
    },
    status: {
      loadBalancer: {
        ingress: [
          {
            ip: "192.0.2.3",
            ports: [{ port: 443, protocol: "TCP", error: "example.com/failed" }],
          },
          { hostname: "lb.example" },
        ],
      },
    },
  },
  {
    path: `${networking}/ingresses`,
    object: {
      metadata: { name: "classed" },
      spec: { ingressClassName: "public", defaultBackend: backend },
    },
  },
  {
    path: `${networking}/networkpolicies`,
    object: {
      metadata: { ...metadata, name: "web" },
      spec: {
        podSelector: selector,
        policyTypes: ["Ingress", "Egress"],
        ingress: [
          {
            ports: [
              { protocol: "TCP", port: "http" },
              { protocol: "UDP", port: 53, endPort: 60 },
            ],
            from: [
              { podSelector: selector },
              { podSelector: {}, namespaceSelector: selector },
              { ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] } },
            ],
          },
          {},
        ],
        egress: [{ to: [{ namespaceSelector: {} }], ports: [{ protocol: "SCTP" }] }],
      },
    },
  },
  {
    path: `${networking}/networkpolicies`,
    object: { metadata: { name: "deny-all" }, spec: { podSelector: {} } },
  },
];

const rules = [
  { verbs: ["get", "*"], apiGroups: ["", "apps"], resources: ["pods", "pods/exec", "*"] },
  { verbs: ["use"], apiGroups: [""], resources: ["secrets"], resourceNames: ["one"] },
];
const subjects = [
  { kind: "User", apiGroup: "rbac.authorization.k8s.io", name: "alice@example" },
  { kind: "ServiceAccount", name: "robot", namespace },
];

const access: readonly Planned[] = [
  {
    path: `${rbac}/namespaces/${namespace}/roles`,
    object: { metadata: { ...metadata, name: "reader" }, rules },
  },
  {
    path: `${rbac}/namespaces/${namespace}/roles`,
    object: { metadata: { name: "nothing" }, rules: [] },
  },
  {
    path: `${rbac}/clusterroles`,
    object: {
      metadata: { ...metadata, name: "rich-reader" },
      rules: [...rules, { verbs: ["get"], nonResourceURLs: ["/metrics", "/healthz/*"] }],
    },
  },
  {
    path: `${rbac}/clusterroles`,
    object: {
      metadata: { name: "rich-aggregate" },
      aggregationRule: { clusterRoleSelectors: [selector, {}] },
    },
  },
  {
    path: `${rbac}/namespaces/${namespace}/rolebindings`,
    object: {
      metadata: { ...metadata, name: "readers" },
      subjects,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "reader" },
    },
  },
  {
    path: `${rbac}/clusterrolebindings`,
    object: {
      metadata: { ...metadata, name: "rich-readers" },
      subjects: [
        ...subjects,
        { kind: "Group", apiGroup: "rbac.authorization.k8s.io", name: "ops" },
      ],
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "rich-reader" },
    },
  },
  {
    path: `${rbac}/clusterrolebindings`,
    object: {
      metadata: { name: "rich-nobody" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
    },
  },
];

export const policies: readonly Planned[] = [...traffic, ...access];
