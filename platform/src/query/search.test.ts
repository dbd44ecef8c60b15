import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import type { ObjectQuery } from "@obsyk/contract";
import fc from "fast-check";
import { openTestInventory } from "../ingest/test-inventory.ts";
import { openTestDatabase } from "../store/test-database.ts";
import { createScope, withScope, type AccessLimits } from "../tenancy/scope.ts";
import { matchesLabels, parseLabelSelector } from "./label-selector.ts";
import { listObjects } from "./objects.ts";

const inventory = openTestInventory(await openTestDatabase());
after(() => inventory[Symbol.asyncDispose]());
const { db } = inventory.database;
const scope = await inventory.scope;
const agents = [await inventory.openAgent(), await inventory.openAgent()];
agents.push(await inventory.openAgent());
const clusterIds = agents.map(({ clusterId }) => clusterId);
const now = agents[0]?.now ?? 0;

type Row = {
  readonly cluster_id: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly labels: { readonly [key: string]: string };
  readonly gone: boolean;
};

const resources = ["pods", "services", "namespaces"] as const;
const namespaces = ["", "a", "b", "b-1", "c"] as const;
const names = ["api", "api-1", "API", "bill-api-x", "bill", "x_y", "xzy", "ü-name", "ab"] as const;

const rowArbitrary: fc.Arbitrary<Row> = fc.record({
  cluster_id: fc.constantFrom(...clusterIds),
  resource: fc.constantFrom(...resources),
  namespace: fc.constantFrom(...namespaces),
  name: fc.constantFrom(...names),
  uid: fc.uuid({ version: 4 }),
  labels: fc.dictionary(fc.constantFrom("app", "tier"), fc.constantFrom("a", "b", "")),
  gone: fc.boolean(),
});

const limitsArbitrary: fc.Arbitrary<AccessLimits | undefined> = fc.option(
  fc.dictionary(
    fc.constantFrom(...clusterIds),
    fc.oneof(fc.constant(["*"]), fc.subarray([...namespaces, "none"])),
  ),
  { nil: undefined },
);

const queryArbitrary = fc.record(
  {
    cluster: fc.constantFrom(...clusterIds),
    resource: fc.constantFrom(...resources),
    namespace: fc.constantFrom("a", "b", "c", "none"),
    name: fc.constantFrom(
      "api",
      "API",
      "a",
      "bi",
      "_",
      "x_y",
      "ü-n",
      "bulk",
      "bulk-0000001",
      "none",
    ),
    objectName: fc.constantFrom(...names, "bulk-00000017"),
    labelSelector: fc.constantFrom(
      "app=a",
      "app in (a,b)",
      "app!=a",
      "tier",
      "!tier",
      "app=a,tier",
    ),
    notCollected: fc.constantFrom("exclude", "only", "include"),
  },
  { requiredKeys: [] },
);

/** Byte order: every compared text but a name is ASCII, and Node's UTF-8 order is PostgreSQL's "C". */
const keyOf = (row: Row): Buffer =>
  Buffer.from([row.cluster_id, row.resource, row.namespace, row.name, row.uid].join("\0"));

function isSelected({ labels }: Row, selector: string | undefined): boolean {
  if (selector === undefined) return true;
  const parsed = parseLabelSelector(selector);
  return parsed.kind === "selector" && matchesLabels(parsed.requirements, labels);
}

function isWanted(row: Row, query: ObjectQuery, limits: AccessLimits | undefined): boolean {
  const { notCollected = "exclude" } = query;
  const seen = limits === undefined ? ["*"] : (limits[row.cluster_id] ?? []);
  return (
    (query.cluster ?? row.cluster_id) === row.cluster_id &&
    (query.resource ?? row.resource) === row.resource &&
    (query.namespace ?? row.namespace) === row.namespace &&
    row.name.toLowerCase().includes((query.name ?? "").toLowerCase()) &&
    (query.objectName ?? row.name) === row.name &&
    (notCollected === "include" || row.gone === (notCollected === "only")) &&
    isSelected(row, query.labelSelector) &&
    (seen.includes("*") || seen.includes(row.namespace))
  );
}

async function replaceObjects(rows: readonly Row[]): Promise<void> {
  const { owner } = inventory.database;
  await owner.query("delete from object where not starts_with(name, 'bulk')");
  await insertObjects(rows);
}

async function insertObjects(rows: readonly Row[]): Promise<void> {
  await inventory.database.owner.query(
    `insert into object (org_id, cluster_id, resource, uid, stream_id, namespace, name, labels, record, hash, member,
       resource_version, derived, valid_from, received_at, change_number, not_collected_since)
     select $1, r.cluster_id, r.resource, r.uid, s.stream_id, r.namespace, r.name, r.labels, '{}', 0, 0,
       '1', false, now(), now(), 1, case when r.gone then now() end
     from jsonb_to_recordset($2::jsonb) r (cluster_id uuid, resource text, namespace text, name text, uid uuid,
       labels jsonb, gone boolean)
     join stream s on s.org_id = $1 and s.cluster_id = r.cluster_id`,
    [scope.orgId, JSON.stringify(rows)],
  );
}

async function readPages(
  query: ObjectQuery,
  limits: AccessLimits | undefined,
): Promise<readonly string[]> {
  const reader = createScope(scope.orgId, "viewer", limits);
  const uids: string[] = [];
  let cursor: string | undefined;
  do {
    const at = { ...query, ...(cursor === undefined ? {} : { cursor }) };
    const page = await withScope(db, reader, (tx) => listObjects(tx, reader, at, now));
    uids.push(...page.items.map(({ uid }) => uid));
    assert.ok(page.items.length <= (query.limit ?? 0));
    cursor = page.next;
  } while (cursor !== undefined);
  return uids;
}

/** More than a search sorts, in one place of the order: most pages of these are read in order. */
const bulk: readonly Row[] = Array.from({ length: 6000 }, (_, index) => ({
  cluster_id: clusterIds[index % 2] ?? "",
  resource: "services",
  namespace: "b",
  name: `bulk-${String(index).padStart(8, "0")}`,
  uid: randomUUID(),
  labels: index % 10 === 0 ? {} : { app: "a" },
  gone: false,
}));

test("listObjects: pages of a search, put together, are the whole sorted answer, also within limits", async () => {
  await insertObjects(bulk);
  await inventory.database.owner.query("analyze object");
  const rowsArbitrary = fc.uniqueArray(rowArbitrary, { maxLength: 60, selector: ({ uid }) => uid });
  await fc.assert(
    fc.asyncProperty(
      rowsArbitrary,
      fc.array(fc.tuple(queryArbitrary, limitsArbitrary, fc.constantFrom(1, 3, 10, 100)), {
        minLength: 8,
        maxLength: 8,
      }),
      async (rows, cases) => {
        await replaceObjects(rows);
        const sorted = [...rows, ...bulk].sort((a, b) => Buffer.compare(keyOf(a), keyOf(b)));
        for (const [query, limits, rowsOfPage] of cases) {
          if (
            query.cluster !== undefined &&
            limits?.[query.cluster] === undefined &&
            limits !== undefined
          ) {
            await assert.rejects(readPages({ ...query, limit: 1 }, limits), { code: "not-found" });
            continue;
          }
          const expected = sorted.filter((row) => isWanted(row, query, limits));
          // Not hundreds of pages.
          const limit = Math.max(rowsOfPage, Math.ceil(expected.length / 15));
          assert.deepEqual(
            await readPages({ ...query, limit }, limits),
            expected.map(({ uid }) => uid),
            JSON.stringify([query, limits, limit]),
          );
        }
      },
    ),
    { numRuns: 25, endOnFailure: true },
  );
});
