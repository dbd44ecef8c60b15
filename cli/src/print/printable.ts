/**
 * Text from a cluster, made harmless for a terminal: control characters, which could move the cursor, recolour or
 * retitle it, and characters that reorder text, appear as escapes.
 */
export function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}
