/** For tests: an organisation with clusters, and an agent that speaks for one of them without HTTP. */
import { randomBytes, randomUUID } from "node:crypto";
import {
  canonicalize,
  type JsonObject,
  type Line,
  type SessionAnswer,
  type SessionRequest,
} from "@obsyk/contract";
import { formatSetHash, memberHash, recordHash } from "@obsyk/runtime";
import type pg from "pg";
import type { Database } from "../store/database.ts";
import { createScope, type OrgScope } from "../tenancy/scope.ts";
import { applyBatch, type AppliedBatch, type ApplyContext } from "./apply-batch.ts";
import { openSession, type SessionContext } from "./open-session.ts";

/** Made as the owner. */
type OwnedDatabase = Database & { readonly owner: pg.Pool };

export async function createTestOrg(database: OwnedDatabase, name: string): Promise<OrgScope> {
  const { rows } = await database.owner.query<{ org_id: number }>(
    "insert into org (name) values ($1) returning org_id",
    [name],
  );
  return createScope(rows[0]?.org_id ?? 0);
}

export async function createTestCluster(
  database: OwnedDatabase,
  scope: OrgScope,
  name: string,
): Promise<string> {
  await database.owner.query(
    `insert into client (org_id, client_id, name, profile, created_at) values ($1, $2, $2, 'v2', now())`,
    [scope.orgId, `client-${name}`],
  );
  const { rows } = await database.owner.query<{ cluster_id: string }>(
    `insert into cluster (org_id, name, client_id, created_at) values ($1, $2, $3, now()) returning cluster_id`,
    [scope.orgId, name, `client-${name}`],
  );
  return rows[0]?.cluster_id ?? "";
}

export type Granted = Extract<SessionAnswer, { status: "granted" }>;

export type TestAgentOptions = {
  readonly database: Database;
  readonly scope: OrgScope;
  readonly clusterId: string;
  readonly streams?: readonly string[];
};

/** Time is a counter that the test moves. */
export class TestAgent {
  now = 1_800_000_000_000;
  session: Granted | undefined;
  sequence = 0;
  readonly #options: TestAgentOptions;

  constructor(options: TestAgentOptions) {
    this.#options = options;
  }

  get context(): ApplyContext & SessionContext {
    const { database, scope, clusterId } = this.#options;
    return {
      pool: database.pool,
      scope,
      clusterId,
      receivedAt: this.now,
      newId: randomUUID,
      newKey: () => randomBytes(16).toString("hex"),
    };
  }

  request(overrides: Partial<SessionRequest> = {}): SessionRequest {
    return {
      instanceId: randomUUID(),
      clusterUid: `uid-${this.#options.clusterId}`,
      clusterName: "test",
      operatorVersion: "0.1.0",
      streams: (this.#options.streams ?? ["pods/*/full"]).map((stream) => ({
        stream,
        recordVersion: "00000000000000aa",
      })),
      clock: this.now,
      ...overrides,
    };
  }

  async open(overrides: Partial<SessionRequest> = {}): Promise<Granted> {
    const answer = await openSession(this.request(overrides), this.context);
    if (answer.status !== "granted") throw new Error("standby");
    this.session = answer;
    this.sequence = answer.nextSequence;
    return answer;
  }

  get holder(): { readonly sessionId: string; readonly epoch: number } {
    if (this.session === undefined) throw new Error("no session");
    return { sessionId: this.session.sessionId, epoch: this.session.epoch };
  }

  /** Sends lines as the next batch. */
  async send(...lines: readonly (Line | string)[]): Promise<AppliedBatch> {
    const answer = await this.sendAs({}, ...lines);
    this.sequence += 1;
    return answer;
  }

  async sendAs(
    overrides: {
      readonly sequence?: number;
      readonly digest?: string;
      readonly sessionId?: string;
      readonly epoch?: number;
    },
    ...lines: readonly (Line | string)[]
  ): Promise<AppliedBatch> {
    const text = lines
      .map((line) => (typeof line === "string" ? line : JSON.stringify(line)))
      .join("\n");
    return applyBatch(
      {
        ...this.holder,
        clusterId: this.#options.clusterId,
        sequence: this.sequence,
        digest: `digest of ${text}`,
        content: Buffer.from(text),
        ...overrides,
      },
      this.context,
    );
  }

  hashOf(resource: string, record: JsonObject): string {
    return recordHash(this.session?.hashKey ?? "", resource, canonicalize(record));
  }

  put(
    stream: string,
    uid: string,
    record: JsonObject,
    overrides: Partial<Extract<Line, { op: "put" }>> = {},
  ): Extract<Line, { op: "put" }> {
    const resource = stream.split("/")[0] ?? "";
    return {
      op: "put",
      stream,
      uid,
      hash: this.hashOf(resource, record),
      resourceVersion: "1",
      record: { ...record },
      seen: this.now,
      ...overrides,
    };
  }

  checkOf(stream: string, objects: ReadonlyMap<string, string>): Extract<Line, { op: "check" }> {
    const resource = stream.split("/")[0] ?? "";
    let setHash = 0n;
    for (const [uid, hash] of objects) setHash ^= memberHash(resource, uid, hash);
    return { op: "check", stream, count: objects.size, setHash: formatSetHash(setHash) };
  }
}

/** A record as small as one can be. */
export function pod(
  name: string,
  options: {
    readonly namespace?: string;
    readonly labels?: { readonly [key: string]: string };
    readonly phase?: string;
  } = {},
): JsonObject {
  const { namespace = "shop", labels, phase } = options;
  return {
    metadata: { name, namespace, ...(labels === undefined ? {} : { labels }) },
    ...(phase === undefined ? {} : { status: { phase } }),
  };
}
