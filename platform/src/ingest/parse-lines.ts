/**
 * The lines of one batch, each on its own (R5): what cannot be understood spoils only itself.
 *
 * @module
 */
import { hashSchema, lineSchema, uidSchema, type Line } from "@obsyk/contract";
import { isStorableText } from "./record-check.ts";

/** A put without a usable record: uid and hash still count. */
export type StubLine = {
  readonly op: "stub";
  readonly stream: string;
  readonly uid: string;
  readonly hash: string;
  readonly seen: number;
  readonly reason: string;
};

export type ParsedLine =
  | { readonly kind: "line"; readonly index: number; readonly line: Line | StubLine }
  | { readonly kind: "ignored"; readonly index: number; readonly reason: string };

/** @param received milliseconds; stands in for a time that a broken line does not tell. */
export function parseLines(text: string, received: number): readonly ParsedLine[] {
  const lines = text.split("\n");
  // The last line may or may not end in a line feed.
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line, index) => parseLine(line, index, received));
}

function parseLine(text: string, index: number, received: number): ParsedLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: "ignored", index, reason: "line is no JSON" };
  }
  const parsed = lineSchema.safeParse(value);
  const bad = parsed.success ? unstorable(parsed.data) : reasonOf(parsed.error.issues[0]);
  if (parsed.success && bad === undefined) return { kind: "line", index, line: parsed.data };
  return salvage(value, { index, received, reason: bad ?? "line cannot be stored" });
}

/** Text outside the record that the database could not hold; the record is checked with its hash. */
function unstorable(line: Line): string | undefined {
  const outside: unknown = { ...line, record: undefined, last: lastWithoutRecord(line) };
  return textsOf(outside).every(isStorableText)
    ? undefined
    : "line holds a NUL or a lone surrogate outside its record";
}

function lastWithoutRecord(line: Line): unknown {
  return line.op === "delete" && line.last !== undefined
    ? { ...line.last, record: undefined }
    : undefined;
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(textsOf);
}

function reasonOf(
  issue: { readonly path: readonly PropertyKey[]; readonly message: string } | undefined,
): string {
  // Where and what kind, never the value.
  const path = issue?.path.map((part) => `/${String(part).slice(0, 64)}`).join("") ?? "";
  return `${path === "" ? "line" : path}: ${issue?.message.slice(0, 200) ?? "is not understood"}`;
}

/** What still counts in a put or delete that is not understood as a whole. */
function salvage(
  value: unknown,
  context: { readonly index: number; readonly received: number; readonly reason: string },
): ParsedLine {
  const { index, received, reason } = context;
  const ignored: ParsedLine = { kind: "ignored", index, reason };
  if (typeof value !== "object" || value === null) return ignored;
  const fields = value as { readonly [name: string]: unknown };
  const stream = fields["stream"];
  const uid = uidSchema.safeParse(fields["uid"]);
  if (typeof stream !== "string" || !uid.success) return ignored;
  const seen = Number.isSafeInteger(fields["seen"])
    ? Math.max(0, Number(fields["seen"]))
    : received;
  const key = { stream, uid: uid.data, seen };
  if (fields["op"] === "delete") {
    const cause = fields["cause"] === "absent" ? "absent" : "watched";
    return { kind: "line", index, line: { op: "delete", ...key, cause } };
  }
  const hash = hashSchema.safeParse(fields["hash"]);
  if (fields["op"] !== "put" || !hash.success) return ignored;
  return { kind: "line", index, line: { op: "stub", ...key, hash: hash.data, reason } };
}
