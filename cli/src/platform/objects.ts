/**
 * Objects of the inventory, page by page, with how fresh they are.
 *
 * @module
 */
import {
  apiPaths,
  clusterDetailSchema,
  clusterSchema,
  limits,
  objectPageSchema,
  type BlindInterval,
  type Cluster,
  type ClusterDetail,
  type InventoryObject,
  type ObjectQuery,
} from "@obsyk/contract";
import { z } from "zod";
import { CliError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import type { ApiClient } from "./client.ts";

export type ObjectFilter = Omit<ObjectQuery, "limit" | "cursor">;

/** How old an answer is: the oldest of its pages. */
export type AnswerAge = {
  readonly asOf?: string | undefined;
  readonly blind: readonly BlindInterval[];
};

/** Pages in the platform's order: cluster, resource, namespace, name. */
export async function* readPages(
  client: ApiClient,
  filter: ObjectFilter,
): AsyncGenerator<{ readonly items: readonly InventoryObject[] } & AnswerAge> {
  let cursor: string | undefined;
  do {
    const query = { ...filter, limit: limits.apiPageRows, cursor };
    const page = await client.get(objectPageSchema, apiPaths.objects, query);
    yield page;
    cursor = page.next;
  } while (cursor !== undefined);
}

/** The older of two answers: what both together are no fresher than. */
export function olderOf(one: AnswerAge | undefined, other: AnswerAge): AnswerAge {
  if (one === undefined) return other;
  const times = [one.asOf, other.asOf].filter((time) => time !== undefined).sort();
  const known = new Map(
    [...one.blind, ...other.blind].map((gap) => [`${gap.stream} ${gap.from} ${gap.reason}`, gap]),
  );
  return { asOf: times[0], blind: [...known.values()] };
}

export async function listClusters(client: ApiClient): Promise<readonly Cluster[]> {
  const { items } = await client.get(
    z.object({ items: z.array(clusterSchema) }),
    apiPaths.clusters,
  );
  return items;
}

/** @throws {CliError} `NOT_FOUND` with the name that was probably meant. */
export async function findCluster(client: ApiClient, name: string): Promise<Cluster> {
  const clusters = await listClusters(client);
  const found = clusters.find((one) => one.name === name || one.id === name);
  if (found !== undefined) return found;
  const names = clusters.map((one) => one.name);
  const suggestion = nearest(name, names);
  const hint =
    suggestion === undefined
      ? "obsyk clusters lists those there are"
      : `did you mean ${suggestion}?`;
  throw new CliError("NOT_FOUND", `no cluster is named ${JSON.stringify(name)}: ${hint}`);
}

export function readClusterDetail(client: ApiClient, { id }: Cluster): Promise<ClusterDetail> {
  return client.get(
    clusterDetailSchema,
    apiPaths.cluster.replace(":clusterId", encodeURIComponent(id)),
  );
}
