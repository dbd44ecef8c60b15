-- Sign-in by an organisation's own identity provider (OpenID Connect). No client secret is kept here: it is a file.

create table identity_provider (
  org_id int not null references org on delete cascade,
  provider_id uuid not null default gen_random_uuid(),
  name text not null,
  issuer text not null,
  client_id text not null,
  domain text collate "C" not null,
  -- What the domain's TXT record has to say.
  domain_token text not null,
  domain_verified_at timestamptz,
  groups_claim text not null,
  -- {"owner": [...], "admin": [...], "viewer": [...]}
  groups jsonb not null,
  created_at timestamptz not null,
  primary key (org_id, provider_id)
);
-- Both are asked for before an organisation is known. A domain belongs to whoever proved it first.
create unique index identity_provider_lookup on identity_provider (provider_id);
create unique index identity_provider_domain on identity_provider (domain) where domain_verified_at is not null;
select isolate('identity_provider');

-- Who someone is to a provider (OpenID Connect Core section 2: issuer and subject together).
create table identity (
  org_id int not null,
  provider_id uuid not null,
  subject text collate "C" not null,
  person_id uuid not null,
  created_at timestamptz not null,
  primary key (org_id, provider_id, subject),
  foreign key (org_id, provider_id) references identity_provider on delete cascade,
  foreign key (org_id, person_id) references person on delete cascade
);
create index identity_person on identity (org_id, person_id);
select isolate('identity');

create function find_identity_provider(wanted_domain text, wanted_provider uuid)
returns table (org_id int, provider_id uuid, issuer text, client_id text, domain text, groups_claim text, groups jsonb)
language sql stable security definer set search_path = public, pg_temp as $$
  select p.org_id, p.provider_id, p.issuer, p.client_id, p.domain, p.groups_claim, p.groups
  from identity_provider p
  where p.domain_verified_at is not null and (p.domain = wanted_domain or p.provider_id = wanted_provider)
$$;
revoke all on function find_identity_provider(text, uuid) from public;
