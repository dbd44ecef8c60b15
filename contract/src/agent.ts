/**
 * Agent protocol v2: what an operator says to the platform and what it answers. PROTOCOL rules R1 to R23 are kept in
 * `operator/src/deliver/SPEC.md` and `platform/src/ingest/SPEC.md`.
 *
 * All times are milliseconds since the epoch. Identity of a write travels in headers, so that the body's bytes can be
 * frozen once (R3).
 *
 * @module
 */
import { z } from "zod";
import { limits } from "./limits.ts";
import { scopeSchema } from "./scope.ts";

export const agentPaths = {
  token: "/oauth/token",
  sessions: "/api/v2/agent/sessions",
  index: "/api/v2/agent/index",
  batches: "/api/v2/agent/batches",
  heartbeat: "/api/v2/agent/heartbeat",
  goodbye: "/api/v2/agent/goodbye",
} as const;

/** Request headers of index, batches, heartbeat and goodbye (R1). Batches add sequence and Content-Digest (RFC 9530). */
export const agentHeaders = {
  session: "obsyk-session",
  epoch: "obsyk-epoch",
  sequence: "obsyk-sequence",
  /** `sha-256=:BASE64:` over the content as sent, after compression (RFC 9530 §2). */
  digest: "content-digest",
  /** Answer of the index call: the sequence its database snapshot belongs to. */
  appliedSequence: "obsyk-applied-sequence",
  /** Answer of the index call: number of 24-byte entries. */
  count: "obsyk-count",
} as const;

export const mediaTypes = {
  lines: "application/x-ndjson",
  /** Index entries: 16 bytes uid, 8 bytes hash, sorted by uid, nothing else. */
  index: "application/vnd.obsyk.index",
  problem: "application/problem+json",
} as const;

/** Lower-case UUID; a uid that is no UUID is mapped by UUIDv5 first (`derived`). */
export const uidSchema = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
/** First 8 bytes of a SHA-256, hexadecimal. */
export const hashSchema = z.string().regex(/^[0-9a-f]{16}$/);
const streamName = z.string().min(5).max(512);
const time = z.number().int().nonnegative();
const resourceVersion = z.string().max(128);
const text = z.string().max(1024);

/** How long the previous call to the platform took: half of it is the error of the clock comparison (R19). */
const roundTripMs = z.number().int().nonnegative().max(600_000).optional();

const sequence = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);

/** Who changed an object, as managedFields tells it; never guessed. */
export const managerSchema = z.object({
  manager: text,
  operation: text,
  time: z.string().max(40).optional(),
  subresource: text.optional(),
});
export type Manager = z.infer<typeof managerSchema>;

export const sessionRequestSchema = z.object({
  /** Random per process start: asking twice gives the same session. */
  instanceId: uidSchema,
  podUid: z.string().max(128).optional(),
  /** uid of the namespace kube-system (R23). */
  clusterUid: z.string().min(1).max(128),
  clusterName: z.string().min(1).max(253),
  operatorVersion: text,
  kubernetesVersion: text.optional(),
  /** Digest of everything that can leave (allow-list manifest). */
  manifestDigest: text.optional(),
  streams: z.array(z.object({ stream: streamName, recordVersion: hashSchema })).max(10_000),
  /** R14: what leaves it is marked as not collected. When absent, the streams are the scope. */
  scope: scopeSchema.optional(),
  clock: time,
  roundTripMs,
});
export type SessionRequest = z.infer<typeof sessionRequestSchema>;

export const sessionAnswerSchema = z.discriminatedUnion("status", [
  z.object({
    status: z.literal("granted"),
    /** 128 random bits, hexadecimal. */
    sessionId: z.string().regex(/^[0-9a-f]{32}$/),
    epoch: z.number().int().positive(),
    /** Key of record hashes for this cluster: 16 bytes, hexadecimal. */
    hashKey: z.string().regex(/^[0-9a-f]{32}$/),
    nextSequence: sequence,
    maxBatchBytes: z.number().int().positive(),
    heartbeatSeconds: z.number().int().positive(),
    checkSeconds: z.number().int().positive(),
    sendAgain: z.lazy(() => z.array(sendAgainSchema)),
    /** Streams in scope that this session did not declare but that still have objects: nobody watches those. */
    held: z.array(streamName).max(10_000).optional(),
    clock: time,
  }),
  z.object({
    status: z.literal("standby"),
    retryAfterSeconds: z.number().int().positive(),
    clock: time,
  }),
]);
export type SessionAnswer = z.infer<typeof sessionAnswerSchema>;

/** R16: stored until an `end` matches whose `begin` named this id. `full` asks for every object once. */
export const sendAgainSchema = z.object({
  id: uidSchema,
  stream: streamName,
  full: z.boolean(),
  /** `schema`: the stream's record version is new, so its lists bring records of another shape. */
  reason: text.optional(),
});
export type SendAgain = z.infer<typeof sendAgainSchema>;

export const listReasons = [
  "start",
  "expired",
  "rollback",
  "decode",
  "regained",
  "overflow",
  "send-again",
  "audit",
] as const;
export type ListReason = (typeof listReasons)[number];

export const streamStates = [
  "starting",
  "listing",
  "watching",
  "waiting",
  "polling",
  "absent",
  "forbidden",
  "misconfigured",
  "unsafe",
  "degraded",
  "mismatch",
  "stopped",
] as const;
export type StreamState = (typeof streamStates)[number];

/** A record as it travels: canonical when serialised with sorted keys, prototype-free when parsed. */
const record = z.custom<Record<string, unknown>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
);

const version = {
  hash: hashSchema,
  resourceVersion,
  managers: z.array(managerSchema).max(64).optional(),
  record,
};

export const lineSchema = z.discriminatedUnion("op", [
  z.object({
    op: z.literal("begin"),
    stream: streamName,
    attempt: z.number().int().positive(),
    reason: z.enum(listReasons),
    request: uidSchema.optional(),
    seen: time,
  }),
  z.object({
    op: z.literal("put"),
    stream: streamName,
    uid: uidSchema,
    /** The key is a UUIDv5 of (cluster, resource, namespace, name), not a Kubernetes uid. */
    derived: z.literal(true).optional(),
    ...version,
    seen: time,
    reason: z.literal("schema").optional(),
    /** Queued values that this one replaced before they were sent. */
    collapsed: z.number().int().positive().optional(),
  }),
  z.object({
    op: z.literal("delete"),
    stream: streamName,
    uid: uidSchema,
    seen: time,
    /** R7: the last record, when it differs from the acknowledged one. */
    last: z.object(version).optional(),
    /** `watched`: a DELETED event; `absent`: found missing by a list's sweep. */
    cause: z.enum(["watched", "absent"]),
    collapsed: z.number().int().positive().optional(),
  }),
  z.object({ op: z.literal("end"), stream: streamName, resourceVersion, seen: time }),
  z.object({
    op: z.literal("check"),
    stream: streamName,
    count: z.number().int().nonnegative(),
    setHash: hashSchema,
  }),
  z.object({ op: z.literal("mark"), stream: streamName, resourceVersion, seen: time }),
  z.object({
    op: z.literal("state"),
    stream: streamName,
    state: z.enum(streamStates),
    detail: text.optional(),
    seen: time,
  }),
]);
export type Line = z.infer<typeof lineSchema>;

export const batchAnswerSchema = z.object({
  appliedSequence: sequence,
  /** Only lines that were not stored as sent (R5): a stub, with the reason. */
  results: z.array(
    z.object({
      /** Zero-based line of the batch. */
      line: z.number().int().nonnegative(),
      status: z.enum(["stub", "ignored"]),
      reason: text,
    }),
  ),
  sendAgain: z.array(sendAgainSchema),
  clock: time,
});
export type BatchAnswer = z.infer<typeof batchAnswerSchema>;

export const heartbeatSchema = z.object({
  clock: time,
  roundTripMs,
  lastAck: sequence,
  queuedBytes: z.number().int().nonnegative(),
  residentBytes: z.number().int().nonnegative(),
  /** As the API server says now: it may be upgraded within a session. */
  kubernetesVersion: text.optional(),
  streams: z
    .array(
      z.object({
        stream: streamName,
        state: z.enum(streamStates),
        objects: z.number().int().nonnegative(),
        /** Last event or bookmark: how fresh the stream is. */
        lastProgress: time.optional(),
      }),
    )
    .max(10_000),
});
export type Heartbeat = z.infer<typeof heartbeatSchema>;

export const heartbeatAnswerSchema = z.object({ sendAgain: z.array(sendAgainSchema), clock: time });
export type HeartbeatAnswer = z.infer<typeof heartbeatAnswerSchema>;

export const tokenAnswerSchema = z.object({
  access_token: z.string().min(1),
  token_type: z.string(),
  expires_in: z.number().int().positive(),
});
export type TokenAnswer = z.infer<typeof tokenAnswerSchema>;

/** Largest batch body that is read, compressed or not. */
export const maxBodyBytes: number = limits.maxBatchBytes * 2;
