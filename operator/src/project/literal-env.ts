/**
 * Environment variables with a literal value, found in the bytes of an object: names are read, of the value only that
 * it has a length.
 *
 * @module
 */
import {
  listLiteralEnv,
  listTruncated,
  envVarNumbers,
  type EnvPlace,
  type LiteralSecretEnv,
} from "@obsyk/contract/allow-list";
import { readFields, readRange, readText, type Range } from "./wire.ts";

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
  if (place !== undefined) readLiteralEnv(place, range, found);
  if (found.length === 0 && cut.length === 0) return undefined;
  const literalSecretEnv = listLiteralEnv(found);
  const truncated = listTruncated(cut);
  const members = {
    ...(literalSecretEnv.length === 0 ? {} : { literalSecretEnv }),
    ...(truncated.length === 0 ? {} : { truncated }),
  };
  return Object.keys(members).length === 0 ? undefined : JSON.stringify(members);
}

/** In the order of the bytes, whatever the names say. @throws {Malformed} */
function readLiteralEnv(place: EnvPlace, range: Range, into: LiteralSecretEnv[]): void {
  if (place.kind === "container") {
    readContainer(place, range, into);
    return;
  }
  readFields(range, (number, wireType, cursor) => {
    const member = place.members.find((one) => one.number === number);
    if (member === undefined) return false;
    readLiteralEnv(member.place, readRange(wireType, cursor), into);
    return true;
  });
}

function readContainer(
  place: Extract<EnvPlace, { kind: "container" }>,
  range: Range,
  into: LiteralSecretEnv[],
): void {
  let container = "";
  const names: string[] = [];
  readFields(range, (number, wireType, cursor) => {
    if (number === place.name) container = readText(wireType, cursor);
    else if (number === place.env) {
      const name = readVariable(readRange(wireType, cursor));
      if (name !== undefined) names.push(name);
    } else return false;
    return true;
  });
  for (const name of names) into.push({ container, name });
}

/** The name of a variable that has a literal value. */
function readVariable(range: Range): string | undefined {
  let name = "";
  let hasValue = false;
  readFields(range, (number, wireType, cursor) => {
    if (number === envVarNumbers.name) name = readText(wireType, cursor);
    else if (number === envVarNumbers.value) {
      const { start, end } = readRange(wireType, cursor);
      hasValue = end > start;
    } else return false;
    return true;
  });
  return hasValue ? name : undefined;
}
