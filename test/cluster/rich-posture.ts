/**
 * Volumes, classes, autoscalers, budgets, quotas, webhooks, admission policies, endpoint slices and events with as many
 * kept fields set as an API server accepts.
 *
 * @module
 */
import { canary, metadata, namespace, time, type Planned } from "./planned.ts";

const core = `/api/v1/namespaces/${namespace}`;
const admission = "/apis/admissionregistration.k8s.io/v1";

const selector = {
  matchLabels: { app: "rich" },
  matchExpressions: [{ key: "tier", operator: "In", values: ["a"] }],
};
const secretRef = { name: "mount", namespace };
const condition = { lastTransitionTime: time, reason: "Because", message: canary };
const reference = {
  kind: "Pod",
  namespace,
  name: "rich",
  uid: "11111111-2222-3333-4444-555555555555",
  apiVersion: "v1",
  resourceVersion: "7",
  fieldPath: `spec.containers{${canary}}`,
};

const sources: { readonly [name: string]: object } = {
  gce: { gcePersistentDisk: { pdName: "disk", fsType: "ext4", partition: 1, readOnly: true } },
  aws: { awsElasticBlockStore: { volumeID: "vol", fsType: "ext4", partition: 1, readOnly: true } },
  host: { hostPath: { path: "/data", type: "Directory" } },
  gluster: { glusterfs: { endpoints: canary, path: canary } },
  nfs: { nfs: { server: "nfs.example", path: "/export", readOnly: true } },
  rbd: {
    rbd: {
      monitors: [canary],
      image: "i",
      pool: "p",
      user: canary,
      keyring: canary,
      secretRef,
      readOnly: true,
    },
  },
  iscsi: {
    iscsi: {
      targetPortal: "10.0.0.1:3260",
      iqn: "iqn.2026-01.example:disk",
      lun: 2,
      readOnly: true,
      chapAuthSession: true,
      secretRef,
    },
  },
  cinder: { cinder: { volumeID: canary, secretRef } },
  ceph: { cephfs: { monitors: [canary], user: canary, secretRef, readOnly: true } },
  fc: { fc: { targetWWNs: [canary], lun: 1 } },
  flocker: { flocker: { datasetName: canary } },
  flex: {
    flexVolume: {
      driver: "example.com/flex",
      fsType: "ext4",
      secretRef,
      readOnly: true,
      options: { password: canary },
    },
  },
  "azure-file": {
    azureFile: {
      secretName: "share",
      shareName: "files",
      readOnly: true,
      secretNamespace: namespace,
    },
  },
  vsphere: { vsphereVolume: { volumePath: canary } },
  quobyte: { quobyte: { registry: `${canary}:1`, volume: canary } },
  "azure-disk": {
    azureDisk: {
      diskName: "d",
      diskURI: "/subscriptions/s/resourceGroups/r/providers/Microsoft.Compute/disks/d",
      kind: "Managed",
      readOnly: true,
    },
  },
  photon: { photonPersistentDisk: { pdID: canary } },
  portworx: { portworxVolume: { volumeID: canary } },
  scaleio: {
    scaleIO: { gateway: canary, system: canary, volumeName: canary, secretRef },
  },
  local: { local: { path: "/mnt/disk", fsType: "xfs" } },
  storageos: {
    storageos: {
      volumeName: "v",
      secretRef: { ...reference, kind: "Secret", name: "mount", fieldPath: "" },
    },
  },
  csi: {
    csi: {
      driver: "disk.csi.example.com",
      volumeHandle: canary,
      readOnly: true,
      fsType: "ext4",
      volumeAttributes: { token: canary },
      controllerPublishSecretRef: secretRef,
      nodeStageSecretRef: secretRef,
      nodePublishSecretRef: secretRef,
      controllerExpandSecretRef: secretRef,
      nodeExpandSecretRef: secretRef,
    },
  },
};

const volumes: readonly Planned[] = Object.entries(sources).map(([name, source]) => ({
  path: "/api/v1/persistentvolumes",
  object: {
    metadata: { ...metadata, name },
    spec: {
      ...source,
      capacity: { storage: "10Gi" },
      accessModes: ["ReadWriteOnce"],
      claimRef: { ...reference, kind: "PersistentVolumeClaim" },
      persistentVolumeReclaimPolicy: "Retain",
      storageClassName: "fast",
      volumeMode: "Filesystem",
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: "zone", operator: "In", values: ["a"] }] },
          ],
        },
      },
      ...(name === "csi" ? { volumeAttributesClassName: "gold" } : {}),
      ...(name === "nfs" ? { mountOptions: [canary] } : {}),
    },
  },
  status: {
    phase: "Failed",
    message: canary,
    reason: "RecycleFailed",
    lastPhaseTransitionTime: time,
  },
}));

const classes: readonly Planned[] = [
  {
    path: "/apis/storage.k8s.io/v1/storageclasses",
    object: {
      metadata: { ...metadata, name: "fast" },
      provisioner: "disk.csi.example.com",
      parameters: { secret: canary },
      reclaimPolicy: "Retain",
      mountOptions: [canary],
      allowVolumeExpansion: false,
      volumeBindingMode: "WaitForFirstConsumer",
      allowedTopologies: [{ matchLabelExpressions: [{ key: "zone", values: ["a", "b"] }] }],
    },
  },
  {
    path: "/apis/networking.k8s.io/v1/ingressclasses",
    object: {
      metadata: {
        name: "public",
        annotations: { "ingressclass.kubernetes.io/is-default-class": "true" },
      },
      spec: {
        controller: "example.com/ingress",
        parameters: { apiGroup: "example.com", kind: "Params", name: "canary-forbidden" },
      },
    },
  },
  {
    path: "/apis/scheduling.k8s.io/v1/priorityclasses",
    object: {
      metadata: { ...metadata, name: "low" },
      value: -5,
      globalDefault: true,
      description: canary,
      preemptionPolicy: "Never",
    },
  },
];

const target = { type: "Value", value: "1.5" };
const metric = { name: "queue", selector };
const described = { kind: "Ingress", name: "shop", apiVersion: "networking.k8s.io/v1" };
const scaling = {
  stabilizationWindowSeconds: 0,
  selectPolicy: "Max",
  policies: [{ type: "Pods", value: 4, periodSeconds: 15 }],
  tolerance: "50m",
};

const autoscaler: Planned = {
  path: `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers`,
  object: {
    metadata: { ...metadata, name: "web" },
    spec: {
      scaleTargetRef: { kind: "Deployment", name: "web", apiVersion: "apps/v1" },
      minReplicas: 2,
      maxReplicas: 9,
      metrics: [
        { type: "Object", object: { describedObject: described, target, metric } },
        { type: "Pods", pods: { metric, target: { type: "AverageValue", averageValue: "1k" } } },
        {
          type: "Resource",
          resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } },
        },
        {
          type: "ContainerResource",
          containerResource: {
            name: "memory",
            container: "main",
            target: { type: "AverageValue", averageValue: "1Gi" },
          },
        },
        { type: "External", external: { metric, target } },
      ],
      behavior: { scaleUp: scaling, scaleDown: scaling },
    },
  },
  status: {
    observedGeneration: 1,
    lastScaleTime: time,
    currentReplicas: 3,
    desiredReplicas: 4,
    currentMetrics: [
      { type: "Resource", resource: { name: "cpu", current: { averageUtilization: 70 } } },
    ],
    conditions: [{ type: "AbleToScale", status: "True", ...condition }],
  },
};

const bounds: readonly Planned[] = [
  autoscaler,
  {
    path: `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`,
    object: {
      metadata: { ...metadata, name: "web" },
      spec: { minAvailable: "50%", selector, unhealthyPodEvictionPolicy: "AlwaysAllow" },
    },
    status: {
      observedGeneration: 1,
      disruptedPods: { [canary]: time },
      disruptionsAllowed: 0,
      currentHealthy: 2,
      desiredHealthy: 2,
      expectedPods: 3,
      conditions: [
        { type: "DisruptionAllowed", status: "False", observedGeneration: 1, ...condition },
      ],
    },
  },
  {
    path: `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`,
    object: { metadata: { name: "db" }, spec: { maxUnavailable: 1, selector: {} } },
  },
  {
    path: `${core}/limitranges`,
    object: {
      metadata: { ...metadata, name: "bounds" },
      spec: {
        limits: [
          {
            type: "PersistentVolumeClaim",
            max: { storage: "1Ti" },
            min: { storage: "1Mi" },
          },
          {
            type: "Container",
            max: { cpu: "100" },
            min: { cpu: "1m" },
            default: { cpu: "2" },
            defaultRequest: { cpu: "100m" },
            maxLimitRequestRatio: { cpu: "50" },
          },
        ],
      },
    },
  },
  {
    path: `${core}/resourcequotas`,
    object: {
      metadata: { ...metadata, name: "team" },
      spec: {
        hard: { pods: "500", "requests.cpu": "1000" },
        scopes: ["NotTerminating"],
        scopeSelector: {
          matchExpressions: [{ scopeName: "PriorityClass", operator: "In", values: ["high"] }],
        },
      },
    },
    status: { hard: { pods: "500" }, used: { pods: "5", "requests.cpu": "1500m" } },
  },
];

const rule = {
  operations: ["CREATE", "UPDATE"],
  apiGroups: ["example.com"],
  apiVersions: ["v1"],
  resources: ["widgets", "widgets/status"],
  scope: "Namespaced",
};
const hook = {
  name: "judge.example.com",
  clientConfig: {
    service: { namespace: "system", name: "judge", path: "/hidden", port: 8443 },
  },
  rules: [rule],
  failurePolicy: "Ignore",
  matchPolicy: "Exact",
  namespaceSelector: selector,
  objectSelector: selector,
  sideEffects: "None",
  timeoutSeconds: 3,
  admissionReviewVersions: ["v1"],
  matchConditions: [{ name: "not-system", expression: `"${canary}" != ""` }],
};
const byUrl = {
  name: "remote.example.com",
  clientConfig: { url: `https://judge.example/${canary}` },
  rules: [rule],
  sideEffects: "None",
  admissionReviewVersions: ["v1"],
};
const match = {
  namespaceSelector: selector,
  objectSelector: selector,
  resourceRules: [{ ...rule, resourceNames: ["one"] }],
  excludeResourceRules: [{ ...rule, resourceNames: ["two"] }],
  matchPolicy: "Equivalent",
};

const judges: readonly Planned[] = [
  {
    path: `${admission}/validatingwebhookconfigurations`,
    object: { metadata: { ...metadata, name: "judges" }, webhooks: [hook, byUrl] },
  },
  {
    path: `${admission}/mutatingwebhookconfigurations`,
    object: {
      metadata: { ...metadata, name: "changers" },
      webhooks: [{ ...hook, reinvocationPolicy: "IfNeeded" }],
    },
  },
  {
    path: `${admission}/validatingadmissionpolicies`,
    object: {
      metadata: { ...metadata, name: "widgets" },
      spec: {
        paramKind: { apiVersion: "v1", kind: "ConfigMap" },
        matchConstraints: match,
        validations: [
          {
            expression: `object.metadata.name != "${canary}"`,
            message: canary,
            reason: "Forbidden",
          },
          { expression: "true", messageExpression: `"${canary}"` },
        ],
        failurePolicy: "Ignore",
        auditAnnotations: [{ key: "seen", valueExpression: `"${canary}"` }],
        matchConditions: [{ name: "not-system", expression: `"${canary}" != ""` }],
        variables: [{ name: "x", expression: `"${canary}"` }],
      },
    },
    status: {
      observedGeneration: 1,
      typeChecking: { expressionWarnings: [{ fieldRef: "spec.validations[0]", warning: canary }] },
      conditions: [{ type: "Ready", status: "True", observedGeneration: 1, ...condition }],
    },
  },
  {
    path: `${admission}/validatingadmissionpolicybindings`,
    object: {
      metadata: { ...metadata, name: "widgets" },
      spec: {
        policyName: "widgets",
        paramRef: { name: "params", namespace, parameterNotFoundAction: "Deny" },
        matchResources: match,
        validationActions: ["Warn", "Audit"],
      },
    },
  },
  {
    path: `${admission}/validatingadmissionpolicybindings`,
    object: {
      metadata: { name: "selected" },
      spec: {
        policyName: "widgets",
        paramRef: { selector, parameterNotFoundAction: "Allow" },
        validationActions: ["Deny"],
      },
    },
  },
];

const traffic: readonly Planned[] = [
  {
    path: `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`,
    object: {
      metadata: { ...metadata, name: "web-1" },
      addressType: "IPv4",
      endpoints: [
        {
          addresses: ["10.1.0.9"],
          conditions: { ready: false, serving: true, terminating: false },
          hostname: "web-1",
          targetRef: reference,
          deprecatedTopology: {},
          nodeName: "node-1",
          zone: "a",
          hints: { forZones: [{ name: "canary" }] },
        },
        { addresses: ["10.1.0.10"] },
      ],
      ports: [{ name: "http", protocol: "TCP", port: 8080, appProtocol: "http" }, {}],
    },
  },
  {
    path: `${core}/events`,
    object: {
      metadata: { name: "old.1" },
      involvedObject: reference,
      reason: "BackOff",
      message: canary,
      source: { component: "kubelet", host: "node-1" },
      firstTimestamp: time,
      lastTimestamp: time,
      count: 7,
      type: "Warning",
    },
  },
  {
    path: `${core}/events`,
    object: {
      metadata: { name: "new.1" },
      involvedObject: reference,
      related: { ...reference, kind: "Node" },
      reason: "Scheduled",
      message: canary,
      type: "Normal",
      eventTime: "2026-01-02T03:04:05.000600Z",
      series: { count: 3, lastObservedTime: "2026-01-02T03:04:06.120000Z" },
      action: "Binding",
      reportingComponent: "example.com/scheduler",
      reportingInstance: "scheduler-1",
    },
  },
];

export const posture: readonly Planned[] = [
  ...volumes,
  ...classes,
  ...bounds,
  ...judges,
  ...traffic,
];
