/**
 * Why each field is kept: what a person can see or ask because of it. The first rule that matches a path answers.
 *
 * @module
 */

type Rule = readonly [path: RegExp, why: string];

const rules: readonly Rule[] = [
  [
    /^obsyk\.dataKeys/,
    "names of keys, never values: which workload reads which key, and what is unused",
  ],
  [/^obsyk\.dataCount$/, "how many keys there are, to tell whether all names are known"],
  [
    /^obsyk\.embeddedCopies/,
    "a tool keeps a copy of the object here: its location, not its content",
  ],
  [
    /^obsyk\.literalSecretEnv/,
    "a value seems to stand in the open here: its location, not the value",
  ],
  [/^obsyk\.truncated/, "which fields were cut, so that nothing looks whole that is not"],
  [/(^|\.)metadata\.(name|generateName|namespace|uid)$/, "identity: which object this is"],
  [/(^|\.)metadata\.resourceVersion$/, "the order of changes, and where reading goes on"],
  [
    /(^|\.)metadata\.(creationTimestamp|deletionTimestamp|deletionGracePeriodSeconds)$/,
    "age, and whether it is being deleted",
  ],
  [
    /(^|\.)metadata\.generation$|[oO]bservedGeneration$/,
    "whether the controller has caught up with what was asked for",
  ],
  [/(^|\.)metadata\.labels\{\}$/, "selection, search, and who belongs to whom"],
  [
    /(^|\.)metadata\.annotations\{\}$/,
    "listed keys alone: names, flags and numbers of known tools",
  ],
  [/(^|\.)metadata\.ownerReferences/, "what made it: the owner chain"],
  [/(^|\.)metadata\.managedFields/, "who changed it, when: never which value"],
  [/[fF]inalizers\[\]$/, "why a deletion waits"],
  [
    /onditions\[\]/,
    "what the controller says about it, in Kubernetes' own words, without free text",
  ],
  [
    /(env|envFrom)\[\]\..*([rR]ef|Ref)\b/,
    "which Secret, ConfigMap or field a variable comes from, by name",
  ],
  [
    /(securityContext|seLinuxOptions|seccompProfile|appArmorProfile|windowsOptions|capabilities|sysctls)/,
    "what a process may do beyond an ordinary one",
  ],
  [
    /\.(hostNetwork|hostPID|hostIPC|hostUsers|shareProcessNamespace|hostPort|procMount)$|ports\[\]\.hostIP$/,
    "what it shares with its node",
  ],
  [
    /(volumes|volumeMounts|volumeDevices|volumeClaimTemplates|persistentVolume|csi|dataSource|accessModes|storageClass|volume[A-Z]\w*|reclaimPolicy|mountOptions|provisioner)/,
    "what storage is used, by name and kind: mounts, claims and classes",
  ],
  [
    /\.(image|imageID|imagePullPolicy|imagePullSecrets)\b/,
    "which image really runs, and where it may be pulled from",
  ],
  [
    /([lL]ivenessProbe|readinessProbe|startupProbe|lifecycle)/,
    "whether and how it is probed: kind, port and timing, never headers or commands",
  ],
  [
    /(resources|limits|requests|overhead|capacity|allocat\w+|quota|hard|used|default|defaultRequest|max|min)\b.*\{\}$/,
    "how much is asked for and there is",
  ],
  [
    /(ontainerStatuses|lastState|\.state\.|restartCount|exitCode|terminated|waiting)/,
    "whether its containers run, and why not",
  ],
  [
    /(tolerations|affinity|nodeSelector|topologySpread|taints|unschedulable|schedulerName|schedulingGates|nodeName|priority|preemption|runtimeClassName)/,
    "where it may run, and why there",
  ],
  [
    /([sS]erviceAccount|automountServiceAccountToken|secrets\[\])/,
    "as whom it speaks to the API server",
  ],
  [/^(rules|aggregationRule|roleRef|subjects)\b/, "who may do what"],
  [
    /(webhooks|matchConstraints|matchConditions|validations|paramKind|policyName|validationActions|failurePolicy)/,
    "what may refuse or change requests, and whether it fails open",
  ],
  [
    /(ports|clusterIP|externalIPs|loadBalancer|ingress|egress|rules|tls|IngressClass|ingressClassName|defaultBackend|controller|sessionAffinity|externalName|ipFamil|trafficPolicy|TrafficPolicy|trafficDistribution|policyTypes|publishNotReady|endpoints|healthCheckNodePort|addressType)/,
    "how it is reached, from where, and what is let through",
  ],
  [
    /(podIP|hostIP|addresses|podCIDR|hostname|subdomain|dns|hostAliases)/,
    "its addresses and names on the network",
  ],
  [/(selector|matchLabels|matchExpressions)/i, "what it selects"],
  [
    /(replicas|Replicas|number[A-Z]|Scheduled|strategy|Strategy|revision|Revision|minReadySeconds|progressDeadline|partition|paused|podManagementPolicy|maxUnavailable|maxSurge|scale|metrics|behavior|disruption|minAvailable|Healthy|PodsCount)/,
    "how many there should be and are, and how they are replaced",
  ],
  [
    /(schedule|timeZone|jobTemplate|completion|parallelism|backoff|suspend|active|succeeded|failed|Job|deadline|Deadline|ttl|podFailurePolicy|successPolicy|Indexes|startTime|terminating)/,
    "when it runs, and how its runs end",
  ],
  [/nodeInfo|providerID/, "which software and machine a node is"],
  [
    /[cC]ontainers\[\]\.(name|targetContainerName|env\[\]\.name|envFrom\[\]\.prefix)$/,
    "names of containers and of variables: what a status, a reference or a finding is about",
  ],
  [
    /(claims\[\]|resourceClaims\[\]|resizePolicy\[\])\./,
    "which devices it is given, and whether its size may change while it runs",
  ],
  [
    /(estartPolicy|terminationMessagePolicy|stdin|stdinOnce|tty|terminationGracePeriodSeconds|readinessGates\[\]\.conditionType|enableServiceLinks|setHostnameAsFQDN|os\.name)$/,
    "how it is started, stopped and called ready",
  ],
  [
    /(spec\.type|allocateLoadBalancerNodePorts|serviceName|ordinals\.start)$/,
    "how it is exposed, and how its pods are numbered",
  ],
  [
    /(concurrencyPolicy|podReplacementPolicy|managedBy)$/,
    "who runs it, and whether runs may overlap",
  ],
  [
    /^spec\.(gcePersistentDisk|awsElasticBlockStore|hostPath|glusterfs|nfs|rbd|iscsi|cinder|cephfs|fc|flocker|flexVolume|azureFile|vsphereVolume|quobyte|azureDisk|photonPersistentDisk|portworxVolume|scaleIO|local|storageos|claimRef)\b/,
    "where a volume really is, whose claim it is, and with which Secret it is mounted",
  ],
  [/^(allowVolumeExpansion|allowedTopologies)/, "what a storage class can make, and where"],
  [
    /^spec\.(scopes\[\]|limits\[\]\.type|unhealthyPodEvictionPolicy)$|^(value|globalDefault)$/,
    "whom a bound applies to, and who goes first",
  ],
  [
    /^spec\.(paramRef|matchResources)\b/,
    "which requests a policy judges, and with which parameters",
  ],
  [
    /^(involvedObject|related|reason|source|firstTimestamp|lastTimestamp|count|eventTime|series|action|reporting\w+)\b/,
    "what happened to which object, when and how often, never the message",
  ],
  [/imagePullSecrets\[\]\.name$/, "with which Secrets images are pulled"],
  [/^type$/, "what kind of data it says it holds"],
  [/^status\b|\.status\b/, "how it is doing, as its controller says"],
];

/** @param path as in a manifest field: `spec.containers[].image`. `""` when no rule knows it: a test sees to it. */
export function whyKept(path: string): string {
  return rules.find(([pattern]) => pattern.test(path))?.[1] ?? "";
}
