/**
 * What stands in the way of people who do not see the page or do not use a mouse, as axe-core finds it.
 *
 * @module
 */
import axe, { type AxeResults } from "axe-core";
import type { Page } from "playwright-core";

const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];

/** Rule and place of each barrier of WCAG 2.1, levels A and AA, on the page as it is now. */
export async function findBarriers(page: Page): Promise<readonly string[]> {
  // From outside: the page's own policy would not let it in.
  await page.evaluate(axe.source);
  const run = `axe.run(document, { runOnly: ${JSON.stringify(rules)}, resultTypes: ["violations"] })`;
  const { violations, passes } = await page.evaluate<AxeResults>(run);
  if (passes.length === 0) throw new Error("axe-core looked at nothing");
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) =>
      [id, target.join(" "), failureSummary?.split("\n").at(1)?.trim()].join(": "),
    ),
  );
}
