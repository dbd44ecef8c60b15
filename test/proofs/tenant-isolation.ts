/**
 * Two organisations on one platform. One asks for everything that the API document names, with the other's ids in every
 * place an id can stand: the answer is the 404 that an id of nobody gets. That is tried as the product runs, and with
 * row-level security switched off, so that the scope in each query has to hold alone; row-level security is tried alone by
 * a raw connection as the platform's login.
 */
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { apiPaths } from "@obsyk/contract";
import { openProcessGuard, type ProofContext, type Prove } from "@obsyk/testkit";
import { queryDatabase } from "./inspect.ts";
import { startPlatform, withLogs, type Platform } from "./system.ts";
import { call, openTenants, type Answer, type Tenant } from "./tenants.ts";

type Operation = {
  readonly method: string;
  /** With `{parameter}`. */
  readonly path: string;
  readonly parameters: readonly string[];
  readonly filters: readonly string[];
  /** Filters without which nothing is answered, with a value that each takes. */
  readonly required: { readonly [filter: string]: string };
};

/** What a change needs beside the id; without it the id would not be looked at. */
const bodies: { readonly [operation: string]: object } = {
  "PATCH /api/v1/people/{personId}": { role: "viewer" },
};

/** Changes that name nothing but the caller's own; `orgId` is swapped in the body. */
const withoutIds: readonly string[] = [
  "POST /api/v1/sign-in",
  "POST /api/v1/sign-in/provider",
  "POST /api/v1/identity-providers",
  "POST /api/v1/invitations/accept",
  "POST /api/v1/invitations",
  "POST /api/v1/clients",
  "POST /api/v1/tokens",
  "POST /api/v1/orgs",
  "DELETE /api/v1/session",
  "PATCH /api/v1/org",
  "DELETE /api/v1/org",
];
const inBody: { readonly [operation: string]: string } = { "PUT /api/v1/session/org": "orgId" };

export const prove: Prove = async (context) => {
  await using guard = await openProcessGuard("tenant-isolation");
  return await withLogs(context, guard, async () => {
    await using platform = await startPlatform(context, guard);
    const tenants = await openTenants(platform, platform.api.cookie);
    const raw = await tryRaw(platform, tenants);
    const operations = await readOperations(platform);
    context.say(`${operations.length} operations`);
    const before = await exportOf(platform, tenants[1]);
    const guarded = await tryAll({ platform, context, operations }, tenants);
    await switchPolicies(platform, "disable");
    const bare = await tryAll({ platform, context, operations }, tenants);
    await switchPolicies(platform, "enable");
    await tryLive(platform, tenants);
    assert.equal(await exportOf(platform, tenants[1]), before, "the other's data changed");
    return {
      figure:
        `${operations.length} operations, ${guarded} calls with another organisation's ids, and ${bare} without ` +
        `row-level security: identical 404s, 0 leaks; ${raw} tables and partitions by a raw connection: 0 rows`,
      work: guarded + bare + raw,
    };
  });
};

async function readOperations(platform: Platform): Promise<readonly Operation[]> {
  type Parameter = {
    readonly in: string;
    readonly name: string;
    readonly required?: boolean;
    readonly schema?: { readonly enum?: readonly string[] };
  };
  type Described = { readonly parameters?: readonly Parameter[] };
  type Document = {
    readonly paths: { readonly [path: string]: { readonly [method: string]: Described } };
  };
  const answer = await call(platform, { method: "GET", path: apiPaths.openapi });
  const { paths } = JSON.parse(answer.text) as Document;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [] }]) => ({
      method: method.toUpperCase(),
      path,
      parameters: [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name),
      filters: parameters.filter((one) => one.in === "query").map(({ name }) => name),
      required: Object.fromEntries(
        parameters
          .filter((one) => one.in === "query" && one.required === true)
          .map(({ name, schema }) => [name, schema?.enum?.[0] ?? ""]),
      ),
    })),
  );
}

type Trial = {
  readonly platform: Platform;
  readonly context: ProofContext;
  readonly operations: readonly Operation[];
};

/** @returns how many calls were made with something of the other's */
async function tryAll(
  { platform, context, operations }: Trial,
  [mine, theirs]: readonly [Tenant, Tenant],
): Promise<number> {
  let calls = 0;
  const ask = (operation: Operation, path: string, body?: object): Promise<Answer> =>
    call(platform, {
      method: operation.method,
      path: path + queryOf(operation.required),
      cookie: mine.cookie,
      ...(body === undefined ? {} : { body }),
    });
  for (const operation of operations) {
    context.signal.throwIfAborted();
    const name = `${operation.method} ${operation.path}`;
    const body = bodies[name];
    const nobodys = idsOfNobody(mine);
    for (const swapped of swaps(operation.parameters)) {
      const [found, absent] = [
        await ask(operation, fillPath(operation, mine, swapped, theirs.ids), body),
        await ask(operation, fillPath(operation, mine, swapped, nobodys), body),
      ];
      calls += 1;
      assert.equal(found.status, 404, `${name} with their ${swapped.join(", ")}: ${found.text}`);
      assert.deepEqual(plain(found), plain(absent), `${name} tells theirs from nobody's`);
    }
    const key = inBody[name];
    if (key !== undefined) {
      const found = await ask(operation, operation.path, { [key]: theirs.ids[key] });
      const absent = await ask(operation, operation.path, { [key]: randomUUID() });
      calls += 1;
      assert.equal(found.status, 404, `${name} with their ${key}`);
      assert.deepEqual(plain(found), plain(absent), `${name} tells theirs from nobody's`);
    } else if (operation.method === "GET") {
      calls += await tryReading(operation, { platform, mine, theirs });
    } else {
      const isTried = operation.parameters.length > 0 || withoutIds.includes(name);
      assert.ok(isTried, `${name} is new here: say what of it can be another's`);
    }
  }
  return calls;
}

/** Every way to have at least one of the parameters be the other's; a resource is nobody's. */
function swaps(parameters: readonly string[]): readonly (readonly string[])[] {
  const own = parameters.filter((name) => name !== "resource");
  return Array.from({ length: 2 ** own.length - 1 }, (_, index) =>
    own.filter((_name, place) => ((index + 1) & (1 << place)) !== 0),
  );
}

function fillPath(
  operation: Operation,
  mine: Tenant,
  swapped: readonly string[],
  others: Tenant["ids"],
): string {
  return operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const id = (swapped.includes(name) ? others : mine.ids)[name];
    assert.ok(id !== undefined, `${operation.path}: no ${name} is known`);
    return encodeURIComponent(id);
  });
}

/** Of the same form as ids that exist. */
function idsOfNobody({ ids }: Tenant): Tenant["ids"] {
  return Object.fromEntries(
    Object.entries(ids).map(([name, id]) => [
      name,
      name === "clientId"
        ? `obsyk-${randomBytes(12).toString("hex")}`
        : name === "resource"
          ? id
          : randomUUID(),
    ]),
  );
}

/** What a read without or with the other's words in each filter answers. */
async function tryReading(
  operation: Operation,
  { platform, mine, theirs }: { platform: Platform; mine: Tenant; theirs: Tenant },
): Promise<number> {
  // Answers for as long as it is open; it is tried by itself.
  if (operation.path === apiPaths.live) return 0;
  const path = fillPath(operation, mine, [], {});
  const read = (query: { readonly [filter: string]: string }): Promise<Answer> =>
    call(platform, {
      method: "GET",
      path: path + queryOf({ ...operation.required, ...query }),
      cookie: mine.cookie,
    });
  const whole = await read({});
  assert.ok(whole.status < 300, `${operation.path}: ${whole.status} ${whole.text}`);
  assertNothingOf(theirs, whole, operation.path);
  let calls = 1;
  const nobody = randomBytes(8).toString("hex");
  const words = [
    [theirs.canary, `canary-${nobody}`],
    [`app=${theirs.canary}`, `app=canary-${nobody}`],
    [theirs.ids["clusterId"] ?? "", randomUUID()],
  ] as const;
  for (const filter of operation.filters) {
    for (const [word, other] of words) {
      const found = await read({ [filter]: word });
      const absent = await read({ [filter]: other });
      calls += 1;
      assert.deepEqual(plain(found), plain(absent), `${operation.path} by ${filter} tells theirs`);
      assertNothingOf(theirs, found, `${operation.path} by ${filter}`);
    }
  }
  return calls;
}

function queryOf(query: { readonly [filter: string]: string }): string {
  const text = new URLSearchParams(query).toString();
  return text === "" ? "" : `?${text}`;
}

function assertNothingOf(tenant: Tenant, { text }: Answer, what: string): void {
  const { resource: _resource, ...ids } = tenant.ids;
  for (const [name, id] of Object.entries({ ...ids, canary: tenant.canary })) {
    assert.ok(!text.includes(id), `${what} holds the other's ${name}`);
  }
}

/** What a caller can compare: all but the number of the request. */
function plain({ status, text }: Answer): readonly [number, string] {
  return [status, text.replace(/"requestId":"[^"]*"/, "")];
}

/** All of it but who was seen when. */
async function exportOf(platform: Platform, tenant: Tenant): Promise<string> {
  const answer = await call(platform, {
    method: "GET",
    path: apiPaths.orgExport,
    cookie: tenant.cookie,
  });
  assert.ok(answer.text.includes(tenant.canary), "the export is theirs");
  return answer.text
    .split("\n")
    .map((line) => line.replace(/"last_used_at": ?"[^"]*"/, ""))
    .sort()
    .join("\n");
}

const tablesSql = `from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'org_id'
  where c.relnamespace = 'public'::regnamespace`;

async function switchPolicies(platform: Platform, how: "enable" | "disable"): Promise<void> {
  await queryDatabase(
    platform.dataDir,
    `do $$ declare t regclass; begin
       for t in select c.oid::regclass ${tablesSql} and c.relkind in ('r', 'p') loop
         execute format('alter table %s ${how} row level security', t);
       end loop;
     end $$`,
  );
}

/** Row-level security alone, of tables and of partitions. @returns how many of them were tried */
async function tryRaw(
  { dataDir }: Platform,
  [mine, theirs]: readonly [Tenant, Tenant],
): Promise<number> {
  const listed = await queryDatabase(
    dataDir,
    `select string_agg(c.relname || case when c.relispartition then '+' else '' end, ' ' order by c.relname)
     ${tablesSql} and c.relkind in ('r', 'p')`,
  );
  const tables = listed.split(" ");
  const partitions = tables.filter((name) => name.endsWith("+")).map((name) => name.slice(0, -1));
  assert.ok(partitions.length >= 8, `partitions: ${partitions.join(" ")}`);
  const [first = ""] = partitions;
  await assert.rejects(
    queryDatabase(dataDir, `select count(*) from ${first}`, "obsyk_app"),
    /permission denied/,
    "a partition may be read by itself",
  );
  // Their own policies, for the day when somebody grants one.
  const grant = (verb: string): Promise<string> =>
    queryDatabase(dataDir, verb.replace("…", `select on ${partitions.join(", ")}`));
  await grant("grant … to obsyk_app");
  const orgs = await Promise.all(
    [mine, theirs].map(({ ids }) =>
      queryDatabase(dataDir, `select org_id from org where public_id = '${ids["orgId"]}'`),
    ),
  );
  const [own = "", other = ""] = orgs;
  for (const table of tables.map((name) => name.replace("+", ""))) {
    const count = async (sql: string, user: "obsyk" | "obsyk_app"): Promise<number> =>
      Number((await queryDatabase(dataDir, sql, user)).split("\n").at(-1));
    const theirRows = `select count(*) from ${table} where org_id = ${other}`;
    const scoped = (org: string): string => `set obsyk.org = '${org}'; ${theirRows}`;
    assert.equal(await count(theirRows, "obsyk_app"), 0, `${table} without a scope`);
    assert.equal(await count(scoped(own), "obsyk_app"), 0, `${table} in another's scope`);
    const there = await count(theirRows, "obsyk");
    assert.equal(await count(scoped(other), "obsyk_app"), there, `${table} in its own scope`);
    assert.ok(there > 0 || /_\d{4}_\d{2}$/.test(table), `${table} holds nothing to be found`);
  }
  await grant("revoke … from obsyk_app");
  return tables.length;
}

/** Live events: what happens in the other's clusters is not heard. */
async function tryLive(
  { url, dataDir }: Platform,
  [mine, theirs]: readonly [Tenant, Tenant],
): Promise<void> {
  const stop = new AbortController();
  const response = await fetch(new URL(apiPaths.live, url), {
    headers: { cookie: mine.cookie },
    signal: stop.signal,
  });
  let heard = "";
  const notify = ({ ids }: Tenant): Promise<string> =>
    queryDatabase(
      dataDir,
      `select pg_notify('obsyk_change', org_id || ':${ids["clusterId"]}:7') from org where public_id = '${ids["orgId"]}'`,
    );
  try {
    await notify(theirs);
    await notify(mine);
    for await (const chunk of response.body ?? []) {
      heard += Buffer.from(chunk).toString();
      if (heard.includes(mine.ids["clusterId"] ?? "?")) break;
    }
  } finally {
    stop.abort();
  }
  assert.ok(!heard.includes(theirs.ids["clusterId"] ?? "?"), "live events of the other's cluster");
}
