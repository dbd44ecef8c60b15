/**
 * The annotations that are kept, by exact key. Each is a name, a flag or a number that its documentation describes;
 * none of them ever holds a manifest, a credential or free text. Every other annotation is stepped over undecoded.
 */
export const annotationKeys: readonly string[] = [
  "argocd.argoproj.io/tracking-id",
  "azure.workload.identity/client-id",
  "azure.workload.identity/tenant-id",
  "cluster-autoscaler.kubernetes.io/safe-to-evict",
  "deployment.kubernetes.io/desired-replicas",
  "deployment.kubernetes.io/max-replicas",
  "deployment.kubernetes.io/revision",
  "eks.amazonaws.com/role-arn",
  "iam.gke.io/gcp-service-account",
  "ingressclass.kubernetes.io/is-default-class",
  "kubectl.kubernetes.io/restartedAt",
  "kubernetes.io/config.source",
  "kubernetes.io/enforce-mountable-secrets",
  "kubernetes.io/ingress.class",
  "kubernetes.io/service-account.name",
  "kubernetes.io/service-account.uid",
  "meta.helm.sh/release-name",
  "meta.helm.sh/release-namespace",
  "prometheus.io/port",
  "prometheus.io/scrape",
  "pv.kubernetes.io/provisioned-by",
  "rbac.authorization.kubernetes.io/autoupdate",
  "service.beta.kubernetes.io/aws-load-balancer-scheme",
  "service.beta.kubernetes.io/azure-load-balancer-internal",
  "storageclass.kubernetes.io/is-default-class",
  "volume.kubernetes.io/storage-provisioner",
];
