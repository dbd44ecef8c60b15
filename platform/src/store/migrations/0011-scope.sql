-- What an operator reads can change (R14): objects that left the scope stay, marked, and come back by a complete list.

-- `in_scope`: part of its stream, so of the stream's index, count and set-hash.
-- `not_collected_since`: nobody looks at it since then; it stays until a complete list confirms the object.
alter table object add column in_scope boolean not null default true;
alter table object add column not_collected_since timestamptz;
create index object_not_collected on object (org_id, cluster_id, stream_id) where not_collected_since is not null;

-- Some of its objects are in scope again, and the next complete list confirms them.
alter table stream add column returning_objects boolean not null default false;

-- What the latest session declared.
alter table agent_cluster add column scope jsonb;

-- Until now such streams kept their objects, unmarked.
update object o set in_scope = false, not_collected_since = coalesce(s.not_collected_since, now())
from stream s where s.org_id = o.org_id and s.cluster_id = o.cluster_id and s.stream_id = o.stream_id and not s.collected;
update stream set object_count = 0, set_hash = 0 where not collected;
delete from inventory_count;
insert into inventory_count (org_id, cluster_id, resource, namespace, objects)
select org_id, cluster_id, resource, namespace, count(*) from object where not_collected_since is null group by 1, 2, 3, 4;
