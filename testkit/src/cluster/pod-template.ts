/**
 * The part of a Pod that its Deployment spells out.
 *
 * @module
 */
import type { Json, JsonObject } from "@obsyk/contract";
import type { Workload } from "./model.ts";

export function workloadLabels(workload: Workload): { readonly [label: string]: string } {
  return {
    app: workload.name,
    "app.kubernetes.io/name": workload.name,
    "app.kubernetes.io/part-of": workload.namespace,
    "example.com/team": workload.team,
  };
}

export function selectorLabels(workload: Workload): { readonly [label: string]: string } {
  return { app: workload.name, "app.kubernetes.io/name": workload.name };
}

function probe(path: string, port: number, canary: string): JsonObject {
  return {
    httpGet: {
      path,
      port,
      scheme: "HTTP",
      httpHeaders: [{ name: "X-Probe-Token", value: `probe-${canary}` }],
    },
    initialDelaySeconds: 5,
    timeoutSeconds: 2,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
  };
}

function environment(workload: Workload, canary: string): readonly Json[] {
  const secret = workload.secrets[0] ?? `${workload.name}-credentials`;
  const configMap = workload.configMaps[0] ?? `${workload.name}-config`;
  return [
    { name: "LOG_LEVEL", value: "info" },
    { name: "SERVICE_NAME", value: workload.name },
    { name: "HTTP_PORT", value: String(workload.port) },
    {
      name: "DATABASE_URL",
      value: `postgres://${workload.name}:${canary}@db.data.svc/app?sslmode=verify-full`,
    },
    { name: "GREETING", value: 'Grüß Gott, <b>welcome</b> & 欢迎 "friend"' },
    { name: "OTEL_EXPORTER_OTLP_ENDPOINT", value: "http://otel-collector.monitoring.svc:4317" },
    { name: "DATABASE_PASSWORD", valueFrom: { secretKeyRef: { name: secret, key: "password" } } },
    {
      name: "API_TOKEN",
      valueFrom: { secretKeyRef: { name: secret, key: "token", optional: true } },
    },
    { name: "REGION", valueFrom: { configMapKeyRef: { name: configMap, key: "region" } } },
    { name: "POD_NAME", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "metadata.name" } } },
    { name: "POD_IP", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "status.podIP" } } },
  ];
}

function mainContainer(workload: Workload, version: string, canary: string): JsonObject {
  return {
    name: workload.name,
    image: `${workload.repository}/${workload.name}:${version}`,
    command: ["/usr/local/bin/server"],
    args: ["--listen", `:${workload.port}`, `--session-key=${canary}`],
    ports: [
      { name: "http", containerPort: workload.port, protocol: "TCP" },
      { name: "metrics", containerPort: 9090, protocol: "TCP" },
    ],
    env: environment(workload, canary),
    envFrom: workload.configMaps.map((name) => ({ configMapRef: { name } })),
    resources: {
      limits: { cpu: "1", memory: "512Mi" },
      requests: { cpu: "100m", memory: "256Mi" },
    },
    volumeMounts: [
      { name: "config", mountPath: "/etc/app", readOnly: true },
      { name: "credentials", mountPath: "/var/run/credentials", readOnly: true },
      { name: "cache", mountPath: "/var/cache/app" },
    ],
    livenessProbe: probe("/healthz", workload.port, canary),
    readinessProbe: probe("/readyz", workload.port, canary),
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    imagePullPolicy: "IfNotPresent",
    securityContext: {
      capabilities: { drop: ["ALL"] },
      runAsNonRoot: true,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
    },
  };
}

function sidecarContainer(name: string, canary: string): JsonObject {
  return {
    name,
    image: `docker.io/example/${name}:1.31.4`,
    args: ["--config", "/etc/sidecar/config.yaml"],
    ports: [{ name: "admin", containerPort: 9901, protocol: "TCP" }],
    env: [
      {
        name: "NODE_NAME",
        valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "spec.nodeName" } },
      },
      { name: "UPSTREAM_TOKEN", value: canary },
    ],
    resources: { limits: { memory: "128Mi" }, requests: { cpu: "10m", memory: "64Mi" } },
    volumeMounts: [{ name: "cache", mountPath: "/tmp" }],
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    imagePullPolicy: "IfNotPresent",
  };
}

/** `spec.template.spec`: everything but what scheduling and admission add. */
export function podSpec(workload: Workload, version: string, canary: string): JsonObject {
  const containers = [mainContainer(workload, version, canary)];
  if (workload.sidecar !== undefined) containers.push(sidecarContainer(workload.sidecar, canary));
  return {
    volumes: [
      { name: "config", configMap: { name: workload.configMaps[0] ?? "config", defaultMode: 420 } },
      {
        name: "credentials",
        secret: { secretName: workload.secrets[0] ?? "none", defaultMode: 256 },
      },
      { name: "cache", emptyDir: { sizeLimit: "256Mi" } },
    ],
    containers,
    restartPolicy: "Always",
    terminationGracePeriodSeconds: 30,
    dnsPolicy: "ClusterFirst",
    serviceAccountName: workload.name,
    serviceAccount: workload.name,
    securityContext: {
      runAsUser: 10_001,
      fsGroup: 10_001,
      seccompProfile: { type: "RuntimeDefault" },
    },
    schedulerName: "default-scheduler",
  };
}

export function podTemplate(workload: Workload, version: string, canary: string): JsonObject {
  return {
    metadata: {
      labels: { ...workloadLabels(workload), version },
      annotations: { "prometheus.io/scrape": "true", "example.com/template-note": canary },
    },
    spec: podSpec(workload, version, canary),
  };
}
