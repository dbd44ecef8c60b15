/** A scan for what JSON.parse hides: of two members with one name it silently keeps the last (RFC 8259 §4). */

/** Strings, and the punctuation that gives them their place; everything else of valid JSON is skipped. */
const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]/gs;

/**
 * @param text valid JSON
 * @returns the first member name that one object has twice
 */
export function findDuplicateMember(text: string): string | undefined {
  // One entry an open container; a list has no names.
  const open: (Set<string> | undefined)[] = [];
  let last = "";
  for (const [found] of text.matchAll(token)) {
    switch (found) {
      case "{":
        open.push(new Set());
        break;
      case "[":
        open.push(undefined);
        break;
      case "}":
      case "]":
        open.pop();
        break;
      case ":": {
        // The same name may be spelled with escapes.
        const name = String(JSON.parse(last));
        const names = open.at(-1);
        if (names?.has(name) === true) return name;
        names?.add(name);
        break;
      }
      default:
        last = found;
    }
  }
  return undefined;
}
