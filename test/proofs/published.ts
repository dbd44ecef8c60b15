/**
 * The published page of what is collected, read back: what it promises is compared with what leaves, so it is not derived
 * from the tables that decide what leaves.
 *
 * @module
 */
import { readFile } from "node:fs/promises";

const page = new URL("../../docs/reference/collected.md", import.meta.url);

type Line = {
  readonly path: string;
  readonly beside: boolean;
  readonly message: string | undefined;
};

/** Paths by resource, arrows followed. */
export async function readPublished(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const [resources = "", messages = ""] = (await readFile(page, "utf8")).split(
    "\n## Messages that are shared\n",
  );
  const shared = sectionsOf(messages, "### ");
  const published = new Map<string, ReadonlySet<string>>();
  for (const [resource, lines] of sectionsOf(resources, "## ")) {
    published.set(resource, new Set(expand(lines, shared, "")));
  }
  return published;
}

function sectionsOf(text: string, mark: string): ReadonlyMap<string, readonly Line[]> {
  const sections = new Map<string, Line[]>();
  let current: Line[] | undefined;
  for (const line of text.split("\n")) {
    if (line.startsWith(mark)) {
      current = [];
      sections.set(line.slice(mark.length), current);
      continue;
    }
    const match = /^- `([^`]+)`( \(beside\))?(?:: .+| → \[(\w+)\]\(#\w+\))$/.exec(line);
    if (match?.[1] === undefined) continue;
    current?.push({ path: match[1], beside: match[2] !== undefined, message: match[3] });
  }
  return sections;
}

function expand(
  lines: readonly Line[],
  shared: ReadonlyMap<string, readonly Line[]>,
  prefix: string,
): readonly string[] {
  return lines.flatMap(({ path, beside, message }) => {
    const whole = prefix === "" ? path : `${prefix}.${path}`;
    if (beside && prefix !== "metadata") return [];
    if (message === undefined) return [whole];
    const inner = shared.get(message);
    if (inner === undefined) throw new Error(`the page leads to ${message} and does not list it`);
    // A message without fields: that it is there.
    return inner.length === 0 ? [whole] : expand(inner, shared, whole);
  });
}
