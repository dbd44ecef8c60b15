/**
 * A random history of objects behind an API server that fails at random: whatever happened, in the end the sink holds
 * exactly what the server holds, and every deletion was told once. The server keeps a window of events as a real one
 * does, answers 410 below it, and breaks off, stalls, repeats or overloads as the seed says.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom, type KubeObject } from "@obsyk/testkit";
import {
  bookmark,
  errorEvent,
  event,
  ns,
  openHarness,
  page,
  status,
  stream,
  until,
  type Step,
} from "./reader-harness.test.ts";

type Change = { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: KubeObject };

/** A server's truth: objects, and the events that led there. */
class World {
  readonly objects = new Map<string, KubeObject>();
  readonly #random: () => number;
  #log: { readonly version: number; readonly change: Change }[] = [];
  #births = 0;
  version = 100;
  /** Versions from which a watch may start. */
  oldest = 100;
  /** uids that ended. */
  readonly ended: string[] = [];

  constructor(random: () => number) {
    this.#random = random;
  }

  /** One change: an object is born, changed, or ends – under one of six names. */
  change(): void {
    this.version += 1 + Math.floor(this.#random() * 3);
    const name = `n${Math.floor(this.#random() * 6)}`;
    const current = this.objects.get(name);
    const version = String(this.version);
    if (current === undefined) {
      this.#births += 1;
      const uid = `uid-${name}-${this.#births}`;
      const object = ns(name, version, "0");
      this.#set("ADDED", name, { metadata: { ...(object["metadata"] as object), uid } });
    } else {
      const { uid } = current["metadata"] as { uid: string };
      const object = ns(name, version, String(this.version));
      const next = { metadata: { ...(object["metadata"] as object), uid } };
      this.#set(this.#random() < 0.4 ? "DELETED" : "MODIFIED", name, next);
      if (!this.objects.has(name)) this.ended.push(uid);
    }
  }

  #set(type: Change["type"], name: string, object: KubeObject): void {
    if (type === "DELETED") this.objects.delete(name);
    else this.objects.set(name, object);
    this.#log.push({ version: this.version, change: { type, object } });
  }

  forget(): void {
    this.oldest = this.version;
    this.#log = [];
  }

  since(version: number): readonly Buffer[] {
    return this.#log
      .filter((entry) => entry.version > version)
      .map(({ change }) => event(change.type, change.object));
  }
}

/** Answers as a server would, except when the dice say otherwise. */
function faultyServer(world: World, random: () => number, isCalm: () => boolean): Step {
  let snapshot: { readonly items: readonly KubeObject[]; readonly version: string } | undefined;
  const list: Step = (request) => {
    const token = request.query.get("continue");
    if (token === null || snapshot === undefined) {
      snapshot = { items: [...world.objects.values()], version: String(world.version) };
    }
    const half = Math.ceil(snapshot.items.length / 2);
    if (!isCalm()) world.change();
    return token === null && snapshot.items.length > 1 && request.query.get("limit") !== null
      ? page(snapshot.items.slice(0, half), { resourceVersion: snapshot.version, continue: "t" })(
          request,
        )
      : page(token === null ? snapshot.items : snapshot.items.slice(half), {
          resourceVersion: snapshot.version,
        })(request);
  };
  const watch: Step = (request) => {
    const from = Number(request.query.get("resourceVersion"));
    if (from < world.oldest) return stream([errorEvent(410, "Expired")])(request);
    const end = (["end", "reset", "open"] as const)[Math.floor(random() * (isCalm() ? 1 : 3))];
    if (!isCalm()) world.change();
    const frames = [...world.since(from), bookmark(String(world.version))];
    if (isCalm()) return stream(frames)(request);
    const cut = Math.floor(random() * (frames.length + 1));
    const torn = frames[cut]?.subarray(0, 7) ?? Buffer.alloc(0);
    return stream([...frames.slice(0, cut), torn], end)(request);
  };
  return (request) => {
    const dice = isCalm() ? 1 : random();
    if (dice < 0.05) return status(429, { "retry-after": "1" })(request);
    if (dice < 0.1) return status(500)(request);
    if (dice < 0.15) return request.reply.reset();
    if (dice < 0.2 && request.query.get("continue") !== null) return status(410)(request);
    if (dice < 0.3) world.forget();
    return request.query.get("watch") === null ? list(request) : watch(request);
  };
}

for (let seed = 1; seed <= 5; seed += 1) {
  test(`startReader: random history and faults, seed ${seed}: nothing is lost, nothing invented (W3, W4)`, async () => {
    const random = seededRandom(seed);
    const world = new World(random);
    for (let turn = 0; turn < 5; turn += 1) world.change();
    let requests = 0;
    const step = faultyServer(world, random, () => requests > 60);
    await using harness = await openHarness({
      steps: [
        (request) => {
          requests += 1;
          return step(request);
        },
      ],
      timings: {
        idleMs: 50,
        headersMs: 500,
        pageIdleMs: 500,
        watchSeconds: { min: 0, max: 0 },
        idleGraceMs: 50,
        lifetimeGraceMs: 5000,
      },
    });
    const isEqual = (): boolean =>
      harness.sink.store.size === world.objects.size &&
      [...world.objects.values()].every(({ metadata }) => {
        const { uid, labels } = metadata as { uid: string; labels: { version: string } };
        return harness.sink.store.get(uid)?.includes(`"version":"${labels.version}"`) === true;
      });
    await until(() => requests > 60, "sixty requests were made");
    await until(isEqual, "the sink holds what the server holds");
    assert.equal(new Set(harness.sink.deleted).size, harness.sink.deleted.length, "told once");
    for (const uid of harness.sink.deleted) assert.ok(world.ended.includes(uid), `${uid} ended`);
    assert.ok(!harness.told.includes("unexpected"));
  });
}
