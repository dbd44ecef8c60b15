-- Objects with evidence that something secret is in the open (contract: allow-list/evidence.ts). Few of many: this index
-- holds those alone, in the order of pages. Queries repeat the condition as it stands here.
create index object_findings on object (org_id, cluster_id, resource, namespace, name, uid)
  where jsonb_exists_any(record->'obsyk', array['embeddedCopies', 'literalSecretEnv'])
    or (resource = 'configmaps' and labels @> '{"owner": "helm"}' and starts_with(name, 'sh.helm.release.v1.'));
