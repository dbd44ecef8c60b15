/**
 * Clients as the token endpoint and the agent listener see them. These reads precede any scope: they are what proves
 * one.
 *
 * @module
 */
import type { Clock } from "@obsyk/runtime";
import type { Db } from "../store/database.ts";

export type KnownClient = {
  readonly orgId: number;
  readonly clientId: string;
  readonly clusterId: string;
  readonly isActive: boolean;
};

/** With the key as it is stored: SPKI in DER. */
type KnownKey = { readonly client: KnownClient; readonly publicKey: Buffer };

type ClientRow = {
  readonly org_id: number;
  readonly client_id: string;
  readonly cluster_id: string;
  readonly profile: "v1" | "v2";
  readonly disabled_at: Date | null;
};

/** The key a client registered under this thumbprint; keys never come from a token. */
export async function readClientKey(
  db: Db,
  { clientId, thumbprint }: { readonly clientId: string; readonly thumbprint: string },
): Promise<KnownKey | undefined> {
  const [row] = await db.ask<ClientRow & { readonly public_key: Buffer }>("find_client_key", [
    clientId,
    thumbprint,
  ]);
  if (row?.profile !== "v2") return undefined;
  return { client: describe(row), publicKey: row.public_key };
}

function describe(row: ClientRow): KnownClient {
  return {
    orgId: row.org_id,
    clientId: row.client_id,
    clusterId: row.cluster_id,
    isActive: row.disabled_at === null,
  };
}

/** How long a disabled client may go on at most. */
const clientCacheMs = 10_000;
/** Far more than one process serves; the oldest go first. */
const maxCached = 10_000;

/** Answers who a client is from memory that is at most 10 s old, so that disabling takes effect within 10 s. */
export class ClientDirectory {
  readonly #db: Db;
  readonly #clock: Clock;
  readonly #cached = new Map<string, { readonly client: KnownClient; readonly readAtMs: number }>();

  constructor(db: Db, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  async read(clientId: string): Promise<KnownClient | undefined> {
    // Taken before the query: a row that changes while it is read counts as old.
    const readAtMs = this.#clock.monotonic();
    const cached = this.#cached.get(clientId);
    if (cached !== undefined && readAtMs - cached.readAtMs < clientCacheMs) return cached.client;
    const [row] = await this.#db.ask<ClientRow>("find_client", [clientId]);
    this.#cached.delete(clientId);
    if (row === undefined) return undefined;
    const client = describe(row);
    this.#cached.set(clientId, { client, readAtMs });
    const [oldest] = this.#cached.keys();
    if (this.#cached.size > maxCached && oldest !== undefined) this.#cached.delete(oldest);
    return client;
  }
}
