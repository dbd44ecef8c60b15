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
  { name: "cli", layers: ["contract", "runtime", "operator"], node: true, packages: "declared" },
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

/** The layer table as ARCHITECTURE.md shows it, padded as the formatter does. */
export function renderLayerTable(): string {
  const rows = layers.map(({ name, layers: ours, node, packages }) => [
    name,
    [
      ...ours,
      ...(node ? ["node"] : []),
      ...(packages === "declared" ? ["its listed packages"] : packages),
    ].join(", "),
  ]);
  const table = [["layer", "may import"], ["", ""], ...rows];
  const widths = [0, 1].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map((row, line) =>
      line === 1
        ? `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`
        : `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`,
    )
    .join("\n");
}
