/**
 * Evidence that other tools or people put secret data in the open, read without reading the data: annotations that are
 * known to copy whole objects, by key alone; environment variables whose name suggests a secret while a literal value
 * is there, by the presence of the value alone. It travels in the record under `obsyk`:
 *
 * - `embeddedCopies`: annotation keys, sorted; Secrets and ConfigMaps in mode `keys`.
 * - `literalSecretEnv`: `{container, name}`, sorted; every resource with containers, in mode `full`.
 *
 * `findings.ts` turns it into something to say to a person.
 *
 * @module
 */
import type { JsonObject } from "../json.ts";
import { limits } from "../limits.ts";
import type { Mode } from "../stream.ts";
import { messageFor } from "./resources.ts";
import type { FieldType, Message, ResourceDefinition } from "./table.ts";
import { cleanText, cutText } from "./text.ts";

/** Annotations that hold a copy of the object, or of its token, and who writes them. */
export const embeddedCopySchemes: readonly { readonly key: string; readonly writer: string }[] = [
  { key: "banzaicloud.com/last-applied", writer: "an operator built on k8s-objectmatcher" },
  { key: "hypershift.openshift.io/last-applied-configuration", writer: "HyperShift" },
  { key: "kapp.k14s.io/original", writer: "kapp" },
  { key: "kapp.k14s.io/original-diff", writer: "kapp" },
  { key: "kubectl.kubernetes.io/last-applied-configuration", writer: "kubectl apply" },
  { key: "objectset.rio.cattle.io/applied", writer: "Rancher" },
  { key: "openshift.io/token-secret.value", writer: "OpenShift" },
];

export const embeddedCopyKeys: readonly string[] = embeddedCopySchemes.map(({ key }) => key);

/** Words that name a secret wherever they end a word: `PGPASSWORD` is one. */
const secretEndings = [
  "PASSWORD",
  "PASSWD",
  "PASSPHRASE",
  "SECRET",
  "TOKEN",
  "CREDENTIAL",
] as const;
/** Words that name a secret only as a whole: `PASS` would be in COMPASS. */
const secretWords = ["PASS", "PWD", "SECRETS", "CREDENTIALS", "APIKEY", "ACCESSKEY"] as const;
/** A KEY is secret after one of these: without them it is as often the key of a map, of a cache, of a sort. */
const secretKeys = [
  "ACCESS",
  "ACCOUNT",
  "API",
  "AUTH",
  "ENCRYPTION",
  "MASTER",
  "PRIVATE",
  "SHARED",
  "SIGNING",
  "STORAGE",
] as const;
/** Last words that make it something about a secret, not the secret: where it is, how it is called, how long it lasts. */
const aboutSecrets = [
  "ALGORITHM",
  "DIR",
  "DIRECTORY",
  "DISABLED",
  "ENABLED",
  "ENDPOINT",
  "EXPIRATION",
  "EXPIRY",
  "FIELD",
  "FILE",
  "HEADER",
  "ID",
  "ISSUER",
  "LENGTH",
  "NAME",
  "NAMESPACE",
  "PATH",
  "SIZE",
  "TIMEOUT",
  "TTL",
  "TYPE",
  "URI",
  "URL",
] as const;
/** What a shell calls its directories. */
const shellNames = ["PWD", "OLDPWD"] as const;

/** The word lists, for the record version and the manifest. */
export const secretNameRules = { secretEndings, secretWords, secretKeys, aboutSecrets, shellNames };

/** Every word above has one of these in it: most names need no closer look. */
const hint = /pass|pwd|secret|token|credential|key/i;

/** Whether a variable of this name is likely to hold a secret. */
export function suggestsSecret(name: string): boolean {
  if (!hint.test(name) || includes(shellNames, name)) return false;
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toUpperCase()
    .split(/[^A-Z0-9]+/)
    .filter((word) => word !== "");
  if (includes(aboutSecrets, words.at(-1) ?? "")) return false;
  return words.some(
    (word, index) =>
      includes(secretWords, word) ||
      secretEndings.some((ending) => word.endsWith(ending)) ||
      (word === "KEY" && includes(secretKeys, words[index - 1] ?? "")),
  );
}

export type LiteralSecretEnv = { readonly container: string; readonly name: string };

/** Sorted, each once, bounded. @param found in any order, names as they were sent */
export function listLiteralEnv(found: readonly LiteralSecretEnv[]): readonly LiteralSecretEnv[] {
  const named = new Map<string, LiteralSecretEnv>();
  for (const one of found) {
    const name = kept(one.name);
    if (!suggestsSecret(name)) continue;
    const container = kept(one.container);
    named.set(`${container}\0${name}`, { container, name });
  }
  return [...named.keys()]
    .sort()
    .slice(0, limits.findingItems)
    .flatMap((key) => named.get(key) ?? []);
}

function kept(text: string): string {
  return cutText(cleanText(text), limits.stringChars);
}

/** Where containers with environment variables are in a message, for every way of reading it. */
export type EnvPlace =
  | { readonly kind: "container"; readonly name: number; readonly env: number }
  | { readonly kind: "message"; readonly members: readonly EnvMember[] };

type EnvMember = {
  readonly jsonName: string;
  readonly number: number;
  /** Its members are the parent's own in JSON. */
  readonly inline: boolean;
  readonly place: EnvPlace;
};

/** Field numbers of EnvVar, whose value is in no table. */
export const envVarNumbers = { name: 1, value: 2 } as const;

/** `undefined` when nothing of this resource has containers, or they are not read in this mode. */
export function envPlaceOf(definition: ResourceDefinition, mode: Mode): EnvPlace | undefined {
  return mode === "full" ? placeOf(messageFor(definition, mode)) : undefined;
}

function placeOf(message: Message): EnvPlace | undefined {
  const { env, name } = message.fields;
  if (env !== undefined && name !== undefined && isEnv(env.type)) {
    return { kind: "container", name: name.number, env: env.number };
  }
  const members = Object.entries(message.fields).flatMap(([jsonName, field]): EnvMember[] => {
    const inner = messageOf(field.type);
    const place = inner === undefined ? undefined : placeOf(inner);
    if (place === undefined) return [];
    return [{ jsonName, number: field.number, inline: field.presence === "inline", place }];
  });
  return members.length === 0 ? undefined : { kind: "message", members };
}

function messageOf(type: FieldType): Message | undefined {
  if (type.kind === "message") return type.message;
  return type.kind === "list" ? messageOf(type.of) : undefined;
}

function isEnv(type: FieldType): boolean {
  return messageOf(type)?.name === "k8s.io.api.core.v1.EnvVar";
}

/** Whether this resource is looked through for embedded copies in this mode. */
export function looksForCopies(definition: ResourceDefinition, mode: Mode): boolean {
  return mode === "keys" && definition.modes.includes("keys");
}

/** The evidence in a parsed object: the second, independent way to what the byte readers find. */
export function evidenceOf(
  definition: ResourceDefinition,
  mode: Mode,
  source: unknown,
): JsonObject {
  const place = envPlaceOf(definition, mode);
  const found: LiteralSecretEnv[] = [];
  if (place !== undefined) gather(place, source, found);
  const literal = listLiteralEnv(found);
  const copies = looksForCopies(definition, mode) ? copiesIn(source) : [];
  return {
    ...(copies.length === 0 ? {} : { embeddedCopies: copies }),
    ...(literal.length === 0 ? {} : { literalSecretEnv: literal }),
  };
}

function copiesIn(source: unknown): readonly string[] {
  const annotations = member(member(source, "metadata"), "annotations");
  return isMembers(annotations)
    ? embeddedCopyKeys.filter((key) => Object.hasOwn(annotations, key))
    : [];
}

function gather(place: EnvPlace, source: unknown, into: LiteralSecretEnv[]): void {
  if (Array.isArray(source)) {
    for (const item of source as readonly unknown[]) gather(place, item, into);
  } else if (place.kind === "message") {
    for (const { jsonName, inline, place: inner } of place.members) {
      gather(inner, inline ? source : member(source, jsonName), into);
    }
  } else gatherContainer(source, into);
}

function gatherContainer(source: unknown, into: LiteralSecretEnv[]): void {
  const container = textOf(member(source, "name"));
  const env = member(source, "env");
  for (const one of Array.isArray(env) ? (env as readonly unknown[]) : []) {
    if (textOf(member(one, "value")) === "") continue;
    into.push({ container, name: textOf(member(one, "name")) });
  }
}

function member(source: unknown, name: string): unknown {
  return isMembers(source) && Object.hasOwn(source, name) ? source[name] : undefined;
}

function isMembers(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function includes(words: readonly string[], word: string): boolean {
  return words.includes(word);
}
