/**
 * kubectl's JSONPath templates (`-o jsonpath=...`), as client-go's `util/jsonpath` reads them: literal text, and in
 * braces paths, quoted text, `range` and `end`. Stricter in three places: a `range` needs its `end`, one pair of
 * braces holds one expression, and a dot needs a name.
 *
 * @module
 */

export type Step =
  | { readonly kind: "field"; readonly name: string }
  | { readonly kind: "wildcard" }
  /** Every value at any depth, itself first. */
  | { readonly kind: "recursive" }
  /** `[i]` is the slice from i to i + 1; negative bounds count from the end. */
  | {
      readonly kind: "slice";
      readonly from?: number;
      readonly to?: number;
      readonly step?: number;
      readonly single?: true;
    }
  | { readonly kind: "union"; readonly of: readonly Step[] }
  | { readonly kind: "filter"; readonly test: Test };

export type Operator = "==" | "!=" | "<" | "<=" | ">" | ">=";
export type Operand =
  | { readonly kind: "path"; readonly steps: readonly Step[] }
  | { readonly kind: "value"; readonly value: string | number | boolean };
export type Test =
  | { readonly kind: "exists"; readonly operand: Operand }
  | {
      readonly kind: "compare";
      readonly operator: Operator;
      readonly left: Operand;
      readonly right: Operand;
    };

export type Node =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "path"; readonly steps: readonly Step[] }
  | { readonly kind: "range"; readonly steps: readonly Step[]; readonly body: readonly Node[] };

/** What is wrong with a template, or with a template for this object. */
export class JsonPathError extends Error {
  override readonly name = "JsonPathError";
  readonly code = "JSONPATH";
}

const operators: readonly Operator[] = ["==", "!=", "<=", ">=", "<", ">"];
const escapes: { readonly [char: string]: string } = { n: "\n", t: "\t", r: "\r" };

/** @throws {JsonPathError} that names the character at which it goes wrong */
export function parseTemplate(text: string): readonly Node[] {
  const reader = new Reader(text);
  const nodes = readNodes(reader, false);
  return nodes;
}

class Reader {
  readonly #text: string;
  at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isDone(): boolean {
    return this.at >= this.#text.length;
  }

  /** Takes what the sticky pattern matches here; `undefined` when it does not. */
  take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.at += match[0].length;
    return match;
  }

  skipSpaces(): void {
    this.take(/\s*/y);
  }

  expect(text: string): void {
    if (!this.#text.startsWith(text, this.at)) this.fail(`expected ${text}`);
    this.at += text.length;
  }

  fail(reason: string): never {
    const found = this.isDone ? "the end" : JSON.stringify(this.#text.slice(this.at, this.at + 12));
    throw new JsonPathError(
      `the jsonpath template is wrong at character ${this.at + 1}: ${reason}, found ${found}`,
    );
  }
}

function readNodes(reader: Reader, inRange: boolean): readonly Node[] {
  const nodes: Node[] = [];
  for (;;) {
    const literal = reader.take(/[^{]+/y)?.[0];
    if (literal !== undefined) nodes.push({ kind: "text", text: literal });
    if (reader.isDone) {
      if (inRange) reader.fail("expected {end}");
      return nodes;
    }
    reader.expect("{");
    reader.skipSpaces();
    if (reader.take(/end\s*\}/y) !== undefined) {
      if (inRange) return nodes;
      reader.fail("no range to end");
    }
    nodes.push(readAction(reader));
  }
}

function readAction(reader: Reader): Node {
  if (reader.take(/range\s+/y) !== undefined) {
    const steps = readPath(reader);
    closeAction(reader);
    return { kind: "range", steps, body: readNodes(reader, true) };
  }
  const value = readValue(reader);
  const node: Node =
    value === undefined
      ? { kind: "path", steps: readPath(reader) }
      : { kind: "text", text: String(value) };
  closeAction(reader);
  return node;
}

function closeAction(reader: Reader): void {
  reader.skipSpaces();
  reader.expect("}");
}

function readValue(reader: Reader): string | number | boolean | undefined {
  const quoted = reader.take(/"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'/sy);
  if (quoted !== undefined) return unescape(quoted[1] ?? quoted[2] ?? "");
  const number = reader.take(/[+-]?\d+(?:\.\d+)?/y);
  if (number !== undefined) return Number(number[0]);
  const word = reader.take(/(?:true|false)\b/y);
  return word === undefined ? undefined : word[0] === "true";
}

function unescape(text: string): string {
  return text.replaceAll(/\\(.)/gs, (_, char: string) => escapes[char] ?? char);
}

function readPath(reader: Reader): readonly Step[] {
  const steps: Step[] = [];
  const start = reader.at;
  reader.take(/[$@]/y);
  for (;;) {
    if (reader.take(/\.\./y) !== undefined) {
      steps.push({ kind: "recursive" });
      const name = takeName(reader);
      if (name !== undefined) steps.push(name);
    } else if (reader.take(/\./y) !== undefined) {
      steps.push(takeName(reader) ?? reader.fail("expected a field name after the dot"));
    } else if (reader.take(/\[/y) !== undefined) {
      steps.push(readBrackets(reader));
    } else {
      // `{}` is the object itself, as `{@}` is.
      if (reader.at === start && reader.take(/(?=\s*\})/y) === undefined) {
        reader.fail("expected a path such as .metadata.name");
      }
      return steps;
    }
  }
}

/** Dots that belong to a name are escaped: `.metadata.labels.app\.kubernetes\.io/name`. */
function takeName(reader: Reader): Step | undefined {
  if (reader.take(/\*/y) !== undefined) return { kind: "wildcard" };
  const match = reader.take(/(?:[^\s.[\]{}()<>=!&|,'"\\]|\\.)+/sy);
  return match === undefined ? undefined : { kind: "field", name: unescapeName(match[0]) };
}

function unescapeName(text: string): string {
  return text.replaceAll(/\\(.)/gs, "$1");
}

function readBrackets(reader: Reader): Step {
  if (reader.take(/\?\(/y) !== undefined) {
    const test = readTest(reader);
    reader.skipSpaces();
    reader.expect(")]");
    return { kind: "filter", test };
  }
  const of: Step[] = [];
  do {
    reader.skipSpaces();
    of.push(readSelector(reader));
    reader.skipSpaces();
  } while (reader.take(/,/y) !== undefined);
  reader.expect("]");
  const [only] = of;
  return of.length === 1 && only !== undefined ? only : { kind: "union", of };
}

function readSelector(reader: Reader): Step {
  if (reader.take(/\*/y) !== undefined) return { kind: "wildcard" };
  const quoted = reader.take(/"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'/sy);
  if (quoted !== undefined) {
    return { kind: "field", name: unescapeName(quoted[1] ?? quoted[2] ?? "") };
  }
  const slice = reader.take(/(-?\d+)?:(-?\d+)?(?::(-?\d+)?)?/y);
  if (slice !== undefined) {
    const [, from, to, step] = slice;
    return {
      kind: "slice",
      ...(from === undefined ? {} : { from: Number(from) }),
      ...(to === undefined ? {} : { to: Number(to) }),
      ...(step === undefined ? {} : { step: Number(step) }),
    };
  }
  const index = reader.take(/-?\d+/y);
  if (index === undefined) reader.fail("expected an index, a slice, *, or a quoted name");
  const from = Number(index[0]);
  return { kind: "slice", from, to: from + 1, single: true };
}

function readTest(reader: Reader): Test {
  reader.skipSpaces();
  const left = readOperand(reader);
  reader.skipSpaces();
  const operator = operators.find((one) => reader.take(new RegExp(one, "y")) !== undefined);
  if (operator === undefined) return { kind: "exists", operand: left };
  reader.skipSpaces();
  return { kind: "compare", operator, left, right: readOperand(reader) };
}

function readOperand(reader: Reader): Operand {
  const value = readValue(reader);
  return value === undefined ? { kind: "path", steps: readPath(reader) } : { kind: "value", value };
}
