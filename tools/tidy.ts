/**
 * House rules as functions from sources to complaints, so that tidy.test.ts can run them over the tree and over
 * planted violations alike.
 *
 * @module
 */
import { parseSync } from "oxc-parser";
import { layers, pureFolders, type Layer } from "./layers.ts";

export type Source = { readonly path: string; readonly text: string };
/** package.json of each layer: what it declares. */
export type Declared = { readonly [layer: string]: ReadonlySet<string> };

const scope = "@obsyk/";

export function isTest(path: string): boolean {
  return (
    /\.test\.tsx?$/.test(path) ||
    /\/test-[a-z-]+\.ts$/.test(path) ||
    path.startsWith("testkit/") ||
    path.startsWith("test/")
  );
}

/** Every module a file names in `import`, `import type`, `export … from` and `import()` with a literal. */
export function readImports(source: Source): readonly string[] {
  const { module } = parseSync(source.path, source.text);
  return [
    ...module.staticImports.map((entry) => entry.moduleRequest.value),
    ...module.staticExports.flatMap((entry) =>
      entry.entries.flatMap((item) => (item.moduleRequest ? [item.moduleRequest.value] : [])),
    ),
    ...module.dynamicImports.map(({ moduleRequest }) =>
      source.text.slice(moduleRequest.start, moduleRequest.end).replaceAll(/["'`]/g, ""),
    ),
  ];
}

export function findLayerBreaks(source: Source, declared: Declared): readonly string[] {
  const layer = layers.find(({ name }) => source.path.startsWith(`${name}/`));
  if (layer === undefined || source.path.endsWith(".config.ts")) return [];
  return readImports(source).flatMap((name) => {
    const complaint = complainAbout(name, source, layer, declared);
    return complaint === undefined ? [] : [`${source.path}: ${complaint}`];
  });
}

function complainAbout(
  name: string,
  source: Source,
  layer: Layer,
  declared: Declared,
): string | undefined {
  if (name.startsWith(".")) return leavesLayer(name, source, layer);
  if (name.startsWith("node:")) {
    return layer.node || isTest(source.path) ? undefined : `${layer.name} may not import ${name}`;
  }
  if (name.startsWith(scope)) return complainAboutOurs(name, source, layer);
  const packageName = name.split("/", name.startsWith("@") ? 2 : 1).join("/");
  if (isTest(source.path) && declared["root"]?.has(packageName)) return undefined;
  const allowed = layer.packages === "declared" ? undefined : layer.packages.includes(packageName);
  if (allowed === false) return `${layer.name} may not import the package ${packageName}`;
  const home = ["test", "bench", "tools"].includes(layer.name) ? "root" : layer.name;
  return declared[home]?.has(packageName) === true
    ? undefined
    : `${layer.name} does not declare the package ${packageName}`;
}

function complainAboutOurs(name: string, source: Source, layer: Layer): string | undefined {
  const [target = "", ...rest] = name.slice(scope.length).split("/");
  // Tests inside a package may use the fakes of the outside world.
  const ours = isTest(source.path) ? [...layer.layers, "testkit"] : layer.layers;
  if (target !== layer.name && !ours.includes(target))
    return `${layer.name} may not import ${target}`;
  if (rest.length > 0 && target !== "contract")
    return `${name} is an inner file: import ${scope}${target}`;
  return undefined;
}

function leavesLayer(name: string, source: Source, layer: Layer): string | undefined {
  const folder = source.path.split("/").slice(0, -1);
  for (const part of name.split("/")) {
    if (part === "..") folder.pop();
    else if (part !== ".") folder.push(part);
  }
  const target = folder.join("/");
  if (["test", "bench", "tools"].includes(layer.name)) {
    return /^(test|bench|tools)\//.test(target)
      ? undefined
      : `${name} leaves ${layer.name}: import the package`;
  }
  return target.startsWith(`${layer.name}/`)
    ? undefined
    : `${name} leaves ${layer.name}: import the package`;
}

/** Name, where it may occur, and what to use instead. */
const bannedNames: readonly {
  readonly pattern: RegExp;
  readonly homes: RegExp;
  readonly instead: string;
}[] = [
  {
    pattern: /\bDate\.now\(|\bnew Date\(\)/,
    homes: /^(runtime\/src\/clock\.ts|console\/|tools\/|bench\/)/,
    instead: "the Clock",
  },
  {
    pattern: /\bperformance\.now\(/,
    homes: /^(runtime\/src\/clock\.ts|console\/|tools\/|bench\/)/,
    instead: "the Clock",
  },
  {
    pattern: /\bMath\.random\b/,
    homes: /(\/main\.ts$|^tools\/|^bench\/)/,
    instead: "the random parameter",
  },
  {
    pattern: /\bprocess\.env\b/,
    homes: /(\/main\.ts$|^tools\/|^bench\/|^testkit\/src\/control-plane\/environment\.ts$)/,
    instead: "settings.ts",
  },
  {
    pattern: /\bprocess\.argv\b/,
    homes: /(\/main\.ts$|^tools\/|^bench\/)/,
    instead: "settings.ts",
  },
  {
    pattern: /\bprocess\.exit\(/,
    homes: /^(runtime\/src\/lifecycle\.ts|tools\/|bench\/)/,
    instead: "process.exitCode and an empty event loop",
  },
  {
    pattern: /(?<![.\w])fetch\(/,
    homes: /^(console\/src\/api\/|tools\/|bench\/)/,
    instead: "node:https with the agents of runtime/src/tls.ts",
  },
  { pattern: /\brejectUnauthorized:\s*false/, homes: /^$/, instead: "a CA bundle" },
  { pattern: /NODE_TLS_REJECT_UNAUTHORIZED\s*=/, homes: /^$/, instead: "a CA bundle" },
];

export function findBannedNames(source: Source): readonly string[] {
  if (isTest(source.path)) return [];
  const code = stripComments(source.text);
  return bannedNames
    .filter(({ pattern, homes }) => pattern.test(code) && !homes.test(source.path))
    .map(
      ({ pattern, instead }) =>
        `${source.path}: ${pattern.source} is not used here; use ${instead}`,
    );
}

/** Where connections are made and taken (docs/decisions/0022): elsewhere they could miss the floor of runtime's TLS. */
const connectionHomes =
  /^(runtime\/src\/(tls|node-http)\.ts|operator\/src\/(deliver\/platform-client|kube\/connection)\.ts|platform\/src\/(http\/(public-fetch|server)|test-platform|tenancy\/test-provider)\.ts|cli\/src\/platform\/client\.ts|testkit\/|test\/|bench\/)/;

/** An import of more than types from Node's modules that connect. */
export function findConnections(source: Source): readonly string[] {
  if (isTest(source.path) || connectionHomes.test(source.path)) return [];
  const code = stripComments(source.text);
  return [
    ...code.matchAll(
      /(?:(?<!import type \{[^}]*\} )from |\bimport\(|\bgetBuiltinModule\(|\bimport )["'](?:node:)?(https?|http2|tls)["']/g,
    ),
  ].map(([, name]) => `${source.path}: node:${name} is used in named homes only; use runtime`);
}

const impureNames =
  /\b(Date\.now|new Date\(\)|performance\.|Math\.random|setTimeout|setInterval|setImmediate|crypto\.|process\.)/;

export function findImpurities(source: Source): readonly string[] {
  if (isTest(source.path) || !pureFolders.some((folder) => source.path.startsWith(folder)))
    return [];
  const nodeImports = readImports(source)
    .filter((name) => name.startsWith("node:"))
    .map((name) => `${source.path}: pure code may not import ${name}`);
  const impure = impureNames.exec(stripComments(source.text));
  return impure === null
    ? nodeImports
    : [...nodeImports, `${source.path}: pure code may not use ${impure[1]}`];
}

const bannedFiles = /(^|[/-])(utils?|helpers?|common|misc|manager|types-all)(\.[a-z]+|\/)/;

export function findBannedFiles(paths: readonly string[]): readonly string[] {
  return paths
    .filter((path) => bannedFiles.test(path))
    .map((path) => `${path}: name it after what it holds`);
}

/** A linter's disable comment without a reason behind `--`. */
export function findSilentDisables(source: Source): readonly string[] {
  return [...source.text.matchAll(/(?:oxlint|eslint)-disable[^\n]*/g)]
    .filter(([comment]) => !/--\s*\w+/.test(comment))
    .map(([comment]) => `${source.path}: say why behind "--": ${comment.slice(0, 60)}`);
}

/** A writable top-level binding: state that every caller shares. */
export function findModuleState(source: Source): readonly string[] {
  if (isTest(source.path)) return [];
  const { program } = parseSync(source.path, source.text);
  return program.body
    .flatMap((node) => (node.type === "ExportNamedDeclaration" ? [node.declaration] : [node]))
    .filter((node) => node?.type === "VariableDeclaration" && node.kind === "let")
    .map(() => `${source.path}: a top-level let is shared state; pass it in`);
}

/** In parts, so that this file is held to the rule as well. */
const registries: readonly (readonly string[])[] = [
  ["registry", "npmjs", "org"],
  ["proxy", "golang", "org"],
  ["deb", "debian", "org"],
  ["pypi", "org"],
];

/** What a public tree must not show: this machine, package registries, the people and tools behind it. */
const leaks: readonly RegExp[] = [
  new RegExp(["", "work", ""].join("/")),
  new RegExp([String.raw`(?:^|[\s"'(])\.\.`, String.raw`shared\b`].join("/")),
  new RegExp(registries.map((parts) => parts.join(String.raw`\.`)).join("|")),
  new RegExp([String.raw`\bsub`, String.raw`agents?\b`].join("-?"), "i"),
];

export function findLeaks(source: Source): readonly string[] {
  return leaks
    .map((pattern) => pattern.exec(source.text))
    .filter((match) => match !== null)
    .map((match) => `${source.path}: must not say ${JSON.stringify(match[0])}`);
}

function stripComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/(^|[^:"'`])\/\/[^\n]*/g, "$1");
}
