/**
 * Compact JSON read in place, strictly: what is not asked for is stepped over as bytes and never becomes a value.
 *
 * @module
 */
import type { FieldType, Message, Scalar } from "@obsyk/contract/allow-list";
import { ProjectError } from "./types.ts";

/** Deepest nesting that is stepped over; Kubernetes metadata needs about ten. */
const maxDepth = 64;

const code = {
  quote: 0x22,
  comma: 0x2c,
  minus: 0x2d,
  colon: 0x3a,
  openBracket: 0x5b,
  backslash: 0x5c,
  closeBracket: 0x5d,
  openBrace: 0x7b,
  closeBrace: 0x7d,
} as const;

const literals = {
  true: Buffer.from("true"),
  false: Buffer.from("false"),
  null: Buffer.from("null"),
} as const;

type Members = { [name: string]: unknown };

/** Never quotes what it met. */
export function guard(what: string): ProjectError {
  return new ProjectError("guard", `answer is no Table as asked for: ${what}`);
}

/** @throws {ProjectError} guard, from every method, when the bytes are not what it reads */
export class JsonCursor {
  readonly #bytes: Buffer;
  readonly #end: number;
  #position: number;

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes;
    this.#position = start;
    this.#end = end;
  }

  /** A member's name and its colon. */
  name(): string {
    const name = this.string();
    this.#expect(code.colon);
    return name;
  }

  /** Calls `take` for each member with the cursor at its value, which it must read or skip. */
  object(take: (name: string) => void): void {
    this.#expect(code.openBrace);
    if (this.#accept(code.closeBrace)) return;
    do {
      take(this.name());
    } while (this.#accept(code.comma));
    this.#expect(code.closeBrace);
  }

  /** Like `object`, for maps whose other keys must stay unread. @param keys in ASCII */
  objectOf(keys: readonly string[], take: (name: string) => void): void {
    this.#expect(code.openBrace);
    if (this.#accept(code.closeBrace)) return;
    do {
      const { start, end } = this.#stringRange();
      const key = keys.find((one) => equals(this.#bytes, start, end, one));
      this.#expect(code.colon);
      if (key === undefined) this.skip();
      else take(key);
    } while (this.#accept(code.comma));
    this.#expect(code.closeBrace);
  }

  list(take: (index: number) => void): void {
    this.#expect(code.openBracket);
    if (this.#accept(code.closeBracket)) return;
    let index = 0;
    do {
      take(index);
      index += 1;
    } while (this.#accept(code.comma));
    this.#expect(code.closeBracket);
  }

  string(): string {
    const { start, end, escaped } = this.#stringRange();
    const text = this.#bytes.toString("utf8", start, end);
    if (!escaped) return text;
    try {
      return JSON.parse(`"${text}"`) as string;
    } catch {
      // The parser's message quotes its input: it must not travel as a cause.
      throw guard("a string is broken");
    }
  }

  integer(): number {
    const start = this.#position;
    this.#accept(code.minus);
    while (this.#isDigit()) this.#position += 1;
    const text = this.#bytes.toString("latin1", start, this.#position);
    if (!/^-?\d{1,19}$/.test(text)) throw guard("a number is missing");
    return Number(text);
  }

  /** True when a null was there and has been read. */
  null(): boolean {
    return this.#literal(literals.null);
  }

  boolean(): boolean {
    if (this.#literal(literals.true)) return true;
    if (this.#literal(literals.false)) return false;
    throw guard("a boolean is missing");
  }

  /** Nothing may follow. */
  done(): void {
    if (this.#position !== this.#end) throw guard("something follows the end");
  }

  /** Steps over one value, whatever it is. */
  skip(): void {
    const closers: number[] = [];
    do {
      const byte = this.#bytes[this.#position];
      if (this.#position >= this.#end || byte === undefined) throw guard("a value is cut off");
      if (byte === code.quote) this.#stringRange();
      else {
        this.#position += 1;
        this.#nest(byte, closers);
      }
    } while (closers.length > 0 || this.#insideNumberOrWord());
  }

  /** What a table allows of the object at the cursor; everything else is stepped over. */
  message(message: Message, special?: ReadonlyMap<string, () => void>): Members {
    const into = Object.create(null) as Members;
    this.object((name) => {
      const own = special?.get(name);
      const field = Object.hasOwn(message.fields, name) ? message.fields[name] : undefined;
      if (own !== undefined) own();
      else if (field === undefined) this.skip();
      else if (!this.null()) into[name] = this.#value(field.type);
    });
    return into;
  }

  #value(type: FieldType): unknown {
    switch (type.kind) {
      case "scalar":
        return this.#scalar(type.scalar);
      case "message":
        return this.message(type.message);
      case "list": {
        const items: unknown[] = [];
        this.list(() => items.push(this.#value(type.of)));
        return items;
      }
      case "map": {
        const into = Object.create(null) as Members;
        const take = (name: string): void => {
          into[name] = this.#value(type.of);
        };
        if (type.keys === undefined) this.object(take);
        else this.objectOf(type.keys, take);
        return into;
      }
    }
  }

  #scalar(scalar: Scalar): unknown {
    switch (scalar) {
      case "bool":
        return this.boolean();
      case "int32":
      case "int64":
        return this.integer();
      case "string":
      case "quantity":
      case "intOrString":
      case "time":
      case "microTime":
        return this.string();
    }
  }

  #nest(byte: number, closers: number[]): void {
    if (byte === code.openBrace) closers.push(code.closeBrace);
    else if (byte === code.openBracket) closers.push(code.closeBracket);
    else if (byte === code.closeBrace || byte === code.closeBracket) {
      if (closers.pop() !== byte) throw guard("brackets do not match");
    }
    if (closers.length > maxDepth) throw guard("nested too deeply");
  }

  /** Bare numbers and words end at the next delimiter. */
  #insideNumberOrWord(): boolean {
    const previous = this.#bytes[this.#position - 1];
    if (previous === code.quote || previous === code.closeBrace) return false;
    if (previous === code.closeBracket || this.#position >= this.#end) return false;
    const byte = this.#bytes[this.#position];
    return byte !== code.comma && byte !== code.closeBrace && byte !== code.closeBracket;
  }

  #stringRange(): { readonly start: number; readonly end: number; readonly escaped: boolean } {
    this.#expect(code.quote);
    const start = this.#position;
    let escaped = false;
    for (let position = start; position < this.#end; position += 1) {
      const byte = this.#bytes[position];
      if (byte === code.backslash) {
        escaped = true;
        position += 1;
      } else if (byte === code.quote) {
        this.#position = position + 1;
        return { start, end: position, escaped };
      }
    }
    throw guard("a string is cut off");
  }

  #literal(literal: Buffer): boolean {
    const end = this.#position + literal.length;
    if (end > this.#end || literal.compare(this.#bytes, this.#position, end) !== 0) return false;
    this.#position = end;
    return true;
  }

  #isDigit(): boolean {
    const byte = this.#bytes[this.#position] ?? 0;
    return this.#position < this.#end && byte >= 0x30 && byte <= 0x39;
  }

  #accept(byte: number): boolean {
    if (this.#position >= this.#end || this.#bytes[this.#position] !== byte) return false;
    this.#position += 1;
    return true;
  }

  #expect(byte: number): void {
    if (!this.#accept(byte)) throw guard("its structure differs");
  }
}

function equals(bytes: Buffer, start: number, end: number, ascii: string): boolean {
  if (ascii.length !== end - start) return false;
  for (let index = 0; index < ascii.length; index += 1) {
    if (bytes[start + index] !== ascii.charCodeAt(index)) return false;
  }
  return true;
}
