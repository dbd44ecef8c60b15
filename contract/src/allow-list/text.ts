/**
 * How kept text is made storable: no NUL, no lone surrogates, cut at a code point.
 *
 * @module
 */

/** NUL and lone surrogates become U+FFFD; the number of code units stays. */
export function cleanText(text: string): string {
  const wellFormed = text.isWellFormed() ? text : text.toWellFormed();
  return wellFormed.includes("\0") ? wellFormed.replaceAll("\0", "\uFFFD") : wellFormed;
}

/** At most `cap` UTF-16 code units of well-formed text, never half a surrogate pair. */
export function cutText(text: string, cap: number): string {
  if (text.length <= cap) return text;
  const last = text.charCodeAt(cap - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? cap - 1 : cap);
}

/** One reference token of a JSON Pointer, with its slash (RFC 6901 §3). */
export function pointerToken(name: string | number): string {
  return `/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
