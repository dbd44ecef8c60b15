/** What an object is, in a page's worth of facts and tables: console and CLI show the same. */
export type { Section, Value } from "./section.ts";
export { sectionsOf } from "./summary.ts";
