/**
 * Which leaves of a kind may leave the cluster, and what is planted in the others.
 *
 * @module
 */
import {
  annotationKeys,
  embeddedCopyKeys,
  type ResourceDefinition,
} from "@obsyk/contract/allow-list";
import type { Mode } from "@obsyk/contract";
import type { CanaryFlock } from "@obsyk/testkit";
import type { Filler, Leaf } from "./openapi.ts";

/** One canary and where it is. */
export type Planting = {
  readonly resource: string;
  readonly path: string;
  /** Of a map: whether it is a key or a value; else `value`. */
  readonly role: "key" | "value";
  /** Of a map's value: its key. */
  readonly key: string | undefined;
};

const time = "2026-01-02T03:04:05Z";
const microTime = "2026-01-02T03:04:05.000600Z";

/** The mode in which a resource is read unless settings say otherwise. */
export function modeOf(definition: ResourceDefinition): Mode {
  return definition.modes[0] ?? "full";
}

/** Whether the manifest says that this may leave. */
export type Judge = (planting: Planting) => boolean;

/** @param paths what the published page lists for the resource */
export function judgeOf(paths: ReadonlySet<string>): Judge {
  return ({ path, role, key }) => {
    // Names of keys are learned from managedFields, whatever holds them.
    if (/^(data|binaryData|stringData)\{\}$/.test(path)) {
      return role === "key" && paths.has("obsyk.dataKeys[]");
    }
    if (!paths.has(path)) return false;
    if (!path.endsWith("annotations{}")) return true;
    return role === "value" && key !== undefined && annotationKeys.includes(key);
  };
}

/** Fields that an API server gives itself: nobody can put a text there. */
export function isGiven(leaf: Leaf): boolean {
  return /^metadata\.(uid|resourceVersion)$/.test(leaf.path);
}

/** A text can be in it. Times and numbers have no room for one. */
function holdsText({ kind }: Leaf): boolean {
  return !["time", "microTime", "integer", "boolean"].includes(kind);
}

const allowedAnnotation = "meta.helm.sh/release-name";

/** Fills every leaf of a kind with a canary of its own, and writes down where each is. */
export class CanaryFiller implements Filler {
  readonly planted = new Map<string, Planting>();
  /** Leaves where no text can be. */
  readonly given: string[] = [];
  /** Leaves with text. */
  readonly texts = new Set<string>();
  readonly #resource: string;
  readonly #flock: CanaryFlock;
  /** Names of the keys of `data`, which managedFields must tell. */
  readonly #dataKeys: { readonly field: string; readonly key: string }[] = [];

  constructor(definition: ResourceDefinition, flock: CanaryFlock) {
    this.#resource = definition.resource;
    this.#flock = flock;
  }

  keys(path: string): readonly string[] {
    // What clients write into stringData is never stored.
    if (path === "stringData{}") {
      this.given.push(path);
      return [];
    }
    const key = this.#plant({ path, role: "key", key: undefined });
    if (/^(data|binaryData)\{\}$/.test(path)) {
      this.#dataKeys.push({ field: path.replace("{}", ""), key });
    }
    if (!path.endsWith("annotations{}")) return [key];
    return [key, allowedAnnotation, ...embeddedCopyKeys];
  }

  value(leaf: Leaf): unknown {
    const { path, kind, key } = leaf;
    if (holdsText(leaf)) this.texts.add(path);
    if (isGiven(leaf)) {
      this.given.push(path);
      return undefined;
    }
    switch (kind) {
      case "time":
        return time;
      case "microTime":
        return microTime;
      case "integer":
        return 7;
      case "boolean":
        return true;
      case "bytes":
        return Buffer.from(this.#plant({ path, role: "value", key })).toString("base64");
      case "fieldsV1":
        return this.#fieldsV1(path);
      default:
        return this.#plant({ path, role: "value", key: this.#ownKey(path, key) });
    }
  }

  /** The key that matters is that of the map which the leaf is a value of. */
  #ownKey(path: string, key: string | undefined): string | undefined {
    return path.endsWith("{}") ? key : undefined;
  }

  #fieldsV1(path: string): object {
    const forbidden = this.#plant({ path, role: "value", key: undefined });
    const data = Object.fromEntries(
      this.#dataKeys.map(({ field, key }) => [`f:${field}`, { [`f:${key}`]: {} }]),
    );
    return { ...data, "f:metadata": { "f:labels": { [`f:${forbidden}`]: {} } } };
  }

  #plant(planting: Omit<Planting, "resource">): string {
    const canary = this.#flock.next("p");
    this.planted.set(canary, { resource: this.#resource, ...planting });
    this.texts.add(planting.path);
    return canary;
  }
}
