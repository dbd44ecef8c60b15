/**
 * What a session's declaration means for the streams that are known (R14). Pure.
 *
 * @module
 */
import {
  everyNamespace,
  isNamespaceIn,
  parseStream,
  type Mode,
  type Scope,
  type SessionRequest,
  type Stream,
} from "@obsyk/contract";

export type KnownStream = {
  readonly name: string;
  readonly recordVersion: string;
  readonly collected: boolean;
  readonly count: number;
};

export type ScopePlan = {
  readonly scope: Scope;
  readonly declared: readonly (Stream & { readonly name: string; readonly version: string })[];
  /** Nobody reads them any more. */
  readonly leaving: readonly string[];
  /** Of the declared ones: read again after they were out of scope. */
  readonly returning: readonly string[];
  /** In scope and not declared, but with objects: their namespace may be gone. */
  readonly held: readonly string[];
  /** Their records have another shape than those that are stored. */
  readonly reshaped: readonly string[];
  /** Resources of which objects may enter or leave. */
  readonly affected: readonly string[];
};

/** @param before the scope of the session before; `undefined` when there was none */
export function planScope(
  request: Pick<SessionRequest, "streams" | "scope">,
  known: readonly KnownStream[],
  before: Scope | undefined,
): ScopePlan {
  const declared = request.streams.flatMap(({ stream: name, recordVersion: version }) => {
    const parsed = parseStream(name);
    return parsed === undefined ? [] : [{ ...parsed, name, version }];
  });
  const scope = request.scope ?? scopeOfStreams(declared);
  const names = new Map(declared.map((stream) => [stream.name, stream]));
  const mayStay = (name: string): boolean => {
    const stream = parseStream(name);
    return request.scope !== undefined && stream !== undefined && isHeld(stream, scope);
  };
  const collected = known.filter((stream) => stream.collected);
  const undeclared = collected.filter(({ name }) => !names.has(name));
  const held = undeclared.filter(({ name, count }) => count > 0 && mayStay(name));
  const leaving = undeclared.filter((stream) => !held.includes(stream));
  const wasCollected = new Set(collected.map(({ name }) => name));
  const entering = declared.filter(({ name }) => !wasCollected.has(name));
  const isFilterNew =
    JSON.stringify(scope.namespaces) !== JSON.stringify(before?.namespaces ?? everyNamespace);
  const moved = isFilterNew ? [...known, ...declared] : [...leaving, ...entering];
  return {
    scope,
    declared,
    leaving: leaving.map(({ name }) => name),
    returning: entering
      .filter(({ name }) => known.some((stream) => stream.name === name))
      .filter((stream) => !wasInScope(stream, scope, before))
      .map(({ name }) => name),
    held: held.map(({ name }) => name),
    reshaped: known
      .filter(({ name, recordVersion, count }) => {
        const version = names.get(name)?.version;
        return count > 0 && version !== undefined && version !== recordVersion;
      })
      .map(({ name }) => name),
    affected: [...new Set(moved.map(({ name }) => parseStream(name)?.resource ?? ""))].sort(),
  };
}

/** Streams also begin again within a scope: with their namespace, or with the session. */
function wasInScope(stream: Stream, scope: Scope, before: Scope | undefined): boolean {
  if (before === undefined) return false;
  const isRead = before.resources.some(
    ({ resource, mode }) => resource === stream.resource && mode === stream.mode,
  );
  if (stream.namespace !== "*") return isRead && isNamespaceIn(before.namespaces, stream.namespace);
  return isRead && JSON.stringify(before.namespaces) === JSON.stringify(scope.namespaces);
}

/** Only mode `counts` names its streams one by one as namespaces become known. */
function isHeld(stream: Stream, { resources, namespaces }: Scope): boolean {
  return (
    stream.mode === "counts" &&
    resources.some(({ resource, mode }) => resource === stream.resource && mode === stream.mode) &&
    isNamespaceIn(namespaces, stream.namespace)
  );
}

function scopeOfStreams(streams: readonly Stream[]): Scope {
  const pairs = new Map<string, { resource: string; mode: Mode }>();
  for (const { resource, mode } of streams) pairs.set(`${resource} ${mode}`, { resource, mode });
  return { resources: [...pairs.values()], namespaces: everyNamespace };
}
