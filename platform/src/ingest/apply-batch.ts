/**
 * Applies one batch: all of it or nothing, in order, once (R1 to R5).
 *
 * @module
 */
import { hash } from "node:crypto";
import type { BatchAnswer } from "@obsyk/contract";
import type pg from "pg";
import type { Database } from "../store/database.ts";
import { withScopedClient, type OrgScope } from "../tenancy/scope.ts";
import { ProblemError } from "../http/problem.ts";
import { applyWave, ensureStatistics } from "./delta-statement.ts";
import { foldBatch, type FoldResult } from "./fold-batch.ts";
import { refuse, type Holder } from "./holder.ts";
import { parseLines, type ParsedLine } from "./parse-lines.ts";
import { loadStreams, openRequests, saveStreams, type ClusterKey } from "./stream-store.ts";

export type Batch = Holder & {
  readonly clusterId: string;
  readonly sequence: number;
  /** Of the bytes as sent. */
  readonly digest: string;
  /** Inflated. */
  readonly content: Buffer;
};

export type ApplyContext = {
  readonly pool: Database["pool"];
  readonly scope: OrgScope;
  readonly receivedAt: number;
  readonly newId: () => string;
};

export type AppliedBatch = BatchAnswer & {
  /** Objects that changed; 0 for a batch that was acknowledged again. */
  readonly changed: number;
};

/** Channel of the notifications that live answers listen to: `ORG:CLUSTER:CHANGE`. */
export const changeChannel = "obsyk_change";

/** A wave that changes this many rows is worth a look at whether there are statistics. */
const statisticsRows = 100;

type Claimed = {
  hash_key: string;
  change_number: number;
  clock_offset_ms: number;
  clock_error_ms: number | null;
};

/**
 * The RFC 9530 digest of a body as sent, in the only form we accept.
 *
 * @throws {ProblemError} `bad-request` when the header is no sha-256 or names other bytes.
 */
export function verifyDigest(header: string | undefined, raw: Buffer): string {
  const digest = `sha-256=:${hash("sha256", raw, "base64")}:`;
  if (header === digest) return digest;
  throw new ProblemError(
    "bad-request",
    "Content-Digest must be the sha-256 of the bytes as sent (RFC 9530)",
    { pointer: "content-digest" },
  );
}

/** @throws {ProblemError} `session-unknown`, `superseded`, `sequence-gap` or `digest-differs`. */
export async function applyBatch(batch: Batch, context: ApplyContext): Promise<AppliedBatch> {
  const lines = parseLines(batch.content.toString("utf8"), context.receivedAt);
  const key = { orgId: context.scope.orgId, clusterId: batch.clusterId };
  return withScopedClient(context.pool, context.scope, async (client) => {
    const claimed = await claim(client, key, batch, context.receivedAt);
    if (claimed === undefined) return acknowledgeAgain(client, key, batch, context);
    const applied = await applyLines(client, { key, claimed, lines }, context);
    await client.query({
      name: "applied-results",
      text: `update agent_cluster set applied_results = $3::jsonb where org_id = $1 and cluster_id = $2`,
      values: [key.orgId, key.clusterId, JSON.stringify(applied.results)],
    });
    // One notification a batch: it serialises commits.
    await client.query({
      name: "notify",
      text: "select pg_notify($1, $2)",
      values: [changeChannel, `${key.orgId}:${key.clusterId}:${claimed.change_number}`],
    });
    return {
      appliedSequence: batch.sequence,
      results: applied.results,
      sendAgain: await openRequests(client, key),
      clock: context.receivedAt,
      changed: applied.changed,
    };
  });
}

/** R1: session, epoch and sequence are compared in the statement that sets the sequence; it also takes the lock. */
async function claim(
  client: pg.ClientBase,
  key: ClusterKey,
  batch: Batch,
  receivedAt: number,
): Promise<Claimed | undefined> {
  const { rows } = await client.query<Claimed>({
    name: "claim",
    text: `update agent_cluster set applied_sequence = $5, applied_digest = $6,
        change_number = change_number + 1, seen_at = greatest(seen_at, $7)
      where org_id = $1 and cluster_id = $2 and session_id = $3 and epoch = $4 and applied_sequence = $5::bigint - 1
      returning hash_key, change_number, clock_offset_ms, clock_error_ms`,
    values: [
      key.orgId,
      key.clusterId,
      batch.sessionId,
      batch.epoch,
      batch.sequence,
      batch.digest,
      new Date(receivedAt),
    ],
  });
  return rows[0];
}

async function applyLines(
  client: pg.ClientBase,
  source: {
    readonly key: ClusterKey;
    readonly claimed: Claimed;
    readonly lines: readonly ParsedLine[];
  },
  context: ApplyContext,
): Promise<FoldResult & { readonly changed: number }> {
  const { key, claimed } = source;
  const names = new Set(
    source.lines.flatMap((line) => (line.kind === "line" ? [line.line.stream] : [])),
  );
  const before = await loadStreams(client, key, [...names]);
  const streams = new Map(before);
  const { receivedAt, newId } = context;
  const fold = foldBatch(source.lines, {
    streams,
    hashKey: claimed.hash_key,
    receivedAt,
    clockOffsetMs: claimed.clock_offset_ms,
    newId,
  });
  const target = {
    ...key,
    changeNumber: claimed.change_number,
    receivedAt,
    clockErrorMs: claimed.clock_error_ms ?? undefined,
  };
  let changed = 0;
  let step = fold.next();
  while (step.done !== true) {
    const counters = await applyWave(client, target, step.value);
    changed += counters.changed;
    if (counters.changed >= statisticsRows) await ensureStatistics(client);
    step = fold.next(counters);
  }
  await saveStreams(client, key, {
    before,
    after: streams,
    closed: step.value.closed,
    at: receivedAt,
  });
  return { ...step.value, changed };
}

/** R3: the same sequence with the same digest was applied already. */
async function acknowledgeAgain(
  client: pg.ClientBase,
  key: ClusterKey,
  batch: Batch,
  context: ApplyContext,
): Promise<AppliedBatch> {
  const { rows } = await client.query<{ applied_results: BatchAnswer["results"] }>(
    `select applied_results from agent_cluster where org_id = $1 and cluster_id = $2
       and session_id = $3 and epoch = $4 and applied_sequence = $5 and applied_digest = $6`,
    [key.orgId, key.clusterId, batch.sessionId, batch.epoch, batch.sequence, batch.digest],
  );
  const [row] = rows;
  if (row === undefined) throw await refuse(client, key, batch);
  return {
    appliedSequence: batch.sequence,
    results: row.applied_results,
    sendAgain: await openRequests(client, key),
    clock: context.receivedAt,
    changed: 0,
  };
}
