/** Allow-list tables: what exists for us of each Kubernetes resource, and everything that follows from that. */
export * from "./table.ts";
