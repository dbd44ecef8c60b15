/**
 * The only door to tenant data: whoever has no scope cannot ask, and every transaction names its organisation to
 * row-level security as well.
 *
 * @module
 */
import { CompiledQuery, type Kysely, type Transaction } from "kysely";
import type pg from "pg";
import { OrgScope } from "./org-scope.ts";
import type { Tables } from "./tables.ts";

/** Owner functions that answer before anyone is known, or about nobody's data (0020-isolation.sql). */
export type Question =
  | "find_client"
  | "find_client_key"
  | "find_sign_in_link"
  | "find_session"
  | "find_api_token"
  | "find_invitation"
  | "find_identity_provider"
  | "find_memberships"
  | "create_org"
  | "erase_marked"
  | "end_session"
  | "first_owner"
  | "purge_expired"
  | "create_partitions";

export type Listening = AsyncDisposable & {
  /** Rejects when the connection is lost. */
  readonly lost: Promise<never>;
};

const scopeText = "select set_config('obsyk.org', $1, true), set_config('obsyk.access', $2, true)";

function settingsOf({ orgId, limits }: OrgScope): [org: string, access: string] {
  return [String(orgId), limits === undefined ? "" : JSON.stringify(limits)];
}

export class Door {
  readonly #pool: pg.Pool;
  readonly #db: Kysely<Tables>;

  constructor(pool: pg.Pool, db: Kysely<Tables>) {
    this.#pool = pool;
    this.#db = db;
  }

  /** Runs `work` in one transaction that is bound to the scope's organisation. */
  async transaction<T>(scope: OrgScope, work: (tx: Transaction<Tables>) => Promise<T>): Promise<T> {
    requireScope(scope);
    return this.#db.transaction().execute(async (tx) => {
      await tx.executeQuery(CompiledQuery.raw(scopeText, settingsOf(scope)));
      return work(tx);
    });
  }

  /** The same for hand-written SQL on the driver's own client, where a statement's name and plan matter. */
  async client<T>(scope: OrgScope, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const held = await this.#begin(scope, "begin");
    let failure: Error | undefined;
    try {
      const result = await work(held);
      await held.query("commit");
      return result;
    } catch (error) {
      failure = error instanceof Error ? error : new Error("transaction failed");
      // When even this fails the connection is gone, and its transaction with it.
      await held.query("rollback").then(
        () => (failure = undefined),
        () => undefined,
      );
      throw error;
    } finally {
      held.release(failure);
    }
  }

  /** A read-only transaction that sees one state for as long as it is open. The caller ends and releases it. */
  async snapshot(scope: OrgScope): Promise<pg.PoolClient> {
    return this.#begin(scope, "begin isolation level repeatable read read only");
  }

  async #begin(scope: OrgScope, statement: string): Promise<pg.PoolClient> {
    requireScope(scope);
    const client = await this.#pool.connect();
    try {
      await client.query(statement);
      await client.query({ name: "scope", text: scopeText, values: settingsOf(scope) });
      return client;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  /** Asks one owner function; its rows. */
  async ask<Row extends object>(
    question: Question,
    values: readonly unknown[] = [],
  ): Promise<readonly Row[]> {
    const places = values.map((_, index) => `$${index + 1}`).join(", ");
    const { rows } = await this.#pool.query<Row>(`select * from ${question}(${places})`, [
      ...values,
    ]);
    return rows;
  }

  /** @throws when the database does not answer. */
  async probe(): Promise<void> {
    await this.#pool.query("select 1");
  }

  /** Listens on a channel over a connection of its own; notifications name clusters and carry no data. */
  async listen(channel: "obsyk_change", onPayload: (payload: string) => void): Promise<Listening> {
    const client = await this.#pool.connect();
    const { promise: lost, reject } = Promise.withResolvers<never>();
    // Whoever only listens need not look at it.
    lost.catch(() => undefined);
    const onNotification = (message: pg.Notification): void => onPayload(message.payload ?? "");
    const onError = (error: Error): void => reject(error);
    const onEnd = (): void => reject(new Error("the listening connection ended"));
    client.on("notification", onNotification).on("error", onError).on("end", onEnd);
    const close = (): void => {
      client.off("notification", onNotification).off("error", onError).off("end", onEnd);
      // The session still listens: the connection is not given back.
      client.release(true);
    };
    try {
      await client.query(`listen ${channel}`);
    } catch (error) {
      close();
      throw error;
    }
    return {
      lost,
      async [Symbol.asyncDispose]() {
        close();
      },
    };
  }
}

/** Types hold our own code to it; this holds whatever a cast let through. */
function requireScope(scope: OrgScope): void {
  if (!OrgScope.isScope(scope)) throw new TypeError("tenant data was asked for without a scope");
}
