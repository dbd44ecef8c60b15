-- People in several organisations, what of an organisation they may see, invitations, and API tokens.

-- One person of flesh and blood has one account_id in every organisation it belongs to.
alter table person add column account_id uuid not null default gen_random_uuid();
alter table person add column email text;
-- null: everything. Else {"CLUSTER ID": ["NAMESPACE", ...] or ["*"], ...}; viewers only.
alter table person add column access jsonb check (access is null or role = 'viewer');
create unique index person_account on person (org_id, account_id);

alter table session add column session_id uuid not null default gen_random_uuid();
alter table session add column user_agent text;

create table invitation (
  org_id int not null references org on delete cascade,
  invitation_id uuid not null default gen_random_uuid(),
  token_hash bytea not null unique,
  role text collate "C" not null check (role in ('owner', 'admin', 'viewer')),
  access jsonb check (access is null or role = 'viewer'),
  note text not null,
  created_by uuid not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (org_id, invitation_id),
  foreign key (org_id, created_by) references person on delete cascade
);
select isolate('invitation');

-- A token is never more than its person: roles and access are compared at each use, and it goes when the person goes.
create table api_token (
  org_id int not null references org on delete cascade,
  token_id uuid not null,
  person_id uuid not null,
  name text not null,
  secret_hash bytea not null,
  role text collate "C" not null check (role in ('owner', 'admin', 'viewer')),
  access jsonb check (access is null or role = 'viewer'),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  last_used_at timestamptz,
  primary key (org_id, token_id),
  foreign key (org_id, person_id) references person on delete cascade
);
-- Found before its organisation is known; the id is random and no secret.
create unique index api_token_lookup on api_token (token_id);
select isolate('api_token');

-- An organisation goes with all that belongs to it.
alter table person drop constraint person_org_id_fkey, add foreign key (org_id) references org on delete cascade;
alter table client drop constraint client_org_id_fkey, add foreign key (org_id) references org on delete cascade;
alter table cluster drop constraint cluster_org_id_fkey, add foreign key (org_id) references org on delete cascade;
alter table cluster drop constraint cluster_org_id_client_id_fkey,
  add foreign key (org_id, client_id) references client on delete cascade;

-- Nobody can open a session on a cluster that is gone.
alter table agent_cluster add foreign key (org_id, cluster_id) references cluster on delete cascade;

-- Limits of a viewer, below the queries as well. `obsyk.access` is empty for whoever sees all of its organisation.
create function limit_access(target regclass, namespace_expression text) returns void language plpgsql as $$
begin
  execute format('drop policy if exists limited on %s', target);
  -- The subqueries are evaluated once a statement, not once a row.
  execute format($policy$create policy limited on %s as restrictive for select using (
    (select nullif(current_setting('obsyk.access', true), '') is null)
    or coalesce(jsonb_exists_any(
      (select nullif(current_setting('obsyk.access', true), '')::jsonb) -> cluster_id::text,
      array['*', %s]), false))$policy$, target, namespace_expression);
end $$;
revoke all on function limit_access(regclass, text) from public;

select limit_access(t, 'namespace') from unnest(array['object', 'history', 'inventory_count']::regclass[]) t;
select limit_access(inhrelid::regclass, 'namespace') from pg_inherits where inhparent = 'history'::regclass;

-- Which clusters there are, and how far they are known, is visible to whoever may see anything of them.
create function limit_clusters(target regclass) returns void language plpgsql as $$
begin
  execute format('drop policy if exists limited on %s', target);
  execute format($policy$create policy limited on %s as restrictive for select using (
    (select nullif(current_setting('obsyk.access', true), '') is null)
    or jsonb_exists((select nullif(current_setting('obsyk.access', true), '')::jsonb), cluster_id::text))$policy$,
    target);
end $$;
revoke all on function limit_clusters(regclass) from public;

select limit_clusters(t) from unnest(array['cluster', 'agent_cluster', 'blind_interval', 'send_again',
  'change_feed']::regclass[]) t;
select limit_clusters(inhrelid::regclass) from pg_inherits where inhparent = 'change_feed'::regclass;
-- A stream of the whole cluster concerns every namespace in it.
select limit_access('stream', $$case namespace when '*' then
  coalesce((nullif(current_setting('obsyk.access', true), '')::jsonb -> cluster_id::text) ->> 0, '') else namespace end$$);

-- Partitions made from now on are limited as well.
create or replace function create_partitions(at timestamptz) returns setof text
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
        if parent = 'history' then
          perform limit_access(part::regclass, 'namespace');
        else
          perform limit_clusters(part::regclass);
        end if;
        return next part;
      end if;
    end loop;
  end loop;
end $$;

-- Who someone is.

drop function find_session(bytea);
create function find_session(wanted_hash bytea)
returns table (org_id int, public_id uuid, org_name text, person_id uuid, account_id uuid, person_name text, role text,
  access jsonb, session_id uuid, created_at timestamptz, last_used_at timestamptz)
language sql stable security definer set search_path = public, pg_temp as $$
  select s.org_id, o.public_id, o.name, s.person_id, p.account_id, p.name, p.role, p.access, s.session_id, s.created_at,
    s.last_used_at
  from session s
  join person p on p.org_id = s.org_id and p.person_id = s.person_id
  join org o on o.org_id = s.org_id
  where s.id_hash = wanted_hash
$$;
revoke all on function find_session(bytea) from public;

create function find_api_token(wanted_token uuid, wanted_hash bytea)
returns table (org_id int, public_id uuid, org_name text, person_id uuid, account_id uuid, person_name text, role text,
  access jsonb, token_role text, token_access jsonb, expires_at timestamptz, last_used_at timestamptz)
language sql stable security definer set search_path = public, pg_temp as $$
  select t.org_id, o.public_id, o.name, t.person_id, p.account_id, p.name, p.role, p.access, t.role, t.access,
    t.expires_at, t.last_used_at
  from api_token t
  join person p on p.org_id = t.org_id and p.person_id = t.person_id
  join org o on o.org_id = t.org_id
  where t.token_id = wanted_token and t.secret_hash = wanted_hash
$$;
revoke all on function find_api_token(uuid, bytea) from public;

create function find_invitation(wanted_hash bytea) returns table (org_id int)
language sql stable security definer set search_path = public, pg_temp as $$
  select i.org_id from invitation i where i.token_hash = wanted_hash
$$;
revoke all on function find_invitation(bytea) from public;

-- Where else someone belongs who has just proven to be this person.
create function find_memberships(of_org int, of_person uuid)
returns table (org_id int, public_id uuid, org_name text, person_id uuid, role text)
language sql stable security definer set search_path = public, pg_temp as $$
  select p.org_id, o.public_id, o.name, p.person_id, p.role
  from person me
  join person p on p.account_id = me.account_id
  join org o on o.org_id = p.org_id
  where me.org_id = of_org and me.person_id = of_person
  order by o.name, p.org_id
$$;
revoke all on function find_memberships(int, uuid) from public;

-- A new organisation, owned by someone who has an account already.
create function create_org(new_name text, owner_account uuid, owner_name text)
returns table (org_id int, public_id uuid, person_id uuid)
language plpgsql volatile security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
  made org;
begin
  insert into org (name) values (new_name) returning * into made;
  return query insert into person (org_id, account_id, name, role)
    values (made.org_id, owner_account, owner_name, 'owner') returning person.org_id, made.public_id, person.person_id;
end $$;
revoke all on function create_org(text, uuid, text) from public;

-- An organisation that is to be erased. In the same transaction its people and clients go: nobody signs in, no operator
-- gets a token, no session opens. What is left goes in batches, by whichever process finds it.
alter table org add column erased_at timestamptz;

-- Removes at most so many rows of each table of one such organisation, and at last itself. 0: nothing was there to do,
-- or another process does it.
create function erase_marked(max_rows int) returns bigint
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  gone int;
  target regclass;
  removed bigint;
  total bigint := 0;
begin
  select o.org_id into gone from org o where o.erased_at is not null
    order by o.org_id limit 1 for update skip locked;
  if gone is null then return 0; end if;
  -- Partitions by themselves, so that rows can be named by their place.
  for target in
    select c.oid::regclass from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'org_id'
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> 'org'
  loop
    execute format('delete from %s where ctid = any(array(select ctid from %s where org_id = $1 limit $2))',
      target, target) using gone, max_rows;
    get diagnostics removed = row_count;
    total := total + removed;
  end loop;
  if total = 0 then
    delete from org where org_id = gone;
    get diagnostics total = row_count;
  end if;
  return total;
end $$;
revoke all on function erase_marked(int) from public;

create or replace function purge_expired(at timestamptz, sessions_made_before timestamptz,
  sessions_used_before timestamptz)
returns void language sql volatile security definer set search_path = public, pg_temp as $$
  delete from sign_in_link where expires_at < at;
  delete from used_assertion where expires_at < at;
  delete from invitation where expires_at < at;
  delete from session where created_at < sessions_made_before or last_used_at < sessions_used_before;
$$;
