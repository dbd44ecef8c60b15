/**
 * What the platform holds of one stream, as (uid, hash) entries of 24 bytes sorted by uid (R8, R16), from one database
 * snapshot.
 *
 * @module
 */
import { parseStream } from "@obsyk/contract";
import type pg from "pg";
import { ProblemError } from "../http/problem.ts";
import type { HolderContext } from "./heartbeat.ts";
import { refuse } from "./holder.ts";

export type IndexSnapshot = {
  readonly appliedSequence: number;
  readonly count: number;
  /** Ends the snapshot when it is read to its end or given up. */
  readonly chunks: AsyncGenerator<Buffer, void, void>;
};

const entryBytes = 24;
const chunkEntries = 8192;

/** @throws {ProblemError} `session-unknown`, `superseded`, or `not-found` for a stream the session did not name. */
export async function openIndexSnapshot(
  streamName: string,
  context: HolderContext,
): Promise<IndexSnapshot> {
  const client = await context.pool.snapshot(context.scope);
  try {
    const source = await readHead(client, streamName, context);
    const chunks = readChunks(client, source.text, source.values);
    // A generator that never started would not run its `finally`, and the connection would be lost.
    await chunks.next();
    return { appliedSequence: source.appliedSequence, count: source.count, chunks };
  } catch (error) {
    await finish(client);
    throw error;
  }
}

async function readHead(
  client: pg.PoolClient,
  streamName: string,
  context: HolderContext,
): Promise<{
  readonly appliedSequence: number;
  readonly count: number;
  readonly text: string;
  readonly values: readonly unknown[];
}> {
  const key = { orgId: context.scope.orgId, clusterId: context.clusterId };
  const { rows } = await client.query<{ applied_sequence: number; stream_id: number | null }>(
    `select c.applied_sequence, s.stream_id from agent_cluster c
     left join stream s on s.org_id = c.org_id and s.cluster_id = c.cluster_id and s.name = $5 and s.collected
     where c.org_id = $1 and c.cluster_id = $2 and c.session_id = $3 and c.epoch = $4`,
    [key.orgId, key.clusterId, context.sessionId, context.epoch, streamName],
  );
  const [row] = rows;
  if (row === undefined) throw await refuse(client, key, context);
  const stream = parseStream(streamName);
  if (row.stream_id === null || stream === undefined) {
    throw new ProblemError("not-found", "The session did not name this stream", {
      pointer: "stream",
    });
  }
  const namespace = stream.namespace === "*" ? null : stream.namespace;
  const text = `from object where org_id = $1 and cluster_id = $2 and resource = $3 and stream_id = $4 and in_scope
    and ($5::text is null or namespace = $5)`;
  const values = [key.orgId, key.clusterId, stream.resource, row.stream_id, namespace];
  const counted = await client.query<{ count: number }>(`select count(*) as count ${text}`, values);
  const count = counted.rows[0]?.count ?? 0;
  return { appliedSequence: row.applied_sequence, count, text, values };
}

async function* readChunks(
  client: pg.PoolClient,
  text: string,
  values: readonly unknown[],
): AsyncGenerator<Buffer, void, void> {
  try {
    yield Buffer.alloc(0);
    let after: string | undefined;
    for (;;) {
      const { rows } = await client.query<{ chunk: Buffer | null }>(
        `select string_agg(uuid_send(uid) || int8send(hash), ''::bytea order by uid) as chunk
         from (select uid, hash ${text} and ($6::uuid is null or uid > $6) order by uid limit ${chunkEntries}) entry`,
        [...values, after ?? null],
      );
      const chunk = rows[0]?.chunk;
      if (chunk === undefined || chunk === null) return;
      yield chunk;
      if (chunk.length < chunkEntries * entryBytes) return;
      after = uidAt(chunk, chunk.length - entryBytes);
    }
  } finally {
    await finish(client);
  }
}

function uidAt(chunk: Buffer, offset: number): string {
  const hex = chunk.toString("hex", offset, offset + 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

async function finish(client: pg.PoolClient): Promise<void> {
  // A connection that cannot even roll back is not given back to the pool.
  const isBroken = await client.query("rollback").then(
    () => false,
    () => true,
  );
  client.release(isBroken);
}
