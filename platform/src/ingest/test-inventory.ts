/** For tests: what the database holds of a cluster, and lines of its stream "pods, whole cluster, full". */
import type { Line } from "@obsyk/contract";
import type { TestDatabase } from "../store/test-database.ts";
import { createTestCluster, createTestOrg, TestAgent } from "./test-agent.ts";

type Rows = Promise<{ [column: string]: unknown }[]>;
type Delete = Extract<Line, { op: "delete" }>;

const stream = "pods/*/full";

export type ClusterAgent = TestAgent & { readonly clusterId: string };

const testLines = {
  at: (agent: TestAgent, ms = 0): Date => new Date(agent.now + ms),
  begin: (agent: TestAgent, request?: string): Line => ({
    op: "begin",
    stream,
    attempt: 1,
    reason: request === undefined ? "start" : "send-again",
    ...(request === undefined ? {} : { request }),
    seen: agent.now,
  }),
  end: (agent: TestAgent): Line => ({
    op: "end",
    stream,
    resourceVersion: "9",
    seen: agent.now,
  }),
  remove: (agent: TestAgent, uid: string, cause: Delete["cause"] = "watched"): Delete => ({
    op: "delete",
    stream,
    uid,
    seen: agent.now,
    cause,
  }),
};

/** Disposes the database too. */
export function openTestInventory(database: TestDatabase) {
  const scope = createTestOrg(database, "org");
  let clusters = 0;
  const rows = async (clusterId: string, text: string): Rows => {
    const { orgId } = await scope;
    const answer = await database.owner.query<{ [column: string]: unknown }>(text, [
      orgId,
      clusterId,
    ]);
    return answer.rows;
  };
  return {
    database,
    scope,
    /** An agent with a session on a cluster of its own. */
    openAgent: async (names: readonly string[] = [stream]): Promise<ClusterAgent> => {
      clusters += 1;
      const clusterId = await createTestCluster(database, await scope, `cluster-${clusters}`);
      const agent = new TestAgent({ database, scope: await scope, clusterId, streams: names });
      await agent.open();
      return Object.assign(agent, { clusterId });
    },
    history: (id: string): Rows =>
      rows(
        id,
        `select uid::text, name, cause, valid_from_earliest, valid_from, valid_to_earliest, valid_to, record
         from history where org_id = $1 and cluster_id = $2 order by change_number, valid_to`,
      ),
    objects: (id: string): Rows =>
      rows(
        id,
        `select uid::text, name, stub, record, valid_from, valid_from_earliest, stream_id, in_scope, not_collected_since
         from object where org_id = $1 and cluster_id = $2 order by uid`,
      ),
    counts: (id: string): Rows =>
      rows(
        id,
        `select resource, namespace, objects from inventory_count
         where org_id = $1 and cluster_id = $2 and objects <> 0 order by 1, 2`,
      ),
    streams: (id: string): Rows =>
      rows(
        id,
        `select name, state, collected, not_collected_since, object_count, set_hash::text, mark_at, listing,
           paused_until, mismatches
         from stream where org_id = $1 and cluster_id = $2 order by name`,
      ),
    blind: (id: string): Rows =>
      rows(
        id,
        `select from_at, to_at, reason from blind_interval
         where org_id = $1 and cluster_id = $2 order by blind_id`,
      ),
    ...testLines,
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}
