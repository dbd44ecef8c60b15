/**
 * Clients of one organisation: an operator's identity, its public key, and the cluster it is for.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import type { Client } from "@obsyk/contract";
import type { PublicKey } from "@obsyk/runtime";
import type { Db } from "../store/database.ts";
import { withScope, type OrgScope } from "./scope.ts";

export type Registered =
  | { readonly kind: "registered"; readonly client: Client }
  | { readonly kind: "name-taken" | "key-taken" };

/** Registers a client with its key, and its cluster in state pending. */
export async function registerClient(
  db: Db,
  scope: OrgScope,
  wanted: { readonly name: string; readonly publicKey: PublicKey; readonly now: Date },
): Promise<Registered> {
  const { name, publicKey, now } = wanted;
  const clientId = `obsyk-${randomBytes(12).toString("hex")}`;
  const row = { org_id: scope.orgId, client_id: clientId, created_at: now };
  try {
    const cluster = await withScope(db, scope, async (tx) => {
      await tx
        .insertInto("client")
        .values({ ...row, name, profile: "v2", disabled_at: null })
        .execute();
      await tx
        .insertInto("client_key")
        .values({
          ...row,
          thumbprint: publicKey.thumbprint,
          public_key: publicKey.key.export({ format: "der", type: "spki" }),
        })
        .execute();
      return tx
        .insertInto("cluster")
        .values({ ...row, name })
        .returning("cluster_id")
        .executeTakeFirstOrThrow();
    });
    return {
      kind: "registered",
      client: {
        clientId,
        name,
        thumbprint: publicKey.thumbprint,
        profile: "v2",
        createdAt: now.toISOString(),
        clusterId: cluster.cluster_id,
      },
    };
  } catch (error) {
    const constraint = uniqueConstraint(error);
    if (constraint === "client_key_thumbprint_key") return { kind: "key-taken" };
    if (constraint === "cluster_org_id_name_key") return { kind: "name-taken" };
    throw error;
  }
}

function uniqueConstraint(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || error.code !== "23505") return undefined;
  return "constraint" in error && typeof error.constraint === "string"
    ? error.constraint
    : undefined;
}

/** Clients that are not disabled, by name. */
export async function listClients(db: Db, scope: OrgScope): Promise<Client[]> {
  const rows = await withScope(db, scope, (tx) =>
    tx
      .selectFrom("client")
      .innerJoin("client_key", (join) =>
        join
          .onRef("client_key.org_id", "=", "client.org_id")
          .onRef("client_key.client_id", "=", "client.client_id"),
      )
      .innerJoin("cluster", (join) =>
        join
          .onRef("cluster.org_id", "=", "client.org_id")
          .onRef("cluster.client_id", "=", "client.client_id"),
      )
      .select([
        "client.client_id",
        "client.name",
        "client.profile",
        "client.created_at",
        "client_key.thumbprint",
        "cluster.cluster_id",
      ])
      .where("client.org_id", "=", scope.orgId)
      .where("client.disabled_at", "is", null)
      .orderBy("client.name")
      .limit(maxClients)
      .execute(),
  );
  return rows.map((row) => ({
    clientId: row.client_id,
    name: row.name,
    thumbprint: row.thumbprint,
    profile: row.profile,
    createdAt: row.created_at.toISOString(),
    clusterId: row.cluster_id,
  }));
}

/** An organisation has clusters by the hundred; a longer list needs paging first. */
const maxClients = 10_000;

/** @returns whether there was such a client, not yet disabled */
export async function disableClient(
  db: Db,
  scope: OrgScope,
  wanted: { readonly clientId: string; readonly now: Date },
): Promise<boolean> {
  const result = await withScope(db, scope, (tx) =>
    tx
      .updateTable("client")
      .set({ disabled_at: wanted.now })
      .where("org_id", "=", scope.orgId)
      .where("client_id", "=", wanted.clientId)
      .where("disabled_at", "is", null)
      .executeTakeFirst(),
  );
  return result.numUpdatedRows > 0n;
}
