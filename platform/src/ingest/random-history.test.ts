import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { JsonObject, Line } from "@obsyk/contract";
import { derivedUid, memberHash, formatSetHash } from "@obsyk/runtime";
import fc from "fast-check";
import { openTestDatabase } from "../store/test-database.ts";
import { fromInt8 } from "./delta-statement.ts";
import { pod } from "./test-agent.ts";
import { openTestInventory, type ClusterAgent } from "./test-inventory.ts";

const stream = "pods/*/full";
const inventory = openTestInventory(await openTestDatabase());
after(() => inventory[Symbol.asyncDispose]());

type Op =
  | { readonly kind: "put"; readonly object: number; readonly phase: number }
  | { readonly kind: "delete"; readonly object: number; readonly isLastSent: boolean };

const uidOf = (object: number): string => derivedUid("test", String(object));
/** Six objects share three names, so that R13 has work. */
const recordOf = (object: number, phase: number): JsonObject =>
  pod(`name-${object % 3}`, { phase: `phase-${phase}`, namespace: `ns-${object % 3}` });

const opArbitrary: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("put" as const),
      object: fc.nat(5),
      phase: fc.nat(2),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("delete" as const),
      object: fc.nat(5),
      isLastSent: fc.boolean(),
    }),
  },
);

/** What must be true after these lines, computed the slow and obvious way. */
class Oracle {
  readonly live = new Map<string, { readonly name: string; readonly hash: string }>();
  readonly closed: string[] = [];

  apply(agent: ClusterAgent, op: Op): Line {
    const uid = uidOf(op.object);
    if (op.kind === "put") {
      const record = recordOf(op.object, op.phase);
      this.#put(uid, `name-${op.object % 3}`, agent.hashOf("pods", record));
      return agent.put(stream, uid, record);
    }
    const line = inventory.remove(agent, uid);
    // A last record belongs to an object that is known (R7).
    const isLast = op.isLastSent && this.live.has(uid);
    const last = agent.put(stream, uid, recordOf(op.object, 9));
    if (isLast) this.#put(uid, `name-${op.object % 3}`, last.hash);
    this.#close(uid, "deleted");
    return isLast ? { ...line, last } : line;
  }

  #put(uid: string, name: string, hash: string): void {
    const known = this.live.get(uid);
    if (known !== undefined && known.hash !== hash) this.#close(uid, "changed");
    for (const [other, object] of this.live) {
      if (other !== uid && object.name === name) this.#close(other, "replaced");
    }
    this.live.set(uid, { name, hash });
  }

  #close(uid: string, cause: string): void {
    const known = this.live.get(uid);
    if (known === undefined) return;
    this.closed.push(`${uid} ${known.hash} ${cause}`);
    this.live.delete(uid);
  }
}

async function compare(agent: ClusterAgent, oracle: Oracle): Promise<void> {
  const { database } = inventory;
  const values = [(await inventory.scope).orgId, agent.clusterId];
  const objects = await database.owner.query<{ uid: string; hash: string; name: string }>(
    "select uid::text, hash::text, name from object where org_id = $1 and cluster_id = $2 order by uid",
    values,
  );
  const expected = [...oracle.live].sort(([a], [b]) => (a < b ? -1 : 1));
  assert.deepEqual(
    objects.rows.map(({ uid, hash, name }) => [uid, fromInt8(hash), name]),
    expected.map(([uid, { hash, name }]) => [uid, hash, name]),
  );
  const closed = await database.owner.query<{ uid: string; hash: string; cause: string }>(
    "select uid::text, hash::text, cause from history where org_id = $1 and cluster_id = $2",
    values,
  );
  assert.deepEqual(
    closed.rows.map(({ uid, hash, cause }) => `${uid} ${fromInt8(hash)} ${cause}`).sort(),
    [...oracle.closed].sort(),
  );
  const [counted] = await inventory.streams(agent.clusterId);
  let setHash = 0n;
  for (const [uid, { hash }] of oracle.live) setHash ^= memberHash("pods", uid, hash);
  assert.deepEqual(
    [counted?.["object_count"], fromInt8(String(counted?.["set_hash"]))],
    [oracle.live.size, formatSetHash(setHash)],
  );
  const perNamespace = await inventory.counts(agent.clusterId);
  const total = perNamespace.reduce((sum, row) => sum + Number(row["objects"]), 0);
  assert.equal(total, oracle.live.size);
}

test("applyBatch: random histories, sent twice and out of order, end as the oracle says (R1-R3, R7, R13, R15)", async () => {
  const batch = fc.record({
    ops: fc.array(opArbitrary, { minLength: 1, maxLength: 12 }),
    fault: fc.constantFrom("none" as const, "twice" as const, "early" as const, "late" as const),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 10 }), async (batches) => {
      const agent = await inventory.openAgent();
      const oracle = new Oracle();
      let former: readonly Line[] | undefined;
      for (const { ops, fault } of batches) {
        agent.now += 1000;
        const lines = ops.map((op) => oracle.apply(agent, op));
        if (fault === "early") {
          const sequence = agent.sequence + 1;
          await assert.rejects(agent.sendAs({ sequence }, ...lines), { code: "sequence-gap" });
        }
        if (fault === "late" && former !== undefined) {
          const sequence = agent.sequence - 2;
          await assert.rejects(agent.sendAs({ sequence }, ...former), { code: "sequence-gap" });
        }
        if (fault === "twice")
          await Promise.all([agent.sendAs({}, ...lines), agent.sendAs({}, ...lines)]);
        await agent.send(...lines);
        former = lines;
      }
      await compare(agent, oracle);
    }),
    { numRuns: 40 },
  );
});
