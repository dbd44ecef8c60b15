/**
 * What the platform's own login may do, and that it may do no more.
 *
 * @module
 */
import pg from "pg";
import { DatabaseRoleError } from "../errors.ts";

/** Tables on which less than reading and writing rows is granted. */
const narrower: { readonly [table: string]: string } = {
  migration: "select",
  // Organisations come and go by owner functions alone.
  org: "select, update",
};

/** Names the lock; any number that nothing else in the database uses. */
const lockId = 0x6f62_7072;

/**
 * Grants the platform's login what it needs, after the migrations, at every start: later ones add tables. Partitions
 * are reached through their table only, so nothing is granted on them.
 */
export async function grantPrivileges(owner: pg.Pool, login: string): Promise<void> {
  const role = pg.escapeIdentifier(login);
  const { rows } = await owner.query<{ name: string }>(
    `select c.relname as name from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
       and pg_has_role(current_user, c.relowner, 'USAGE')`,
  );
  const functions = await owner.query<{ name: string }>(
    `select p.oid::regprocedure::text as name from pg_proc p
     where p.pronamespace = 'public'::regnamespace and p.prosecdef and pg_has_role(current_user, p.proowner, 'USAGE')`,
  );
  const statements = [
    // Catalogue rows that two processes change at once are an error; one text is one transaction.
    `select pg_advisory_xact_lock(${lockId})`,
    `grant usage on schema public to ${role}`,
    ...rows.map(({ name }) => {
      const rights = narrower[name] ?? "select, insert, update, delete";
      return `grant ${rights} on public.${pg.escapeIdentifier(name)} to ${role}`;
    }),
    // Names as the catalogue writes them: quoted where they have to be.
    ...functions.rows.map(({ name }) => `grant execute on function ${name} to ${role}`),
  ];
  await owner.query(statements.join(";\n"));
}

type Login = {
  name: string;
  is_super: boolean;
  bypasses: boolean;
  owns: string | null;
  creates: boolean;
};

/**
 * Row-level security does not bind superusers, owners and roles with BYPASSRLS: with such a login it would be an
 * ornament.
 *
 * @returns the login's name
 * @throws {DatabaseRoleError}
 */
export async function requireHarmlessLogin(pool: pg.Pool): Promise<string> {
  const { rows } = await pool.query<Login>(
    `select r.rolname as name, r.rolsuper as is_super,
       exists (select from pg_roles o where o.rolbypassrls and pg_has_role(r.oid, o.oid, 'MEMBER')) as bypasses,
       (select min(o.name) from (
         select c.oid::regclass::text as name from pg_class c
           where c.relnamespace = 'public'::regnamespace and pg_has_role(r.oid, c.relowner, 'MEMBER')
         union all select p.oid::regprocedure::text from pg_proc p
           where p.pronamespace = 'public'::regnamespace and pg_has_role(r.oid, p.proowner, 'MEMBER')
         union all select 'the database' from pg_database d
           where d.datname = current_database() and pg_has_role(r.oid, d.datdba, 'MEMBER')) o) as owns,
       has_schema_privilege(r.oid, 'public', 'CREATE') as creates
     from pg_roles r where r.rolname = current_user`,
  );
  const [login] = rows;
  if (login === undefined) throw new DatabaseRoleError("The database's login is not known to it");
  const fault = faultOf(login);
  if (fault === undefined) return login.name;
  throw new DatabaseRoleError(
    `DATABASE_URL logs in as ${login.name}, which ${fault}: row-level security would not bind it. ` +
      "Create a login that owns nothing (create role obsyk_app login password '…'), name it in DATABASE_URL, " +
      "and give the present one as OBSYK_DATABASE_OWNER_URL",
  );
}

function faultOf(login: Login): string | undefined {
  if (login.is_super) return "is a superuser";
  if (login.bypasses) return "has BYPASSRLS";
  if (login.owns !== null) return `owns ${login.owns}`;
  if (login.creates) return "may create tables in schema public";
  return undefined;
}
