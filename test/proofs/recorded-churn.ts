/**
 * Random changes of a real cluster that remember what the API server accepted: every life of every object, with its
 * last revision and its times. It goes on through any failure of the API server.
 */
import type { ApiAnswer, ControlPlane } from "@obsyk/testkit";
import { setTimeout as delay } from "node:timers/promises";
import { kinds, namespace, type Kind } from "./churn.ts";

/** One uid, from its creation to its deletion. Times are this machine's, ms since the epoch, as wide as the doubt. */
export type Life = {
  readonly resource: string;
  readonly uid: string;
  readonly name: string;
  /** Not born before. */
  readonly bornMs: number;
  /** Label `revision` of the last accepted write. */
  revision: number;
  /** The last write came not before. */
  writtenMs: number;
  /** Gone not later than this. */
  deletedMs?: number;
};

export type RecordedChurn = AsyncDisposable & {
  /** Changes objects from now on, until disposed. */
  start(): void;
  /** Accepted creates, updates and deletes so far. */
  writes(): number;
  lives(): readonly Life[];
};

const workers = 4;
const pauseMs = 12;
const retryMs = 200;
const deleteShare = 0.2;
const recreateShare = 0.1;

/** How many names each kind has. */
const names: ReadonlyMap<string, number> = new Map([
  ["configmaps", 1000],
  ["secrets", 500],
  ["pods", 500],
  ["deployments.apps", 200],
]);

/** Fills the cluster with 2,200 objects. */
export async function openRecordedChurn(
  plane: ControlPlane,
  random: () => number,
): Promise<RecordedChurn> {
  const churn = new Churn(plane, random);
  await plane.kubectl(["create", "namespace", namespace]);
  await churn.fill();
  return churn;
}

type Place = { readonly kind: Kind; readonly name: string };
type Written = { readonly metadata: { readonly uid: string; readonly labels?: Labels } };
type Labels = { readonly revision?: string };

class Churn implements RecordedChurn {
  readonly #plane: ControlPlane;
  readonly #random: () => number;
  readonly #stopping = new AbortController();
  readonly #lives: Life[] = [];
  readonly #alive = new Map<string, Life>();
  #running: Promise<unknown> = Promise.resolve();
  #revision = 0;
  #writes = 0;

  constructor(plane: ControlPlane, random: () => number) {
    this.#plane = plane;
    this.#random = random;
  }

  writes(): number {
    return this.#writes;
  }

  lives(): readonly Life[] {
    return this.#lives;
  }

  async fill(): Promise<void> {
    const places = kinds.flatMap((kind) =>
      Array.from({ length: namesOf(kind) }, (_, at): Place => ({ kind, name: `object-${at}` })),
    );
    const next = places.values();
    const work = async (): Promise<void> => {
      for (const place of next) await this.#write(place);
    };
    await Promise.all(Array.from({ length: 8 }, work));
  }

  start(): void {
    this.#running = Promise.all(Array.from({ length: workers }, (_, at) => this.#work(at)));
    // Whoever disposes sees the failure; until then it must not end the process.
    this.#running.catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Each worker has names of its own, so that the order of an object's changes is known. */
  async #work(worker: number): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const kind = kinds[Math.floor(this.#random() * kinds.length)] ?? kinds[0];
      if (kind === undefined) return;
      const count = namesOf(kind);
      const at = Math.floor((this.#random() * count) / workers) * workers + worker;
      const place = { kind, name: `object-${Math.min(at, count - workers + worker)}` };
      const choice = this.#random();
      if (choice < deleteShare + recreateShare) await this.#delete(place);
      if (choice >= deleteShare) await this.#write(place);
      await delay(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    }
  }

  async #write({ kind, name }: Place): Promise<void> {
    this.#revision += 1;
    const revision = this.#revision;
    const body = kind.body(name, revision);
    const startedMs = Date.now();
    const isAlive = this.#alive.has(keyOf({ kind, name }));
    const answer = await this.#send(
      isAlive
        ? {
            method: "PATCH",
            path: `${kind.path}/${name}?fieldManager=churn`,
            contentType: "application/merge-patch+json",
            body,
          }
        : { method: "POST", path: kind.path, body },
    );
    if (answer === undefined || answer.status > 299) {
      return this.#reconcile({ kind, name }, startedMs, answer);
    }
    const { metadata } = JSON.parse(answer.text) as Written;
    this.#saw({ kind, name }, { uid: metadata.uid, revision, startedMs });
    this.#writes += 1;
  }

  async #delete(place: Place): Promise<void> {
    const life = this.#alive.get(keyOf(place));
    if (life === undefined) return;
    const startedMs = Date.now();
    const path = `${place.kind.path}/${place.name}?gracePeriodSeconds=0`;
    const answer = await this.#send({ method: "DELETE", path });
    if (answer?.status !== 200) return this.#reconcile(place, startedMs, answer);
    this.#gone(place);
    this.#writes += 1;
  }

  /** The outcome of a write is not known: the object itself tells. */
  async #reconcile(place: Place, startedMs: number, failed: ApiAnswer | undefined): Promise<void> {
    if (failed !== undefined && failed.status < 500 && ![404, 409, 429].includes(failed.status)) {
      throw new Error(`churn: ${failed.status} ${failed.text.slice(0, 300)}`);
    }
    for (;;) {
      const answer = await this.#send({ path: `${place.kind.path}/${place.name}` });
      if (answer?.status === 404) return this.#gone(place);
      if (answer?.status === 200) {
        const { metadata } = JSON.parse(answer.text) as Written;
        const revision = Number(metadata.labels?.revision);
        if (this.#alive.get(keyOf(place))?.uid !== metadata.uid) this.#gone(place);
        return this.#saw(place, { uid: metadata.uid, revision, startedMs });
      }
      // Not the churn's signal: what was begun is cleared up, since the comparison at the end needs it.
      await delay(retryMs);
    }
  }

  #saw(
    place: Place,
    seen: { readonly uid: string; readonly revision: number; readonly startedMs: number },
  ): void {
    const { uid, revision, startedMs } = seen;
    const life = this.#alive.get(keyOf(place));
    if (life?.uid === uid) {
      if (life.revision !== revision) Object.assign(life, { revision, writtenMs: startedMs });
      return;
    }
    const born: Life = {
      resource: place.kind.resource,
      uid,
      name: place.name,
      bornMs: startedMs,
      revision,
      writtenMs: startedMs,
    };
    this.#alive.set(keyOf(place), born);
    this.#lives.push(born);
  }

  #gone(place: Place): void {
    const life = this.#alive.get(keyOf(place));
    if (life === undefined) return;
    life.deletedMs = Date.now();
    this.#alive.delete(keyOf(place));
  }

  async #send(
    request: Parameters<ControlPlane["admin"]["send"]>[0],
  ): Promise<ApiAnswer | undefined> {
    return this.#plane.admin.send(request).catch(() => undefined);
  }
}

function namesOf({ resource }: Kind): number {
  return names.get(resource) ?? 0;
}

function keyOf({ kind, name }: Place): string {
  return `${kind.resource}/${name}`;
}
