/**
 * Comparing a key's thumbprint (RFC 7638) on both sides: what the terminal printed with what the platform computed.
 *
 * @module
 */

export type Comparison = "empty" | "same" | "different";

/** Takes the whole line that `obsyk keygen` and `obsyk key` print as well as the thumbprint alone. */
export function compareThumbprint(pasted: string, shown: string): Comparison {
  const text = pasted
    .trim()
    .replace(/^thumbprint\s+/i, "")
    .replaceAll(/\s/g, "");
  if (text === "") return "empty";
  return text === shown ? "same" : "different";
}
