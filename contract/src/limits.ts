/**
 * Every bound that two parts of Obsyk must agree on, with its unit and its reason.
 *
 * @module
 */

export const limits = {
  /** Characters (UTF-16 code units) a kept string may have before it is cut at a code point. */
  stringChars: 4096,
  /** Characters an allow-listed annotation value may have; longer ones are cut at a code point. */
  annotationChars: 256,
  /** Items a kept list or map may have; further ones are dropped and the path listed. */
  collectionItems: 4096,
  /** Paths that `obsyk.truncated` lists at most, in order. */
  truncatedPaths: 64,
  /** Entries of a list of evidence under `obsyk`, in order. */
  findingItems: 256,
  /** Bytes of one canonical record; etcd refuses objects above about 1.5 MiB, pruned ones are far smaller. */
  recordBytes: 1024 * 1024,
  /** Bytes of one batch before compression: the sender adapts between these two. */
  minBatchBytes: 64 * 1024,
  maxBatchBytes: 4 * 1024 * 1024,
  /** Bytes the operator's queues and the frozen batch may hold together (R9). */
  queueBytes: 16 * 1024 * 1024,
  /** Objects per LIST page. */
  pageItems: 500,
  /** Bytes of one watch event or list item; above it the stream is an error, not a buffer. */
  eventBytes: 4 * 1024 * 1024,
  /** Rows of one page of an API answer. */
  apiPageRows: 500,
  /** Fewest characters of a name substring search: a trigram index needs three. */
  searchChars: 3,
  /** Clusters, and namespaces of one of them, that a viewer's limits may name. */
  accessClusters: 100,
  accessNamespaces: 100,
  /** Longest life of an API token. */
  tokenDays: 366,
} as const;
