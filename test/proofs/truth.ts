/** Compares what the platform holds with what the API server lists: objects, records, counts and set-hashes. */
import { canonicalize, type InventoryObject } from "@obsyk/contract";
import { recordOf, resources, type ResourceDefinition } from "@obsyk/contract/allow-list";
import { memberHash, recordHash } from "@obsyk/runtime";
import { ProofFailure, waitFor, type ControlPlane } from "@obsyk/testkit";
import { queryDatabase } from "./inspect.ts";
import type { Platform } from "./system.ts";

type KubeObject = {
  readonly metadata: {
    readonly uid: string;
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: { readonly [key: string]: string };
  };
  readonly data?: object;
  readonly binaryData?: object;
};

export type Comparison = {
  readonly objects: number;
  readonly streams: number;
  /** One sentence each; none when both sides are equal. */
  readonly differences: readonly string[];
};

type Sides = {
  readonly plane: ControlPlane;
  readonly platform: Platform;
  readonly clusterId: string;
};

type StreamRow = {
  readonly resource: string;
  readonly object_count: string;
  readonly set_hash: string;
};

async function compareWithTruth(sides: Sides): Promise<Comparison> {
  const { platform, clusterId } = sides;
  const streams = await readStreams(platform, clusterId);
  const hashKey = await queryDatabase(
    platform.dataDir,
    `select hash_key from agent_cluster where cluster_id = '${clusterId}'`,
  );
  const counts = await platform.api.counts(clusterId);
  const differences: string[] = [];
  let objects = 0;
  for (const definition of resources.filter(({ defaultOn }) => defaultOn)) {
    const { resource } = definition;
    const truth = await listTruth(sides.plane, definition);
    const held = await platform.api.objects({ cluster: clusterId, resource });
    objects += truth.length;
    differences.push(...compareObjects(definition, truth, held));
    const counted = counts.items
      .filter((item) => item.resource === resource)
      .reduce((sum, item) => sum + item.count, 0);
    if (counted !== truth.length) {
      differences.push(`${resource}: ${counted} counted, ${truth.length} listed`);
    }
    const expected = setHashOf(definition, hashKey, { truth, held });
    const stream = streams.find((row) => row.resource === resource);
    if (Number(stream?.object_count) !== truth.length) {
      differences.push(`${resource}: stream counts ${stream?.object_count} of ${truth.length}`);
    }
    if (stream === undefined || BigInt.asUintN(64, BigInt(stream.set_hash)) !== expected) {
      differences.push(`${resource}: set-hash differs`);
    }
  }
  return { objects, streams: streams.length, differences };
}

/** @throws {ProofFailure} with the first differences when the sides are not equal in time */
export async function untilEqual(
  sides: Sides,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Comparison> {
  let last: Comparison | undefined;
  try {
    return await waitFor(
      "the platform equals the API server",
      async () => {
        last = await compareWithTruth(sides);
        return last.differences.length === 0 && last;
      },
      { ...options, intervalMs: 250 },
    );
  } catch (error) {
    const differences = last?.differences ?? [];
    throw new ProofFailure(
      `${differences.length} differences from the API server's list: ${differences.slice(0, 10).join("; ")}`,
      { cause: error },
    );
  }
}

function compareObjects(
  definition: ResourceDefinition,
  truth: readonly KubeObject[],
  held: readonly InventoryObject[],
): string[] {
  const { resource } = definition;
  const left = new Map(held.map((item) => [item.uid, item]));
  const differences: string[] = [];
  for (const object of truth) {
    const { uid, name, namespace = "" } = object.metadata;
    const item = left.get(uid);
    left.delete(uid);
    const at = `${resource} ${namespace}/${name}`;
    if (item === undefined) differences.push(`${at} is missing`);
    else if (!isSameRecord(definition, object, item)) differences.push(`${at} is not up to date`);
  }
  for (const { name, namespace = "" } of left.values()) {
    differences.push(`${resource} ${namespace}/${name} no longer exists`);
  }
  return differences;
}

function isSameRecord(
  definition: ResourceDefinition,
  object: KubeObject,
  { record }: InventoryObject,
): boolean {
  if (isFull(definition)) {
    return canonicalize(trueRecord(definition, object)) === canonicalize(asJson(record));
  }
  const { labels = {} } = (record["metadata"] ?? {}) as KubeObject["metadata"];
  const { dataCount = 0 } = (record["obsyk"] ?? {}) as { readonly dataCount?: number };
  const trueCount = Object.keys({ ...object.data, ...object.binaryData }).length;
  return (
    dataCount === trueCount &&
    canonicalize(asJson(labels)) === canonicalize(asJson(object.metadata.labels ?? {}))
  );
}

/** Of full objects from the API server's list; of Secrets and ConfigMaps from the records that the platform shows. */
function setHashOf(
  definition: ResourceDefinition,
  hashKey: string,
  sides: { readonly truth: readonly KubeObject[]; readonly held: readonly InventoryObject[] },
): bigint {
  const { resource } = definition;
  const pairs: (readonly [string, string])[] = isFull(definition)
    ? sides.truth.map((object) => [
        object.metadata.uid,
        canonicalize(trueRecord(definition, object)),
      ])
    : sides.held.map((item) => [item.uid, canonicalize(asJson(item.record))]);
  return pairs.reduce(
    (sum, [uid, canonical]) =>
      sum ^ memberHash(resource, uid, recordHash(hashKey, resource, canonical)),
    0n,
  );
}

type CanonicalInput = Parameters<typeof canonicalize>[0];

/** What came out of JSON.parse is JSON. */
function asJson(value: unknown): CanonicalInput {
  return value as CanonicalInput;
}

function trueRecord(definition: ResourceDefinition, object: KubeObject): CanonicalInput {
  return recordOf(definition, object, { mode: "full" });
}

function isFull({ modes }: ResourceDefinition): boolean {
  return modes.includes("full");
}

async function listTruth(
  plane: ControlPlane,
  { group, version, plural }: ResourceDefinition,
): Promise<readonly KubeObject[]> {
  const path = `${group === "" ? "/api" : `/apis/${group}`}/${version}/${plural}`;
  const list = (await plane.admin.json({ path })) as { readonly items: readonly KubeObject[] };
  return list.items;
}

async function readStreams(platform: Platform, clusterId: string): Promise<StreamRow[]> {
  const json = await queryDatabase(
    platform.dataDir,
    `select coalesce(json_agg(json_build_object('resource', resource, 'object_count', object_count::text,
       'set_hash', set_hash::text)), '[]') from stream where cluster_id = '${clusterId}' and collected`,
  );
  return JSON.parse(json) as StreamRow[];
}
