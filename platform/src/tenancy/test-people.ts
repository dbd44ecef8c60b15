/** For tests: people on a whole platform, each with a cookie or a token. */
import type { Role } from "@obsyk/contract";
import {
  callConsole,
  membersOf,
  registerTestClient,
  signInOwner,
  type Answer,
  type TestPlatform,
} from "../test-platform.ts";

export type Caller = { readonly cookie: string } | { readonly token: string };

export type Call = {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
};

/** A request as a page or a machine sends it. */
export function callAs(
  target: TestPlatform,
  caller: Caller | undefined,
  call: Call,
): Promise<Answer> {
  if (caller === undefined) return callConsole(target, call);
  if ("cookie" in caller) return callConsole(target, { ...call, cookie: caller.cookie });
  return callConsole(target, { ...call, headers: { authorization: `Bearer ${caller.token}` } });
}

/** The id that an answer's `items` or an answer itself has. */
export async function created(
  target: TestPlatform,
  caller: Caller,
  call: Call,
): Promise<{ readonly [name: string]: unknown }> {
  const answer = await callAs(target, caller, call);
  if (answer.status !== 201) throw new Error(`${call.path}: ${answer.status} ${answer.text}`);
  return membersOf(answer);
}

export function sessionOf(answer: Answer): { readonly cookie: string } {
  const cookie = answer.headers["set-cookie"];
  if (typeof cookie !== "string") throw new Error(`no session: ${answer.status} ${answer.text}`);
  return { cookie: cookie.split(";", 1)[0] ?? "" };
}

export type TestMember = { readonly cookie: string; readonly personId: string };

/** Invites someone and takes the invitation up. */
export async function joinAs(
  target: TestPlatform,
  owner: Caller,
  grant: { readonly role: Role; readonly access?: readonly object[]; readonly name?: string },
): Promise<TestMember> {
  const { name = grant.role, ...wanted } = grant;
  const invitation = await created(target, owner, {
    method: "POST",
    path: "/api/v1/invitations",
    body: wanted,
  });
  const token = new URL(String(invitation["url"])).searchParams.get("token");
  const answer = await callConsole(target, {
    method: "POST",
    path: "/api/v1/invitations/accept",
    body: { token, name },
  });
  const { person } = membersOf(answer) as { person: { id: string } };
  return { ...sessionOf(answer), personId: person.id };
}

export type FilledOrg = TestMember & {
  readonly orgId: string;
  readonly clusterId: string;
  readonly clientId: string;
  readonly uid: string;
};

/** Another organisation of the first owner's, or the first itself, with a cluster that has something in it. */
export async function fillOrg(target: TestPlatform, name?: string): Promise<FilledOrg> {
  let owner: Caller & { readonly cookie: string } = { cookie: await signInOwner(target) };
  if (name !== undefined) {
    const org = await created(target, owner, {
      method: "POST",
      path: "/api/v1/orgs",
      body: { name },
    });
    owner = sessionOf(
      await callAs(target, owner, {
        method: "PUT",
        path: "/api/v1/session/org",
        body: { orgId: org["id"] },
      }),
    );
  }
  const session = membersOf(
    await callAs(target, owner, { method: "GET", path: "/api/v1/session" }),
  ) as { org: { id: string }; person: { id: string } };
  const { clientId } = await registerTestClient(target, { cookie: owner.cookie, name: "shop" });
  const rows = await target.query<{ cluster_id: string; uid: string }>(fillText, [
    session.org.id,
    clientId,
  ]);
  const [row] = rows;
  if (row === undefined) throw new Error("nothing was filled");
  return {
    cookie: owner.cookie,
    personId: session.person.id,
    orgId: session.org.id,
    clusterId: row.cluster_id,
    clientId,
    uid: row.uid,
  };
}

/** Rows as ingest would leave them, in two namespaces and outside of any, in every table of a cluster. */
const fillText = `
with c as (select k.org_id, k.cluster_id from cluster k join org o using (org_id)
  where o.public_id = $1 and k.client_id = $2),
a as (insert into agent_cluster (org_id, cluster_id, hash_key, cluster_uid, seen_at)
  select org_id, cluster_id, 'secret-hash-key', 'uid-' || cluster_id, now() from c),
s as (insert into stream (org_id, cluster_id, name, resource, namespace, mode, record_version, created_at, mark_at,
    object_count)
  select org_id, cluster_id, 'pods/*/full', 'pods', '*', 'full', 'v', now(), now(), 3 from c
  returning org_id, cluster_id, stream_id),
b as (insert into blind_interval (org_id, cluster_id, stream_id, from_at, reason)
  select org_id, cluster_id, stream_id, now(), 'start' from s),
r as (insert into send_again (org_id, cluster_id, stream_id, request_id, full_objects, reason, created_at)
  select org_id, cluster_id, stream_id, gen_random_uuid(), true, 'mismatch', now() from s),
o as (insert into object (org_id, cluster_id, resource, uid, stream_id, namespace, name, labels, record, hash, member,
    resource_version, derived, valid_from, received_at, change_number)
  select org_id, cluster_id, 'pods', gen_random_uuid(), stream_id, ns, 'needle-' || ns, '{"app":"needle"}',
    '{"metadata":{}}', 1, 1, '1', false, now(), now(), 1
  from s, unnest(array['one', 'two', '']) ns returning org_id, cluster_id, uid, namespace),
n as (insert into inventory_count (org_id, cluster_id, resource, namespace, objects)
  select org_id, cluster_id, 'pods', namespace, 1 from o),
h as (insert into history (org_id, cluster_id, resource, uid, namespace, name, valid_from, valid_to, cause, hash, record,
    resource_version, received_at, closed_at, change_number)
  select org_id, cluster_id, 'pods', uid, namespace, 'needle', now(), now(), 'changed', 1, '{}', '1', now(), now(), 1
  from o),
f as (insert into change_feed (org_id, cluster_id, change_number, received_at, resource, uid, operation)
  select org_id, cluster_id, 1, now(), 'pods', uid, 'A' from o),
ip as (insert into identity_provider (org_id, name, issuer, client_id, domain, domain_token, groups_claim, groups,
    created_at) select org_id, 'i', 'https://i.example', 'c', 'i.example', 't', 'groups', '{}', now() from c
  returning org_id, provider_id),
id as (insert into identity (org_id, provider_id, subject, person_id, created_at)
  select ip.org_id, provider_id, 's', person_id, now() from ip join person using (org_id) limit 1)
select cluster_id, uid from o where namespace = 'one'`;
