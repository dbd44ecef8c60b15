/**
 * Environment variables with a literal value, found in the bytes of an object: names are read, of the value only that
 * it has a length.
 *
 * @module
 */
import {
  envVarNumbers,
  listLiteralEnv,
  listTruncated,
  type EnvPlace,
  type LiteralSecretEnv,
} from "@obsyk/contract/allow-list";
import { Cursor, lengthDelimited, Malformed, type Range } from "./wire.ts";

/**
 * Canonical JSON of what Kubernetes has no field for; undefined when there is nothing of it.
 *
 * @throws {Malformed}
 */
export function obsykText(
  place: EnvPlace | undefined,
  range: Range,
  cut: readonly string[],
): string | undefined {
  const found: LiteralSecretEnv[] = [];
  if (place !== undefined) new Finder(range, found).walk(place, range.end);
  if (found.length === 0 && cut.length === 0) return undefined;
  const literalSecretEnv = listLiteralEnv(found);
  const truncated = listTruncated(cut);
  const members = {
    ...(literalSecretEnv.length === 0 ? {} : { literalSecretEnv }),
    ...(truncated.length === 0 ? {} : { truncated }),
  };
  return Object.keys(members).length === 0 ? undefined : JSON.stringify(members);
}

/** Steps over everything but the ways to containers. One cursor for all of an object: most have nothing to find. */
class Finder {
  readonly #cursor: Cursor;
  readonly #found: LiteralSecretEnv[];

  constructor({ bytes, start, end }: Range, found: LiteralSecretEnv[]) {
    this.#cursor = new Cursor(bytes);
    this.#cursor.position = start;
    this.#cursor.end = end;
    this.#found = found;
  }

  /** In the order of the bytes, whatever the names say; leaves the cursor at `end`. */
  walk(place: EnvPlace, end: number): void {
    if (place.kind === "container") {
      this.#readContainer(place, end);
      return;
    }
    const cursor = this.#cursor;
    while (cursor.position < end) {
      cursor.end = end;
      const tag = cursor.uint32();
      const number = tag >>> 3;
      const member = place.members.find((one) => one.number === number);
      if (member === undefined) cursor.skip(tag & 7);
      else this.walk(member.place, this.#enter(tag));
    }
  }

  /** @returns where the nested value ends; the cursor is at its start */
  #enter(tag: number): number {
    if ((tag & 7) !== lengthDelimited) throw new Malformed("unexpected wire type");
    return this.#cursor.length();
  }

  #readContainer(place: Extract<EnvPlace, { kind: "container" }>, end: number): void {
    const cursor = this.#cursor;
    const first = this.#found.length;
    let container = "";
    while (cursor.position < end) {
      cursor.end = end;
      const tag = cursor.uint32();
      const number = tag >>> 3;
      if (number === place.name) container = this.#readText(tag);
      else if (number === place.env) this.#readVariable(this.#enter(tag));
      else cursor.skip(tag & 7);
    }
    for (let index = first; index < this.#found.length; index += 1) {
      this.#found[index] = { container, name: this.#found[index]?.name ?? "" };
    }
  }

  /** Notes the name of a variable that has a literal value; its container is not known yet. */
  #readVariable(end: number): void {
    const cursor = this.#cursor;
    let [nameStart, nameEnd] = [end, end];
    let hasValue = false;
    while (cursor.position < end) {
      cursor.end = end;
      const tag = cursor.uint32();
      const number = tag >>> 3;
      if (number !== envVarNumbers.name && number !== envVarNumbers.value) {
        cursor.skip(tag & 7);
        continue;
      }
      const valueEnd = this.#enter(tag);
      if (number === envVarNumbers.value) hasValue = valueEnd > cursor.position;
      else [nameStart, nameEnd] = [cursor.position, valueEnd];
      cursor.position = valueEnd;
    }
    if (!hasValue) return;
    const name = cursor.bytes.toString("utf8", nameStart, nameEnd);
    this.#found.push({ container: "", name });
  }

  #readText(tag: number): string {
    const end = this.#enter(tag);
    const cursor = this.#cursor;
    const text = cursor.bytes.toString("utf8", cursor.position, end);
    cursor.position = end;
    return text;
  }
}
