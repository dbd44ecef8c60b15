/**
 * Kubernetes' label selector syntax (`app=api,tier!=db,env in (a, b),!legacy`), as kubectl's `-l` takes it. Pure.
 * Source: apimachinery `pkg/labels/selector.go`; `>` and `<` are not offered.
 *
 * @module
 */

export type LabelRequirement = {
  readonly key: string;
  readonly operator: "in" | "notin" | "exists" | "absent";
  /** Of `in` and `notin`; never empty. */
  readonly values: readonly string[];
};

export type ParsedSelector =
  | { readonly kind: "selector"; readonly requirements: readonly LabelRequirement[] }
  | {
      readonly kind: "mistake";
      /** Zero-based character. */
      readonly position: number;
      readonly reason: string;
    };

type Token = { readonly text: string; readonly position: number };

const keyPattern =
  /^(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const valuePattern = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

class Mistake {
  readonly position: number;
  readonly reason: string;

  constructor(position: number, reason: string) {
    this.position = position;
    this.reason = reason;
  }
}

/** An empty text selects everything. */
export function parseLabelSelector(text: string): ParsedSelector {
  const tokens = tokenize(text);
  const reader = new Reader(tokens, text.length);
  const requirements: LabelRequirement[] = [];
  if (tokens.length === 0) return { kind: "selector", requirements };
  for (;;) {
    const requirement = readRequirement(reader);
    if (requirement instanceof Mistake) {
      return { kind: "mistake", position: requirement.position, reason: requirement.reason };
    }
    requirements.push(requirement);
    const next = reader.take();
    if (next === undefined) return { kind: "selector", requirements };
    if (next.text !== ",") {
      return { kind: "mistake", position: next.position, reason: "expected a comma" };
    }
  }
}

function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(/\s+|==|!=|[=!,()<>]|[^\s=!,()<>]+/g)) {
    if (match[0].trim() !== "") tokens.push({ text: match[0], position: match.index });
  }
  return tokens;
}

class Reader {
  readonly #tokens: readonly Token[];
  readonly #end: number;
  #next = 0;

  constructor(tokens: readonly Token[], end: number) {
    this.#tokens = tokens;
    this.#end = end;
  }

  get position(): number {
    return this.#tokens[this.#next]?.position ?? this.#end;
  }

  peek(): string | undefined {
    return this.#tokens[this.#next]?.text;
  }

  take(): Token | undefined {
    const token = this.#tokens[this.#next];
    if (token !== undefined) this.#next += 1;
    return token;
  }
}

function readRequirement(reader: Reader): LabelRequirement | Mistake {
  const isAbsent = reader.peek() === "!";
  if (isAbsent) reader.take();
  const { position } = reader;
  const key = reader.take()?.text;
  if (key === undefined || !keyPattern.test(key))
    return new Mistake(position, "expected a label key");
  if (isAbsent) return { key, operator: "absent", values: [] };
  switch (reader.peek()) {
    case undefined:
    case ",":
      return { key, operator: "exists", values: [] };
    case "=":
    case "==":
      reader.take();
      return withValues(key, "in", readValue(reader));
    case "!=":
      reader.take();
      return withValues(key, "notin", readValue(reader));
    case "in":
    case "notin": {
      const operator = reader.take()?.text === "in" ? "in" : "notin";
      return withValues(key, operator, readSet(reader));
    }
    default:
      return new Mistake(reader.position, "expected one of =, ==, !=, in, notin or a comma");
  }
}

function withValues(
  key: string,
  operator: "in" | "notin",
  values: readonly string[] | Mistake,
): LabelRequirement | Mistake {
  return values instanceof Mistake ? values : { key, operator, values };
}

/** One value, which may be empty. */
function readValue(reader: Reader): readonly string[] | Mistake {
  const next = reader.peek();
  if (next === undefined || next === ",") return [""];
  return readWord(reader);
}

function readWord(reader: Reader): readonly string[] | Mistake {
  const { position } = reader;
  const value = reader.take()?.text ?? "";
  return valuePattern.test(value) ? [value] : new Mistake(position, "expected a label value");
}

function readSet(reader: Reader): readonly string[] | Mistake {
  if (reader.peek() !== "(") return new Mistake(reader.position, "expected (");
  reader.take();
  const values: string[] = [];
  for (;;) {
    const next = reader.peek();
    if (next === "," || next === ")") {
      values.push("");
    } else {
      const value = readWord(reader);
      if (value instanceof Mistake) return value;
      values.push(...value);
    }
    const separator = reader.take();
    if (separator?.text === ")") return values;
    if (separator?.text !== ",") {
      return new Mistake(separator?.position ?? reader.position, "expected a comma or )");
    }
  }
}

/** Whether labels satisfy all requirements; what the database is asked to say too. */
export function matchesLabels(
  requirements: readonly LabelRequirement[],
  labels: { readonly [key: string]: string },
): boolean {
  return requirements.every(({ key, operator, values }) => {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    switch (operator) {
      case "exists":
        return value !== undefined;
      case "absent":
        return value === undefined;
      case "in":
        return value !== undefined && values.includes(value);
      case "notin":
        return value === undefined || !values.includes(value);
    }
  });
}
