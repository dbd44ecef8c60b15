/**
 * All that is kept of an organisation, as JSON lines `{"table": …, "row": {…}}` from one database snapshot. Hashes of
 * secrets and keys of hashes stay here: nobody could use them, and nobody needs them.
 *
 * @module
 */
import { Readable } from "node:stream";
import type pg from "pg";
import type { Db } from "../store/database.ts";
import type { OrgScope } from "./scope.ts";

/** In the order in which they make sense; with the columns that are left out. */
export const exported: { readonly [table: string]: readonly string[] } = {
  org: [],
  person: [],
  identity_provider: [],
  identity: [],
  invitation: ["token_hash"],
  api_token: ["secret_hash"],
  session: ["id_hash"],
  client: [],
  client_key: [],
  cluster: [],
  agent_cluster: ["hash_key", "session_id", "applied_results"],
  stream: [],
  blind_interval: [],
  send_again: [],
  inventory_count: [],
  object: ["labels", "member"],
  history: [],
  change_feed: [],
};

/** Gone within minutes, and no more than hashes. */
export const notExported: readonly string[] = ["sign_in_link", "used_assertion"];

const fetchRows = 500;

/** The stream's end, and its being given up, end the snapshot. */
export async function exportOrg(db: Db, scope: OrgScope): Promise<Readable> {
  const client = await db.snapshot(scope);
  const lines = readLines(client, scope);
  // A generator that never started would not run its `finally`, and the connection would be lost.
  await lines.next();
  return Readable.from(lines, { objectMode: false });
}

async function* readLines(
  client: pg.PoolClient,
  scope: OrgScope,
): AsyncGenerator<string, void, void> {
  try {
    yield "";
    for (const [table, without] of Object.entries(exported)) {
      // Names are this module's own.
      await client.query(
        `declare rows no scroll cursor for select json_build_object('table', $2::text,
           'row', to_jsonb(t) - $3::text[])::text as line from ${table} t where t.org_id = $1`,
        [scope.orgId, table, [...without]],
      );
      for (;;) {
        const { rows } = await client.query<{ line: string }>(`fetch ${fetchRows} from rows`);
        if (rows.length === 0) break;
        yield `${rows.map(({ line }) => line).join("\n")}\n`;
      }
      await client.query("close rows");
    }
  } finally {
    // A connection that cannot even roll back is not given back to the pool.
    const isBroken = await client.query("rollback").then(
      () => false,
      () => true,
    );
    client.release(isBroken);
  }
}
