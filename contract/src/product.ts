/** The names that a release carries, each in this one place. */
export const product = {
  name: "Obsyk",
  /** Equal to every package.json; a test compares them. */
  version: "0.1.0",
  /** The public repository: links in pages and documents start here. */
  repository: "https://github.com/obsyk/obsyk",
} as const;
