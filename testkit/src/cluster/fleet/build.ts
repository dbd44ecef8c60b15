/**
 * Three believable clusters, the same for the same seed: shops on AWS, data work on Google Cloud, the platform's own on
 * Azure.
 *
 * @module
 */
import { between } from "../random.ts";
import * as access from "./access.ts";
import * as config from "./config.ts";
import { addCronJob } from "./jobs.ts";
import * as network from "./network.ts";
import { addWorker } from "./nodes.ts";
import * as plans from "./plans.ts";
import { putPod } from "./pods.ts";
import {
  daysAgo,
  hourMs,
  objectOf,
  openScene,
  put,
  type App,
  type Cloud,
  type Scene,
  type SceneOptions,
} from "./scene.ts";
import { addStorageClasses } from "./storage.ts";
import { runApp } from "./workloads.ts";

export type FleetOptions = SceneOptions & {
  /** Objects of all three clusters together, about; 6,000 when absent. More than that goes to the shops alone. */
  readonly objects?: number;
};

const usualObjects = 6000;
/** Objects that each cluster has without any of its repeated namespaces, and that each of those brings. */
const shares = {
  shops: { share: 0.52, base: 550, unit: 154, podsPerUnit: 32 },
  batch: { share: 0.28, base: 311, unit: 126, podsPerUnit: 27 },
  platform: { share: 0.2, base: 527, unit: 55, podsPerUnit: 8 },
} as const;

/** Makes the clusters one after another; each is a generator's step, so that a caller can say how far it is. */
export function generateFleet(options: FleetOptions): readonly Scene[] {
  const objects = options.objects ?? usualObjects;
  const more = Math.max(0, objects - usualObjects);
  const usual = objects - more;
  const unitsOf = (name: keyof typeof shares, extra: number): number => {
    const { share, base, unit } = shares[name];
    return Math.max(1, Math.round((usual * share + extra - base) / unit));
  };
  return [
    buildShops({ ...options, units: unitsOf("shops", more) }),
    buildBatch({ ...options, seed: options.seed + 1, units: unitsOf("batch", 0) }),
    buildPlatform({ ...options, seed: options.seed + 2, units: unitsOf("platform", 0) }),
  ];
}

type Plan = SceneOptions & { readonly units: number };

function buildShops(plan: Plan): Scene {
  const scene = open("prod-eu-shops", plans.clouds.shops, { ...plan, kind: "shops" });
  for (const group of plans.sharedShops) addGroup(scene, group);
  for (let index = 0; index < plan.units; index += 1) {
    const country = numbered(plans.countries, index);
    addGroup(scene, {
      namespace: `shop-${country}`,
      team: "storefront",
      registry: "registry.example.com/shop",
      apps: plans.shopApps(country),
    });
  }
  const payments = { namespace: "payments", team: "payments", registry: "registry.example.com" };
  addJobs(scene, payments, plans.paymentJobs);
  config.addLeakySecret(scene, { namespace: "payments", name: "psp-merchant-key" });
  access.addBroadAccess(scene, "shop-de");
  evictSome(scene, 3);
  return scene;
}

function buildBatch(plan: Plan): Scene {
  const scene = open("batch-eu", plans.clouds.batch, { ...plan, kind: "batch" });
  for (let index = 0; index < plan.units; index += 1) {
    const domain = numbered(plans.dataDomains, index);
    const namespace = `data-${domain}`;
    const registry = "europe-docker.pkg.dev/example/data";
    addGroup(scene, { namespace, team: "analytics", registry, apps: plans.domainApps(domain) });
    addJobs(scene, { namespace, team: "analytics", registry }, plans.domainJobs);
  }
  config.addLeakySecret(scene, { namespace: "data-orders", name: "warehouse-login" });
  evictSome(scene, 5);
  return scene;
}

function buildPlatform(plan: Plan): Scene {
  const scene = open("platform", plans.clouds.platform, { ...plan, kind: "platform" });
  for (const group of plans.platformServices) {
    addGroup(scene, group);
    for (const app of group.apps) access.addAddOnAccess(scene, appOf(group, app));
  }
  for (let index = 0; index < plan.units; index += 1) {
    const project = numbered(plans.projects, index);
    const namespace = `project-${project}`;
    const registry = "registry.example.com/projects";
    addGroup(scene, { namespace, team: project, registry, apps: plans.projectApps(project) });
  }
  const vault = { namespace: "vault", team: "security", registry: "docker.io/hashicorp" };
  addJobs(scene, vault, plans.platformJobs);
  access.addBroadAccess(scene, "argocd");
  evictSome(scene, 2);
  return scene;
}

/** A cluster with nodes, add-ons and what Kubernetes brings itself. */
function open(
  name: string,
  cloud: Cloud,
  plan: Plan & { readonly kind: keyof typeof shares },
): Scene {
  const scene = openScene(name, cloud, plan);
  for (const namespace of ["default", "kube-node-lease", "kube-public", "ci"]) {
    if (namespace === "ci" && name === "platform") continue;
    config.addNamespace(scene, {
      name: namespace,
      team: "platform",
      podSecurity: "baseline",
      quota: false,
    });
  }
  const { podsPerUnit } = shares[plan.kind];
  const workers = Math.max(3, Math.ceil((60 + plan.units * podsPerUnit) / 24));
  addWorker(scene, { role: "control-plane", name: "control-plane-1" });
  for (let index = 0; index < workers; index += 1) {
    addWorker(scene, { role: plan.kind === "batch" && index === 0 ? "gpu" : "worker" });
  }
  access.addBuiltInAccess(scene);
  config.addPriorityClasses(scene);
  addStorageClasses(scene);
  network.addIngressClass(scene);
  for (const group of plans.addOns) {
    addGroup(scene, group);
    for (const app of group.apps) access.addAddOnAccess(scene, appOf(group, app));
  }
  addWebhook(scene);
  return scene;
}

function appOf(group: plans.NamespaceApps, plan: plans.AppPlan): App {
  return {
    ...plan,
    namespace: group.namespace,
    team: group.team,
    image: plan.image ?? `${group.registry}/${plan.name}`,
    pullSecret: "registry-pull",
  };
}

const systemTeams: ReadonlySet<string> = new Set(["platform", "observability", "security"]);

/** A namespace with its apps and everything around them. */
function addGroup(scene: Scene, group: plans.NamespaceApps): void {
  const { namespace, team } = group;
  const isSystem = systemTeams.has(team);
  config.addNamespace(scene, {
    name: namespace,
    team,
    podSecurity: isSystem ? "privileged" : "restricted",
    quota: !isSystem,
  });
  if (!isSystem) {
    network.denyByDefault(scene, namespace);
    access.addTeamAccess(scene, namespace, team);
  }
  for (const plan of group.apps) addApp(scene, appOf(group, plan), isSystem);
}

function addApp(scene: Scene, app: App, isSystem: boolean): void {
  config.addAppConfig(scene, app);
  runApp(scene, app);
  network.addService(scene, app);
  if (app.host !== undefined) network.addIngress(scene, app, app.host);
  if (app.scales === true) {
    const autoscaler = network.autoscalerOf(scene, app, app.replicas);
    put(scene, "horizontalpodautoscalers.autoscaling", autoscaler);
  }
  if (app.kind !== "DaemonSet" && app.replicas > 1) network.addDisruptionBudget(scene, app);
  if (isSystem) return;
  network.allowTraffic(scene, app);
  access.addAppAccess(scene, app);
}

/** CronJobs with what their pods use. */
function addJobs(
  scene: Scene,
  at: Pick<plans.NamespaceApps, "namespace" | "team" | "registry">,
  jobs: readonly plans.CronPlan[],
): void {
  const { namespace, team, registry } = at;
  for (const { everyHours, ...job } of jobs) {
    config.addServiceAccount(scene, { namespace, name: job.name }, {});
    config.addConfigMap(scene, { namespace, name: `${job.name}-config` }, ["job.yaml"]);
    config.addSecret(
      scene,
      { namespace, name: `${job.name}-credentials` },
      { type: "Opaque", keys: ["password", "token"] },
    );
    const image = `${registry}/${job.name}`;
    addCronJob(scene, { ...job, namespace, team, image, everyMs: everyHours * hourMs });
  }
}

/** Words in turn; when they are used up, with a number. */
function numbered(words: readonly string[], index: number): string {
  const word = words[index % words.length] ?? "";
  const round = Math.floor(index / words.length);
  return round === 0 ? word : `${word}-${round + 1}`;
}

/** Pods that a node under pressure threw out, and that nobody has tidied away. */
function evictSome(scene: Scene, count: number): void {
  // Of controllers that stay: a ReplicaSet that goes would take these pods with it.
  const lasting = scene.apps.filter(({ app }) => app.kind !== "Deployment");
  for (let index = 0; index < count; index += 1) {
    const running = lasting[between(scene.random, 0, lasting.length - 1)];
    const model = running?.pods[0];
    if (running === undefined || model === undefined) continue;
    const { namespace } = running.app;
    const pod = scene.store.get("pods", { namespace, name: model }) as PodShape | undefined;
    if (pod === undefined) continue;
    putPod(scene, {
      namespace,
      name: `${model.slice(0, 240)}-${index}`,
      labels: pod.metadata.labels,
      owner: pod.metadata.ownerReferences[0],
      spec: pod.spec,
      state: { kind: "evicted" },
      createdMs: daysAgo(scene, 0.2, 2),
    });
  }
}

type Plain = Parameters<typeof objectOf>[2];
type PodShape = {
  readonly metadata: { readonly labels: Plain; readonly ownerReferences: readonly [Plain] };
  readonly spec: Plain;
};

function addWebhook(scene: Scene): void {
  const metadata = { name: "cert-manager-webhook" };
  const service = {
    namespace: "cert-manager",
    name: "cert-manager-webhook",
    path: "/validate",
    port: 443,
  };
  const webhooks = [
    {
      name: "webhook.cert-manager.io",
      clientConfig: { service, caBundle: config.base64(scene.canary) },
      rules: [
        {
          operations: ["CREATE", "UPDATE"],
          apiGroups: ["cert-manager.io"],
          apiVersions: ["v1"],
          resources: ["*/*"],
          scope: "*",
        },
      ],
      failurePolicy: "Fail",
      matchPolicy: "Equivalent",
      namespaceSelector: {},
      objectSelector: {},
      sideEffects: "None",
      timeoutSeconds: 30,
      admissionReviewVersions: ["v1"],
    },
  ];
  put(
    scene,
    "validatingwebhookconfigurations.admissionregistration.k8s.io",
    objectOf(
      scene,
      {
        apiVersion: "admissionregistration.k8s.io/v1",
        kind: "ValidatingWebhookConfiguration",
        metadata,
      },
      { webhooks },
    ),
  );
}
