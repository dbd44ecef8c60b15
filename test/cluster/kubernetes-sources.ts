/**
 * What Kubernetes' own sources say of its messages: numbers and types from `generated.proto`, JSON names and presence
 * from the tags in `types.go`, both in the Go module cache.
 *
 * @module
 */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Presence } from "@obsyk/contract/allow-list";

type SourceField = {
  readonly number: number;
  /** Name in JSON; of an embedded message its name in protobuf. */
  readonly name: string;
  /** `string`, `list string`, `map string`, `message k8s.io.api.core.v1.PodSpec`, `quantity`, `bytes`, … */
  readonly type: string;
  readonly presence: Presence;
};

/** Fields by number, by full message name. */
export type Sources = ReadonlyMap<string, ReadonlyMap<number, SourceField>>;

type Tag = { readonly json: string; readonly options: readonly string[]; readonly goType: string };

const packages = {
  "k8s.io.api.admissionregistration.v1": "api admissionregistration/v1",
  "k8s.io.api.apps.v1": "api apps/v1",
  "k8s.io.api.autoscaling.v2": "api autoscaling/v2",
  "k8s.io.api.batch.v1": "api batch/v1",
  "k8s.io.api.core.v1": "api core/v1",
  "k8s.io.api.discovery.v1": "api discovery/v1",
  "k8s.io.api.networking.v1": "api networking/v1",
  "k8s.io.api.policy.v1": "api policy/v1",
  "k8s.io.api.rbac.v1": "api rbac/v1",
  "k8s.io.api.scheduling.v1": "api scheduling/v1",
  "k8s.io.api.storage.v1": "api storage/v1",
  "k8s.io.apimachinery.pkg.apis.meta.v1": "apimachinery pkg/apis/meta/v1",
} as const;

const wellKnown: ReadonlyMap<string, string> = new Map([
  ["k8s.io.apimachinery.pkg.api.resource.Quantity", "quantity"],
  ["k8s.io.apimachinery.pkg.util.intstr.IntOrString", "intOrString"],
  ["k8s.io.apimachinery.pkg.apis.meta.v1.Time", "time"],
  ["k8s.io.apimachinery.pkg.apis.meta.v1.MicroTime", "microTime"],
]);
const scalars: readonly string[] = ["string", "bool", "int32", "int64", "bytes"];

/** @param goMod the module file that pins the versions of `k8s.io/api` and `k8s.io/apimachinery` */
export async function readSources(goMod: URL): Promise<Sources> {
  const { stdout } = await promisify(execFile)("go", ["env", "GOMODCACHE"]);
  const pinned = await readFile(goMod, "utf8");
  const sources = new Map<string, ReadonlyMap<number, SourceField>>();
  for (const [name, place] of Object.entries(packages)) {
    const [module = "", folder = ""] = place.split(" ");
    const version = new RegExp(`k8s\\.io/${module}(?: => k8s\\.io/${module})? (v[\\d.]+)`).exec(
      pinned,
    );
    const path = join(stdout.trim(), "k8s.io", `${module}@${version?.[1]}`, folder);
    const proto = await readFile(join(path, "generated.proto"), "utf8");
    const types = await readFile(join(path, "types.go"), "utf8");
    for (const [message, fields] of combine(name, proto, readTags(types))) {
      sources.set(message, fields);
    }
  }
  return sources;
}

function combine(
  packageName: string,
  proto: string,
  tags: ReadonlyMap<string, Tag>,
): ReadonlyMap<string, ReadonlyMap<number, SourceField>> {
  const messages = new Map<string, ReadonlyMap<number, SourceField>>();
  for (const [, message = "", body = ""] of proto.matchAll(/^message (\w+) \{\n(.*?)^\}/gms)) {
    const fields = new Map<number, SourceField>();
    const lines = body.matchAll(/^ +(optional|repeated|map)\s*(<[^>]*>|[\w.]+) +(\w+) = (\d+);/gm);
    for (const [, label = "", type = "", name = "", digits = ""] of lines) {
      const number = Number(digits);
      const tag = tags.get(`${message}.${number}`);
      // Messages that exist in protobuf alone (Timestamp and the like) have no tags.
      if (tag === undefined) continue;
      const fullType = typeOf(packageName, label, type);
      fields.set(number, {
        number,
        name: tag.json === "" ? name : tag.json,
        type: fullType,
        presence: presenceOf(tag, fullType),
      });
    }
    messages.set(`${packageName}.${message}`, fields);
  }
  return messages;
}

function typeOf(packageName: string, label: string, type: string): string {
  if (label === "map") return `map ${typeOf(packageName, "", type.replace(/^<.*?,\s*|>$/g, ""))}`;
  if (label === "repeated") return `list ${typeOf(packageName, "", type)}`;
  if (scalars.includes(type)) return type;
  const full = type.includes(".") ? type.replace(/^\./, "") : `${packageName}.${type}`;
  return wellKnown.get(full) ?? `message ${full}`;
}

/** How Go's encoding/json treats the field. */
function presenceOf({ options, goType }: Tag, type: string): Presence {
  if (options.includes("inline")) return "inline";
  if (type.startsWith("list ") || type.startsWith("map ")) return "omitzero";
  if (goType.startsWith("*")) return "pointer";
  if (options.includes("omitzero")) return "omitzero";
  // The zero time is null in JSON, which is absent in a record.
  if (type === "time" || type === "microTime") return "omitzero";
  // omitempty does nothing for structs.
  if (type.startsWith("message ") || type === "quantity" || type === "intOrString") return "always";
  return options.includes("omitempty") ? "omitzero" : "always";
}

/** Tags by `Struct.number`. */
function readTags(types: string): ReadonlyMap<string, Tag> {
  const tags = new Map<string, Tag>();
  for (const [, struct = "", body = ""] of types.matchAll(/^type (\w+) struct \{\n(.*?)^\}/gms)) {
    const fields = body.matchAll(
      /^\t(?:\w+\s+)?([*[\]\w.]+)\s+`json:"([^"]*)"[^`]*?protobuf:"\w+,(\d+)/gm,
    );
    for (const [, goType = "", json = "", number = ""] of fields) {
      const [name = "", ...options] = json.split(",");
      tags.set(`${struct}.${number}`, { json: name, options, goType });
    }
  }
  return tags;
}
