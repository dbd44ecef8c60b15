import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openCliStage, waitUntilCurrent } from "./cli-stage.ts";
import { openShells } from "./shells.ts";

const stage = await openCliStage();
after(() => stage[Symbol.asyncDispose]());
await waitUntilCurrent(stage);
const shells = await openShells(stage);

const offered = async (...words: readonly string[]): Promise<readonly string[]> => {
  const { out } = await stage.obsyk(["complete-words", "--", ...words]);
  return out.split("\n").flatMap((line) => (line === "" ? [] : [line.split("\t", 1)[0] ?? ""]));
};

test("complete-words: commands, flags, resources and formats come from the program itself", async () => {
  assert.deepEqual(await offered("desc"), ["describe"]);
  assert.ok(!(await offered("")).includes("complete-words"));
  assert.deepEqual(await offered("operator", "pre"), ["preview"]);
  assert.deepEqual(await offered("get", "pods", "--sho"), ["--show-labels"]);
  assert.deepEqual(await offered("get", "deplo"), ["deployments", "deploy"]);
  assert.deepEqual(await offered("get", "po,deplo"), ["po,deployments", "po,deploy"]);
  assert.deepEqual(await offered("get", "po", "-o", "js"), ["json", "jsonpath="]);
  assert.deepEqual(await offered("get", "po", "--output", "=", "ya"), ["yaml"]);
  assert.deepEqual(await offered("completion", ""), ["bash", "zsh", "fish"]);
});

test("complete-words: clusters, namespaces and objects come from the platform", async () => {
  assert.deepEqual(await offered("get", "po", "-c", ""), ["east", "west"]);
  assert.deepEqual(await offered("clusters", "w"), ["west"]);
  assert.deepEqual(await offered("context", "use", ""), ["stage"]);
  assert.ok((await offered("get", "po", "-c", "east", "-n", "")).includes("shop"));
  const nodes = (stage.clusters.get("east")?.store.list("nodes") ?? []).map(({ name }) => name);
  assert.deepEqual(await offered("get", "no", "-c", "east", ""), nodes.sort());
});

test("complete-words: nobody signed in, or no platform, is no error", async () => {
  const env = { HOME: stage.folder };
  const away = await stage.obsyk(["complete-words", "--", "get", "po", "-c", ""], { env });
  assert.deepEqual(away, { code: 0, out: "", err: "" });
});

test("completion: says which shells there are", async () => {
  const { code, err } = await stage.obsyk(["completion", "bsah"]);
  assert.equal(code, 2);
  assert.match(err, /did you mean bash\?/);
});

test("completion: the shells of this machine offer the same, from real command lines", async () => {
  assert.ok(
    shells.some(({ name }) => name === "bash"),
    "bash at least",
  );
  for (const { name, complete } of shells) {
    assert.deepEqual(await complete("obsyk describ"), ["describe"], name);
    assert.deepEqual(
      [...(await complete("obsyk get pods --cluster "))].sort(),
      ["east", "west"],
      name,
    );
  }
});
