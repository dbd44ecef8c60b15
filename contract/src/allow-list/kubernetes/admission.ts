/**
 * What judges requests before they are stored: webhooks and admission policies. Which requests, and what happens when
 * the judge fails; never URLs, CA bundles, expressions or messages.
 *
 * @module
 */
import {
  always,
  inline,
  int32,
  int64,
  list,
  message,
  omitzero,
  pointer,
  string,
  table,
} from "../build.ts";
import { condition, labelSelector, objectMeta } from "./metadata.ts";

const serviceReference = table("k8s.io.api.admissionregistration.v1.ServiceReference", {
  namespace: always(1, string),
  name: always(2, string),
  port: pointer(4, int32),
});

/** Without a service the webhook is called by a URL. */
const webhookClientConfig = table("k8s.io.api.admissionregistration.v1.WebhookClientConfig", {
  service: pointer(1, message(serviceReference)),
});

const rule = table("k8s.io.api.admissionregistration.v1.Rule", {
  apiGroups: omitzero(1, list(string)),
  apiVersions: omitzero(2, list(string)),
  resources: omitzero(3, list(string)),
  scope: pointer(4, string),
});

const ruleWithOperations = table("k8s.io.api.admissionregistration.v1.RuleWithOperations", {
  operations: omitzero(1, list(string)),
  rule: inline(2, message(rule)),
});

/** Names only: that something is exempt. */
const matchCondition = table("k8s.io.api.admissionregistration.v1.MatchCondition", {
  name: always(1, string),
});

const validatingWebhook = table("k8s.io.api.admissionregistration.v1.ValidatingWebhook", {
  name: always(1, string),
  clientConfig: always(2, message(webhookClientConfig)),
  rules: omitzero(3, list(message(ruleWithOperations))),
  failurePolicy: pointer(4, string),
  matchPolicy: pointer(9, string),
  namespaceSelector: pointer(5, message(labelSelector)),
  objectSelector: pointer(10, message(labelSelector)),
  sideEffects: pointer(6, string),
  timeoutSeconds: pointer(7, int32),
  admissionReviewVersions: omitzero(8, list(string)),
  matchConditions: omitzero(11, list(message(matchCondition))),
});

export const validatingWebhookConfiguration = table(
  "k8s.io.api.admissionregistration.v1.ValidatingWebhookConfiguration",
  {
    metadata: always(1, message(objectMeta)),
    webhooks: omitzero(2, list(message(validatingWebhook))),
  },
);

const mutatingWebhook = table("k8s.io.api.admissionregistration.v1.MutatingWebhook", {
  name: always(1, string),
  clientConfig: always(2, message(webhookClientConfig)),
  rules: omitzero(3, list(message(ruleWithOperations))),
  failurePolicy: pointer(4, string),
  matchPolicy: pointer(9, string),
  namespaceSelector: pointer(5, message(labelSelector)),
  objectSelector: pointer(11, message(labelSelector)),
  sideEffects: pointer(6, string),
  timeoutSeconds: pointer(7, int32),
  admissionReviewVersions: omitzero(8, list(string)),
  reinvocationPolicy: pointer(10, string),
  matchConditions: omitzero(12, list(message(matchCondition))),
});

export const mutatingWebhookConfiguration = table(
  "k8s.io.api.admissionregistration.v1.MutatingWebhookConfiguration",
  {
    metadata: always(1, message(objectMeta)),
    webhooks: omitzero(2, list(message(mutatingWebhook))),
  },
);

const paramKind = table("k8s.io.api.admissionregistration.v1.ParamKind", {
  apiVersion: omitzero(1, string),
  kind: omitzero(2, string),
});

const namedRuleWithOperations = table(
  "k8s.io.api.admissionregistration.v1.NamedRuleWithOperations",
  {
    resourceNames: omitzero(1, list(string)),
    ruleWithOperations: inline(2, message(ruleWithOperations)),
  },
);

const matchResources = table("k8s.io.api.admissionregistration.v1.MatchResources", {
  namespaceSelector: pointer(1, message(labelSelector)),
  objectSelector: pointer(2, message(labelSelector)),
  resourceRules: omitzero(3, list(message(namedRuleWithOperations))),
  excludeResourceRules: omitzero(4, list(message(namedRuleWithOperations))),
  matchPolicy: pointer(7, string),
});

/** How many checks there are, and with which reason they refuse. */
const validation = table("k8s.io.api.admissionregistration.v1.Validation", {
  reason: pointer(3, string),
});

const validatingAdmissionPolicySpec = table(
  "k8s.io.api.admissionregistration.v1.ValidatingAdmissionPolicySpec",
  {
    paramKind: pointer(1, message(paramKind)),
    matchConstraints: pointer(2, message(matchResources)),
    validations: omitzero(3, list(message(validation))),
    failurePolicy: pointer(4, string),
    matchConditions: omitzero(6, list(message(matchCondition))),
  },
);

const validatingAdmissionPolicyStatus = table(
  "k8s.io.api.admissionregistration.v1.ValidatingAdmissionPolicyStatus",
  {
    observedGeneration: omitzero(1, int64),
    conditions: omitzero(3, list(message(condition))),
  },
);

export const validatingAdmissionPolicy = table(
  "k8s.io.api.admissionregistration.v1.ValidatingAdmissionPolicy",
  {
    metadata: always(1, message(objectMeta)),
    spec: always(2, message(validatingAdmissionPolicySpec)),
    status: always(3, message(validatingAdmissionPolicyStatus)),
  },
);

const paramRef = table("k8s.io.api.admissionregistration.v1.ParamRef", {
  name: omitzero(1, string),
  namespace: omitzero(2, string),
  selector: pointer(3, message(labelSelector)),
  parameterNotFoundAction: pointer(4, string),
});

const validatingAdmissionPolicyBindingSpec = table(
  "k8s.io.api.admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec",
  {
    policyName: omitzero(1, string),
    paramRef: pointer(2, message(paramRef)),
    matchResources: pointer(3, message(matchResources)),
    validationActions: omitzero(4, list(string)),
  },
);

export const validatingAdmissionPolicyBinding = table(
  "k8s.io.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding",
  {
    metadata: always(1, message(objectMeta)),
    spec: always(2, message(validatingAdmissionPolicyBindingSpec)),
  },
);
