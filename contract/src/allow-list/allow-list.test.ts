import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalize } from "../canonical.ts";
import type { Json } from "../json.ts";
import { limits } from "../limits.ts";
import { formatStream, parseStream } from "../stream.ts";
import {
  describeTable,
  findResource,
  manifestOf,
  metadataOnly,
  messageFor,
  prune,
  recordOf,
  requestFor,
  resources,
  whyKept,
  type configMap,
  type FieldType,
  type Message,
  type pod,
  type RecordOf,
  type secret,
} from "./index.ts";

const pods = findResource("pods")!;
const secrets = findResource("secrets")!;

test("RecordOf: a Secret record with a value field does not compile (I2)", () => {
  const allowed: RecordOf<typeof secret> = { metadata: { name: "db" }, type: "Opaque" };
  // @ts-expect-error values are in no table
  const data: RecordOf<typeof secret> = { type: "Opaque", data: { password: "YQ==" } };
  // @ts-expect-error nor are they as text
  const stringData: RecordOf<typeof secret> = { stringData: { password: "a" } };
  // @ts-expect-error nor in a ConfigMap
  const config: RecordOf<typeof configMap> = { metadata: { name: "c" }, binaryData: {} };
  const env: RecordOf<typeof pod> = {
    spec: {
      containers: [
        {
          name: "a",
          env: [
            { name: "A", valueFrom: { secretKeyRef: { name: "s", key: "k" } } },
            // @ts-expect-error names only
            { name: "B", value: "b" },
          ],
        },
      ],
      // Embedded messages have their members in the parent.
      volumes: [{ name: "v", secret: { secretName: "s" } }],
    },
  };
  // @ts-expect-error what is volatile is not part of a record
  const version: RecordOf<typeof secret> = { metadata: { resourceVersion: "1" } };
  // What a caller smuggles past the types is pruned at run time.
  assert.deepEqual(
    [allowed, data, stringData, version].map((record) =>
      canonicalize(prune(messageFor(secrets, "keys"), record).record),
    ),
    ['{"metadata":{"name":"db"},"type":"Opaque"}', '{"type":"Opaque"}', "{}", '{"metadata":{}}'],
  );
  assert.equal(
    canonicalize(prune(findResource("configmaps")!.message, config).record),
    '{"metadata":{"name":"c"}}',
  );
  assert.ok(!canonicalize(prune(pods.message, env).record).includes('"value":'));
});

test("prune: each presence in its way, and members of embedded messages in their parent", () => {
  const record = prune(pods.message, {
    metadata: { name: "a", namespace: "", generation: 0, labels: {}, resourceVersion: "7" },
    spec: {
      containers: [
        {
          name: "",
          image: "",
          resources: {},
          ports: [],
          stdin: false,
          securityContext: { privileged: false, runAsUser: 0 },
          livenessProbe: { exec: { command: ["x"] }, periodSeconds: 0 },
        },
      ],
      volumes: [{ name: "v", secret: { secretName: "s" } }],
      nodeSelector: { ["__proto__"]: "p", constructor: "c" },
      hostNetwork: false,
      terminationGracePeriodSeconds: 0,
    },
    status: { startTime: null, message: "free text", phase: "" },
  }).record;
  assert.equal(
    canonicalize(record),
    '{"metadata":{"name":"a"},"spec":{"containers":[{"livenessProbe":{"exec":{}},"name":"","resources":{},' +
      '"securityContext":{"privileged":false,"runAsUser":0}}],' +
      '"nodeSelector":{"__proto__":"p","constructor":"c"},"terminationGracePeriodSeconds":0,' +
      '"volumes":[{"name":"v","secret":{"secretName":"s"}}]},"status":{}}',
  );
});

test("recordOf: what was cut is listed, and the rest is well-formed", () => {
  const emoji = "🙂";
  const record = recordOf(
    pods,
    {
      metadata: {
        name: `a\0b\ud800`,
        generation: 2 ** 60,
        annotations: { "meta.helm.sh/release-name": "x".repeat(300), "other/key": "secret" },
        labels: { long: `${"y".repeat(limits.stringChars - 1)}${emoji}`, ["k".repeat(5000)]: "v" },
        finalizers: Array.from({ length: limits.collectionItems + 1 }, (_, index) => `f${index}`),
      },
    },
    { mode: "full" },
  ) as { metadata: { [name: string]: Json }; obsyk: { truncated: Json } };
  assert.deepEqual(record.obsyk.truncated, [
    "/metadata/annotations/meta.helm.sh~1release-name",
    "/metadata/finalizers",
    "/metadata/generation",
    "/metadata/labels",
    "/metadata/labels/long",
  ]);
  const { name, generation, annotations, labels, finalizers } = record.metadata;
  assert.equal(name, "a\uFFFDb\uFFFD");
  assert.equal(generation, Number.MAX_SAFE_INTEGER);
  assert.deepEqual(
    { ...(annotations as object) },
    { "meta.helm.sh/release-name": "x".repeat(256) },
  );
  assert.deepEqual({ ...(labels as object) }, { long: "y".repeat(limits.stringChars - 1) });
  assert.equal((finalizers as readonly Json[]).length, limits.collectionItems);
});

test("recordOf: the list of what was cut is itself bounded", () => {
  const containers = Array.from({ length: 200 }, () => ({ name: "n".repeat(5000) }));
  const record = recordOf(pods, { spec: { containers } }, { mode: "full" });
  assert.equal(
    (record["obsyk"] as { truncated: string[] }).truncated.length,
    limits.truncatedPaths,
  );
});

test("prune: refuses members of another type by their path, without their value", () => {
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{ metadata: { name: 7 } }, /^\/metadata\/name is not a string$/],
    [{ spec: { containers: {} } }, /^\/spec\/containers is not a list$/],
    [{ spec: { containers: ["canary"] } }, /^\/spec\/containers\/0 is not an object$/],
    [{ metadata: { generation: 1.5 } }, /^\/metadata\/generation is not an integer$/],
    [{ metadata: { labels: [] } }, /^\/metadata\/labels is not an object$/],
    [{ spec: { hostPID: "canary" } }, /^\/spec\/hostPID is not a boolean$/],
  ];
  for (const [source, message] of wrong) {
    assert.throws(() => prune(pods.message, source), { name: "TypeError", message });
  }
});

test("prune: pruning a record again changes nothing", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.string({ unit: "binary" })), (labels) => {
      const once = recordOf(pods, { metadata: { labels } }, { mode: "full" });
      assert.equal(
        canonicalize(recordOf(pods, once, { mode: "full" })),
        canonicalize(recordOf(pods, JSON.parse(canonicalize(once)), { mode: "full" })),
      );
    }),
  );
});

test("requestFor: exactly one media type, and objects only as asked for (I2)", () => {
  for (const definition of resources) {
    for (const mode of definition.modes.filter((one) => one !== "references")) {
      for (const call of ["list", "watch"] as const) {
        const { accept, query } = requestFor(definition, mode, call);
        assert.ok(!accept.includes(",") && !accept.includes("*"), accept);
        const isTable = mode === "keys" || mode === "counts";
        assert.equal(accept.includes("as=Table"), isTable);
        assert.equal(query["includeObject"] !== undefined, isTable);
      }
    }
  }
  assert.deepEqual(requestFor(secrets, "counts", "watch"), {
    accept: "application/json;as=Table;v=v1;g=meta.k8s.io",
    contentType: "application/json",
    query: { includeObject: "None" },
  });
  for (const mode of ["full", "metadata", "references"] as const) {
    assert.throws(() => requestFor(secrets, mode, "list"), TypeError);
  }
});

test("metadataOnly: identity, labels and owners of any other kind, never of one with a table", () => {
  const widgets = metadataOnly({
    group: "example.com",
    version: "v1",
    resource: "wid-gets",
    kind: "Widget",
    namespaced: true,
  });
  assert.equal(widgets.defaultOn, false);
  assert.equal(
    requestFor(widgets, "metadata", "list").accept,
    "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
  );
  const stream = { resource: widgets.resource, namespace: "*", mode: "metadata" } as const;
  assert.deepEqual(parseStream(formatStream(stream)), stream);
  const source = { metadata: { name: "a", labels: { b: "c" } }, spec: { token: "canary" } };
  assert.equal(
    canonicalize(recordOf(widgets, source, { mode: "metadata" })),
    '{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"labels":{"b":"c"},"name":"a"}}',
  );
  const secret = { group: "", version: "v1", resource: "secrets", kind: "Secret" };
  assert.throws(() => metadataOnly({ ...secret, namespaced: true }), TypeError);
});

test("describeTable: shows each change of what a record contains", () => {
  const before = canonicalize(describeTable(pods, "full"));
  assert.equal(canonicalize(describeTable(pods, "full")), before);
  assert.notEqual(canonicalize(describeTable(pods, "metadata")), before);
  const name = { kind: "scalar", scalar: "string" } as const;
  const changes: readonly Message["fields"][] = [
    { metadata: { number: 1, presence: "always", type: name } },
    { metadata: { number: 1, presence: "pointer", type: name } },
    { metadata: { number: 1, presence: "pointer", type: name, cap: 9 } },
    { metadata: { number: 1, presence: "pointer", type: name, volatile: true } },
    { metadata: { number: 1, presence: "pointer", type: { kind: "map", of: name } } },
    { metadata: { number: 1, presence: "pointer", type: { kind: "map", of: name, keys: ["a"] } } },
  ];
  const texts = changes.map((fields) =>
    canonicalize(describeTable({ ...pods, message: { name: "M", fields } }, "full")),
  );
  assert.equal(new Set([before, ...texts]).size, changes.length + 1);
});

test("resources: names are unique, tables are no deeper than a reader follows", () => {
  assert.equal(new Set(resources.map(({ resource }) => resource)).size, resources.length);
  const depth = (type: FieldType): number => {
    if (type.kind === "scalar") return 0;
    if (type.kind !== "message") return depth(type.of);
    return 1 + Math.max(0, ...Object.values(type.message.fields).map((field) => depth(field.type)));
  };
  for (const { message } of resources) assert.ok(depth({ kind: "message", message }) < 16);
});

test("whyKept: says of every field of the manifest why it is kept", () => {
  const silent = resources.flatMap((definition) =>
    definition.modes.flatMap((mode) =>
      manifestOf(definition, mode).filter(({ path }) => whyKept(path) === ""),
    ),
  );
  assert.deepEqual(silent, []);
});

test("manifestOf: of nested metadata nothing travels beside a record", () => {
  const paths = manifestOf(findResource("deployments.apps")!, "full").map(({ path }) => path);
  assert.ok(paths.includes("metadata.managedFields[].manager"));
  assert.ok(paths.includes("spec.template.metadata.labels{}"));
  assert.ok(!paths.includes("spec.template.metadata.managedFields[].manager"));
});

const workloads = ["deployments.apps", "statefulsets.apps", "daemonsets.apps", "jobs.batch"];
const template = "spec.template.spec";

/** What an inventory must be able to tell, and which fields tell it. */
const questions: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  [
    "who may do what, on which resources, names and URLs",
    ["clusterroles.rbac.authorization.k8s.io"],
    [
      "rules[].verbs[]",
      "rules[].apiGroups[]",
      "rules[].resources[]",
      "rules[].resourceNames[]",
      "rules[].nonResourceURLs[]",
      "aggregationRule.clusterRoleSelectors[].matchExpressions[].operator",
    ],
  ],
  [
    "whom a binding names, by API group",
    ["rolebindings.rbac.authorization.k8s.io", "clusterrolebindings.rbac.authorization.k8s.io"],
    ["subjects[].apiGroup", "subjects[].namespace", "roleRef.apiGroup", "roleRef.kind"],
  ],
  [
    "which traffic a policy allows, with expressions told from everything",
    ["networkpolicies.networking.k8s.io"],
    [
      "spec.podSelector.matchExpressions[].values[]",
      "spec.ingress[].from[].namespaceSelector.matchLabels{}",
      "spec.egress[].to[].ipBlock.except[]",
      "spec.egress[].ports[].endPort",
    ],
  ],
  [
    "whether a container may run as root, from both security contexts",
    ["pods"],
    [
      "spec.securityContext.runAsNonRoot",
      "spec.securityContext.runAsUser",
      "spec.containers[].securityContext.runAsUser",
      "spec.containers[].securityContext.allowPrivilegeEscalation",
      "spec.containers[].securityContext.readOnlyRootFilesystem",
      "spec.containers[].securityContext.seccompProfile.type",
      "spec.containers[].securityContext.capabilities.drop[]",
      "spec.hostNetwork",
      "spec.hostPID",
      "spec.hostIPC",
    ],
  ],
  [
    "why a container waits or ended, and which image really runs",
    ["pods"],
    [
      "status.containerStatuses[].state.waiting.reason",
      "status.containerStatuses[].lastState.terminated.exitCode",
      "status.containerStatuses[].imageID",
      "status.ephemeralContainerStatuses[].imageID",
      "spec.ephemeralContainers[].image",
      "metadata.deletionTimestamp",
      "metadata.ownerReferences[].uid",
    ],
  ],
  [
    "which Secrets and ConfigMaps a pod reads, in every way there is",
    ["pods"],
    [
      "spec.containers[].envFrom[].secretRef.name",
      "spec.containers[].env[].valueFrom.secretKeyRef.key",
      "spec.volumes[].projected.sources[].secret.name",
      "spec.volumes[].csi.nodePublishSecretRef.name",
      "spec.imagePullSecrets[].name",
    ],
  ],
  [
    "all containers of a workload and how its roll-out goes",
    workloads,
    [
      `${template}.initContainers[].image`,
      `${template}.containers[].image`,
      "status.conditions[].reason",
      "spec.selector.matchExpressions[].operator",
    ],
  ],
  [
    "whether a roll-out is paused or behind",
    ["deployments.apps"],
    ["spec.paused", "status.observedGeneration"],
  ],
  [
    "available and updated replicas of a stateful set",
    ["statefulsets.apps"],
    ["status.availableReplicas", "status.updatedReplicas"],
  ],
  ["a job's completions as they were set, or not", ["jobs.batch"], ["spec.completions"]],
  [
    "in which zone a schedule is meant, and when it last worked",
    ["cronjobs.batch"],
    ["spec.timeZone", "status.lastSuccessfulTime", "status.active[].uid"],
  ],
  ["what a claim really got", ["persistentvolumeclaims"], ["status.capacity{}"]],
  [
    "how a service is reached from outside",
    ["services"],
    [
      "spec.ports[].nodePort",
      "spec.ports[].targetPort",
      "spec.externalIPs[]",
      "spec.externalName",
      "spec.ipFamilies[]",
      "status.loadBalancer.ingress[].hostname",
    ],
  ],
  [
    "where an ingress leads, with defaults, resources and named ports",
    ["ingresses.networking.k8s.io"],
    [
      "spec.defaultBackend.service.name",
      "spec.rules[].http.paths[].backend.resource.kind",
      "spec.rules[].http.paths[].backend.service.port.name",
      "metadata.annotations{}",
    ],
  ],
  [
    "which pod belongs to which deployment",
    ["replicasets.apps"],
    ["metadata.uid", "metadata.ownerReferences[].uid", "spec.template.spec.containers[].image"],
  ],
  [
    "whether storage outlives its claim, where it is, and which Secrets mount it",
    ["persistentvolumes"],
    [
      "spec.persistentVolumeReclaimPolicy",
      "spec.claimRef.uid",
      "spec.csi.driver",
      "spec.csi.nodeStageSecretRef.namespace",
      "spec.hostPath.path",
    ],
  ],
  [
    "which webhooks judge what, and whether they fail open",
    [
      "validatingwebhookconfigurations.admissionregistration.k8s.io",
      "mutatingwebhookconfigurations.admissionregistration.k8s.io",
    ],
    [
      "webhooks[].failurePolicy",
      "webhooks[].rules[].resources[]",
      "webhooks[].namespaceSelector.matchExpressions[].operator",
      "webhooks[].clientConfig.service.name",
    ],
  ],
  [
    "which endpoints are ready, and whose they are",
    ["endpointslices.discovery.k8s.io"],
    ["endpoints[].conditions.ready", "endpoints[].targetRef.uid", "endpoints[].zone"],
  ],
  [
    "how often something happened, the modern way and the old one",
    ["events"],
    ["eventTime", "series.count", "series.lastObservedTime", "count", "lastTimestamp"],
  ],
  [
    "what bounds and moves the number of pods",
    ["horizontalpodautoscalers.autoscaling"],
    ["spec.maxReplicas", "spec.metrics[].resource.target.averageUtilization"],
  ],
  [
    "what protects pods from disruption",
    ["poddisruptionbudgets.policy"],
    ["spec.minAvailable", "spec.selector.matchLabels{}", "status.disruptionsAllowed"],
  ],
  ["how much of a quota is used", ["resourcequotas"], ["status.hard{}", "status.used{}"]],
  [
    "whether a node is ready, unknown, cordoned or under pressure",
    ["nodes"],
    [
      "status.conditions[].status",
      "spec.unschedulable",
      "spec.taints[].effect",
      "status.allocatable{}",
      "status.addresses[].address",
    ],
  ],
];

for (const [question, names, paths] of questions) {
  test(`manifestOf: answers ${question}`, () => {
    for (const name of names) {
      const definition = findResource(name)!;
      const kept = new Set(manifestOf(definition, "full").map(({ path }) => path));
      assert.deepEqual(
        paths.filter((path) => !kept.has(path)),
        [],
        name,
      );
    }
  });
}
