/**
 * Evaluates kubectl's JSONPath templates. Keys of objects come in order, where kubectl's come as they fall.
 *
 * @module
 */
import {
  JsonPathError,
  parseTemplate,
  type Node,
  type Operand,
  type Operator,
  type Step,
  type Test,
} from "./template.ts";

type Dict = { readonly [key: string]: unknown };
type Scalar = string | number | boolean;

/**
 * Prepares a template once for many objects.
 *
 * @throws {JsonPathError} for a template that is wrong
 */
export function compileJsonPath(template: string): (object: unknown) => string {
  const nodes = parseTemplate(template);
  return (object) => printNodes(nodes, object);
}

/** @throws {JsonPathError} for an index beyond a list, and for values that cannot be compared */
function printNodes(nodes: readonly Node[], object: unknown): string {
  return nodes
    .map((node) => {
      switch (node.kind) {
        case "text":
          return node.text;
        case "path":
          return walk(node.steps, [object]).map(printValue).join(" ");
        case "range":
          return walk(node.steps, [object])
            .map((item) => printNodes(node.body, item))
            .join("");
      }
    })
    .join("");
}

function printValue(value: unknown): string {
  return typeof value === "object" && value !== null
    ? JSON.stringify(sorted(value))
    : String(value);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isDict(value)) return value;
  return Object.fromEntries(sortedEntries(value).map(([key, one]) => [key, sorted(one)]));
}

function isDict(value: unknown): value is Dict {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sortedEntries(dict: Dict): readonly (readonly [string, unknown])[] {
  return Object.entries(dict).toSorted(([one], [other]) => (one < other ? -1 : 1));
}

function walk(steps: readonly Step[], from: readonly unknown[]): readonly unknown[] {
  return steps.reduce<readonly unknown[]>((values, step) => take(step, values), from);
}

function take(step: Step, values: readonly unknown[]): readonly unknown[] {
  switch (step.kind) {
    case "field":
      return values.flatMap((value) =>
        isDict(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : [],
      );
    case "wildcard":
      return values.flatMap(children);
    case "recursive":
      return values.flatMap(descendants);
    case "slice":
      return values.flatMap((value) => takeSlice(listOf(value), step));
    case "union":
      return step.of.flatMap((one) => take(one, values));
    case "filter":
      return values.flatMap((value) => listOf(value).filter((item) => passes(step.test, item)));
  }
}

function children(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return isDict(value) ? sortedEntries(value).map(([, one]) => one) : [];
}

function descendants(value: unknown): readonly unknown[] {
  return [value, ...children(value).flatMap(descendants)];
}

function listOf(value: unknown): readonly unknown[] {
  if (value === null) return [];
  if (Array.isArray(value)) return value;
  throw new JsonPathError("jsonpath: brackets need a list, and this is none");
}

function takeSlice(
  list: readonly unknown[],
  step: Extract<Step, { kind: "slice" }>,
): readonly unknown[] {
  const { length } = list;
  const fromEnd = (index: number): number => (index < 0 ? index + length : index);
  const from = fromEnd(step.from ?? 0);
  const to = step.single === true && step.to === 0 ? length : fromEnd(step.to ?? length);
  if (from === to) return [];
  const beyond = (index: number): never => {
    throw new JsonPathError(`jsonpath: index ${index} is beyond a list of ${length}`);
  };
  if (from < 0 || from >= length) beyond(from);
  if (to < 0 || to > length) beyond(to - 1);
  if (from > to) throw new JsonPathError(`jsonpath: a slice from ${from} to ${to} is backwards`);
  const stride = step.step ?? 1;
  if (stride <= 0) throw new JsonPathError("jsonpath: the step of a slice is at least 1");
  return list.slice(from, to).filter((_, index) => index % stride === 0);
}

function passes(test: Test, item: unknown): boolean {
  if (test.kind === "exists") return evaluate(test.operand, item).length > 0;
  const left = evaluate(test.left, item);
  const right = evaluate(test.right, item);
  if (left.length === 0 || right.length === 0) return false;
  if (left.length > 1 || right.length > 1) {
    throw new JsonPathError("jsonpath: a filter compares one value with one other");
  }
  return compare(test.operator, left[0], right[0]);
}

function evaluate(operand: Operand, item: unknown): readonly unknown[] {
  return operand.kind === "value" ? [operand.value] : walk(operand.steps, [item]);
}

function isScalar(value: unknown): value is Scalar {
  return ["string", "number", "boolean"].includes(typeof value);
}

function compare(operator: Operator, left: unknown, right: unknown): boolean {
  if (!isScalar(left) || !isScalar(right) || typeof left !== typeof right) {
    throw new JsonPathError(`jsonpath: ${typeof left} and ${typeof right} cannot be compared`);
  }
  switch (operator) {
    case "==":
      return left === right;
    case "!=":
      return left !== right;
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    case ">=":
      return left >= right;
  }
}
