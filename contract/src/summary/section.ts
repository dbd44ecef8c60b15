/**
 * What is shown of an object, as data: facts and tables whose cells may lead to another object.
 *
 * @module
 */
import { listAt, scalarAt, textAt, type Tone } from "../printer/index.ts";

/** Another object, by name; `namespace` is absent for cluster-scoped ones. */
type Target = {
  readonly resource: string;
  readonly namespace?: string | undefined;
  readonly name: string;
};

export type Value = {
  readonly text: string;
  readonly tone?: Tone;
  readonly mono?: true;
  readonly target?: Target;
};

export type Section =
  | {
      readonly kind: "facts";
      readonly title: string;
      readonly facts: readonly (readonly [term: string, value: Value])[];
    }
  | {
      readonly kind: "table";
      readonly title: string;
      readonly headers: readonly string[];
      readonly rows: readonly (readonly Value[])[];
      readonly note?: string;
    };

export type Fact = readonly [term: string, value: Value | string | undefined];

const none = "–";

export function value(text: string | number | undefined): Value {
  return { text: text === undefined || text === "" ? none : String(text) };
}

export function mono(text: string | undefined): Value {
  return { ...value(text), mono: true };
}

export function toned(text: string | undefined, tone: Tone): Value {
  return { ...value(text), tone };
}

/** A name that leads to the object; a dash when there is none. */
export function link(resource: string, name: string | undefined, namespace?: string): Value {
  if (name === undefined) return value(undefined);
  return { text: name, target: { resource, name, namespace } };
}

/** Facts without a value are left out. */
export function facts(title: string, all: readonly Fact[]): readonly Section[] {
  const shown = all.flatMap(([term, one]): [string, Value][] => {
    if (one === undefined || one === "") return [];
    const shownValue = typeof one === "string" ? value(one) : one;
    return shownValue.text === none ? [] : [[term, shownValue]];
  });
  return shown.length === 0 ? [] : [{ kind: "facts", title, facts: shown }];
}

type Table = {
  readonly title: string;
  readonly headers: readonly string[];
  readonly rows: readonly (readonly Value[])[];
  readonly note?: string;
};

/** Without rows there is nothing to show; columns that are empty in every row are left out, but the first. */
export function table({ title, headers, rows, note }: Table): readonly Section[] {
  if (rows.length === 0) return [];
  const kept = headers
    .map((_, index) => index)
    .filter((index) => index === 0 || rows.some((row) => (row[index]?.text ?? none) !== none));
  return [
    {
      kind: "table",
      title,
      headers: kept.map((index) => headers[index] ?? ""),
      rows: rows.map((row) => kept.map((index) => row[index] ?? value(undefined))),
      ...(note === undefined ? {} : { note }),
    },
  ];
}

/** Conditions of which `True` is bad news. */
const alarming =
  /^(?:.*Pressure|NetworkUnavailable|ReplicaFailure|Failed|FailureTarget|DisruptionTarget|ScalingLimited|.*Failed|.*Error)$/;

function conditionTone(type: string, status: string): Tone {
  if (status !== "True" && status !== "False") return "warn";
  const isGood = (status === "True") !== alarming.test(type);
  return isGood ? "good" : alarming.test(type) ? "bad" : "warn";
}

export function conditions(record: unknown): readonly Section[] {
  return table({
    title: "Conditions",
    headers: ["Type", "Status", "Reason", "Since"],
    rows: listAt(record, "status", "conditions").map((condition) => {
      const type = textAt(condition, "type") ?? "";
      const status = textAt(condition, "status") ?? "";
      return [
        value(type),
        toned(status, conditionTone(type, status)),
        value(textAt(condition, "reason")),
        value(textAt(condition, "lastTransitionTime")),
      ];
    }),
  });
}

/** `a=1, b=2`, sorted. */
export function pairs(map: Readonly<Record<string, unknown>> | undefined): string {
  return Object.keys(map ?? {})
    .toSorted()
    .flatMap((key) => {
      const text = scalarAt(map, key);
      return text === undefined ? [] : [`${key}=${text}`];
    })
    .join(", ");
}
