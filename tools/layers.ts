/**
 * Who may import whom. ARCHITECTURE.md shows the same table; tidy.test.ts compares the two and holds the code to it.
 *
 * @module
 */

export type Layer = {
  readonly name: string;
  /** Folders of ours it may import, by package name or folder. */
  readonly layers: readonly string[];
  /** Node's own modules. */
  readonly node: boolean;
  /** `declared`: every package its package.json lists; otherwise exactly these. */
  readonly packages: "declared" | readonly string[];
};

export const layers: readonly Layer[] = [
  { name: "contract", layers: [], node: false, packages: ["zod"] },
  { name: "runtime", layers: [], node: true, packages: ["pino", "prom-client"] },
  { name: "operator", layers: ["contract", "runtime"], node: true, packages: ["jose", "yaml"] },
  { name: "platform", layers: ["contract", "runtime"], node: true, packages: "declared" },
  { name: "console", layers: ["contract"], node: false, packages: "declared" },
  { name: "cli", layers: ["contract", "runtime"], node: true, packages: "declared" },
  { name: "testkit", layers: ["contract", "runtime"], node: true, packages: ["@peculiar/x509"] },
  {
    name: "test",
    layers: ["contract", "runtime", "operator", "platform", "cli", "testkit"],
    node: true,
    packages: "declared",
  },
  {
    name: "bench",
    layers: ["contract", "runtime", "operator", "platform", "cli", "testkit"],
    node: true,
    packages: "declared",
  },
  {
    name: "tools",
    layers: ["contract", "runtime", "operator", "platform", "cli", "testkit"],
    node: true,
    packages: "declared",
  },
];

/** Files without I/O, clock or randomness: no `node:` import and none of the names in `impureNames`. */
export const pureFolders: readonly string[] = [
  "contract/src/",
  "operator/src/reflect/state.ts",
  "operator/src/deliver/state.ts",
  "operator/src/project/",
  "platform/src/analyze/",
  "console/src/logic/",
];

/** The layer table as ARCHITECTURE.md shows it. */
export function renderLayerTable(): string {
  const rows = layers.map(({ name, layers: ours, node, packages }) => {
    const parts = [
      ...ours,
      ...(node ? ["node"] : []),
      ...(packages === "declared" ? ["its listed packages"] : packages),
    ];
    return `| ${name} | ${parts.join(", ")} |`;
  });
  return ["| layer | may import |", "| --- | --- |", ...rows].join("\n");
}
