/**
 * A stream is (resource, namespace or `*`, mode): the unit of begin, end, mark, check, state and index
 * (PROTOCOL: Terms). Its name on the wire is `resource/namespace/mode`, for example `deployments.apps/shop/full`.
 *
 * @module
 */

export const modes = ["full", "metadata", "keys", "counts", "references"] as const;
/** How a resource is read: `full` and `metadata` as protobuf; `keys` and `counts` as Tables; `references` not at all. */
export type Mode = (typeof modes)[number];

export type Stream = {
  /** kubectl's `resource.group` form; the core group has no suffix: `pods`, `deployments.apps`. */
  readonly resource: string;
  /** One namespace, or `*` for the whole cluster. */
  readonly namespace: string;
  readonly mode: Mode;
};

const pattern =
  /^([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9.-]+)?)\/(\*|[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)\/([a-z]+)$/;

export function formatStream(stream: Stream): string {
  return `${stream.resource}/${stream.namespace}/${stream.mode}`;
}

/** The stream a wire name stands for; `undefined` when it is none. */
export function parseStream(name: string): Stream | undefined {
  const match = name.length <= 512 ? pattern.exec(name) : null;
  const mode = modes.find((candidate) => candidate === match?.[3]);
  if (match?.[1] === undefined || match[2] === undefined || mode === undefined) return undefined;
  return { resource: match[1], namespace: match[2], mode };
}
