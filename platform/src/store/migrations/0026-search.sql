-- Searches by name and label. No index condition may be tried before a policy unless it is leakproof, which neither
-- ilike nor jsonb containment is: with row-level security alone these would read every object of the organisation.
-- Therefore all filters, cursor and limit are in here, and what comes out is keys of the caller's organisation.
--
-- wanted_labels: [{"key", "operator": in | notin | exists | absent, "values": [...]}, ...]
-- after_*: the last key of the page before, or nulls.
-- not_collected: 'exclude', 'only' or 'include' what left the operator's scope.
--
-- The planner has no idea how many names contain a text: it expects many, reads in the order of pages until a page is
-- full, and reads everything when there are few. So the index of names or labels is asked first, for a bounded number of
-- hits: when these are all, they are sorted. When there are more, reading in order fills a page soon.
--
-- What a limited viewer may see is read namespace by namespace, the order's own unit.
create function search_objects(wanted_cluster uuid, wanted_resource text, wanted_namespace text,
  name_pattern text, whole_name text, wanted_labels jsonb,
  after_cluster uuid, after_resource text, after_namespace text, after_name text, after_uid uuid, max_rows int,
  not_collected text)
returns table (cluster_id uuid, resource text, uid uuid)
language plpgsql stable security definer set search_path = public, pg_temp
-- What is set below ends with the call.
set enable_seqscan = on set enable_indexscan = on set enable_indexonlyscan = on
-- Costs are overestimated; compiling would take longer than the page.
set jit = off as $$
declare
  max_hits constant int := 2000;
  org int := nullif(current_setting('obsyk.org', true), '')::int;
  access jsonb := nullif(current_setting('obsyk.access', true), '')::jsonb;
  -- Three letters in a row: a trigram to look for.
  is_indexed boolean := coalesce(name_pattern ~ '[[:alnum:]]{3}', false) or whole_name is not null;
  filters text := 'o.org_id = $1';
  conditions text;
  requirement jsonb;
  one_of text;
  span record;
  hits bigint;
  clusters uuid[];
  resources text[];
  uids uuid[];
  missing int := max_rows;
  added int;
begin
  if org is null then return; end if;
  if wanted_resource is not null then filters := filters || ' and o.resource = $3'; end if;
  if wanted_namespace is not null then filters := filters || ' and o.namespace = $4'; end if;
  if name_pattern is not null then filters := filters || ' and o.name ilike $5'; end if;
  if whole_name is not null then filters := filters || ' and o.name = $6'; end if;
  if not_collected <> 'include' then
    filters := filters || ' and o.not_collected_since is '
      || case not_collected when 'only' then 'not null' else 'null' end;
  end if;
  for requirement in select value from jsonb_array_elements(coalesce(wanted_labels, '[]')) loop
    select coalesce(string_agg(format('o.labels @> %L::jsonb',
        jsonb_build_object(requirement->>'key', v)), ' or '), 'false')
      into one_of from jsonb_array_elements(coalesce(requirement->'values', '[]')) v;
    is_indexed := is_indexed or coalesce(requirement->>'operator' = 'in', false);
    filters := filters || case requirement->>'operator'
      when 'in' then format(' and (%s)', one_of)
      when 'notin' then format(' and not (%s)', one_of)
      when 'exists' then format(' and jsonb_exists(o.labels, %L)', requirement->>'key')
      when 'absent' then format(' and not jsonb_exists(o.labels, %L)', requirement->>'key')
      else ' and false' end;
  end loop;

  -- One span is the whole of what was asked for, or for a limited viewer each of its clusters, in the order of pages.
  for span in
    select wanted_cluster as cluster, null::text[] as namespaces where access is null
    union all
    select * from (
      select a.key::uuid as cluster, case when a.value ? '*' then null
          else array(select distinct n.name from jsonb_array_elements_text(a.value) n (name)
            where wanted_namespace is null or n.name = wanted_namespace) end as namespaces
      from jsonb_each(access) a
      where (wanted_cluster is null or a.key::uuid = wanted_cluster)
        and (after_uid is null or a.key::uuid >= after_cluster)
      order by 1) limited
  loop
    exit when missing <= 0;
    conditions := filters;
    if span.cluster is not null then conditions := conditions || ' and o.cluster_id = $2'; end if;
    -- Only the columns that no filter fixes, or the index would be read from that value's start.
    if after_uid is not null and (span.cluster is null or span.cluster = after_cluster) then
      conditions := conditions || case
        when span.cluster is null
          then ' and (o.cluster_id, o.resource, o.namespace, o.name, o.uid) > ($7, $8, $9, $10, $11)'
        when wanted_resource is null
          then ' and (o.resource, o.namespace, o.name, o.uid) > ($8, $9, $10, $11)'
        when wanted_namespace is null then ' and (o.namespace, o.name, o.uid) > ($9, $10, $11)'
        else ' and (o.name, o.uid) > ($10, $11)' end;
    end if;

    if span.namespaces is not null then
      return query execute 'with recursive kind (resource) as (
          select min(o.resource) from object o where o.org_id = $1 and o.cluster_id = $2
            and ($3 is null or o.resource = $3)
          union all
          select (select min(o.resource) from object o where o.org_id = $1 and o.cluster_id = $2
            and o.resource > kind.resource and $3 is null) from kind where kind.resource is not null
        ), place as (
          select kind.resource, n.namespace collate "C" as namespace from kind, unnest($13) n (namespace)
          where kind.resource is not null order by 1, 2
        )
        select k.cluster_id, k.resource, k.uid from place cross join lateral (
          select o.cluster_id, o.resource, o.name, o.uid from object o
          where o.resource = place.resource and o.namespace = place.namespace and ' || conditions || '
          order by o.name, o.uid limit $12) k
        order by place.resource, place.namespace, k.name, k.uid limit $12'
        using org, span.cluster, wanted_resource, wanted_namespace, name_pattern, whole_name,
          after_cluster, after_resource, after_namespace, after_name, after_uid, missing, span.namespaces;
      get diagnostics added = row_count;
      missing := missing - added;
      continue;
    end if;

    hits := null;
    if is_indexed then
      -- Of these indexes there are bitmap scans alone.
      perform set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'off', true),
        set_config('enable_indexonlyscan', 'off', true);
      execute 'with hit as materialized (
          select o.cluster_id, o.resource, o.namespace, o.name, o.uid from object o where ' || conditions || ' limit $13
        ), page as (
          select * from hit order by cluster_id, resource, namespace, name, uid limit $12
        )
        select (select count(*) from hit), array_agg(cluster_id), array_agg(resource), array_agg(uid) from page'
        into hits, clusters, resources, uids
        using org, span.cluster, wanted_resource, wanted_namespace, name_pattern, whole_name,
          after_cluster, after_resource, after_namespace, after_name, after_uid, missing, max_hits;
      perform set_config('enable_seqscan', 'on', true), set_config('enable_indexscan', 'on', true),
        set_config('enable_indexonlyscan', 'on', true);
    end if;
    if hits < max_hits then
      return query select * from unnest(clusters, resources, uids);
    else
      return query execute 'select o.cluster_id, o.resource, o.uid from object o where ' || conditions
        || ' order by o.cluster_id, o.resource, o.namespace, o.name, o.uid limit $12'
        using org, span.cluster, wanted_resource, wanted_namespace, name_pattern, whole_name,
          after_cluster, after_resource, after_namespace, after_name, after_uid, missing;
    end if;
    get diagnostics added = row_count;
    missing := missing - added;
  end loop;
end $$;
revoke all on function search_objects(uuid, text, text, text, text, jsonb, uuid, text, text, text, uuid, int,
  text)
  from public;
