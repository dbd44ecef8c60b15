/**
 * Monthly partitions of history and change feed, made ahead of time. What belongs to no month made so far, for example
 * because an operator's clock is far off, goes to the default partitions.
 *
 * @module
 */
import type { Db } from "../store/database.ts";

/**
 * Makes the partitions of this month and the next two. Harmless to repeat, also by several processes at once.
 *
 * @param now milliseconds
 * @returns the names that were made
 * @throws the database's error when a default partition already holds rows of a month that is to be made.
 */
export async function createPartitions(db: Db, now: number): Promise<readonly string[]> {
  const rows = await db.ask<{ create_partitions: string }>("create_partitions", [new Date(now)]);
  return rows.map((row) => row.create_partitions);
}
