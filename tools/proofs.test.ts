import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { seededRandom } from "@obsyk/testkit";
import { defaultMs, invariants, proofs } from "./proofs.ts";

const root = fileURLToPath(new URL("../", import.meta.url));

test("proofs: every id is unique and has its module", () => {
  assert.ok(proofs.length > 0);
  assert.equal(new Set(proofs.map(({ id }) => id)).size, proofs.length);
  for (const { id } of proofs) assert.ok(existsSync(`${root}test/proofs/${id}.ts`), id);
});

test("proofs: each supports an invariant and is ended after two minutes by default, twice what it should take", () => {
  assert.equal(defaultMs, 60_000);
  for (const proof of proofs) {
    assert.ok(proof.invariants.length > 0, proof.id);
    for (const invariant of proof.invariants) assert.ok(invariants.includes(invariant));
    assert.ok(proof.boundMs.default <= 2 * defaultMs, proof.id);
  }
});

test("proofs: every saboteur still fits the source it changes", () => {
  for (const { id, saboteurs } of proofs) {
    for (const saboteur of saboteurs) {
      assert.ok(saboteur.patches.length > 0, `${id}/${saboteur.name}`);
      for (const { file, find, replace } of saboteur.patches) {
        assert.ok(
          readFileSync(root + file, "utf8").includes(find),
          `${id}/${saboteur.name}: ${file}`,
        );
        assert.notEqual(find, replace);
      }
    }
  }
});

test("proof: an unknown id is no success", () => {
  const { status, stderr } = spawnSync(process.execPath, [`${root}tools/proof.ts`, "no-such"], {
    encoding: "utf8",
  });
  assert.equal(status, 2);
  assert.match(stderr, /no proof is called no-such/);
});

test("proof: a proof that holds exits 0, a saboteur makes it exit 1, no saboteur 2", () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [`${root}tools/proof.ts`, "wrong-keys", ...args], {
      encoding: "utf8",
    });
  const holds = run();
  assert.equal(holds.status, 0, holds.stdout);
  assert.match(holds.stdout.trimEnd().split("\n").at(-1) ?? "", /^proof wrong-keys holds in /);
  const sabotaged = run("--sabotage", "--saboteur", "any-curve-will-do");
  assert.equal(sabotaged.status, 1, sabotaged.stdout);
  assert.equal(run("--sabotage", "--saboteur", "no-such").status, 2);
});

test("seededRandom: the same seed gives the same numbers in [0, 1)", () => {
  const [one, two, other] = [seededRandom(7), seededRandom(7), seededRandom(8)];
  const numbers = Array.from({ length: 1000 }, one);
  assert.deepEqual(numbers, Array.from({ length: 1000 }, two));
  assert.notDeepEqual(numbers, Array.from({ length: 1000 }, other));
  assert.ok(numbers.every((number) => number >= 0 && number < 1));
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  assert.ok(Math.abs(mean - 0.5) < 0.05);
});
