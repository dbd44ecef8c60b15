/**
 * Ingresses, their classes, and network policies.
 *
 * @module
 */
import {
  always,
  inline,
  int32,
  intOrString,
  list,
  message,
  omitzero,
  pointer,
  string,
  table,
} from "../build.ts";
import { labelSelector, objectMeta, typedLocalObjectReference } from "./metadata.ts";

const serviceBackendPort = table("k8s.io.api.networking.v1.ServiceBackendPort", {
  name: omitzero(1, string),
  number: omitzero(2, int32),
});

const ingressServiceBackend = table("k8s.io.api.networking.v1.IngressServiceBackend", {
  name: always(1, string),
  port: always(2, message(serviceBackendPort)),
});

const ingressBackend = table("k8s.io.api.networking.v1.IngressBackend", {
  service: pointer(4, message(ingressServiceBackend)),
  resource: pointer(3, message(typedLocalObjectReference)),
});

const ingressTLS = table("k8s.io.api.networking.v1.IngressTLS", {
  hosts: omitzero(1, list(string)),
  secretName: omitzero(2, string),
});

const hTTPIngressPath = table("k8s.io.api.networking.v1.HTTPIngressPath", {
  path: omitzero(1, string),
  pathType: pointer(3, string),
  backend: always(2, message(ingressBackend)),
});

const hTTPIngressRuleValue = table("k8s.io.api.networking.v1.HTTPIngressRuleValue", {
  paths: omitzero(1, list(message(hTTPIngressPath))),
});

const ingressRuleValue = table("k8s.io.api.networking.v1.IngressRuleValue", {
  http: pointer(1, message(hTTPIngressRuleValue)),
});

const ingressRule = table("k8s.io.api.networking.v1.IngressRule", {
  host: omitzero(1, string),
  ingressRuleValue: inline(2, message(ingressRuleValue)),
});

const ingressSpec = table("k8s.io.api.networking.v1.IngressSpec", {
  ingressClassName: pointer(4, string),
  defaultBackend: pointer(1, message(ingressBackend)),
  tls: omitzero(2, list(message(ingressTLS))),
  rules: omitzero(3, list(message(ingressRule))),
});

const ingressPortStatus = table("k8s.io.api.networking.v1.IngressPortStatus", {
  port: always(1, int32),
  protocol: always(2, string),
  error: pointer(3, string),
});

const ingressLoadBalancerIngress = table("k8s.io.api.networking.v1.IngressLoadBalancerIngress", {
  ip: omitzero(1, string),
  hostname: omitzero(2, string),
  ports: omitzero(4, list(message(ingressPortStatus))),
});

const ingressLoadBalancerStatus = table("k8s.io.api.networking.v1.IngressLoadBalancerStatus", {
  ingress: omitzero(1, list(message(ingressLoadBalancerIngress))),
});

const ingressStatus = table("k8s.io.api.networking.v1.IngressStatus", {
  loadBalancer: always(1, message(ingressLoadBalancerStatus)),
});

export const ingress = table("k8s.io.api.networking.v1.Ingress", {
  metadata: always(1, message(objectMeta)),
  spec: always(2, message(ingressSpec)),
  status: always(3, message(ingressStatus)),
});

const networkPolicyPort = table("k8s.io.api.networking.v1.NetworkPolicyPort", {
  protocol: pointer(1, string),
  port: pointer(2, intOrString),
  endPort: pointer(3, int32),
});

const iPBlock = table("k8s.io.api.networking.v1.IPBlock", {
  cidr: always(1, string),
  except: omitzero(2, list(string)),
});

const networkPolicyPeer = table("k8s.io.api.networking.v1.NetworkPolicyPeer", {
  podSelector: pointer(1, message(labelSelector)),
  namespaceSelector: pointer(2, message(labelSelector)),
  ipBlock: pointer(3, message(iPBlock)),
});

const networkPolicyIngressRule = table("k8s.io.api.networking.v1.NetworkPolicyIngressRule", {
  ports: omitzero(1, list(message(networkPolicyPort))),
  from: omitzero(2, list(message(networkPolicyPeer))),
});

const networkPolicyEgressRule = table("k8s.io.api.networking.v1.NetworkPolicyEgressRule", {
  ports: omitzero(1, list(message(networkPolicyPort))),
  to: omitzero(2, list(message(networkPolicyPeer))),
});

const networkPolicySpec = table("k8s.io.api.networking.v1.NetworkPolicySpec", {
  podSelector: always(1, message(labelSelector)),
  ingress: omitzero(2, list(message(networkPolicyIngressRule))),
  egress: omitzero(3, list(message(networkPolicyEgressRule))),
  policyTypes: omitzero(4, list(string)),
});

export const networkPolicy = table("k8s.io.api.networking.v1.NetworkPolicy", {
  metadata: always(1, message(objectMeta)),
  spec: always(2, message(networkPolicySpec)),
});

const ingressClassSpec = table("k8s.io.api.networking.v1.IngressClassSpec", {
  controller: omitzero(1, string),
});

export const ingressClass = table("k8s.io.api.networking.v1.IngressClass", {
  metadata: always(1, message(objectMeta)),
  spec: always(2, message(ingressClassSpec)),
});
