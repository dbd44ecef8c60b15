/** Two organisations with something in every table, and a person of each who asks for all that the API has. */
import { randomBytes } from "node:crypto";
import { apiPaths } from "@obsyk/contract";
import { generateSigningKey } from "@obsyk/runtime";
import { queryDatabase } from "./inspect.ts";
import type { Platform } from "./system.ts";

export type Answer = { readonly status: number; readonly text: string; readonly cookie: string };

export type Call = {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly cookie?: string;
};

export type Tenant = {
  readonly cookie: string;
  /** In names and labels of all that is its, and nowhere else. */
  readonly canary: string;
  /** Of each kind that a path or a body can hold, by the parameter's name. */
  readonly ids: { readonly [parameter: string]: string };
};

export async function call(
  platform: Platform,
  { method, path, body, cookie }: Call,
): Promise<Answer> {
  const response = await fetch(new URL(path, platform.url), {
    method,
    headers: {
      origin: platform.url,
      ...(cookie === undefined ? {} : { cookie }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const [set = ""] = response.headers.getSetCookie();
  return {
    status: response.status,
    text: await response.text(),
    cookie: set.split(";", 1)[0] ?? "",
  };
}

type Members = { readonly [name: string]: unknown };

async function expectOk(platform: Platform, wanted: Call): Promise<Answer & { members: Members }> {
  const answer = await call(platform, wanted);
  if (answer.status > 299) {
    throw new Error(`${wanted.method} ${wanted.path}: ${answer.status} ${answer.text}`);
  }
  return { ...answer, members: JSON.parse(answer.text) as Members };
}

/** @param cookie of the first owner, who owns both organisations; used up */
export async function openTenants(
  platform: Platform,
  cookie: string,
): Promise<readonly [Tenant, Tenant]> {
  const first = await fill(platform, cookie);
  const made = await expectOk(platform, {
    method: "POST",
    path: apiPaths.orgs,
    body: { name: `org-${randomBytes(8).toString("hex")}` },
    cookie,
  });
  // Somebody else owns it: who belongs to both would rightly see both.
  const switched = await expectOk(platform, {
    method: "PUT",
    path: apiPaths.sessionOrg,
    body: { orgId: made.members["id"] },
    cookie,
  });
  const { person } = switched.members as { readonly person: { readonly id: string } };
  const stranger = await join(platform, switched.cookie, "owner");
  await call(platform, {
    method: "DELETE",
    path: apiPaths.person.replace(":personId", person.id),
    cookie: stranger.cookie,
  });
  const link = await platform.signInLink();
  const token = new URL(link).searchParams.get("token");
  const again = await expectOk(platform, {
    method: "POST",
    path: apiPaths.signIn,
    body: { token },
  });
  return [{ ...first, cookie: again.cookie }, await fill(platform, stranger.cookie)];
}

/** Invites someone and takes the invitation up. */
async function join(
  platform: Platform,
  cookie: string,
  role: string,
  name = role,
): Promise<{ readonly cookie: string; readonly personId: string }> {
  const invited = await expectOk(platform, {
    method: "POST",
    path: apiPaths.invitations,
    body: { role },
    cookie,
  });
  const token = new URL(String(invited.members["url"])).searchParams.get("token");
  const joined = await expectOk(platform, {
    method: "POST",
    path: apiPaths.acceptInvitation,
    body: { token, name },
  });
  const { person } = joined.members as { readonly person: { readonly id: string } };
  return { cookie: joined.cookie, personId: person.id };
}

async function fill(platform: Platform, cookie: string): Promise<Tenant> {
  const canary = `canary-${randomBytes(8).toString("hex")}`;
  const post = (path: string, body: object) =>
    expectOk(platform, { method: "POST", path, body, cookie });
  const session = await expectOk(platform, { method: "GET", path: apiPaths.session, cookie });
  const { org } = session.members as { readonly org: { readonly id: string } };
  const publicKey = generateSigningKey().publicKey.pem;
  const { members: client } = await post(apiPaths.clients, { name: canary, publicKey });
  const { members: token } = await post(apiPaths.tokens, { name: canary, role: "viewer", days: 1 });
  const { members: invitation } = await post(apiPaths.invitations, {
    role: "viewer",
    note: canary,
  });
  const { members: provider } = await post(apiPaths.identityProviders, {
    name: canary,
    issuer: `https://${canary}.example`,
    clientId: canary,
    domain: `${canary}.example`,
    groups: {},
  });
  const { personId } = await join(platform, cookie, "viewer", canary);
  const sessions = await expectOk(platform, { method: "GET", path: apiPaths.sessions, cookie });
  const [own] = sessions.members["items"] as readonly { readonly id: string }[];
  const uid = await queryDatabase(platform.dataDir, fillSql(canary, String(client["clusterId"])));
  const ids = {
    orgId: org.id,
    clusterId: client["clusterId"],
    clientId: client["clientId"],
    tokenId: token["id"],
    invitationId: invitation["id"],
    providerId: provider["id"],
    personId,
    sessionId: own?.id,
    resource: "pods",
    uid,
  };
  return {
    cookie,
    canary,
    ids: Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, String(id)])),
  };
}

/** Rows as ingest leaves them, in every table of a cluster. Both texts are made here. */
function fillSql(canary: string, clusterId: string): string {
  return `with c as (select org_id, cluster_id, client_id from cluster where cluster_id = '${clusterId}'),
    a as (insert into agent_cluster (org_id, cluster_id, hash_key, cluster_uid, seen_at)
      select org_id, cluster_id, 'key', '${canary}', now() from c),
    s as (insert into stream (org_id, cluster_id, name, resource, namespace, mode, record_version, created_at, mark_at,
        object_count)
      select org_id, cluster_id, 'pods/*/full', 'pods', '*', 'full', 'v', now(), now(), 1 from c
      returning org_id, cluster_id, stream_id),
    b as (insert into blind_interval (org_id, cluster_id, stream_id, from_at, reason)
      select org_id, cluster_id, stream_id, now(), 'start' from s),
    r as (insert into send_again (org_id, cluster_id, stream_id, request_id, full_objects, reason, created_at)
      select org_id, cluster_id, stream_id, gen_random_uuid(), true, 'mismatch', now() from s),
    o as (insert into object (org_id, cluster_id, resource, uid, stream_id, namespace, name, labels, record, hash, member,
        resource_version, derived, valid_from, received_at, change_number)
      select org_id, cluster_id, 'pods', gen_random_uuid(), stream_id, '${canary}', '${canary}',
        '{"app":"${canary}"}', '{"metadata":{"name":"${canary}"}}', 1, 1, '1', false, now(), now(), 1 from s
      returning org_id, cluster_id, uid),
    n as (insert into inventory_count (org_id, cluster_id, resource, namespace, objects)
      select org_id, cluster_id, 'pods', '${canary}', 1 from o),
    h as (insert into history (org_id, cluster_id, resource, uid, namespace, name, valid_from, valid_to, cause, hash,
        record, resource_version, received_at, closed_at, change_number)
      select org_id, cluster_id, 'pods', uid, '${canary}', '${canary}', now(), t, 'changed', 1, '{}', '1', now(), now(), 1
      from o, unnest(array[now(), '2001-01-01']) t),
    f as (insert into change_feed (org_id, cluster_id, change_number, received_at, resource, uid, operation)
      select org_id, cluster_id, 1, t, 'pods', uid, 'A' from o, unnest(array[now(), '2001-01-01']) t),
    u as (insert into used_assertion (org_id, client_id, jti, expires_at)
      select org_id, client_id, '${canary}', now() + interval '1 day' from c),
    i as (insert into identity (org_id, provider_id, subject, person_id, created_at)
      select org_id, provider_id, '${canary}', person_id, now()
      from c join identity_provider using (org_id) join person using (org_id) limit 1),
    l as (insert into sign_in_link (token_hash, org_id, person_id, created_at, expires_at)
      select sha256('${canary}'), p.org_id, p.person_id, now(), now() + interval '1 day'
      from c join person p using (org_id) limit 1)
    select uid from o`;
}
