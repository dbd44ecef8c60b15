/**
 * The nodes of a cluster, as far as its facts need them.
 *
 * @module
 */
import { sql } from "kysely";
import type { NodeFacts } from "../analyze/cluster-facts.ts";
import type { OrgScope } from "../tenancy/scope.ts";
import type { Tx } from "./freshness.ts";

/** Kubernetes itself is built for 5,000; beyond this the facts are those of a part. */
const mostNodes = 20_000;

type NodeRow = {
  labels: NodeFacts["labels"];
  provider_id: string;
  kubelet_version: string;
  architecture: string;
  operating_system: string;
  os_image: string;
  is_ready: boolean;
  is_unschedulable: boolean;
};

/** Those that are collected now. */
export async function readNodes(
  tx: Tx,
  scope: OrgScope,
  clusterId: string,
): Promise<readonly NodeFacts[]> {
  const { rows } = await sql<NodeRow>`
    select o.labels, coalesce(o.record #>> '{spec,providerID}', '') as provider_id,
      coalesce(o.record #>> '{status,nodeInfo,kubeletVersion}', '') as kubelet_version,
      coalesce(o.record #>> '{status,nodeInfo,architecture}', '') as architecture,
      coalesce(o.record #>> '{status,nodeInfo,operatingSystem}', '') as operating_system,
      coalesce(o.record #>> '{status,nodeInfo,osImage}', '') as os_image,
      o.record #> '{status,conditions}' @> '[{"type":"Ready","status":"True"}]' is true as is_ready,
      coalesce(o.record #>> '{spec,unschedulable}', '') = 'true' as is_unschedulable
    from object o
    where o.org_id = ${scope.orgId} and o.cluster_id = ${clusterId} and o.resource = 'nodes'
      and o.not_collected_since is null
    limit ${mostNodes}`.execute(tx);
  return rows.map((row) => ({
    labels: row.labels,
    providerID: row.provider_id,
    kubeletVersion: row.kubelet_version,
    architecture: row.architecture,
    operatingSystem: row.operating_system,
    osImage: row.os_image,
    isReady: row.is_ready,
    isUnschedulable: row.is_unschedulable,
  }));
}
