/** Namespaces and what is in each: service accounts, Secrets, ConfigMaps, quotas. */
import type { JsonObject } from "@obsyk/contract";
import { hex } from "../random.ts";
import { configMapName, secretName } from "./pods.ts";
import { labelsOf, objectOf, put, type App, type Scene } from "./scene.ts";

export type NamespacePlan = {
  readonly name: string;
  readonly team: string;
  readonly podSecurity: "privileged" | "baseline" | "restricted";
  readonly quota: boolean;
};

export function addNamespace(scene: Scene, plan: NamespacePlan): void {
  const { name, team } = plan;
  const labels = {
    "kubernetes.io/metadata.name": name,
    "example.com/team": team,
    "pod-security.kubernetes.io/enforce": plan.podSecurity,
  };
  put(
    scene,
    "namespaces",
    objectOf(
      scene,
      { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } },
      {
        spec: { finalizers: ["kubernetes"] },
        status: { phase: "Active" },
      },
    ),
  );
  const root = { namespace: name, name: "kube-root-ca.crt" };
  addConfigMap(scene, root, ["ca.crt"]);
  addServiceAccount(scene, { namespace: name, name: "default" }, {});
  addSecret(
    scene,
    { namespace: name, name: "registry-pull" },
    {
      type: "kubernetes.io/dockerconfigjson",
      keys: [".dockerconfigjson"],
    },
  );
  if (plan.quota) addQuota(scene, name);
}

export function addConfigMap(
  scene: Scene,
  metadata: { readonly namespace: string; readonly name: string; readonly labels?: JsonObject },
  keys: readonly string[],
): void {
  const data = Object.fromEntries(
    keys.map((key) => [key, `${key}=${scene.canary}-${hex(scene.random, 24)}\n`]),
  );
  const map = objectOf(scene, { apiVersion: "v1", kind: "ConfigMap", metadata }, { data });
  put(scene, "configmaps", map);
}

export function addServiceAccount(
  scene: Scene,
  metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly labels?: JsonObject;
    readonly annotations?: JsonObject;
  },
  rest: JsonObject,
): void {
  const account = objectOf(scene, { apiVersion: "v1", kind: "ServiceAccount", metadata }, rest);
  put(scene, "serviceaccounts", account);
}

export type SecretPlan = {
  readonly type: string;
  readonly keys: readonly string[];
  readonly annotations?: JsonObject;
  readonly labels?: JsonObject;
};

/** A Secret with real values: whoever reads them finds the canary. */
export function addSecret(
  scene: Scene,
  at: { readonly namespace: string; readonly name: string },
  plan: SecretPlan,
): void {
  const data = Object.fromEntries(
    plan.keys.map((key) => [key, base64(`${scene.canary}-${hex(scene.random, 24)}`)]),
  );
  const { annotations, labels } = plan;
  const metadata = {
    ...at,
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
  };
  const secret = objectOf(
    scene,
    { apiVersion: "v1", kind: "Secret", metadata },
    { data, type: plan.type },
  );
  put(scene, "secrets", secret, { manager: "external-secrets" });
}

export function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}

/** A Secret applied by hand: kubectl keeps a copy of every value in an annotation. */
export function addLeakySecret(
  scene: Scene,
  at: { readonly namespace: string; readonly name: string },
): void {
  const password = base64(`${scene.canary}-${hex(scene.random, 24)}`);
  const applied = { apiVersion: "v1", kind: "Secret", metadata: at, data: { password } };
  addSecret(scene, at, {
    type: "Opaque",
    keys: ["password"],
    annotations: {
      "kubectl.kubernetes.io/last-applied-configuration": `${JSON.stringify(applied)}\n`,
    },
  });
}

/** Everything an app is given besides its pods. */
export function addAppConfig(scene: Scene, app: App): void {
  const { namespace } = app;
  const labels = labelsOf(app);
  const name = configMapName(app);
  addConfigMap(scene, { namespace, name, labels }, ["app.yaml", "limits.json", "region"]);
  addSecret(
    scene,
    { namespace, name: secretName(app) },
    {
      type: "Opaque",
      keys: ["password", "token"],
      labels,
    },
  );
  if (app.host !== undefined) {
    addSecret(
      scene,
      { namespace, name: `${app.name}-tls` },
      {
        type: "kubernetes.io/tls",
        keys: ["tls.crt", "tls.key"],
        annotations: { "cert-manager.io/certificate-name": app.name },
      },
    );
  }
  const role = `arn:aws:iam::000000000000:role/${scene.name}-${app.name}`;
  addServiceAccount(
    scene,
    {
      namespace,
      name: app.name,
      labels,
      ...(app.storage === undefined ? {} : { annotations: { "eks.amazonaws.com/role-arn": role } }),
    },
    {
      imagePullSecrets: [{ name: app.pullSecret ?? "registry-pull" }],
      automountServiceAccountToken: app.privileged === true || app.kind === "StatefulSet",
    },
  );
}

function addQuota(scene: Scene, namespace: string): void {
  const hard = { "requests.cpu": "64", "requests.memory": "128Gi", pods: "400" };
  const used = { "requests.cpu": "9300m", "requests.memory": "21Gi", pods: "61" };
  const quota = { namespace, name: "team-quota" };
  put(
    scene,
    "resourcequotas",
    objectOf(
      scene,
      { apiVersion: "v1", kind: "ResourceQuota", metadata: quota },
      {
        spec: { hard },
        status: { hard, used },
      },
    ),
  );
  const limits = [
    {
      type: "Container",
      default: { cpu: "500m", memory: "512Mi" },
      defaultRequest: { cpu: "50m", memory: "64Mi" },
    },
  ];
  const range = { namespace, name: "defaults" };
  put(
    scene,
    "limitranges",
    objectOf(
      scene,
      { apiVersion: "v1", kind: "LimitRange", metadata: range },
      { spec: { limits } },
    ),
  );
}

export function addPriorityClasses(scene: Scene): void {
  const classes = [
    { name: "system-cluster-critical", value: 2_000_000_000 },
    { name: "system-node-critical", value: 2_000_001_000 },
    { name: "business-critical", value: 100_000 },
  ];
  for (const { name, value } of classes) {
    const priorityClass = { apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass" };
    put(
      scene,
      "priorityclasses.scheduling.k8s.io",
      objectOf(
        scene,
        { ...priorityClass, metadata: { name } },
        {
          value,
          preemptionPolicy: "PreemptLowerPriority",
          description: `for ${scene.canary}`,
        },
      ),
    );
  }
}
