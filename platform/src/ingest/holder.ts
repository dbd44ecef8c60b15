/**
 * Who may speak for a cluster: session id and epoch are compared for equality (R1).
 *
 * @module
 */
import type pg from "pg";
import { ProblemError } from "../http/problem.ts";
import type { ClusterKey } from "./stream-store.ts";

/** What a caller presents. */
export type Holder = { readonly sessionId: string; readonly epoch: number };

/**
 * Why nothing matched: R3 and R4 tell the operator what to do. An epoch alone proves nothing: after a restored backup
 * the same one is issued twice, to another session id.
 */
export async function refuse(
  client: pg.ClientBase,
  key: ClusterKey,
  holder: Holder & { readonly sequence?: number; readonly digest?: string },
): Promise<ProblemError> {
  const { rows } = await client.query<{
    session_id: string | null;
    epoch: number;
    applied_sequence: number;
  }>(
    `select session_id, epoch, applied_sequence from agent_cluster where org_id = $1 and cluster_id = $2`,
    [key.orgId, key.clusterId],
  );
  const [row] = rows;
  if (row === undefined || row.session_id === null) {
    return new ProblemError("session-unknown", "Nobody holds this cluster: open a session");
  }
  if (row.session_id !== holder.sessionId || row.epoch !== holder.epoch) {
    return holder.epoch < row.epoch
      ? new ProblemError("superseded", "A later session holds this cluster: go to standby")
      : new ProblemError("session-unknown", "This session is not known: open a new one");
  }
  const applied = row.applied_sequence;
  if (holder.sequence === applied) {
    return new ProblemError(
      "digest-differs",
      "Another batch was applied under this sequence: open a new session",
      { appliedSequence: applied },
    );
  }
  return new ProblemError("sequence-gap", `The next sequence is ${applied + 1}`, {
    appliedSequence: applied,
  });
}
