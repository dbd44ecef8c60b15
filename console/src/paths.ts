/**
 * The only way to a URL inside the console: each function gives what a router link takes. Names travel in the query
 * string or as a whole encoded segment, so dots, colons and slashes in them are ordinary.
 *
 * @module
 */

/** What the table of one resource is narrowed to. */
export type TableSearch = {
  readonly namespace?: string | undefined;
  /** Substring of the name. */
  readonly name?: string | undefined;
  /** Kubernetes label selector. */
  readonly labels?: string | undefined;
};

export type ObjectTab = "summary" | "yaml" | "collected";

export const paths = {
  clusters: () => ({ to: "/clusters" }) as const,
  settings: () => ({ to: "/settings" }) as const,
  register: () => ({ to: "/register" }) as const,
  /** The steps that are left once a cluster is registered. */
  connect: (cluster: string) => ({ to: "/register", search: { cluster } }) as const,
  signIn: (next?: string) => ({ to: "/sign-in", search: { next } }) as const,
  cluster: (clusterId: string, namespace?: string) =>
    ({ to: "/clusters/$clusterId", params: { clusterId }, search: { namespace } }) as const,
  /** Of all clusters. */
  findings: () => ({ to: "/findings" }) as const,
  clusterFindings: (clusterId: string) =>
    ({ to: "/clusters/$clusterId/findings", params: { clusterId } }) as const,
  /** Every field that can leave the cluster. */
  collected: (clusterId: string) =>
    ({ to: "/clusters/$clusterId/collected", params: { clusterId } }) as const,
  resource: (clusterId: string, resource: string, search: TableSearch = {}) =>
    ({ to: "/clusters/$clusterId/$resource", params: { clusterId, resource }, search }) as const,
  /** An object by name: the link stays when the object is made anew. */
  named: (
    clusterId: string,
    at: { resource: string; namespace?: string | undefined; name: string },
  ) =>
    ({
      to: "/clusters/$clusterId/$resource/named",
      params: { clusterId, resource: at.resource },
      search: { namespace: at.namespace, name: at.name },
    }) as const,
  object: (at: { clusterId: string; resource: string; uid: string }, tab?: ObjectTab) =>
    ({
      to: "/clusters/$clusterId/$resource/$uid",
      params: at,
      search: { tab: tab === "summary" ? undefined : tab },
    }) as const,
};
