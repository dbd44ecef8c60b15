/**
 * What etcd and the watch cache are to an API server: objects under one global resourceVersion, and a bounded window of
 * events per resource.
 *
 * @module
 */
import type { Json, JsonObject } from "@obsyk/contract";
import { trackFields } from "./managed-fields.ts";
import {
  equalJson,
  listAt,
  mergePatch,
  type MergePatch,
  objectAt,
  type ObjectRef,
  parseObject,
  refOf,
  stringAt,
} from "./object.ts";

export type StoredObject = ObjectRef & {
  readonly uid: string;
  readonly resourceVersion: number;
  /** The whole object as JSON text: parsed when somebody asks, so that 50,000 objects fit. */
  readonly json: string;
};

export type StoreEvent = {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly resourceVersion: number;
  readonly object: StoredObject;
};

/** Who writes; `subresource: "status"` leaves `metadata.generation` alone. */
export type Writer = {
  readonly manager?: string;
  readonly operation?: "Update" | "Apply";
  readonly subresource?: string;
};

export type StoreOptions = {
  /** Milliseconds since the epoch, for creation and managedFields times. */
  readonly now: () => number;
  /** Uniform in [0, 1): uids come from it. */
  readonly random: () => number;
  /** Events kept per resource for watches that resume; 1,024 when absent. */
  readonly historyEvents?: number;
};

type Table = {
  objects: Map<string, StoredObject>;
  /** Keys in etcd's order; made anew after an object came or went. */
  keys: readonly string[] | undefined;
  listeners: Set<(event: StoreEvent) => void>;
  history: StoreEvent[];
  /** Events up to here are no longer in the window. */
  forgottenVersion: number;
};

/** Every object at one moment, to go back to: an etcd restored from its backup. */
export type Backup = {
  readonly resourceVersion: number;
  readonly objects: ReadonlyMap<string, ReadonlyMap<string, StoredObject>>;
};

/** A real cluster's counter is never near zero either. */
const firstVersion = 1000;

function keyOf(ref: ObjectRef): string {
  return `${ref.namespace}/${ref.name}`;
}

export function formatTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, "Z");
}

/** A version 4 UUID from a seeded source. */
export function seededUid(random: () => number): string {
  const hex = Array.from({ length: 8 }, () =>
    Math.floor(random() * 0x10000)
      .toString(16)
      .padStart(4, "0"),
  );
  const [a, b, c, d = "", e = "", f, g, h] = hex;
  const variant = ((Number.parseInt(e[0] ?? "0", 16) & 0x3) | 0x8).toString(16);
  return `${a}${b}-${c}-4${d.slice(1)}-${variant}${e.slice(1)}-${f}${g}${h}`;
}

export class ObjectStore {
  readonly #options: Required<StoreOptions>;
  readonly #tables = new Map<string, Table>();
  #version = firstVersion;

  constructor(options: StoreOptions) {
    this.#options = { historyEvents: 1024, ...options };
  }

  /** The newest resourceVersion of all. */
  get resourceVersion(): number {
    return this.#version;
  }

  get(resource: string, ref: ObjectRef): JsonObject | undefined {
    const stored = this.#table(resource).objects.get(keyOf(ref));
    return stored === undefined ? undefined : parseObject(stored.json);
  }

  getStored(resource: string, ref: ObjectRef): StoredObject | undefined {
    return this.#table(resource).objects.get(keyOf(ref));
  }

  /** All objects in etcd's order; a snapshot that later writes leave alone. */
  list(resource: string): readonly StoredObject[] {
    const table = this.#table(resource);
    table.keys ??= [...table.objects.keys()].sort();
    return table.keys.flatMap((key) => table.objects.get(key) ?? []);
  }

  /** Names of everything that was ever stored, in order. */
  resources(): readonly string[] {
    return [...this.#tables.keys()].sort();
  }

  count(resource: string): number {
    return this.#table(resource).objects.size;
  }

  /**
   * Creates or replaces. A replacement keeps uid and creation time; one that changes nothing writes nothing. An object
   * that brings `managedFields` at creation keeps them; else the writer owns all of it.
   */
  apply(resource: string, object: JsonObject, writer: Writer = {}): StoredObject {
    const ref = refOf(object);
    const stored = this.#table(resource).objects.get(keyOf(ref));
    if (stored === undefined) return this.#create(resource, object, writer);
    return this.#replace(resource, stored, { object, writer });
  }

  /** RFC 7396 merge patch. @throws {Error} when there is no such object. */
  patch(resource: string, ref: ObjectRef, patch: MergePatch, writer: Writer = {}): StoredObject {
    const stored = this.#table(resource).objects.get(keyOf(ref));
    if (stored === undefined) throw new Error(`${resource} ${keyOf(ref)} does not exist`);
    const object = mergePatch(parseObject(stored.json), patch);
    return this.#replace(resource, stored, { object, writer });
  }

  /** The deleted object as its DELETED event carries it; `undefined` when there was none. */
  delete(resource: string, ref: ObjectRef): StoredObject | undefined {
    const table = this.#table(resource);
    const stored = table.objects.get(keyOf(ref));
    if (stored === undefined) return undefined;
    const object = parseObject(stored.json);
    this.#version += 1;
    const last = this.#seal(object, stored.uid, objectAt(object, "metadata"));
    table.objects.delete(keyOf(ref));
    table.keys = undefined;
    this.#emit(table, { type: "DELETED", resourceVersion: this.#version, object: last });
    return last;
  }

  /** Events after `resourceVersion`, oldest first; `expired` when the window no longer reaches back that far. */
  since(resource: string, resourceVersion: number): readonly StoreEvent[] | "expired" {
    const table = this.#table(resource);
    if (resourceVersion < table.forgottenVersion) return "expired";
    return table.history.filter((event) => event.resourceVersion > resourceVersion);
  }

  subscribe(resource: string, listener: (event: StoreEvent) => void): Disposable {
    const { listeners } = this.#table(resource);
    listeners.add(listener);
    return { [Symbol.dispose]: () => void listeners.delete(listener) };
  }

  /** Forgets all events: a watch from any older resourceVersion is told 410. */
  compact(): void {
    for (const table of this.#tables.values()) {
      table.history = [];
      table.forgottenVersion = this.#version;
    }
  }

  backup(): Backup {
    const objects = new Map(
      [...this.#tables].map(([name, table]) => [name, new Map(table.objects)]),
    );
    return { resourceVersion: this.#version, objects };
  }

  /** The cluster as it was at the backup, resourceVersion included; no events tell of it. */
  restore(backup: Backup): void {
    this.#version = backup.resourceVersion;
    for (const [name, table] of this.#tables) {
      table.objects = new Map(backup.objects.get(name));
      table.keys = undefined;
    }
    this.compact();
  }

  #create(resource: string, object: JsonObject, writer: Writer): StoredObject {
    const time = formatTime(this.#options.now());
    const uid = stringAt(object, "metadata", "uid") || seededUid(this.#options.random);
    const given = listAt(object, "metadata", "managedFields");
    const managedFields =
      given.length > 0 ? given : trackFields(undefined, object, toChange(writer, time));
    this.#version += 1;
    const stored = this.#seal(object, uid, {
      creationTimestamp: time,
      ...objectAt(object, "metadata"),
      uid,
      managedFields,
    });
    const table = this.#table(resource);
    table.objects.set(keyOf(stored), stored);
    table.keys = undefined;
    this.#emit(table, { type: "ADDED", resourceVersion: this.#version, object: stored });
    return stored;
  }

  #replace(
    resource: string,
    stored: StoredObject,
    change: { readonly object: JsonObject; readonly writer: Writer },
  ): StoredObject {
    const before = parseObject(stored.json);
    const old = objectAt(before, "metadata");
    const metadata: { [key: string]: Json } = { ...objectAt(change.object, "metadata") };
    for (const key of [
      "uid",
      "resourceVersion",
      "creationTimestamp",
      "generation",
      "managedFields",
    ]) {
      const value = old[key];
      if (value === undefined) delete metadata[key];
      else metadata[key] = value;
    }
    if (equalJson(before, { ...change.object, metadata })) return stored;
    const time = formatTime(this.#options.now());
    const managedFields = trackFields(before, change.object, toChange(change.writer, time));
    const isNewSpec = !equalJson(before["spec"], change.object["spec"]);
    const generation = metadata["generation"];
    this.#version += 1;
    const next = this.#seal(change.object, stored.uid, {
      ...metadata,
      ...(typeof generation === "number" && isNewSpec ? { generation: generation + 1 } : {}),
      managedFields,
    });
    const table = this.#table(resource);
    table.objects.set(keyOf(next), next);
    this.#emit(table, { type: "MODIFIED", resourceVersion: this.#version, object: next });
    return next;
  }

  #seal(object: JsonObject, uid: string, metadata: JsonObject): StoredObject {
    const resourceVersion = this.#version;
    const { apiVersion = "v1", kind = "", ...rest } = object;
    const whole = {
      apiVersion,
      kind,
      ...rest,
      metadata: { ...metadata, resourceVersion: String(resourceVersion) },
    };
    return { ...refOf(object), uid, resourceVersion, json: JSON.stringify(whole) };
  }

  #emit(table: Table, event: StoreEvent): void {
    table.history.push(event);
    if (table.history.length > this.#options.historyEvents) {
      table.forgottenVersion = table.history.shift()?.resourceVersion ?? table.forgottenVersion;
    }
    for (const listener of table.listeners) listener(event);
  }

  #table(resource: string): Table {
    let table = this.#tables.get(resource);
    if (table === undefined) {
      table = {
        objects: new Map(),
        keys: undefined,
        listeners: new Set(),
        history: [],
        forgottenVersion: firstVersion,
      };
      this.#tables.set(resource, table);
    }
    return table;
  }
}

function toChange(writer: Writer, time: string): Parameters<typeof trackFields>[2] {
  const { manager = "obsyk-testkit", ...rest } = writer;
  return { manager, ...rest, time };
}
