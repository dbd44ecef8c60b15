/**
 * Live changes: one listening connection per process, and the event streams of its callers. A slow or lost listener
 * never loses news for good: pending changes of a cluster are one range of numbers, whatever their count.
 *
 * @module
 */
import type { LiveEvent } from "@obsyk/contract";
import { backoffMs, type Clock } from "@obsyk/runtime";
import { sql } from "kysely";
import { changeChannel } from "../ingest/apply-batch.ts";
import type { Database } from "../store/database.ts";
import { withScope, type OrgScope } from "../tenancy/scope.ts";
import { limitEvent } from "./limits.ts";

export type LiveHubOptions = {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onListenFailed: (error: unknown) => void;
};

export type Subscriber = (event: LiveEvent) => void;

type Pending = {
  readonly orgId: number;
  readonly clusterId: string;
  readonly from: number;
  readonly to: number;
};

const listenBackoff = { firstMs: 200, maxMs: 10_000 };
const payloadPattern = /^(\d{1,10}):([0-9a-f-]{36}):(\d{1,16})$/;

/** Listens until it is disposed. */
export class LiveHub implements AsyncDisposable {
  readonly #options: LiveHubOptions;
  /** By organisation; each with the scope that it proved. */
  readonly #subscribers = new Map<number, Map<Subscriber, OrgScope>>();
  readonly #pending = new Map<string, Pending>();
  readonly #stopping = new AbortController();
  readonly #listening: Promise<void>;
  readonly #ready: PromiseWithResolvers<void> = Promise.withResolvers<void>();
  #draining: Promise<void> | undefined;

  constructor(options: LiveHubOptions) {
    this.#options = options;
    this.#listening = this.#listen();
  }

  /** Resolves when the first connection listens, or the hub was stopped before. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** @returns a function that ends the subscription */
  subscribe(scope: OrgScope, subscriber: Subscriber): () => void {
    const { orgId } = scope;
    const subscribers = this.#subscribers.get(orgId) ?? new Map<Subscriber, OrgScope>();
    subscribers.set(subscriber, scope);
    this.#subscribers.set(orgId, subscribers);
    return () => {
      subscribers.delete(subscriber);
      if (subscribers.size === 0 && this.#subscribers.get(orgId) === subscribers) {
        this.#subscribers.delete(orgId);
      }
    };
  }

  async #listen(): Promise<void> {
    const { clock, random, onListenFailed } = this.#options;
    const { signal } = this.#stopping;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        await this.#listenOnce(() => (attempt = 0));
      } catch (error) {
        onListenFailed(error);
      }
      const waitMs = backoffMs(attempt + 1, random, listenBackoff);
      await clock.sleep(waitMs, { signal }).catch(() => undefined);
    }
  }

  /** Resolves when stopped; rejects when the connection is lost. */
  async #listenOnce(onConnected: () => void): Promise<void> {
    await using listening = await this.#options.database.db.listen(changeChannel, (payload) =>
      this.#take(payload),
    );
    const { promise: stopped, resolve } = Promise.withResolvers<void>();
    this.#stopping.signal.addEventListener("abort", () => resolve(), { once: true });
    if (this.#stopping.signal.aborted) resolve();
    onConnected();
    this.#ready.resolve();
    await this.#catchUp();
    await Promise.race([listening.lost, stopped]);
  }

  /** What happened while nobody listened: subscribers hear of every cluster once. */
  async #catchUp(): Promise<void> {
    for (const [orgId, subscribers] of this.#subscribers) {
      const scope = widest(subscribers.values());
      if (scope === undefined) continue;
      const { rows } = await withScope(this.#options.database.db, scope, (tx) =>
        sql<{ cluster_id: string; change_number: number }>`
          select cluster_id, change_number from agent_cluster where org_id = ${orgId}`.execute(tx),
      );
      for (const row of rows) {
        this.#add({
          orgId,
          clusterId: row.cluster_id,
          from: row.change_number,
          to: row.change_number,
        });
      }
    }
  }

  #take(payload: string): void {
    const [, org, clusterId, change] = payloadPattern.exec(payload) ?? [];
    if (org === undefined || clusterId === undefined || change === undefined) return;
    const number = Number(change);
    this.#add({ orgId: Number(org), clusterId, from: number, to: number });
  }

  #add(change: Pending): void {
    if (!this.#subscribers.has(change.orgId)) return;
    const key = `${change.orgId}:${change.clusterId}`;
    const known = this.#pending.get(key);
    this.#pending.set(key, {
      ...change,
      from: Math.min(change.from, known?.from ?? change.from),
      to: Math.max(change.to, known?.to ?? change.to),
    });
    this.#draining ??= this.#drain().finally(() => (this.#draining = undefined));
  }

  async #drain(): Promise<void> {
    for (const [key, change] of this.#pending) {
      this.#pending.delete(key);
      let resources: readonly string[] = [];
      try {
        resources = await this.#resourcesOf(change);
      } catch (error) {
        // Callers refetch what they show, whatever the resources are.
        this.#options.onListenFailed(error);
      }
      const event: LiveEvent = {
        clusterId: change.clusterId,
        changeNumber: change.to,
        resources: [...resources],
      };
      for (const [subscriber, scope] of this.#subscribers.get(change.orgId) ?? []) {
        const heard = limitEvent(scope, event);
        if (heard !== undefined) subscriber(heard);
      }
    }
  }

  async #resourcesOf({ orgId, clusterId, from, to }: Pending): Promise<readonly string[]> {
    const scope = widest(this.#subscribers.get(orgId)?.values() ?? []);
    // Whoever is limited hears of the cluster alone, or asks again for what it shows.
    if (scope === undefined || scope.limits !== undefined) return [];
    const { rows } = await withScope(this.#options.database.db, scope, (tx) =>
      sql<{ resource: string }>`
        select distinct resource from change_feed
        where org_id = ${orgId} and cluster_id = ${clusterId} and change_number between ${from} and ${to}
        order by resource`.execute(tx),
    );
    return rows.map(({ resource }) => resource);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error("the live hub stops"));
    this.#ready.resolve();
    await this.#listening;
    await this.#draining;
  }
}

/** One that sees all of the organisation, if there is one. */
function widest(scopes: Iterable<OrgScope>): OrgScope | undefined {
  let found: OrgScope | undefined;
  for (const scope of scopes) {
    if (scope.limits === undefined) return scope;
    found ??= scope;
  }
  return found;
}
