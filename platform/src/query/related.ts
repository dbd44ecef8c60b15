/**
 * The objects around one object, as far as its record and theirs say: owners and owned, selected and selecting, used
 * and using. Every search is within one cluster, one resource and, where Kubernetes has it so, one namespace.
 *
 * @module
 */
import type { Related, RelatedObject, RelationKind } from "@obsyk/contract";
import { listAt, textAt } from "@obsyk/contract/printer";
import { sql, type RawBuilder } from "kysely";
import { ProblemError } from "../http/problem.ts";
import type { OrgScope } from "../tenancy/scope.ts";
import { optionalText, type Tx } from "./freshness.ts";
import { matchesLabels, parseLabelSelector, type LabelRequirement } from "./label-selector.ts";
import { lookupsOf, selectorIn, type Lookup, type Selecting } from "./lookups.ts";
import {
  groupOf,
  namedBy,
  ownedResources,
  resourceOfKind,
  type Named,
  type Target,
} from "./relations.ts";

type Row = {
  readonly resource: string;
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly record: { readonly [name: string]: unknown };
};

type ObjectKey = { readonly clusterId: string; readonly resource: string; readonly uid: string };

/** Of one resource and relation; more are said to be there. */
const answeredRows = 20;
/** Objects with selectors of one namespace that are compared at most. */
const comparedRows = 500;
/** CronJob, Job, Pod: Kubernetes' own chains have three links. */
const maxOwners = 5;
const maxNamed = 200;

/** @throws {ProblemError} `not-found`, also for an object of another organisation. */
export async function readRelated(tx: Tx, scope: OrgScope, key: ObjectKey): Promise<Related> {
  const reader = new RelatedReader(tx, scope, key.clusterId);
  const [subject] = await reader.select(
    [sql`o.resource = ${key.resource}`, sql`o.uid = ${key.uid}`],
    1,
    sql`true`,
  );
  if (subject === undefined) {
    throw new ProblemError("not-found", "There is no such object, or it exists no more");
  }
  await reader.addOwners(subject);
  await reader.addOwned([subject], "");
  for (const lookup of lookupsOf(subject)) await reader.addFound(lookup);
  await reader.addNamed(namedBy(subject));
  return reader.answer();
}

/** Collects what is related to one object. */
class RelatedReader {
  readonly #tx: Tx;
  readonly #scope: OrgScope;
  readonly #clusterId: string;
  readonly #items: RelatedObject[] = [];
  readonly #more = new Map<string, Related["more"][number]>();

  constructor(tx: Tx, scope: OrgScope, clusterId: string) {
    this.#tx = tx;
    this.#scope = scope;
    this.#clusterId = clusterId;
  }

  answer(): Related {
    return { items: [...this.#items], more: [...this.#more.values()] };
  }

  /** @param scoped what left the operator's scope is related to nothing (R14) */
  async select(
    conditions: readonly RawBuilder<unknown>[],
    limit: number,
    scoped: RawBuilder<unknown> = sql`o.not_collected_since is null`,
  ): Promise<Row[]> {
    const all = [
      scoped,
      sql`o.org_id = ${this.#scope.orgId}`,
      sql`o.cluster_id = ${this.#clusterId}`,
      ...conditions,
    ];
    const { rows } = await sql<Row>`
      select o.resource, o.uid, o.namespace, o.name, o.record from object o
      where ${sql.join(all, sql` and `)}
      order by o.resource, o.namespace, o.name, o.uid limit ${limit}`.execute(this.#tx);
    return rows;
  }

  #add(relation: RelationKind, via: string, rows: readonly Row[]): void {
    for (const row of rows) this.#items.push(itemOf({ relation, via }, row, row));
  }

  #addSome(relation: RelationKind, via: string, rows: readonly Row[]): void {
    this.#add(relation, via, rows.slice(0, answeredRows));
    const beyond = rows[answeredRows];
    if (beyond !== undefined) this.#addMore(relation, beyond.resource);
  }

  #addMore(relation: RelationKind, resource: string): void {
    this.#more.set(`${relation} ${resource}`, { relation, resource });
  }

  /** From the nearest up, along the owner that controls the object. */
  async addOwners(subject: Row): Promise<void> {
    const seen = new Set([subject.uid]);
    let current: Row | undefined = subject;
    for (let link = 0; current !== undefined && link < maxOwners; link += 1) {
      const references: readonly unknown[] = listAt(current.record, "metadata", "ownerReferences");
      let next: Row | undefined;
      for (const reference of references) {
        const { item, row } = await this.#readOwner(reference, current.namespace);
        if (item.uid !== undefined && seen.has(item.uid)) continue;
        this.#items.push(item);
        next ??= row;
      }
      if (next !== undefined) seen.add(next.uid);
      current = next;
    }
  }

  async #readOwner(
    reference: unknown,
    namespace: string,
  ): Promise<{ readonly item: RelatedObject; readonly row: Row | undefined }> {
    const kind = textAt(reference, "kind") ?? "";
    const group = groupOf(textAt(reference, "apiVersion") ?? "");
    const uid = textAt(reference, "uid") ?? "";
    const resource = resourceOfKind(kind, group);
    const found =
      resource === undefined || !/^[0-9a-f-]{36}$/i.test(uid)
        ? []
        : await this.select([sql`o.resource = ${resource}`, sql`o.uid = ${uid}`], 1);
    const [row] = found;
    const name = textAt(reference, "name") ?? "";
    const unknown = group === "" ? kind : `${kind}.${group}`;
    const place = row ?? { resource: resource ?? unknown, namespace, name };
    const item = itemOf({ relation: "owner", via: kind }, place, row);
    return { item, row };
  }

  /** What these own, and what that owns in turn. */
  async addOwned(owners: readonly Row[], via: string): Promise<void> {
    const [first] = owners;
    if (first === undefined) return;
    const children = ownedResources(first.resource);
    if (children.length === 0) return;
    const uids = owners.map(({ uid }) => uid);
    const rows = await this.select(
      [
        sql`o.resource in (${sql.join(children)})`,
        sql`o.namespace = ${first.namespace}`,
        sql`exists (select 1 from jsonb_array_elements(o.record #> '{metadata,ownerReferences}') owner
          where owner ->> 'uid' in (${sql.join(uids)}))`,
      ],
      answeredRows + 1,
    );
    const names = new Map(owners.map(({ uid, name }) => [uid, name]));
    for (const row of rows.slice(0, answeredRows)) {
      const owner = listAt(row.record, "metadata", "ownerReferences")
        .map((reference) => names.get(textAt(reference, "uid") ?? ""))
        .find((name) => name !== undefined);
      this.#add("owned", via === "" ? "" : (owner ?? via), [row]);
    }
    const beyond = rows[answeredRows];
    if (beyond !== undefined) this.#addMore("owned", beyond.resource);
    if (via === "") await this.addOwned(rows.slice(0, answeredRows), "owned");
  }

  async addFound(lookup: Lookup): Promise<void> {
    const inNamespace =
      lookup.namespace === undefined ? [] : [sql`o.namespace = ${lookup.namespace}`];
    const place = [sql`o.resource = ${lookup.resource}`, ...inNamespace];
    switch (lookup.kind) {
      case "containing": {
        const any = lookup.anyOf.map((part) => sql`o.record @> ${JSON.stringify(part)}::jsonb`);
        const rows = await this.select(
          [...place, sql`(${sql.join(any, sql` or `)})`],
          answeredRows + 1,
        );
        this.#addSome(lookup.relation, lookup.via, rows);
        return;
      }
      case "selected": {
        const requirements = requirementsOf(lookup.selector);
        if (requirements === undefined) return;
        const rows = await this.select(
          [...place, ...requirements.map(labelCondition)],
          answeredRows + 1,
        );
        this.#addSome("selects", lookup.via, rows);
        return;
      }
      case "selecting": {
        const rows = await this.select(place, comparedRows + 1);
        if (rows.length > comparedRows) this.#addMore("selectedBy", lookup.resource);
        const matching = rows.filter((row) => selects(row, lookup));
        this.#addSome("selectedBy", lookup.via, matching);
      }
    }
  }

  /** In one search; what is not found is answered all the same, without uid. */
  async addNamed(all: readonly Named[]): Promise<void> {
    const named = all.slice(0, maxNamed);
    if (named.length === 0) return;
    const keys = named.map((one) => sql`(${one.resource}, ${one.namespace}, ${one.name})`);
    const rows = await this.select(
      [sql`(o.resource, o.namespace, o.name) in (${sql.join(keys)})`],
      maxNamed,
    );
    for (const one of named) {
      const row = rows.find(
        ({ resource, namespace, name }) =>
          one.resource === resource && one.namespace === namespace && one.name === name,
      );
      this.#items.push(itemOf(one, one, row));
    }
  }
}

function itemOf(
  { relation, via }: Pick<RelatedObject, "relation" | "via">,
  { resource, namespace, name }: Target,
  found: Row | undefined,
): RelatedObject {
  return {
    relation,
    via,
    resource,
    ...optionalText("namespace", namespace),
    name,
    ...(found === undefined ? {} : { uid: found.uid, record: { ...found.record } }),
  };
}

function requirementsOf(selector: string): readonly LabelRequirement[] | undefined {
  const parsed = parseLabelSelector(selector);
  return parsed.kind === "selector" ? parsed.requirements : undefined;
}

function selects(row: Row, lookup: Selecting): boolean {
  const selector = selectorIn(row.record, lookup);
  const requirements = selector === undefined ? undefined : requirementsOf(selector);
  return requirements !== undefined && matchesLabels(requirements, lookup.labels);
}

/** A label that is absent satisfies `notin`, as in Kubernetes. */
function labelCondition({ key, operator, values }: LabelRequirement): RawBuilder<unknown> {
  const label = sql`o.labels ->> ${key}`;
  switch (operator) {
    case "in":
      return sql`${label} in (${sql.join(values)})`;
    case "notin":
      return sql`coalesce(${label} not in (${sql.join(values)}), true)`;
    case "exists":
      return sql`${label} is not null`;
    case "absent":
      return sql`${label} is null`;
  }
}
