/** How Vite, Chromium, Firefox and Safari say that a part of the page could not be fetched. */
const messages = [
  "Unable to preload CSS",
  "Failed to fetch dynamically imported module",
  "error loading dynamically imported module",
  "Importing a module script failed",
];

/**
 * Whether a page was not shown because one of its own files did not come: the platform is away, or it was upgraded and
 * has other files now. Only loading everything anew helps then.
 */
export function isLoadFailure(error: Error): boolean {
  return messages.some((message) => error.message.includes(message));
}
