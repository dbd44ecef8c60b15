/** What stands around a workload: Service, Ingress, NetworkPolicy, autoscaler, disruption budget. */
import type { JsonObject } from "@obsyk/contract";
import { formatTime } from "../../kube-api/store.ts";
import { between } from "../random.ts";
import { hourMs, labelsOf, objectOf, put, selectorOf, type App, type Scene } from "./scene.ts";

export function addService(scene: Scene, app: App): void {
  const { random } = scene;
  const clusterIP =
    app.kind === "StatefulSet"
      ? "None"
      : `10.96.${between(random, 0, 255)}.${between(random, 1, 254)}`;
  const isPublic = app.host !== undefined && app.name.includes("ingress");
  const metadata = { name: app.name, namespace: app.namespace, labels: labelsOf(app) };
  const address = `203.0.113.${between(random, 1, 254)}`;
  put(
    scene,
    "services",
    objectOf(
      scene,
      { apiVersion: "v1", kind: "Service", metadata },
      {
        spec: {
          ports: [
            {
              name: "http",
              protocol: "TCP",
              port: 80,
              targetPort: app.port,
              ...(isPublic ? { nodePort: between(random, 30_000, 32_767) } : {}),
            },
          ],
          selector: selectorOf(app),
          clusterIP,
          clusterIPs: [clusterIP],
          type: isPublic ? "LoadBalancer" : "ClusterIP",
          ...(isPublic
            ? { externalTrafficPolicy: "Cluster", allocateLoadBalancerNodePorts: true }
            : {}),
          sessionAffinity: "None",
          ipFamilies: ["IPv4"],
          ipFamilyPolicy: "SingleStack",
          internalTrafficPolicy: "Cluster",
        },
        status: { loadBalancer: isPublic ? { ingress: [{ ip: address, ipMode: "VIP" }] } : {} },
      },
    ),
  );
}

export function addIngress(scene: Scene, app: App, host: string): void {
  const metadata = {
    name: app.name,
    namespace: app.namespace,
    labels: labelsOf(app),
    annotations: { "nginx.ingress.kubernetes.io/configuration-snippet": scene.canary },
  };
  const service = { name: app.name, port: { name: "http" } };
  put(
    scene,
    "ingresses.networking.k8s.io",
    objectOf(
      scene,
      { apiVersion: "networking.k8s.io/v1", kind: "Ingress", metadata },
      {
        spec: {
          ingressClassName: "nginx",
          tls: [{ hosts: [host], secretName: `${app.name}-tls` }],
          rules: [
            { host, http: { paths: [{ path: "/", pathType: "Prefix", backend: { service } }] } },
          ],
        },
        status: { loadBalancer: { ingress: [{ ip: "203.0.113.10" }] } },
      },
    ),
  );
}

export function addIngressClass(scene: Scene): void {
  const metadata = {
    name: "nginx",
    annotations: { "ingressclass.kubernetes.io/is-default-class": "true" },
  };
  const spec = { controller: "k8s.io/ingress-nginx" };
  put(
    scene,
    "ingressclasses.networking.k8s.io",
    objectOf(
      scene,
      { apiVersion: "networking.k8s.io/v1", kind: "IngressClass", metadata },
      { spec },
    ),
  );
}

/** Nothing comes in unless another policy says so. */
export function denyByDefault(scene: Scene, namespace: string): void {
  addPolicy(
    scene,
    { namespace, name: "default-deny" },
    { podSelector: {}, policyTypes: ["Ingress"] },
  );
}

/** The app's port, for its own namespace and the ingress controller's. */
export function allowTraffic(scene: Scene, app: App): void {
  const { namespace, name } = app;
  const from = [
    { podSelector: {} },
    { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "ingress-nginx" } } },
    {
      podSelector: {
        matchExpressions: [
          { key: "app", operator: "In", values: ["prometheus", "blackbox-exporter"] },
        ],
      },
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "monitoring" } },
    },
  ];
  addPolicy(
    scene,
    { namespace, name: `allow-${name}` },
    {
      podSelector: { matchLabels: selectorOf(app) },
      ingress: [{ from, ports: [{ protocol: "TCP", port: app.port }] }],
      policyTypes: ["Ingress"],
    },
  );
}

function addPolicy(
  scene: Scene,
  metadata: { readonly namespace: string; readonly name: string },
  spec: JsonObject,
): void {
  const policy = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata };
  put(scene, "networkpolicies.networking.k8s.io", objectOf(scene, policy, { spec }));
}

export function autoscalerOf(scene: Scene, app: App, replicas: number): JsonObject {
  const metadata = { name: app.name, namespace: app.namespace, labels: labelsOf(app) };
  const target = { type: "Utilization", averageUtilization: 70 };
  const time = formatTime(scene.now() - hourMs);
  return objectOf(
    scene,
    { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", metadata },
    {
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: app.kind, name: app.name },
        minReplicas: 2,
        maxReplicas: 12,
        metrics: [{ type: "Resource", resource: { name: "cpu", target } }],
      },
      status: {
        observedGeneration: 1,
        currentReplicas: replicas,
        desiredReplicas: replicas,
        conditions: [
          {
            type: "AbleToScale",
            status: "True",
            lastTransitionTime: time,
            reason: "ReadyForNewScale",
            message: "recommended size matches current size",
          },
        ],
      },
    },
  );
}

export function addDisruptionBudget(scene: Scene, app: App): void {
  const metadata = { name: app.name, namespace: app.namespace, labels: labelsOf(app) };
  const healthy = app.trouble === undefined ? app.replicas : 0;
  put(
    scene,
    "poddisruptionbudgets.policy",
    objectOf(
      scene,
      { apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata },
      {
        spec: { maxUnavailable: 1, selector: { matchLabels: selectorOf(app) } },
        status: {
          observedGeneration: 1,
          disruptionsAllowed: healthy > 1 ? 1 : 0,
          currentHealthy: healthy,
          desiredHealthy: Math.max(app.replicas - 1, 1),
          expectedPods: app.replicas,
        },
      },
    ),
  );
}
