/**
 * Pods with as many kept fields set as an API server accepts, and small ones.
 *
 * @module
 */
import { canary, metadata, namespace, time, type Planned } from "./planned.ts";

const core = `/api/v1/namespaces/${namespace}`;

const keyRef = { name: "settings", key: "k", optional: true };
const downwardItem = {
  path: "labels",
  fieldRef: { fieldPath: "metadata.labels" },
  mode: 292,
};
const quotaItem = {
  path: "cpu",
  resourceFieldRef: { containerName: "main", resource: "limits.cpu", divisor: "1m" },
};
const selector = {
  matchLabels: { app: "rich" },
  matchExpressions: [{ key: "tier", operator: "In", values: ["a", "b"] }],
};

const volumes = [
  {
    name: "secret",
    secret: {
      secretName: "s",
      items: [{ key: "k", path: "p", mode: 256 }],
      defaultMode: 256,
      optional: true,
    },
  },
  {
    name: "config",
    configMap: { name: "c", items: [{ key: "k", path: "p" }], defaultMode: 420, optional: false },
  },
  { name: "claim", persistentVolumeClaim: { claimName: "data", readOnly: true } },
  { name: "host", hostPath: { path: "/var/log", type: "Directory" } },
  { name: "empty", emptyDir: { medium: "Memory", sizeLimit: "1500Mi" } },
  { name: "plain-empty", emptyDir: {} },
  {
    name: "gce",
    gcePersistentDisk: { pdName: "disk", fsType: "ext4", partition: 1, readOnly: true },
  },
  {
    name: "aws",
    awsElasticBlockStore: { volumeID: "vol", fsType: "ext4", partition: 1, readOnly: true },
  },
  { name: "nfs", nfs: { server: "nfs.example", path: "/export", readOnly: true } },
  {
    name: "iscsi",
    iscsi: {
      targetPortal: "10.0.0.1:3260",
      iqn: "iqn.2026-01.example:disk",
      lun: 1,
      readOnly: true,
      chapAuthSession: true,
      secretRef: { name: "chap" },
    },
  },
  {
    name: "rbd",
    rbd: {
      monitors: [canary],
      image: "img",
      pool: "p",
      readOnly: true,
      secretRef: { name: "ceph" },
    },
  },
  {
    name: "flex",
    flexVolume: {
      driver: "example/flex",
      fsType: "ext4",
      readOnly: true,
      secretRef: { name: "f" },
      options: { password: canary },
    },
  },
  { name: "cephfs", cephfs: { monitors: [canary], readOnly: true, secretRef: { name: "ceph" } } },
  { name: "azure-file", azureFile: { secretName: "az", shareName: "share", readOnly: true } },
  {
    name: "azure-disk",
    azureDisk: {
      diskName: "d",
      diskURI: `/subscriptions/${canary}`,
      kind: "Managed",
      readOnly: true,
    },
  },
  { name: "downward", downwardAPI: { items: [downwardItem, quotaItem], defaultMode: 420 } },
  {
    name: "csi",
    csi: {
      driver: "csi.example",
      readOnly: true,
      fsType: "ext4",
      nodePublishSecretRef: { name: "n" },
      volumeAttributes: { token: canary },
    },
  },
  {
    name: "projected",
    projected: {
      defaultMode: 420,
      sources: [
        { secret: { name: "s", items: [{ key: "k", path: "a" }], optional: true } },
        { configMap: { name: "c", items: [{ key: "k", path: "b" }], optional: true } },
        { downwardAPI: { items: [{ path: "c", fieldRef: { fieldPath: "metadata.name" } }] } },
        { serviceAccountToken: { audience: "vault", expirationSeconds: 3600, path: "token" } },
        {
          clusterTrustBundle: {
            signerName: "example.com/s",
            labelSelector: selector,
            path: "ca",
            optional: true,
          },
        },
        { clusterTrustBundle: { name: "bundle", path: "ca2" } },
        {
          podCertificate: {
            signerName: "example.com/s",
            keyType: "ECDSAP256",
            maxExpirationSeconds: 86400,
            credentialBundlePath: "bundle.pem",
          },
        },
        {
          podCertificate: {
            signerName: "example.com/s",
            keyType: "ED25519",
            keyPath: "key.pem",
            certificateChainPath: "chain.pem",
          },
        },
      ],
    },
  },
  {
    name: "scratch",
    ephemeral: {
      volumeClaimTemplate: {
        metadata: { labels: { app: "rich" } },
        spec: {
          accessModes: ["ReadWriteOnce"],
          selector,
          resources: { requests: { storage: "1Gi" }, limits: { storage: "2Gi" } },
          storageClassName: "fast",
          volumeMode: "Filesystem",
          volumeAttributesClassName: "gold",
        },
      },
    },
  },
  {
    name: "cloned",
    ephemeral: {
      volumeClaimTemplate: {
        spec: {
          accessModes: ["ReadWriteOnce"],
          resources: { requests: { storage: "1Gi" } },
          dataSource: { apiGroup: "snapshot.storage.k8s.io", kind: "VolumeSnapshot", name: "snap" },
        },
      },
    },
  },
  {
    name: "referring",
    ephemeral: {
      volumeClaimTemplate: {
        spec: {
          accessModes: ["ReadWriteOnce"],
          resources: { requests: { storage: "1Gi" } },
          volumeName: "pv-1",
          dataSourceRef: {
            apiGroup: "snapshot.storage.k8s.io",
            kind: "VolumeSnapshot",
            name: "snap",
            namespace: "other",
          },
        },
      },
    },
  },
  { name: "git", gitRepo: { repository: `https://${canary}@git.example/r` } },
  { name: "gluster", glusterfs: { endpoints: canary, path: canary } },
  { name: "cinder", cinder: { volumeID: canary, secretRef: { name: "cinder" } } },
  { name: "flocker", flocker: { datasetName: canary } },
  { name: "fc", fc: { targetWWNs: [canary], lun: 1 } },
  { name: "vsphere", vsphereVolume: { volumePath: canary } },
  { name: "quobyte", quobyte: { registry: `${canary}:1`, volume: canary } },
  { name: "photon", photonPersistentDisk: { pdID: canary } },
  { name: "portworx", portworxVolume: { volumeID: canary } },
  {
    name: "scaleio",
    scaleIO: {
      gateway: canary,
      system: canary,
      volumeName: canary,
      secretRef: { name: "scaleio" },
    },
  },
  { name: "storageos", storageos: { volumeName: "v", secretRef: { name: "storageos" } } },
  { name: "image", image: { reference: "registry.example/data:1", pullPolicy: "IfNotPresent" } },
];

const probe = {
  initialDelaySeconds: 1,
  timeoutSeconds: 2,
  periodSeconds: 3,
  successThreshold: 1,
  failureThreshold: 4,
};

const securityContext = {
  capabilities: { add: ["NET_ADMIN"], drop: ["ALL"] },
  privileged: false,
  seLinuxOptions: { user: "u", role: "r", type: "t", level: "s0" },
  runAsUser: 0,
  runAsGroup: 2_147_483_647,
  runAsNonRoot: false,
  readOnlyRootFilesystem: true,
  allowPrivilegeEscalation: false,
  procMount: "Default",
  seccompProfile: { type: "Localhost", localhostProfile: "p.json" },
  appArmorProfile: { type: "Localhost", localhostProfile: "aa" },
};

const main = {
  name: "main",
  image: "registry.example/app:1",
  command: ["/bin/app", canary],
  args: [canary],
  workingDir: "/srv",
  ports: [
    { name: "http", hostPort: 8080, containerPort: 8080, protocol: "TCP", hostIP: "10.0.0.1" },
  ],
  envFrom: [
    { prefix: "P_", configMapRef: { name: "c", optional: true } },
    { secretRef: { name: "s", optional: false } },
  ],
  env: [
    { name: "PLAIN", value: canary },
    { name: "DB_PASSWORD", value: canary },
    { name: "EMPTY" },
    { name: "FIELD", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "metadata.name" } } },
    { name: "CPU", valueFrom: { resourceFieldRef: { resource: "limits.cpu" } } },
    { name: "CONFIG", valueFrom: { configMapKeyRef: keyRef } },
    { name: "SECRET", valueFrom: { secretKeyRef: keyRef } },
    {
      name: "FILE",
      valueFrom: {
        fileKeyRef: { volumeName: "plain-empty", path: "env", key: "K", optional: true },
      },
    },
  ],
  resources: {
    limits: { cpu: "1500m", memory: "1024Mi", "example.com/gpu": "2" },
    requests: { cpu: "0.5", memory: "1e8" },
    claims: [{ name: "gpu", request: "one" }],
  },
  resizePolicy: [{ resourceName: "cpu", restartPolicy: "NotRequired" }],
  volumeMounts: [
    {
      name: "empty",
      mountPath: "/data",
      readOnly: true,
      recursiveReadOnly: "Disabled",
      subPath: "s",
      mountPropagation: "None",
    },
    { name: "plain-empty", mountPath: "/logs", subPathExpr: "$(FIELD)" },
  ],
  volumeDevices: [{ name: "claim", devicePath: "/dev/xvda" }],
  livenessProbe: {
    ...probe,
    terminationGracePeriodSeconds: 9,
    httpGet: {
      path: `/${canary}`,
      port: "http",
      scheme: "HTTPS",
      host: canary,
      httpHeaders: [{ name: "X-Token", value: canary }],
    },
  },
  readinessProbe: { ...probe, exec: { command: [canary] } },
  startupProbe: { ...probe, tcpSocket: { port: 8080, host: canary } },
  lifecycle: { preStop: { exec: { command: [canary] } } },
  terminationMessagePath: `/${canary}`,
  terminationMessagePolicy: "FallbackToLogsOnError",
  imagePullPolicy: "Always",
  securityContext,
  stdin: true,
  stdinOnce: true,
  tty: true,
};

const term = {
  labelSelector: selector,
  namespaces: ["rich"],
  topologyKey: "kubernetes.io/hostname",
  namespaceSelector: selector,
  matchLabelKeys: ["pod-template-hash"],
  mismatchLabelKeys: ["version"],
};
const affinityTerms = {
  requiredDuringSchedulingIgnoredDuringExecution: [term],
  preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 7, podAffinityTerm: term }],
};
const nodeTerm = {
  matchExpressions: [{ key: "zone", operator: "In", values: ["a"] }],
  matchFields: [{ key: "metadata.name", operator: "In", values: ["node-1"] }],
};

/** As many fields as one pod can have. */
export const podSpec = {
  volumes,
  initContainers: [{ name: "sidecar", image: "init", restartPolicy: "Always" }],
  containers: [main, { name: "small", image: "small", livenessProbe: { grpc: { port: 9090 } } }],
  restartPolicy: "Never",
  terminationGracePeriodSeconds: 0,
  activeDeadlineSeconds: 100,
  dnsPolicy: "None",
  nodeSelector: { zone: "a" },
  serviceAccountName: "default",
  automountServiceAccountToken: false,
  nodeName: "node-1",
  hostNetwork: true,
  hostPID: true,
  hostIPC: true,
  securityContext: {
    seLinuxOptions: { level: "s0" },
    runAsUser: 1000,
    runAsGroup: 1000,
    runAsNonRoot: true,
    supplementalGroups: [1, 2],
    supplementalGroupsPolicy: "Merge",
    fsGroup: 3,
    fsGroupChangePolicy: "OnRootMismatch",
    seccompProfile: { type: "RuntimeDefault" },
    appArmorProfile: { type: "Unconfined" },
    seLinuxChangePolicy: "Recursive",
  },
  imagePullSecrets: [{ name: "pull" }],
  hostname: "host",
  subdomain: "sub",
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [nodeTerm] },
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 5, preference: nodeTerm }],
    },
    podAffinity: affinityTerms,
    podAntiAffinity: affinityTerms,
  },
  schedulerName: "custom",
  tolerations: [
    { key: "a", operator: "Equal", value: "b", effect: "NoExecute", tolerationSeconds: 0 },
  ],
  hostAliases: [{ ip: "10.1.1.1", hostnames: ["alias"] }],
  dnsConfig: {
    nameservers: ["10.0.0.10"],
    searches: ["svc"],
    options: [{ name: "ndots", value: "2" }],
  },
  readinessGates: [{ conditionType: "example.com/ready" }],
  enableServiceLinks: false,
  preemptionPolicy: "PreemptLowerPriority",
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: "zone",
      whenUnsatisfiable: "DoNotSchedule",
      labelSelector: selector,
      minDomains: 2,
      nodeAffinityPolicy: "Honor",
      nodeTaintsPolicy: "Ignore",
      matchLabelKeys: ["version"],
    },
  ],
  setHostnameAsFQDN: false,
  os: { name: "linux" },
  resourceClaims: [
    { name: "gpu", resourceClaimName: "gpu" },
    { name: "net", resourceClaimTemplateName: "net" },
  ],
  resources: { limits: { cpu: "2", memory: "2Gi" }, requests: { cpu: "1", memory: "1Gi" } },
};

const containerStatus = {
  name: "main",
  state: { running: { startedAt: time } },
  lastState: {
    terminated: {
      exitCode: 137,
      signal: 9,
      reason: "OOMKilled",
      message: canary,
      startedAt: time,
      finishedAt: time,
      containerID: "containerd://old",
    },
  },
  ready: true,
  restartCount: 3,
  image: "registry.example/app:1",
  imageID: "registry.example/app@sha256:abc",
  containerID: "containerd://new",
  started: true,
  allocatedResources: { cpu: "1500m" },
  resources: { limits: { cpu: "1500m" } },
};

const podStatus = {
  observedGeneration: 1,
  phase: "Running",
  conditions: [
    {
      type: "Ready",
      status: "False",
      reason: "NotReady",
      message: canary,
      lastProbeTime: time,
      lastTransitionTime: time,
      observedGeneration: 1,
    },
    { type: "Initialized", status: "True" },
  ],
  message: canary,
  reason: "Evicted",
  hostIP: "10.0.0.1",
  hostIPs: [{ ip: "10.0.0.1" }],
  podIP: "10.1.0.1",
  podIPs: [{ ip: "10.1.0.1" }, { ip: "fd00::1" }],
  startTime: time,
  qosClass: "Burstable",
  resize: "Proposed",
  containerStatuses: [
    containerStatus,
    {
      name: "small",
      state: { waiting: { reason: "ImagePullBackOff", message: canary } },
      ready: false,
      restartCount: 0,
      image: "",
      imageID: "",
    },
  ],
  initContainerStatuses: [
    { name: "sidecar", state: {}, ready: false, restartCount: 0, image: "init", imageID: "" },
  ],
  ephemeralContainerStatuses: [
    {
      name: "debug",
      state: { terminated: { exitCode: 0 } },
      ready: false,
      restartCount: 0,
      image: "d",
      imageID: "",
    },
  ],
  allocatedResources: { cpu: "1" },
  resources: { requests: { cpu: "1" } },
};

export const pods: readonly Planned[] = [
  {
    path: `${core}/pods`,
    object: {
      metadata: {
        ...metadata,
        name: "rich",
        finalizers: ["example.com/keep"],
        ownerReferences: [
          {
            apiVersion: "apps/v1",
            kind: "ReplicaSet",
            name: "rs",
            uid: "11111111-2222-3333-4444-555555555555",
            controller: true,
            blockOwnerDeletion: false,
          },
        ],
      },
      spec: podSpec,
    },
    status: podStatus,
    ephemeralContainers: [
      {
        ...main,
        name: "debug",
        ports: undefined,
        resources: undefined,
        resizePolicy: undefined,
        livenessProbe: undefined,
        readinessProbe: undefined,
        startupProbe: undefined,
        lifecycle: undefined,
        restartPolicy: undefined,
        volumeMounts: [{ name: "empty", mountPath: "/e" }],
        targetContainerName: "main",
      },
    ],
  },
  {
    path: `${core}/pods`,
    object: {
      metadata: { generateName: "small-" },
      spec: { containers: [{ name: "a", image: "a" }] },
    },
  },
  {
    path: `${core}/pods`,
    object: {
      metadata: { name: "isolated" },
      spec: {
        containers: [{ name: "a", image: "a" }],
        securityContext: { sysctls: [{ name: "kernel.shm_rmid_forced", value: "0" }] },
        shareProcessNamespace: true,
        hostUsers: false,
        hostnameOverride: "other",
        runtimeClassName: "gvisor",
        priorityClassName: "high",
        schedulingGates: [{ name: "example.com/wait" }],
      },
    },
    status: { phase: "Pending", nominatedNodeName: "node-2" },
  },
  {
    path: `${core}/pods`,
    object: {
      metadata: { name: "windows" },
      spec: {
        os: { name: "windows" },
        containers: [
          {
            name: "a",
            image: "a",
            securityContext: {
              windowsOptions: {
                runAsUserName: "User",
                gmsaCredentialSpecName: "spec",
                gmsaCredentialSpec: canary,
                hostProcess: false,
              },
            },
          },
        ],
        securityContext: { windowsOptions: { runAsUserName: "User" } },
      },
    },
  },
];
