/**
 * Text that can become an element's content without making elements: it has no `<`. Style sheets are such text, names
 * and messages with markup in them are not.
 *
 * @throws {TypeError} for everything else; its message repeats nothing of the text.
 */
export function requireMarkupFree(text: string): string {
  if (text.includes("<")) throw new TypeError("markup is not set as text");
  return text;
}
