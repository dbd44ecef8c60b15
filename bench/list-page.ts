/**
 * How long does a page of a list take at 500,000 objects, over HTTP on loopback and under row-level security: alone,
 * searched by name and by label, and for a viewer who may see two namespaces? Against a `select 1` of the platform's
 * own login in the same moments.
 *
 * @module
 */
import { hash, randomBytes } from "node:crypto";
import { apiPaths, objectPageSchema } from "@obsyk/contract";
import type pg from "pg";
import { PlatformApi } from "../tools/start/platform-api.ts";
import { quantile, round, withReference, type Figure, type Size } from "./figures.ts";
import { fillFleet } from "./fleet-rows.ts";
import { openClient } from "./owner.ts";
import { openStack, type Stack } from "./stack.ts";

type Case = {
  readonly name: string;
  /** Taken in turn. */
  readonly filters: readonly { readonly [name: string]: string }[];
  readonly isLimited?: boolean;
};

const pods = { resource: "pods", limit: "100" };
const words = ["check", "web", "gateway", "cart"];
const rareWords = ["fraud-check-2", "card-vault-2", "no-such-name", "control-plane-1"];

const cases: readonly Case[] = [
  { name: "list-page", filters: [pods] },
  { name: "list-page-name-search", filters: words.map((name) => ({ ...pods, name })) },
  {
    name: "list-page-rare-name-search",
    filters: rareWords.map((name) => ({ limit: "100", name })),
  },
  {
    name: "list-page-label-search",
    filters: [
      { ...pods, labelSelector: "app=checkout" },
      { ...pods, labelSelector: "app=web" },
    ],
  },
  { name: "list-page-limited", filters: [pods, { limit: "100" }], isLimited: true },
  {
    name: "list-page-limited-name-search",
    filters: [...words, ...rareWords].map((name) => ({ limit: "100", name })),
    isLimited: true,
  },
];

export async function listPage(size: Size): Promise<readonly Figure[]> {
  const rounds = size === "tiny" ? 8 : 200;
  await using stack = await openStack();
  await using cleanup = new AsyncDisposableStack();
  const open = async (user: "obsyk" | "obsyk_app"): Promise<pg.Client> =>
    cleanup.adopt(await openClient(stack, user), (client) => client.end());
  const owner = await open("obsyk");
  const app = await open("obsyk_app");
  const fleet = await fillFleet(stack, owner, size === "tiny" ? 200 : 50_000);
  const [clusterId = ""] = fleet.clusterIds;
  const viewer = await signInViewer(stack, owner, { [clusterId]: ["shop", "payments"] });
  const figures: Figure[] = [];
  for (const { name, filters, isLimited = false } of cases) {
    const paths = filters.map(
      (filter) => `${apiPaths.objects}?${new URLSearchParams(filter).toString()}`,
    );
    const measured = await measure({ api: isLimited ? viewer : stack.api, app, paths, rounds });
    if (measured.rows === 0) throw new Error(`${name} found nothing: it measures nothing`);
    figures.push(
      withReference(
        {
          name,
          value: round(quantile(measured.pageMs, 0.95)),
          unit: "ms p95",
          work: {
            objects: fleet.objects,
            mostRows: measured.rows,
            rounds,
            p50: round(quantile(measured.pageMs, 0.5)),
          },
        },
        { name: "select 1", value: quantile(measured.selectMs, 0.95), unit: "ms p95" },
      ),
    );
  }
  return figures;
}

async function measure(options: {
  readonly api: PlatformApi;
  readonly app: pg.Client;
  readonly paths: readonly string[];
  readonly rounds: number;
}): Promise<{
  readonly pageMs: readonly number[];
  readonly selectMs: readonly number[];
  readonly rows: number;
}> {
  const { api, app, paths, rounds } = options;
  const pageMs: number[] = [];
  const selectMs: number[] = [];
  let rows = 0;
  for (let turn = 0; turn < rounds; turn += 1) {
    const started = performance.now();
    const answer = await api.get(paths[turn % paths.length] ?? "");
    const read = performance.now();
    await app.query("select 1");
    pageMs.push(read - started);
    selectMs.push(performance.now() - read);
    rows = Math.max(rows, objectPageSchema.parse(answer).items.length);
  }
  return { pageMs, selectMs, rows };
}

/** A person who may see these namespaces alone, signed in. */
async function signInViewer(stack: Stack, owner: pg.Client, access: object): Promise<PlatformApi> {
  const token = randomBytes(32).toString("base64url");
  await owner.query(
    `with viewer as (
       insert into person (org_id, name, role, access)
       select min(org_id), 'viewer', 'viewer', $2 from org returning org_id, person_id)
     insert into sign_in_link (token_hash, org_id, person_id, created_at, expires_at)
     select $1, org_id, person_id, now(), now() + interval '1 hour' from viewer`,
    [hash("sha256", token, "buffer"), JSON.stringify(access)],
  );
  const origin = `http://127.0.0.1:${stack.ports.console}`;
  const api = new PlatformApi(origin);
  await api.signIn(`${origin}/sign-in?token=${token}`);
  return api;
}
