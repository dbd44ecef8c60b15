/**
 * Every question the console asks the platform, with the key under which the answer is kept. `logic/changes.ts` decides
 * by these keys which answers a live event makes old.
 *
 * @module
 */
import {
  apiPaths,
  clientSchema,
  clusterDetailSchema,
  clusterSchema,
  countsSchema,
  findingPageSchema,
  limits,
  objectDetailSchema,
  objectPageSchema,
  relatedSchema,
  sessionSchema,
  type Client,
  type ClientRequest,
  type ObjectQuery,
} from "@obsyk/contract";
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { z } from "zod";
import type { QueryKey } from "../logic/changes.ts";
import type { TableSearch } from "../paths.ts";
import { fillPath, type Api } from "./client.ts";

/** Streams move their marks about once a minute without a change: what is shown is asked for again this often. */
const refreshMs = 20_000;

/** The first page is small so that it shows at once; later ones are large so that scrolling keeps up. */
const firstPageRows = 60;
const nextPageRows = 200;

/** Beyond this many pages nothing is asked again by time alone. */
const refreshedPages = 8;

const clustersSchema = z.object({ items: z.array(clusterSchema) });

const key = (...parts: QueryKey): QueryKey => parts;

export function sessionQuery(api: Api) {
  return queryOptions({
    queryKey: key("session"),
    queryFn: async ({ signal }) => api.read(sessionSchema, { path: apiPaths.session, signal }),
    staleTime: 60_000,
  });
}

export function clustersQuery(api: Api) {
  return queryOptions({
    queryKey: key("clusters"),
    queryFn: async ({ signal }) => {
      const { items } = await api.read(clustersSchema, { path: apiPaths.clusters, signal });
      return items;
    },
    refetchInterval: refreshMs,
  });
}

export function clusterQuery(api: Api, clusterId: string) {
  return queryOptions({
    queryKey: key("cluster", clusterId),
    queryFn: async ({ signal }) =>
      api.read(clusterDetailSchema, { path: fillPath(apiPaths.cluster, { clusterId }), signal }),
    refetchInterval: refreshMs,
  });
}

export function countsQuery(api: Api, clusterId: string) {
  return queryOptions({
    queryKey: key("counts", clusterId),
    queryFn: async ({ signal }) =>
      api.read(countsSchema, { path: fillPath(apiPaths.counts, { clusterId }), signal }),
    refetchInterval: refreshMs,
  });
}

type ObjectFilter = Pick<ObjectQuery, "namespace" | "name" | "labelSelector"> & {
  readonly cluster: string;
  readonly resource: string;
};

function objectsQuery(api: Api, filter: ObjectFilter) {
  const { cluster, resource, namespace, name, labelSelector } = filter;
  return infiniteQueryOptions({
    queryKey: key("objects", cluster, resource, namespace ?? "", name ?? "", labelSelector ?? ""),
    queryFn: async ({ signal, pageParam }) =>
      api.read(objectPageSchema, {
        path: apiPaths.objects,
        query: {
          cluster,
          resource,
          namespace,
          name,
          labelSelector,
          limit: pageParam === "" ? firstPageRows : nextPageRows,
          cursor: pageParam,
        },
        signal,
      }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    refetchInterval: ({ state }) =>
      (state.data?.pages.length ?? 0) > refreshedPages ? false : refreshMs,
  });
}

/** What a table shows; a name that is too short to search for does not narrow it. */
export function tableQuery(
  api: Api,
  at: { readonly clusterId: string; readonly resource: string },
  search: TableSearch,
) {
  return objectsQuery(api, {
    cluster: at.clusterId,
    resource: at.resource,
    namespace: search.namespace,
    name: (search.name?.length ?? 0) >= limits.searchChars ? search.name : undefined,
    labelSelector: search.labels,
  });
}

export function objectQuery(
  api: Api,
  at: { readonly clusterId: string; readonly resource: string; readonly uid: string },
) {
  return queryOptions({
    queryKey: key("object", at.clusterId, at.resource, at.uid),
    queryFn: async ({ signal }) =>
      api.read(objectDetailSchema, { path: fillPath(apiPaths.object, at), signal }),
    refetchInterval: refreshMs,
  });
}

export function relatedQuery(
  api: Api,
  at: { readonly clusterId: string; readonly resource: string; readonly uid: string },
) {
  return queryOptions({
    queryKey: key("related", at.clusterId, at.resource, at.uid),
    queryFn: async ({ signal }) =>
      api.read(relatedSchema, { path: fillPath(apiPaths.related, at), signal }),
    refetchInterval: refreshMs,
  });
}

export type ObjectName = {
  readonly resource: string;
  readonly namespace?: string | undefined;
  readonly name: string;
};

/** The object that bears a name now, if there is one. */
export function namedQuery(api: Api, clusterId: string, { resource, namespace, name }: ObjectName) {
  return queryOptions({
    queryKey: key("named", clusterId, resource, namespace ?? "", name),
    queryFn: async ({ signal }) => {
      const { items } = await api.read(objectPageSchema, {
        path: apiPaths.objects,
        query: { cluster: clusterId, resource, namespace, objectName: name, limit: 1 },
        signal,
      });
      return items[0] ?? null;
    },
    refetchInterval: refreshMs,
  });
}

/** Of one cluster, or of all. */
export function findingsQuery(api: Api, clusterId: string | undefined) {
  return infiniteQueryOptions({
    queryKey: key("findings", clusterId ?? ""),
    queryFn: async ({ signal, pageParam }) =>
      api.read(findingPageSchema, {
        path: apiPaths.findings,
        query: { cluster: clusterId, cursor: pageParam },
        signal,
      }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
    refetchInterval: refreshMs,
  });
}

export async function signIn(api: Api, token: string): Promise<void> {
  await api.send({ path: apiPaths.signIn, method: "POST", body: { token } });
}

export async function signOut(api: Api): Promise<void> {
  await api.send({ path: apiPaths.session, method: "DELETE" });
}

export async function registerClient(api: Api, body: ClientRequest): Promise<Client> {
  return api.read(clientSchema, { path: apiPaths.clients, method: "POST", body });
}
