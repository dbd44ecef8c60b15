-- The owner of the first organisation. When nobody owns anything, a new organisation is made: at the first start, and
-- after the only organisation was erased.
create or replace function first_owner() returns table (org_id int, person_id uuid)
language plpgsql volatile security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
  -- Two processes that start at once make one owner.
  perform pg_advisory_xact_lock(1868723055);
  if not exists (select from person where role = 'owner') then
    with made as (insert into org (name) values ('default') returning org.org_id)
    insert into person (org_id, name, role) select made.org_id, 'owner', 'owner' from made;
  end if;
  return query select p.org_id, p.person_id from person p
    where p.role = 'owner' order by p.org_id, p.created_at limit 1;
end $$;
