/**
 * The read API and registration, as console and CLI use it. Every answer about a cluster carries as-of times (I3).
 * Times are RFC 3339 strings in UTC.
 *
 * @module
 */
import { z } from "zod";
import { managerSchema, streamStates } from "./agent.ts";
import type { FindingKind } from "./allow-list/findings.ts";
import { limits } from "./limits.ts";
import { scopeSchema } from "./scope.ts";

const time = z.string();
const id = z.string();

export const apiPaths = {
  session: "/api/v1/session",
  signIn: "/api/v1/sign-in",
  clusters: "/api/v1/clusters",
  cluster: "/api/v1/clusters/:clusterId",
  counts: "/api/v1/clusters/:clusterId/counts",
  objects: "/api/v1/objects",
  object: "/api/v1/clusters/:clusterId/objects/:resource/:uid",
  references: "/api/v1/clusters/:clusterId/references",
  related: "/api/v1/clusters/:clusterId/objects/:resource/:uid/related",
  findings: "/api/v1/findings",
  clients: "/api/v1/clients",
  live: "/api/v1/live",
  orgs: "/api/v1/orgs",
  org: "/api/v1/org",
  orgExport: "/api/v1/org/export",
  sessionOrg: "/api/v1/session/org",
  sessions: "/api/v1/sessions",
  ownSession: "/api/v1/sessions/:sessionId",
  people: "/api/v1/people",
  person: "/api/v1/people/:personId",
  personLink: "/api/v1/people/:personId/sign-in-link",
  invitations: "/api/v1/invitations",
  invitation: "/api/v1/invitations/:invitationId",
  acceptInvitation: "/api/v1/invitations/accept",
  identityProviders: "/api/v1/identity-providers",
  identityProvider: "/api/v1/identity-providers/:providerId",
  verifyProvider: "/api/v1/identity-providers/:providerId/verify",
  providerSignIn: "/api/v1/sign-in/provider",
  providerCallback: "/api/v1/sign-in/callback",
  tokens: "/api/v1/tokens",
  token: "/api/v1/tokens/:tokenId",
  openapi: "/api/v1/openapi.json",
} as const;

export const clusterStates = ["pending", "connected", "disconnected"] as const;

/** A stretch of time in which the platform could not see; bounds are never shortened afterwards (R20). */
export const blindIntervalSchema = z.object({
  stream: z.string(),
  from: time,
  /** Absent while still blind. */
  to: time.optional(),
  reason: z.string(),
});
export type BlindInterval = z.infer<typeof blindIntervalSchema>;

export const clusterStreamSchema = z.object({
  stream: z.string(),
  resource: z.string(),
  state: z.enum(streamStates),
  detail: z.string().optional(),
  /** Everything up to here is known. */
  asOf: time.optional(),
  /** Without those that left the scope. */
  objects: z.number().int(),
  /** Objects that left the scope and are kept as they were. */
  notCollected: z.number().int(),
  /** The stream itself left the scope then. */
  notCollectedSince: time.optional(),
});
export type ClusterStream = z.infer<typeof clusterStreamSchema>;

export const clusterSchema = z.object({
  id,
  /** Kubernetes uid of namespace kube-system; absent until the operator first connected. */
  uid: z.string().optional(),
  name: z.string(),
  state: z.enum(clusterStates),
  kubernetesVersion: z.string().optional(),
  operatorVersion: z.string().optional(),
  lastSeen: time.optional(),
  /** The oldest as-of of its streams: nothing shown of this cluster is older than this. */
  asOf: time.optional(),
  objects: z.number().int(),
  nodes: z.number().int(),
  namespaces: z.number().int(),
});
export type Cluster = z.infer<typeof clusterSchema>;

const namedFact = z.object({ name: z.string(), evidence: z.string() });
const valueCounts = z.array(z.object({ name: z.string(), count: z.number().int() }));

/** Derived from version and nodes; what nothing speaks for is absent. */
export const clusterFactsSchema = z.object({
  /** `EKS`, `OpenShift`, `kind`, …, and what tells. */
  distribution: namedFact.optional(),
  /** `AWS`, `vSphere`, …, or the `providerID`'s own prefix. */
  provider: namedFact.optional(),
  regions: z.array(z.string()),
  zones: z.array(z.string()),
  /** Absent when nodes are not collected. */
  nodes: z
    .object({
      total: z.number().int(),
      ready: z.number().int(),
      unschedulable: z.number().int(),
      kubeletVersions: valueCounts,
      architectures: valueCounts,
      operatingSystems: valueCounts,
    })
    .optional(),
});
export type ClusterFacts = z.infer<typeof clusterFactsSchema>;

export const clusterDetailSchema = clusterSchema.extend({
  clientId: z.string(),
  thumbprint: z.string(),
  facts: clusterFactsSchema,
  /** Digest of everything that can leave, as the latest session declared it (`obsyk operator manifest`). */
  manifestDigest: z.string().optional(),
  /** What the latest session declared that it reads. */
  scope: scopeSchema.optional(),
  streams: z.array(clusterStreamSchema),
  blind: z.array(blindIntervalSchema),
});
export type ClusterDetail = z.infer<typeof clusterDetailSchema>;

export const countsSchema = z.object({
  items: z.array(
    z.object({ resource: z.string(), namespace: z.string().optional(), count: z.number().int() }),
  ),
  asOf: time.optional(),
});
export type Counts = z.infer<typeof countsSchema>;

export const objectQuerySchema = z.object({
  /** Cluster id or name; all clusters when absent. */
  cluster: z.string().max(253).optional(),
  resource: z.string().max(253).optional(),
  namespace: z.string().max(253).optional(),
  /** Substring of the name, at least three characters. */
  name: z.string().min(limits.searchChars).max(253).optional(),
  /** The whole name, as `kubectl get pod NAME` means it. */
  objectName: z.string().min(1).max(253).optional(),
  /** Kubernetes label selector syntax. */
  labelSelector: z.string().max(4096).optional(),
  /** Objects that left the operator's scope; without them when absent. */
  notCollected: z.enum(["exclude", "include", "only"]).optional(),
  limit: z.coerce.number().int().min(1).max(limits.apiPageRows).optional(),
  /** From the previous answer's `next`. */
  cursor: z.string().max(2048).optional(),
});
export type ObjectQuery = z.infer<typeof objectQuerySchema>;

export const inventoryObjectSchema = z.object({
  cluster: z.object({ id, name: z.string() }),
  resource: z.string(),
  uid: z.string(),
  namespace: z.string().optional(),
  name: z.string(),
  /** Pruned Kubernetes object. */
  record: z.record(z.string(), z.unknown()),
  /** Why the record could not be stored, which is empty then (R5). */
  stub: z.string().optional(),
  resourceVersion: z.string(),
  /** When the operator saw this version, corrected by the clock offset. */
  seenAt: time,
  /** When the platform stored it. */
  receivedAt: time,
  asOf: time.optional(),
  /** It left the operator's scope then: shown as it was, not as it is. */
  notCollectedSince: time.optional(),
});
export type InventoryObject = z.infer<typeof inventoryObjectSchema>;

export const objectPageSchema = z.object({
  items: z.array(inventoryObjectSchema),
  next: z.string().optional(),
  /** The oldest as-of of the streams this answer draws from. */
  asOf: time.optional(),
  blind: z.array(blindIntervalSchema),
});
export type ObjectPage = z.infer<typeof objectPageSchema>;

export const objectDetailSchema = inventoryObjectSchema.extend({
  managers: z.array(managerSchema),
  blind: z.array(blindIntervalSchema),
});
export type ObjectDetail = z.infer<typeof objectDetailSchema>;

export const relationKinds = ["owner", "owned", "selects", "selectedBy", "uses", "usedBy"] as const;
export type RelationKind = (typeof relationKinds)[number];

/** What another object is to this one. */
export const relatedObjectSchema = z.object({
  relation: z.enum(relationKinds),
  /** What relates them: `volume data`, `service account`, `selector`; of an owned object its owner. */
  via: z.string(),
  resource: z.string(),
  namespace: z.string().optional(),
  name: z.string(),
  /** Absent when the inventory has no such object: it does not exist, or its resource is not collected. */
  uid: z.string().optional(),
  record: z.record(z.string(), z.unknown()).optional(),
});
export type RelatedObject = z.infer<typeof relatedObjectSchema>;

export const relatedSchema = z.object({
  /** Owners from the nearest up; the rest by relation, resource and name. */
  items: z.array(relatedObjectSchema),
  /** Of these there are more than were answered. */
  more: z.array(z.object({ relation: z.enum(relationKinds), resource: z.string() })),
});
export type Related = z.infer<typeof relatedSchema>;

export const referenceQuerySchema = z.object({
  resource: z.enum(["secrets", "configmaps"]),
  namespace: z.string().max(253).optional(),
  limit: z.coerce.number().int().min(1).max(limits.apiPageRows).optional(),
  /** From the previous answer's `next`. */
  cursor: z.string().max(2048).optional(),
});
export type ReferenceQuery = z.infer<typeof referenceQuerySchema>;

/** A Secret or ConfigMap that others name; nothing here says that it exists. */
export const referenceSchema = z.object({
  namespace: z.string(),
  name: z.string(),
  /** When the inventory has it as well. */
  uid: z.string().optional(),
  /** Keys that are named one by one. */
  keys: z.array(z.string()),
  referrerCount: z.number().int(),
  /** The first of them, one entry for each way in which they refer. */
  referrers: z.array(
    z.object({ resource: z.string(), uid: z.string(), name: z.string(), via: z.string() }),
  ),
});
export type Reference = z.infer<typeof referenceSchema>;

export const referencePageSchema = z.object({
  items: z.array(referenceSchema),
  next: z.string().optional(),
  /** The oldest as-of of the streams this answer draws from. */
  asOf: time.optional(),
  blind: z.array(blindIntervalSchema),
});
export type ReferencePage = z.infer<typeof referencePageSchema>;
export const findingKinds = [
  "embedded-copy",
  "literal-secret-env",
  "release-in-configmap",
] as const satisfies readonly FindingKind[];

export const findingQuerySchema = objectQuerySchema
  .pick({ cluster: true, resource: true, namespace: true, limit: true, cursor: true })
  .extend({ kind: z.enum(findingKinds).optional() });
export type FindingQuery = z.infer<typeof findingQuerySchema>;

/** Where something secret is in the open, how that is known, and what to do; never what it is. */
export const foundFindingSchema = z.object({
  cluster: z.object({ id, name: z.string() }),
  resource: z.string(),
  uid: z.string(),
  namespace: z.string().optional(),
  name: z.string(),
  kind: z.enum(findingKinds),
  /** Within the object. */
  location: z.string(),
  evidence: z.string(),
  fix: z.string(),
  asOf: time.optional(),
});
export type FoundFinding = z.infer<typeof foundFindingSchema>;

export const findingPageSchema = z.object({
  /** Objects that a workload made are left out where the workload itself has the same finding. */
  items: z.array(foundFindingSchema),
  /** `limit` counts objects, of which each may have several findings. */
  next: z.string().optional(),
  asOf: time.optional(),
  blind: z.array(blindIntervalSchema),
});
export type FindingPage = z.infer<typeof findingPageSchema>;

export const clientRequestSchema = z.object({
  /** Name of the cluster this client is for. */
  name: z.string().min(1).max(253),
  /** SPKI PEM, ECDSA P-256. A private key here is refused and never stored. */
  publicKey: z.string().min(1).max(4096),
});
export type ClientRequest = z.infer<typeof clientRequestSchema>;

export const clientSchema = z.object({
  clientId: z.string(),
  name: z.string(),
  /** RFC 7638 thumbprint of the public key. */
  thumbprint: z.string(),
  profile: z.enum(["v1", "v2"]),
  createdAt: time,
  clusterId: id,
});
export type Client = z.infer<typeof clientSchema>;

export const sessionSchema = z.object({
  person: z.object({ id, name: z.string(), role: z.string() }),
  org: z.object({ id, name: z.string() }),
  version: z.string(),
  /** Origin that operators are told to use. */
  agentUrl: z.string(),
  /** Certificates (PEM) that operators have to trust for it; absent when the system's suffice. */
  agentCa: z.string().optional(),
});
export type Session = z.infer<typeof sessionSchema>;

/** Sent on `/api/v1/live` under a name of its own and without content, so that silence can be told from quiet. */
export const liveBeat = { event: "beat", everyMs: 15_000 } as const;

/** One server-sent event on `/api/v1/live`: something in this cluster changed. */
export const liveEventSchema = z.object({
  clusterId: id,
  /** Grows with every applied batch of the cluster. */
  changeNumber: z.number().int(),
  resources: z.array(z.string()),
});
export type LiveEvent = z.infer<typeof liveEventSchema>;
