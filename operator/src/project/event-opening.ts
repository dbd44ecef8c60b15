import { guard } from "./json-bytes.ts";

const beforeType = '{"type":"';
const beforeKind = '","object":{"kind":"';
const kinds = ['Table"', 'Status"'] as const;
/** Types of watch events have at most eight letters. */
const maxTypeLetters = 16;
const quote = 0x22;

/**
 * Follows the first bytes of one watch event, one after the other: `{"type":"ADDED","object":{"kind":"Table"`, or
 * `Status` as the kind. It keeps how far it came, never what it saw.
 */
export class EventOpening {
  #part: "type" | "letters" | "kind" | "name" | "done" = "type";
  #at = 0;
  #name: string | undefined;

  get isComplete(): boolean {
    return this.#part === "done";
  }

  /** @throws {ProjectError} guard at the first byte that differs */
  accept(byte: number): void {
    switch (this.#part) {
      case "type":
        this.#follow(beforeType, byte, "letters");
        return;
      case "letters":
        this.#letter(byte);
        return;
      case "kind":
        this.#follow(beforeKind, byte, "name");
        return;
      case "name":
        this.#name ??= kinds.find((kind) => kind.charCodeAt(0) === byte);
        if (this.#name === undefined) throw differs();
        this.#follow(this.#name, byte, "done");
        return;
      case "done":
    }
  }

  #letter(byte: number): void {
    if (byte >= 0x41 && byte <= 0x5a && this.#at < maxTypeLetters) {
      this.#at += 1;
      return;
    }
    if (byte !== quote || this.#at === 0) throw differs();
    this.#part = "kind";
    this.#at = 1;
  }

  #follow(text: string, byte: number, next: "letters" | "name" | "done"): void {
    if (byte !== text.charCodeAt(this.#at)) throw differs();
    this.#at += 1;
    if (this.#at < text.length) return;
    this.#part = next;
    this.#at = 0;
  }
}

function differs(): Error {
  return guard("the first bytes of an event differ");
}
