/**
 * For tests: what is wrong with the isolation of a schema, read from the database's own catalogue. A table that a later
 * migration adds without a policy is found here, partitions included.
 *
 * @module
 */
import type pg from "pg";

/** Of nobody: has no org_id, and no rows that belong to an organisation. */
const global: readonly string[] = ["migration"];

/**
 * Looked up before an organisation is known: unique over all of them. None can be guessed, so none tells one
 * organisation of another.
 */
const lookups: readonly string[] = [
  "api_token_lookup",
  "client_client_id_key",
  "client_key_thumbprint_key",
  "identity_provider_domain",
  "identity_provider_lookup",
  "invitation_token_hash_key",
  "session_pkey",
  "sign_in_link_pkey",
];

const expected = "(org_id = (NULLIF(current_setting('obsyk.org'::text, true), ''::text))::integer)";

type Table = {
  name: string;
  has_org: boolean;
  has_cluster: boolean;
  is_protected: boolean;
  policies: readonly { using: string | null; check: string | null; permissive: boolean }[];
};

/** Complaints, each naming its object. */
export async function lintIsolation(owner: pg.Pool, login: string): Promise<readonly string[]> {
  return [
    ...(await lintTables(owner)),
    ...(await lintKeys(owner)),
    ...(await lintFunctions(owner)),
    ...(await lintGrants(owner, login)),
  ];
}

async function lintTables(owner: pg.Pool): Promise<readonly string[]> {
  const { rows } = await owner.query<Table>(
    `select c.relname as name, c.relrowsecurity as is_protected,
       exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'org_id' and a.attnotnull) as has_org,
       exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'cluster_id') as has_cluster,
       coalesce((select json_agg(json_build_object('permissive', p.polpermissive,
           'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid)))
         from pg_policy p where p.polrelid = c.oid), '[]') as policies
     from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'm', 'v', 'f')
     order by 1`,
  );
  return rows.flatMap((table) => {
    if (global.includes(table.name)) return [];
    if (!table.has_org) return [`${table.name}: has no org_id`];
    if (!table.is_protected) return [`${table.name}: row-level security is off`];
    const open = table.policies.filter(({ permissive }) => permissive);
    if (table.has_cluster && open.length === table.policies.length) {
      return [`${table.name}: limits of viewers do not hold (limit_access or limit_clusters)`];
    }
    const isBound = open.length === 1 && open[0]?.using === expected && open[0].check === expected;
    return isBound ? [] : [`${table.name}: is not bound to its organisation by exactly one policy`];
  });
}

async function lintKeys(owner: pg.Pool): Promise<readonly string[]> {
  const { rows } = await owner.query<{ table: string; key: string; first: string | null }>(
    `select t.relname as table, i.relname as key, a.attname as first
     from pg_index x join pg_class t on t.oid = x.indrelid join pg_class i on i.oid = x.indexrelid
     left join pg_attribute a on a.attrelid = t.oid and a.attnum = x.indkey[0]
     where t.relnamespace = 'public'::regnamespace and x.indisunique and not t.relispartition order by 1, 2`,
  );
  return rows.flatMap(({ table, key, first }) =>
    first === "org_id" || lookups.includes(key) || global.includes(table)
      ? []
      : [`${table}: the key ${key} does not begin with org_id`],
  );
}

async function lintFunctions(owner: pg.Pool): Promise<readonly string[]> {
  const { rows } = await owner.query<{ name: string; is_public: boolean; path: string | null }>(
    `select p.oid::regprocedure::text as name, has_function_privilege('public', p.oid, 'EXECUTE') as is_public,
       (select c from unnest(p.proconfig) c where c like 'search_path=%') as path
     from pg_proc p where p.pronamespace = 'public'::regnamespace
       and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
       and p.prosecdef order by 1`,
  );
  const pinned = "search_path=public, pg_temp";
  const open = rows
    .filter((row) => row.is_public)
    .map(({ name }) => `${name}: anybody may execute it`);
  const loose = rows
    .filter(({ path }) => path !== pinned)
    .map(({ name }) => `${name}: its search_path is not pinned`);
  return [...open, ...loose];
}

async function lintGrants(owner: pg.Pool, login: string): Promise<readonly string[]> {
  const { rows } = await owner.query<{ name: string; to: string; is_partition: boolean }>(
    `select c.relname as name, coalesce(r.rolname, 'public') as to, c.relispartition as is_partition
     from pg_class c cross join aclexplode(c.relacl) g left join pg_roles r on r.oid = g.grantee
     where c.relnamespace = 'public'::regnamespace and g.grantee <> c.relowner
     group by 1, 2, 3 order by 1, 2`,
  );
  return rows.flatMap(({ name, to, is_partition }) => {
    if (to !== login) return [`${name}: something is granted to ${to}`];
    return is_partition ? [`${name}: a partition is granted by itself`] : [];
  });
}
