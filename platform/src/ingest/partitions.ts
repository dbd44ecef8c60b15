/**
 * Monthly partitions of history and change feed, made ahead of time. What belongs to no month made so far, for example
 * because an operator's clock is far off, goes to the default partitions.
 *
 * @module
 */
import type pg from "pg";

const tables = ["history", "change_feed"] as const;
const monthsAhead = 2;
/** Names the lock; any number that nothing else in the database uses. */
const lockId = 0x6f62_7061;
const lockWaitMs = 2000;

type Month = { readonly suffix: string; readonly from: string; readonly to: string };

/**
 * Makes the partitions of this month and the next two. Harmless to repeat, also by several processes at once.
 *
 * @param now milliseconds
 * @returns the names that were made
 * @throws the database's error when a default partition already holds rows of a month that is to be made.
 */
export async function createPartitions(pool: pg.Pool, now: number): Promise<readonly string[]> {
  const wanted = months(now).flatMap((month) =>
    tables.map((table) => ({ month, table, name: `${table}_${month.suffix}` })),
  );
  const client = await pool.connect();
  let failure: Error | undefined;
  try {
    await client.query("begin");
    await client.query(`set local lock_timeout = ${lockWaitMs}`);
    await client.query("select pg_advisory_xact_lock($1)", [lockId]);
    const { rows } = await client.query<{ name: string }>(
      "select name from unnest($1::text[]) as name where to_regclass(name) is null",
      [wanted.map(({ name }) => name)],
    );
    const missing = new Set(rows.map(({ name }) => name));
    for (const { table, name, month } of wanted) {
      if (!missing.has(name)) continue;
      // All of these texts are made here: identifiers and bounds cannot be parameters.
      await client.query(
        `create table ${name} partition of ${table} for values from ('${month.from}') to ('${month.to}')`,
      );
    }
    await client.query("commit");
    return [...missing];
  } catch (error) {
    failure = error instanceof Error ? error : new Error("making partitions failed");
    throw error;
  } finally {
    // A failed transaction ends with its connection.
    client.release(failure);
  }
}

function months(now: number): readonly Month[] {
  const date = new Date(now);
  return Array.from({ length: monthsAhead + 1 }, (_, ahead) => {
    const first = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + ahead, 1));
    const next = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 1));
    return {
      suffix: first.toISOString().slice(0, 7).replace("-", "_"),
      from: first.toISOString(),
      to: next.toISOString(),
    };
  });
}
