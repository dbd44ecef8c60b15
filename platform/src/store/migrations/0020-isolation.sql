-- Isolation below the queries (I6). Every tenant table is bound to the organisation that a transaction names in
-- `obsyk.org`; without a name there are no rows. The platform works as a role that owns nothing; what must look across
-- organisations is done by functions of the owner, each of which answers one narrow question.
--
-- Owner functions have a pinned search_path that ends in pg_temp, and nobody may execute them until the platform's
-- role is granted that (store/grants.ts).

-- For each tenant table, also those of later migrations: `select isolate('name')`.
create function isolate(target regclass) returns void language plpgsql as $$
begin
  execute format('alter table %s enable row level security', target);
  execute format('drop policy if exists of_org on %s', target);
  -- An empty text is what a transaction's setting leaves behind in its session.
  execute format($policy$create policy of_org on %s
    using (org_id = nullif(current_setting('obsyk.org', true), '')::int)
    with check (org_id = nullif(current_setting('obsyk.org', true), '')::int)$policy$, target);
end $$;
revoke all on function isolate(regclass) from public;

-- A used assertion belongs to its client's organisation.
alter table used_assertion add column org_id int;
update used_assertion u set org_id = c.org_id from client c where c.client_id = u.client_id;
delete from used_assertion where org_id is null;
alter table used_assertion alter column org_id set not null;
alter table used_assertion drop constraint used_assertion_pkey;
alter table used_assertion add primary key (org_id, client_id, jti);

-- A unique name would tell one organisation of another.
alter table org drop constraint org_name_key;
alter table org add column public_id uuid not null default gen_random_uuid();

select isolate(t) from unnest(array['org', 'person', 'sign_in_link', 'session', 'client', 'client_key', 'cluster',
  'used_assertion', 'agent_cluster', 'stream', 'blind_interval', 'send_again', 'object', 'inventory_count', 'history',
  'change_feed']::regclass[]) t;
-- Policies of a partitioned table do not bind whoever names a partition.
select isolate(inhrelid::regclass) from pg_inherits
where inhparent in ('history'::regclass, 'change_feed'::regclass);

-- Questions asked before anyone is known. Each is answered only to who presents the name or the hash of the secret.

create function find_client(wanted_client text)
returns table (org_id int, client_id text, cluster_id uuid, profile text, disabled_at timestamptz)
language sql stable security definer set search_path = public, pg_temp as $$
  select c.org_id, c.client_id, k.cluster_id, c.profile, c.disabled_at
  from client c join cluster k on k.org_id = c.org_id and k.client_id = c.client_id
  where c.client_id = wanted_client
$$;
revoke all on function find_client(text) from public;

create function find_client_key(wanted_client text, wanted_thumbprint text)
returns table (org_id int, client_id text, cluster_id uuid, profile text, disabled_at timestamptz, public_key bytea)
language sql stable security definer set search_path = public, pg_temp as $$
  select c.*, k.public_key from find_client(wanted_client) c
  join client_key k on k.org_id = c.org_id and k.client_id = c.client_id
  where k.thumbprint = wanted_thumbprint
$$;
revoke all on function find_client_key(text, text) from public;

create function find_sign_in_link(wanted_hash bytea) returns table (org_id int, person_id uuid)
language sql stable security definer set search_path = public, pg_temp as $$
  select l.org_id, l.person_id from sign_in_link l where l.token_hash = wanted_hash
$$;
revoke all on function find_sign_in_link(bytea) from public;

create function find_session(wanted_hash bytea)
returns table (org_id int, person_id uuid, person_name text, role text, org_name text, created_at timestamptz,
  last_used_at timestamptz)
language sql stable security definer set search_path = public, pg_temp as $$
  select s.org_id, s.person_id, p.name, p.role, o.name, s.created_at, s.last_used_at
  from session s
  join person p on p.org_id = s.org_id and p.person_id = s.person_id
  join org o on o.org_id = s.org_id
  where s.id_hash = wanted_hash
$$;
revoke all on function find_session(bytea) from public;

-- Who holds a session's id may end it, whichever organisation it was in.
create function end_session(ended_hash bytea) returns void
language sql volatile security definer set search_path = public, pg_temp as $$
  delete from session where id_hash = ended_hash
$$;
revoke all on function end_session(bytea) from public;

-- The owner of the first organisation; both are made when there is no organisation at all.
create function first_owner() returns table (org_id int, person_id uuid)
language plpgsql volatile security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
  -- Two processes that start at once make one owner.
  perform pg_advisory_xact_lock(1868723055);
  if not exists (select from org) then
    with made as (insert into org (name) values ('default') returning org.org_id)
    insert into person (org_id, name, role) select made.org_id, 'owner', 'owner' from made;
  end if;
  return query select p.org_id, p.person_id from person p
    where p.role = 'owner' order by p.org_id, p.created_at limit 1;
end $$;
revoke all on function first_owner() from public;

-- Housekeeping over all organisations.

create function purge_expired(at timestamptz, sessions_made_before timestamptz, sessions_used_before timestamptz)
returns void language sql volatile security definer set search_path = public, pg_temp as $$
  delete from sign_in_link where expires_at < at;
  delete from used_assertion where expires_at < at;
  delete from session where created_at < sessions_made_before or last_used_at < sessions_used_before;
$$;
revoke all on function purge_expired(timestamptz, timestamptz, timestamptz) from public;

-- Partitions of this month and the next two; harmless to repeat, also by several processes at once.
create function create_partitions(at timestamptz) returns setof text
language plpgsql volatile security definer
set search_path = public, pg_temp set lock_timeout = '2s' set timezone = 'UTC' as $$
declare
  parent text;
  month timestamptz;
  part text;
begin
  perform pg_advisory_xact_lock(1868722273);
  foreach parent in array array['history', 'change_feed'] loop
    for ahead in 0..2 loop
      month := date_trunc('month', at) + make_interval(months => ahead);
      part := parent || to_char(month, '_YYYY_MM');
      if to_regclass(part) is null then
        execute format('create table %I partition of %I for values from (%L) to (%L)',
          part, parent, month, month + interval '1 month');
        perform isolate(part::regclass);
        return next part;
      end if;
    end loop;
  end loop;
end $$;
revoke all on function create_partitions(timestamptz) from public;

-- A new database gets its first statistics as soon as there is something to count.
create function ensure_statistics() returns void
language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
  if (select reltuples < 0 from pg_class where oid = 'object'::regclass) then
    analyze object;
  end if;
end $$;
revoke all on function ensure_statistics() from public;
