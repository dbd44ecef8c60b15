/**
 * Random Kubernetes objects that fill the tables, allowed and forbidden fields alike: what tests feed to writer,
 * readers and pruning.
 *
 * @module
 */
import { annotationKeys, apiVersionOf, type ResourceDefinition } from "@obsyk/contract/allow-list";
import { fieldsOf, type WireField, type WireType } from "./fields.ts";
import { forbiddenFields } from "./forbidden-fields.ts";
import type { KubeObject } from "./protobuf.ts";

/** Every text in a forbidden field contains this. */
export const canaryText = "CANARY";

type Source = {
  readonly random: () => number;
  /** The field, or one around it, does not exist for us. */
  readonly forbidden: boolean;
  readonly depth: number;
};

/** mulberry32: small, seeded, good enough to pick test data. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** A whole object as an API server would send it in JSON. @param random 0 <= n < 1 */
export function randomObject(definition: ResourceDefinition, random: () => number): KubeObject {
  const object = randomMessage(definition.message.name, { random, forbidden: false, depth: 0 });
  return { apiVersion: apiVersionOf(definition), kind: definition.kind, ...object };
}

function randomMessage(message: string, source: Source): { [name: string]: unknown } {
  const object: { [name: string]: unknown } = {};
  for (const field of fieldsOf(message)) {
    if (field.presence === "inline" && field.type.kind === "message") {
      Object.assign(object, randomMessage(field.type.name, source));
      continue;
    }
    const inner = {
      ...source,
      depth: source.depth + 1,
      forbidden: source.forbidden || forbiddenFields[message]?.[field.name] !== undefined,
    };
    if (field.name === "annotations") object["annotations"] = randomAnnotations(source.random);
    else if (isPresent(field, inner)) object[field.name] = randomValue(field.type, inner);
  }
  return object;
}

function isPresent(field: WireField, source: Source): boolean {
  if (field.presence === "always") return true;
  return source.random() < (source.depth <= 2 ? 0.8 : 0.35);
}

function randomValue(type: WireType, source: Source): unknown {
  const { random } = source;
  switch (type.kind) {
    case "message":
      return randomMessage(type.name, source);
    case "list":
      return Array.from({ length: Math.floor(random() * 3) }, () => randomValue(type.of, source));
    case "map":
      return Object.fromEntries(
        Array.from({ length: Math.floor(random() * 4) }, () => [
          randomKey(random),
          randomValue(type.of, source),
        ]),
      );
    case "scalar":
      return randomScalar(type.scalar, source);
  }
}

function randomScalar(scalar: string, source: Source): unknown {
  const { random } = source;
  switch (scalar) {
    case "bool":
      return random() < 0.5;
    case "int32":
      return pick(random, [0, 1, 80, -1, 2_147_483_647, -2_147_483_648, 443]);
    case "int64":
      return pick(random, [0, 1, 3600, -1, Number.MAX_SAFE_INTEGER, 2 ** 53, 2 ** 60, -(2 ** 62)]);
    case "quantity":
      return pick(random, ["0", "100m", "1", "128Mi", "1500Mi", "12e6"]);
    case "intOrString":
      return pick<unknown>(random, [0, 80, 8080, "http", "25%", ""]);
    case "time":
      return `${randomInstant(random)}Z`;
    case "microTime":
      return `${randomInstant(random)}.${String(Math.floor(random() * 1e6)).padStart(6, "0")}Z`;
    case "bytes":
      return Buffer.from(canaryText).toString("base64");
    case "fieldsV1":
      return { "f:metadata": { "f:labels": { ".": {}, [`f:${canaryText}`]: {} } } };
    default:
      return source.forbidden ? `${canaryText}-${randomText(random)}` : randomText(random);
  }
}

function randomInstant(random: () => number): string {
  return new Date(Math.floor(random() * 4e9) * 1000).toISOString().slice(0, 19);
}

function randomText(random: () => number): string {
  return pick(random, [
    "",
    "a",
    "DB_PASSWORD",
    "registry.example/team/app@sha256:0123456789abcdef",
    'quote " and \\ backslash',
    "line\nbreak\ttab\u0001\u007f",
    "nul\0nul",
    "Grüße, 世界, 🙂",
    "🙂".repeat(3),
    "\u2028\ufeff\ufffd",
    "x".repeat(300),
    "é".repeat(5000),
    `${"y".repeat(4095)}🙂`,
  ]);
}

function randomKey(random: () => number): string {
  return pick(random, [
    "app",
    "app.kubernetes.io/name",
    "__proto__",
    "constructor",
    "z",
    "ключ",
    "\u{10000}",
    "\uffee",
    "with~tilde/and/slash",
    "cpu",
  ]);
}

function randomAnnotations(random: () => number): { readonly [key: string]: string } {
  return {
    "kubectl.kubernetes.io/last-applied-configuration": `{"${canaryText}":"1"}`,
    [`${canaryText}/key`]: "1",
    [pick(random, annotationKeys)]: randomText(random),
    [pick(random, annotationKeys)]: "short",
  };
}

function pick<T>(random: () => number, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T;
}
